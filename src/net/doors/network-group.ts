/**
 * Owns which addresses count as one when limits are kept: an address (for IPv6 the /64 that one customer holds) and
 * the network group it lies in, which costs an attacker real money to have many of. Pure.
 */
import { BlockList, isIPv4, isIPv6 } from "node:net";

/** `own`: this computer and private ranges, where one address or one /24 may be a whole classroom. */
export type Reach = "own" | "public";

export interface NetworkPlace {
  readonly reach: Reach;
  /** IPv4: the address. IPv6: its /64, which a single computer can fill with addresses. */
  readonly address: string;
  /** IPv4: its /16. IPv6: its /48. On private ranges all is one group. */
  readonly group: string;
}

type Range = readonly [string, number, "ipv4" | "ipv6"];

/** RFC 1122 3.2.1.3, RFC 1918, RFC 3927, RFC 6598 (shared by the customers of one carrier), RFC 4193, RFC 4291. */
const OWN: readonly Range[] = [
  ["127.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["::1", 128, "ipv6"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
];
const OWN_LIST = new BlockList();
for (const [network, prefix, family] of OWN) OWN_LIST.addSubnet(network, prefix, family);

const HEXTETS = 8;

/** @param host an IP address as text, IPv6 with or without an interface. Null when it is none, such as a DNS name. */
export function placeOf(host: string): NetworkPlace | null {
  const bare = host.replace(/%.*$/, "");
  if (isIPv4(bare)) return placeOf4(bare);
  if (!isIPv6(bare)) return null;
  const hextets = hextetsOf(bare);
  const inside = embeddedIPv4(hextets);
  if (inside !== null) return placeOf4(inside);
  const address = `${shown(hextets, 4)}/64`;
  if (OWN_LIST.check(bare, "ipv6")) return { reach: "own", address: bare.toLowerCase(), group: "own" };
  return { reach: "public", address, group: `${shown(hextets, 3)}/48` };
}

function placeOf4(address: string): NetworkPlace {
  if (OWN_LIST.check(address, "ipv4")) return { reach: "own", address, group: "own" };
  const [first = "", second = ""] = address.split(".");
  return { reach: "public", address, group: `${first}.${second}.0.0/16` };
}

/**
 * The IPv4 address that an IPv6 one stands for: mapped (RFC 4291 2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056). Whoever
 * holds one IPv4 address holds all of these, so they count as that one.
 */
function embeddedIPv4(hextets: readonly number[]): string | null {
  const [first, second] = hextets;
  const isZero = (from: number, to: number) => hextets.slice(from, to).every((each) => each === 0);
  if (isZero(0, 5) && hextets[5] === 0xffff) return dotted(hextets, 6);
  if (first === 0x64 && second === 0xff9b && isZero(2, 6)) return dotted(hextets, 6);
  return first === 0x2002 ? dotted(hextets, 1) : null;
}

function dotted(hextets: readonly number[], at: number): string {
  const [high = 0, low = 0] = hextets.slice(at, at + 2);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

function shown(hextets: readonly number[], count: number): string {
  return `${hextets
    .slice(0, count)
    .map((each) => each.toString(16))
    .join(":")}::`;
}

/** @param host a valid IPv6 address. */
function hextetsOf(host: string): readonly number[] {
  const [head = "", tail] = host.split("::");
  const before = hextetsIn(head);
  const after = tail === undefined ? [] : hextetsIn(tail);
  return [...before, ...Array<number>(HEXTETS - before.length - after.length).fill(0), ...after];
}

function hextetsIn(part: string): readonly number[] {
  return part
    .split(":")
    .filter((each) => each !== "")
    .flatMap((each) => {
      if (!each.includes(".")) return [Number.parseInt(each, 16)];
      const [a = 0, b = 0, c = 0, d = 0] = each.split(".").map(Number);
      return [(a << 8) | b, (c << 8) | d];
    });
}
