/** Owns what ways of mapping a port have in common: a router that can be asked, and what is told when it does not. */
import { BlockList, isIPv4 } from "node:net";
import { type Problem, problem, type Result } from "#base/result.ts";
import { isDialable, pathKindOf } from "../addresses.ts";
import type { PortMapping } from "../reach.ts";

export interface Mapped {
  /** Null when the router does not say. */
  readonly externalHost: string | null;
  readonly externalPort: number;
  /** 0: until it is given back. */
  readonly lifetimeSeconds: number;
}

/** A router that may map TCP ports of this computer. None of it rejects. */
export interface Router {
  readonly protocol: PortMapping["protocol"];
  /** Its IP address. */
  readonly gateway: string;
  map(
    internalPort: number,
    externalPort: number,
    lifetimeSeconds: number,
    signal: AbortSignal,
  ): Promise<Result<Mapped, Problem>>;
  unmap(internalPort: number, externalPort: number, signal: AbortSignal): Promise<void>;
}

/** RFC 6598: the space between a provider's routers and its customers'. */
const SHARED = new BlockList();
SHARED.addSubnet("100.64.0.0", 10, "ipv4");

/** Whether others across the internet could reach a host that a router calls its outside. */
export function isOutside(host: string): boolean {
  const address = `/ip4/${host}/tcp/1`;
  const isPublic = isIPv4(host) && isDialable(address) && pathKindOf(address) === "direct";
  return isPublic && !SHARED.check(host, "ipv4");
}

export const mappingProblems = {
  silent: (gateway: string): Problem =>
    problem(
      "mapping-silent",
      `The router ${gateway} does not answer requests to open a port.`,
      "Nothing to do: relays and punched paths work all the same. A port can be opened by hand on the router's page.",
    ),
  refused: (gateway: string, why: string): Problem =>
    problem(
      "mapping-refused",
      `The router ${gateway} did not open a port (${why}).`,
      "Nothing to do: relays and punched paths work all the same. A port can be opened by hand on the router's page.",
    ),
  notOutside: (gateway: string): Problem =>
    problem(
      "mapping-not-outside",
      `The router ${gateway} opened a port, but has no address across the internet itself.`,
      "Another router stands before it, often the provider's; relays and punched paths work all the same.",
    ),
} as const;
