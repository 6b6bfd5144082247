/**
 * Owns how addresses are written, read and weighed: what users type, multiaddrs of TCP and WebSocket, straight or
 * over a relay, and what kind of path each means. Pure; asks no resolver and no socket. The only place that knows
 * multiaddr syntax.
 */
import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { parsePeerId } from "#crypto/peer-id.ts";
import type { PathKind } from "#ports/network.ts";
import { ADDRESS_TEXT_CHARS_MAX, LISTEN_PORT_DEFAULT, MULTIADDR_BYTES_MAX } from "./limits.ts";

/** Where a TCP multiaddr leads. */
export interface Endpoint {
  readonly kind: "ip4" | "ip6" | "dns";
  readonly host: string;
  readonly port: number;
}

/** Where a multiaddr leads, and over whom. */
export interface Route {
  /** The computer that is dialled: the peer's own, or its relay's. */
  readonly first: Endpoint;
  /** How bytes travel to that computer: TCP alone, or WebSocket, in the clear or inside TLS. */
  readonly web: "" | "/ws" | "/wss" | "/tls/ws";
  readonly relay: PeerId | null;
  /** WebRTC, arranged over the relay. */
  readonly isPunched: boolean;
}

export interface ParsedAddress {
  /** Canonical multiaddr without `/p2p`. */
  readonly address: string;
  /** Whom the address names; null when it names nobody. */
  readonly peer: PeerId | null;
}

const LOOPBACK = blockList(["127.0.0.0", 8, "ipv4"], ["::1", 128, "ipv6"]);
/** RFC 1918, RFC 3927, RFC 4193, RFC 4291 section 2.5.6. */
const LAN = blockList(
  ["10.0.0.0", 8, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
);
/** Nobody can be dialled there: "this" network, multicast, reserved, unspecified. */
const UNDIALABLE = blockList(
  ["0.0.0.0", 8, "ipv4"],
  ["224.0.0.0", 4, "ipv4"],
  ["240.0.0.0", 4, "ipv4"],
  ["::", 128, "ipv6"],
  ["ff00::", 8, "ipv6"],
);
/** Means nothing without the name of an interface, which differs from computer to computer. */
const LINK_LOCAL_6 = blockList(["fe80::", 10, "ipv6"]);
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

function blockList(...subnets: readonly [string, number, "ipv4" | "ipv6"][]): BlockList {
  const list = new BlockList();
  for (const [network, prefix, family] of subnets) list.addSubnet(network, prefix, family);
  return list;
}

function isIn(list: BlockList, host: string): boolean {
  if (isIPv4(host)) return list.check(host, "ipv4");
  return isIPv6(host) && list.check(host, "ipv6");
}

/** What a user typed: a multiaddr with or without `/p2p`, `host:port`, or `[v6]:port`. */
export function parseAddress(text: string): Result<ParsedAddress, Problem> {
  const trimmed = text.trim();
  if (trimmed.length === 0 || trimmed.length > ADDRESS_TEXT_CHARS_MAX) return fail(notAnAddress(trimmed));
  const parsed = trimmed.startsWith("/") ? parseMultiaddr(trimmed) : parseHostAndPort(trimmed);
  if (parsed === null) return fail(notAnAddress(trimmed));
  const endpoint = routeOf(parsed.address)?.first;
  if (endpoint === undefined || endpoint.port === 0 || isIn(UNDIALABLE, endpoint.host)) {
    return fail(notAnAddress(trimmed));
  }
  if (isIn(LINK_LOCAL_6, endpoint.host)) {
    return fail(
      problem(
        "address-link-local",
        "A link-local IPv6 address means nothing without its interface.",
        "Use another address of that computer; its own page lists them.",
      ),
    );
  }
  return ok(parsed);
}

function notAnAddress(text: string): Problem {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return problem(
    "address-malformed",
    `"${shown.replace(/[\p{Cc}\p{Cf}]/gu, "?")}" is not an address at which a peer can be reached.`,
    `Give HOST:PORT, [IPv6]:PORT or a multiaddr, for example 192.168.1.20:${LISTEN_PORT_DEFAULT}.`,
  );
}

function parseHostAndPort(text: string): ParsedAddress | null {
  // An interface after `%` is read, so that a link-local address gets the answer that tells why not.
  const match = /^(?:\[([0-9a-f:.]+)(?:%[\w.-]+)?\]|([^:/[\]\s]+)):(\d{1,5})$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 0xffff) return null;
  if (match?.[1] !== undefined && !isIPv6(host)) return null;
  const address = addressOf(host, port);
  return address === null ? null : { address, peer: null };
}

function parseMultiaddr(text: string): ParsedAddress | null {
  const parsed = attempt(() => multiaddr(text));
  return parsed === null ? null : splitPeer(parsed);
}

/** Takes a trailing `/p2p` off. Null when the rest is not one of our kinds, or the peer id none of ours. */
function splitPeer(parsed: Multiaddr): ParsedAddress | null {
  const last = parsed.getComponents().at(-1);
  const peer = last?.name === "p2p" ? parsePeerId(last.value ?? "") : null;
  if (last?.name === "p2p" && peer === null) return null;
  const route = routeOf(withoutPeer(parsed.toString()));
  const address = route === null ? null : addressOfRoute(route);
  // A relay must be told whom to call.
  if (address === null || (route?.relay !== null && peer === null)) return null;
  return { address, peer };
}

function addressOfRoute(route: Route): string | null {
  const first = addressOf(route.first.host, route.first.port);
  if (first === null) return null;
  if (route.relay === null) return first + route.web;
  return `${first}${route.web}/p2p/${route.relay}/p2p-circuit${route.isPunched ? "/webrtc" : ""}`;
}

/** The canonical multiaddr of a host (IP address or DNS name) and TCP port; null when the host is neither. */
export function addressOf(host: string, port: number): string | null {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return `/ip4/${mapped}/tcp/${port}`;
  const family = isIP(host);
  if (family === 4) return `/ip4/${host}/tcp/${port}`;
  if (family === 6) return attempt(() => multiaddr(`/ip6/${host}/tcp/${port}`).toString());
  // A name of digits and dots is a mistyped IPv4 address, which some resolvers would still accept.
  return HOST_NAME.test(host) && !/^[\d.]+$/.test(host) ? `/dns/${host.toLowerCase()}/tcp/${port}` : null;
}

/** Where a multiaddr without `/p2p` leads; null unless it is an IP address or DNS name with a TCP port, and no more. */
export function endpointOf(address: string): Endpoint | null {
  const match = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})$/.exec(address);
  const host = match?.[2];
  const port = Number(match?.[3]);
  if (match === null || host === undefined || port > 0xffff) return null;
  if (match[1] === "ip4") return isIPv4(host) ? { kind: "ip4", host, port } : null;
  if (match[1] === "ip6") return isIPv6(host) && !host.includes("%") ? { kind: "ip6", host, port } : null;
  return HOST_NAME.test(host) ? { kind: "dns", host, port } : null;
}

const ROUTE =
  /^(\/[a-z0-9]+\/[^/]+\/tcp\/\d{1,5})(\/ws|\/wss|\/tls\/ws)?(?:\/p2p\/([^/]+)\/p2p-circuit(\/webrtc)?)?$/;

/** Where a multiaddr without the peer's own `/p2p` leads; null when it is none of our kinds. */
export function routeOf(address: string): Route | null {
  const match = ROUTE.exec(address);
  const first = endpointOf(match?.[1] ?? "");
  if (match === null || first === null) return null;
  const web = (match[2] ?? "") as Route["web"];
  if (match[3] === undefined) return { first, web, relay: null, isPunched: false };
  const relay = parsePeerId(match[3]);
  return relay === null ? null : { first, web, relay, isPunched: match[4] !== undefined };
}

/** Over whom an address leads; null where it leads straight to the peer. */
export function relayOf(address: string): PeerId | null {
  return routeOf(withoutPeer(address))?.relay ?? null;
}

/** Whether another peer could sensibly be told to dial this. */
export function isDialable(address: string): boolean {
  const first = routeOf(address)?.first;
  if (first === undefined || first.port === 0) return false;
  return !isIn(UNDIALABLE, first.host) && !isIn(LINK_LOCAL_6, first.host);
}

/** Whether an address leads to this computer, or to a relay on it. */
export function isLoopback(address: string): boolean {
  const host = routeOf(address)?.first.host;
  return host !== undefined && (isIn(LOOPBACK, host) || host === "localhost");
}

export function isLoopbackHost(host: string): boolean {
  return isIn(LOOPBACK, host);
}

/** What kind of path an address means, as seen from here. */
export function pathKindOf(address: string): PathKind {
  // Who was called over WebRTC knows only that: `/webrtc/p2p/PEER`.
  if (/\/webrtc(\/|$)/.test(address)) return "punched";
  if (address.includes("/p2p-circuit")) return "relayed";
  const host = routeOf(withoutPeer(address))?.first.host ?? "";
  if (isIn(LOOPBACK, host) || host === "localhost") return "loopback";
  return isIn(LAN, host) ? "lan" : "direct";
}

const PATH_ORDER: readonly PathKind[] = ["loopback", "lan", "direct", "punched", "relayed"];

/** Negative when `a` is the better path. */
export function comparePaths(a: PathKind, b: PathKind): number {
  return PATH_ORDER.indexOf(a) - PATH_ORDER.indexOf(b);
}

/** Cheapest path first; within a kind by family; otherwise the order is kept. */
export function compareAddresses(given: string, other: string): number {
  const [a, b] = [withoutPeer(given), withoutPeer(other)];
  const kind = pathKindOf(a);
  return comparePaths(kind, pathKindOf(b)) || familyRank(a, kind) - familyRank(b, kind);
}

/** Across the internet IPv6 needs no router's leave but a firewall's; at home IPv4 is what is set up with care. */
function familyRank(address: string, kind: PathKind): number {
  return address.startsWith("/ip4/") === (kind === "direct") ? 1 : 0;
}

/** Takes the peer's own `/p2p` off the end; a relay's stays. */
export function withoutPeer(address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, "");
}

/** `/ip4/10.0.0.1/tcp/5` as people write it; a way over a relay names the relay's place. */
export function readableAddress(address: string): string {
  const route = routeOf(withoutPeer(address));
  if (route === null) return address;
  const { kind, host, port } = route.first;
  const place = kind === "ip6" ? `[${host}]:${port}` : `${host}:${port}`;
  return route.relay === null ? place : `the relay at ${place}`;
}

/** The binary form used in signed records. */
export function encodeAddress(address: string): Uint8Array {
  return multiaddr(address).bytes;
}

/** The address whose encoding these bytes are; null when they are not the encoding of one of our kinds. */
export function decodeAddress(bytes: Uint8Array): string | null {
  if (bytes.length > MULTIADDR_BYTES_MAX) return null;
  const text = attempt(() => multiaddr(bytes).toString());
  if (text === null || routeOf(text) === null) return null;
  const again = attempt(() => encodeAddress(text));
  const isCanonical = again !== null && Buffer.compare(again, bytes) === 0;
  return isCanonical ? text : null;
}

/** The library throws at text or bytes that are no multiaddr; for us that is a verdict. */
function attempt<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch {
    return null;
  }
}
