/**
 * Owns how addresses are written, read and weighed: what users type, multiaddrs of TCP, and what kind of path each
 * means. Pure; asks no resolver and no socket. The only place that knows multiaddr syntax.
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
  const endpoint = endpointOf(parsed.address);
  if (endpoint === null || endpoint.port === 0 || isIn(UNDIALABLE, endpoint.host)) {
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
  const components = parsed.getComponents();
  const last = components.at(-1);
  const peer = last?.name === "p2p" ? parsePeerId(last.value ?? "") : null;
  if (last?.name === "p2p" && peer === null) return null;
  const text = parsed.toString();
  const bare = last?.name === "p2p" ? text.slice(0, text.lastIndexOf("/p2p/")) : text;
  const endpoint = endpointOf(bare);
  if (endpoint === null) return null;
  const address = addressOf(endpoint.host, endpoint.port);
  return address === null ? null : { address, peer };
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

/** Whether another peer could sensibly be told to dial this. */
export function isDialable(address: string): boolean {
  const endpoint = endpointOf(address);
  if (endpoint === null || endpoint.port === 0) return false;
  return !isIn(UNDIALABLE, endpoint.host) && !isIn(LINK_LOCAL_6, endpoint.host);
}

export function isLoopback(address: string): boolean {
  const endpoint = endpointOf(address);
  return endpoint !== null && (isIn(LOOPBACK, endpoint.host) || endpoint.host === "localhost");
}

export function isUnspecified(address: string): boolean {
  const host = endpointOf(address)?.host;
  return host === "0.0.0.0" || host === "::";
}

export function isLoopbackHost(host: string): boolean {
  return isIn(LOOPBACK, host);
}

/** What kind of path an address means, as seen from here. */
export function pathKindOf(address: string): PathKind {
  if (address.includes("/p2p-circuit")) return "relayed";
  const host = endpointOf(withoutPeer(address))?.host ?? "";
  if (isIn(LOOPBACK, host) || host === "localhost") return "loopback";
  return isIn(LAN, host) ? "lan" : "direct";
}

const PATH_ORDER: readonly PathKind[] = ["loopback", "lan", "direct", "relayed"];

/** Negative when `a` is the better path. */
export function comparePaths(a: PathKind, b: PathKind): number {
  return PATH_ORDER.indexOf(a) - PATH_ORDER.indexOf(b);
}

/** Cheapest path first, IPv4 before IPv6 within a kind; otherwise the order is kept. */
export function compareAddresses(given: string, other: string): number {
  const [a, b] = [withoutPeer(given), withoutPeer(other)];
  return comparePaths(pathKindOf(a), pathKindOf(b)) || familyRank(a) - familyRank(b);
}

function familyRank(address: string): number {
  return address.startsWith("/ip4/") ? 0 : 1;
}

export function withoutPeer(address: string): string {
  const at = address.lastIndexOf("/p2p/");
  return at < 0 ? address : address.slice(0, at);
}

/** The binary form used in signed records. */
export function encodeAddress(address: string): Uint8Array {
  return multiaddr(address).bytes;
}

/** The address whose encoding these bytes are; null when they are not the encoding of an IP address and TCP port. */
export function decodeAddress(bytes: Uint8Array): string | null {
  if (bytes.length > MULTIADDR_BYTES_MAX) return null;
  const text = attempt(() => multiaddr(bytes).toString());
  if (text === null || endpointOf(text) === null) return null;
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
