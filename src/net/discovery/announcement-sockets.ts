/**
 * Owns the UDP sockets of announcements: one that hears everything on the shared port, and one for each interface
 * address that speaks and hears nothing. Knows no format. On loopback a multicast group reaches every process of the
 * computer, which neither a broadcast on other systems nor a packet to a shared port does.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { GROUP_4, GROUP_6, type LocalInterface } from "./local-interfaces.ts";

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
  await opened(socket, "listening", () =>
    socket.bind({ port, address: family === 4 ? "0.0.0.0" : "::", exclusive: true }),
  );
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

/**
 * Speaks from one interface address, to one target. It is connected to that: then the system delivers nothing to it,
 * and it is no open port. @throws what binding throws.
 */
export async function openMouth(local: LocalInterface, port: number): Promise<Socket> {
  const socket = local.family === 4 ? createSocket("udp4") : createSocket({ type: "udp6", ipv6Only: true });
  await opened(socket, "listening", () =>
    socket.bind({ port: 0, address: local.family === 4 ? local.address : "::", exclusive: true }),
  );
  return await opened(socket, "connect", () => {
    if (local.family === 4) {
      socket.setBroadcast(true);
      socket.setMulticastInterface(local.address);
    } else {
      socket.setMulticastInterface(`::%${local.name}`);
    }
    socket.setMulticastTTL(1);
    socket.setMulticastLoopback(true);
    socket.connect(port, local.family === 4 ? local.target : `${local.target}%${local.name}`);
  });
}

/** The socket once it is so far; closed again when it never gets there. */
async function opened(socket: Socket, event: "listening" | "connect", open: () => void): Promise<Socket> {
  try {
    const so = once(socket, event);
    open();
    await so;
  } catch (error) {
    socket.close();
    throw error;
  }
  // From here on an error is one interface that went away; the next round looks at what there is.
  if (socket.listenerCount("error") === 0) socket.on("error", () => undefined);
  socket.unref();
  return socket;
}
