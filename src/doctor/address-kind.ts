/** Owns how far an IP address reaches, and which network it belongs to. Pure. */
import { BlockList, isIPv4, isIPv6 } from "node:net";
import type { AddressKind, InterfaceSeen } from "./types.ts";

type Subnet = readonly [network: string, prefix: number, family: "ipv4" | "ipv6"];

function list(...subnets: readonly Subnet[]): BlockList {
  const made = new BlockList();
  for (const [network, prefix, family] of subnets) made.addSubnet(network, prefix, family);
  return made;
}

const KINDS: readonly (readonly [AddressKind, BlockList])[] = [
  ["loopback", list(["127.0.0.0", 8, "ipv4"], ["::1", 128, "ipv6"])],
  // RFC 3927, RFC 4291 section 2.5.6.
  ["link-local", list(["169.254.0.0", 16, "ipv4"], ["fe80::", 10, "ipv6"])],
  // RFC 1918, RFC 4193.
  [
    "private",
    list(
      ["10.0.0.0", 8, "ipv4"],
      ["172.16.0.0", 12, "ipv4"],
      ["192.168.0.0", 16, "ipv4"],
      ["fc00::", 7, "ipv6"],
    ),
  ],
  // RFC 6598: between a provider's router and its customers, and used by some private overlays.
  ["shared", list(["100.64.0.0", 10, "ipv4"])],
];

function isIn(block: BlockList, address: string): boolean {
  if (isIPv4(address)) return block.check(address, "ipv4");
  return isIPv6(address) && block.check(address, "ipv6");
}

export function addressKindOf(address: string): AddressKind {
  const [bare = ""] = address.split("%");
  return KINDS.find(([, block]) => isIn(block, bare))?.[0] ?? "public";
}

/** The interface whose network an address belongs to; null when it is of none. */
export function interfaceOfNetwork(address: string, interfaces: readonly InterfaceSeen[]): string | null {
  for (const { name, addresses } of interfaces) {
    for (const { cidr, family } of addresses) {
      const [network = "", prefix] = cidr?.split("/") ?? [];
      const bits = Number(prefix ?? Number.NaN);
      if (!Number.isInteger(bits) || bits === 0) continue;
      const block = list([network, bits, family === 4 ? "ipv4" : "ipv6"]);
      if (isIn(block, address)) return name;
    }
  }
  return null;
}
