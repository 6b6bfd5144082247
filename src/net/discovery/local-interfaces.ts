/**
 * Owns which addresses of this computer announcements go out from, and which interface a packet came in by. Asks the
 * system for its interfaces, opens nothing.
 */
import { BlockList } from "node:net";
import { networkInterfaces } from "node:os";
import { isLoopbackHost } from "../addresses.ts";

/** IPv4 local scope (RFC 2365 section 6.1), and an IPv6 link-local, not permanently assigned group (RFC 4291). */
export const GROUP_4 = "239.255.87.66";
export const GROUP_6 = "ff12::5742:414e";

/** An address of this computer from which can be announced. */
export interface LocalInterface {
  readonly name: string;
  readonly address: string;
  readonly family: 4 | 6;
  readonly isLoopback: boolean;
  /** Where everybody on its network hears: IPv4 directed broadcast, or the group. */
  readonly target: string;
}

/** The slice of `os.networkInterfaces()` that is looked at. */
export type SystemInterfaces = NodeJS.Dict<
  readonly {
    readonly address: string;
    readonly netmask: string;
    readonly family: "IPv4" | "IPv6";
    readonly internal: boolean;
    readonly cidr: string | null;
  }[]
>;

/**
 * @param withLan also those that lead out of this computer.
 * @param excluded names of interfaces that are left alone.
 */
export function localInterfaces(
  withLan: boolean,
  excluded: ReadonlySet<string> = new Set(),
  system: SystemInterfaces = networkInterfaces(),
): readonly LocalInterface[] {
  const found: LocalInterface[] = [];
  for (const [name, addresses] of Object.entries(system)) {
    if (excluded.has(name)) continue;
    for (const { address, netmask, family, internal } of addresses ?? []) {
      const isLoopback = isLoopbackHost(address);
      if ((internal || isLoopback) && !(isLoopback && family === "IPv4")) continue;
      if (!isLoopback && !withLan) continue;
      if (family === "IPv4") {
        const target = isLoopback ? GROUP_4 : broadcastOf(address, netmask);
        found.push({ name, address, family: 4, isLoopback, target });
      } else if (address.startsWith("fe80:")) {
        // One a link is enough, and every IPv6 link has this one.
        found.push({ name, address, family: 6, isLoopback, target: GROUP_6 });
      }
    }
  }
  return found;
}

/** The directed broadcast address of an IPv4 network (RFC 919 section 7). */
export function broadcastOf(address: string, netmask: string): string {
  const mask = netmask.split(".").map(Number);
  return address
    .split(".")
    .map((part, at) => Number(part) | (~(mask[at] ?? 255) & 255))
    .join(".");
}

/** By which interface a packet came: the system tells the sender's address only, so its network is compared. */
export type InterfaceOf = (source: string) => string | null;

export function interfaceFinder(system: SystemInterfaces = networkInterfaces()): InterfaceOf {
  const networks: { readonly name: string; readonly list: BlockList; readonly family: "ipv4" | "ipv6" }[] =
    [];
  for (const [name, addresses] of Object.entries(system)) {
    for (const { address, family, cidr } of addresses ?? []) {
      const prefix = Number(cidr?.split("/")[1] ?? Number.NaN);
      // A network of the whole world, as some tunnels have it, would claim every packet.
      if (!Number.isInteger(prefix) || prefix === 0) continue;
      const list = new BlockList();
      const kind = family === "IPv4" ? "ipv4" : "ipv6";
      list.addSubnet(address, prefix, kind);
      networks.push({ name, list, family: kind });
    }
  }
  return (source) => {
    // A link-local sender comes with the interface itself.
    const [host = "", zone] = source.split("%");
    if (zone !== undefined) return zone;
    const kind = host.includes(":") ? "ipv6" : "ipv4";
    return networks.find(({ family, list }) => family === kind && list.check(host, kind))?.name ?? null;
  };
}
