/** Owns the one list of what this peer waits for others with: the network's ports, and the page's. */
import { PAGE } from "#doctor/index.ts";
import type { ReachReport } from "#net/reach.ts";

export type Listening = ReachReport["listening"][number];

export interface ListeningList {
  list(): readonly Listening[];
  /** Where the page is served. @param host an IP address. */
  pageAt(host: string, port: number): void;
}

export function createListeningList(network: () => readonly Listening[]): ListeningList {
  let page: string | null = null;
  return {
    list: () => [
      ...network(),
      ...(page === null ? [] : [{ transport: "tcp" as const, address: page, what: PAGE }]),
    ],
    pageAt(host, port) {
      page = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    },
  };
}
