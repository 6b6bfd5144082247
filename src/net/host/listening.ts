/**
 * Owns the list of everything by which this peer's network waits for others: what `status` shows, and what the doctor
 * compares with what the system says. Pure.
 */
import { endpointOf } from "../addresses.ts";
import { PUNCHED_PORT_FIRST, PUNCHED_PORT_LAST } from "../limits.ts";
import type { Listening } from "../reach.ts";

export interface ListeningSources {
  /** Multiaddrs that were asked to be listened on; unspecified hosts and port 0 are usual. */
  readonly planned: readonly string[];
  /** Multiaddrs, without `/p2p`, at which the host says that it listens: one for each interface. */
  readonly actual: readonly string[];
  /** Families in which announcements are heard, and on which port. */
  readonly announcements: { readonly families: readonly (4 | 6)[]; readonly port: number } | null;
  readonly mdns: boolean;
  /** Whether paths can be punched here; each that stands, or is tried, has a port of its own. */
  readonly punching: boolean;
}

/** UDP port of multicast DNS (RFC 6762 section 5.1). */
const MDNS_PORT = 5353;
const ANY = { 4: "0.0.0.0", 6: "[::]" } as const;

export function listeningOf({
  planned,
  actual,
  announcements,
  mdns,
  punching,
}: ListeningSources): Listening[] {
  const list: Listening[] = [];
  const bound = actual.map(endpointOf).filter((endpoint) => endpoint !== null);
  for (const address of planned) {
    const wanted = endpointOf(address);
    if (wanted === null) continue;
    const isAny = wanted.host === "0.0.0.0" || wanted.host === "::";
    const got = bound.find(
      ({ kind, host, port }) =>
        kind === wanted.kind &&
        (isAny || host === wanted.host) &&
        (wanted.port === 0 || port === wanted.port),
    );
    // Asked for and not got: a warning says so, and nothing waits there.
    if (got === undefined) continue;
    const host = wanted.kind === "ip6" ? `[${wanted.host}]` : wanted.host;
    list.push({ transport: "tcp", address: `${host}:${got.port}`, what: "other peers" });
  }
  for (const family of announcements?.families ?? []) {
    const address = `${ANY[family]}:${announcements?.port}`;
    list.push({ transport: "udp", address, what: "announcements of peers nearby" });
  }
  if (mdns) list.push({ transport: "udp", address: `${ANY[4]}:${MDNS_PORT}`, what: "mDNS of peers nearby" });
  if (punching) {
    const address = `${ANY[6]}:${PUNCHED_PORT_FIRST}-${PUNCHED_PORT_LAST}`;
    list.push({ transport: "udp", address, what: "one for each path through routers, while it stands" });
  }
  return list;
}
