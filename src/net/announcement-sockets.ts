/**
 * Owns the UDP sockets of announcements: one that hears everything on the shared port, and one for each interface
 * address that speaks. Knows no format. On loopback a multicast group reaches every process of the computer, which
 * neither a broadcast on other systems nor a packet to a shared port does.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { isLoopbackHost } from "./addresses.ts";

/** IPv4 local scope (RFC 2365 section 6.1), and an IPv6 link-local, not permanently assigned group (RFC 4291). */
const GROUP_4 = "239.255.87.66";
const GROUP_6 = "ff12::5742:414e";

/** An address of this computer from which can be announced. */
export interface LocalInterface {
  readonly name: string;
  readonly address: string;
  readonly family: 4 | 6;
  readonly isLoopback: boolean;
  /** Where everybody on its network hears: IPv4 directed broadcast, or the group. */
  readonly target: string;
}

/** @param withLan also those that lead out of this computer. */
export function localInterfaces(withLan: boolean): readonly LocalInterface[] {
  const found: LocalInterface[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
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

/** Hears announcements. @throws what binding throws. */
export async function openEars(
  family: 4 | 6,
  port: number,
  onPacket: (bytes: Uint8Array, source: string) => void,
): Promise<Socket> {
  const socket =
    family === 4
      ? createSocket({ type: "udp4", reuseAddr: true })
      : createSocket({ type: "udp6", reuseAddr: true, ipv6Only: true });
  socket.on("message", (bytes, from) => onPacket(bytes, from.address));
  socket.bind({ port, address: family === 4 ? "0.0.0.0" : "::", exclusive: true });
  await once(socket, "listening");
  // From here on an error is one interface that went away; the next round joins what there is.
  socket.on("error", () => undefined);
  socket.unref();
  return socket;
}

/** Joins the group on an interface; once more is no fault. Returns whether packets to the group are heard there. */
export function join(ears: Socket, local: LocalInterface): boolean {
  try {
    if (local.family === 4) ears.addMembership(GROUP_4, local.address);
    else ears.addMembership(GROUP_6, `::%${local.name}`);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  }
}

/** Speaks from one interface address. @throws what binding throws. */
export async function openMouth(local: LocalInterface): Promise<Socket> {
  const socket = local.family === 4 ? createSocket("udp4") : createSocket({ type: "udp6", ipv6Only: true });
  socket.bind({ port: 0, address: local.family === 4 ? local.address : "::", exclusive: true });
  await once(socket, "listening");
  socket.on("error", () => undefined);
  socket.unref();
  if (local.family === 4) {
    socket.setBroadcast(true);
    socket.setMulticastInterface(local.address);
  } else {
    socket.setMulticastInterface(`::%${local.name}`);
  }
  socket.setMulticastTTL(1);
  socket.setMulticastLoopback(true);
  return socket;
}
