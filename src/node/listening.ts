/** Owns the one list of what this peer waits for others with: the network's ports, and the page's. */
import { PAGE } from "#doctor/index.ts";
import type { ReachReport } from "#net/reach.ts";

export type Listening = ReachReport["listening"][number];

export interface ListeningList {
  list(): readonly Listening[];
  /** @param address where the page is served, `host:port`; null once it is no longer. */
  pageAt(address: string | null): void;
}

export function createListeningList(network: () => readonly Listening[]): ListeningList {
  let page: string | null = null;
  return {
    list: () => [
      ...network(),
      ...(page === null ? [] : [{ transport: "tcp" as const, address: page, what: PAGE }]),
    ],
    pageAt(address) {
      page = address;
    },
  };
}
