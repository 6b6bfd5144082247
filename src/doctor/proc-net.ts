/**
 * Owns how Linux writes sockets and routes under /proc/net (proc_net(5)). Pure; lines that are not as expected are
 * passed over, because a newer kernel may write more than we know.
 */
import type { DefaultRoute, SocketSeen } from "./types.ts";

/** TCP_LISTEN of the kernel. */
const STATE_LISTEN = "0A";
/** TCP_CLOSE: of UDP, a socket that is connected to nobody and so takes what comes. */
const STATE_UNCONNECTED = "07";

/** The sockets that wait for others, of one of /proc/net/{tcp,tcp6,udp,udp6}. */
export function parseSockets(text: string, transport: "tcp" | "udp"): readonly SocketSeen[] {
  const waiting = transport === "tcp" ? STATE_LISTEN : STATE_UNCONNECTED;
  return text.split("\n").flatMap((line) => {
    const cells = line.trim().split(/\s+/);
    const [, local = "", , state] = cells;
    const inode = cells[9];
    const [hex = "", port = ""] = local.split(":");
    const host = hostOfHex(hex);
    if (state !== waiting || inode === undefined || host === null || !/^[0-9A-F]{4}$/i.test(port)) return [];
    return [{ transport, host, port: Number.parseInt(port, 16), inode }];
  });
}

/** An address as the kernel prints it: 32-bit words, each in the order of a little-endian computer. */
export function hostOfHex(hex: string): string | null {
  if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/i.test(hex)) return null;
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).toReversed(),
  );
  return bytes.length === 4 ? bytes.join(".") : sixOf(bytes);
}

/** The short form of RFC 5952, which URLs have for their hosts. */
function sixOf(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** The default route of /proc/net/route with the smallest metric; null when there is none. */
export function parseDefaultRoute4(text: string): DefaultRoute | null {
  const routes = text.split("\n").flatMap((line) => {
    const [device, destination, gateway = "", flags = "", , , metric, mask] = line.trim().split(/\s+/);
    const isUp = (Number.parseInt(flags, 16) & 1) === 1;
    if (device === undefined || destination !== "00000000" || mask !== "00000000" || !isUp) return [];
    const host = hostOfHex(gateway);
    return [{ device, gateway: host === "0.0.0.0" ? null : host, metric: Number(metric) }];
  });
  return best(routes);
}

/** The default route of /proc/net/ipv6_route; null when there is none. Routes that refuse are none. */
export function parseDefaultRoute6(text: string): DefaultRoute | null {
  const routes = text.split("\n").flatMap((line) => {
    const [destination, prefix, , , gateway = "", metric = "", , , flags = "", device] = line
      .trim()
      .split(/\s+/);
    const isReject = (Number.parseInt(flags, 16) & 0x0200) !== 0;
    if (destination !== "0".repeat(32) || prefix !== "00" || isReject || device === undefined) return [];
    if (device === "lo") return [];
    return [{ device, gateway: gatewayOf(gateway), metric: Number.parseInt(metric, 16) }];
  });
  return best(routes);
}

/** Of routes, addresses are written in the order of the network. */
function gatewayOf(hex: string): string | null {
  if (!/^[0-9a-f]{32}$/i.test(hex) || /^0+$/.test(hex)) return null;
  return sixOf((hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)));
}

function best(routes: readonly (DefaultRoute & { readonly metric: number })[]): DefaultRoute | null {
  const first = routes.toSorted((a, b) => a.metric - b.metric)[0];
  return first === undefined ? null : { device: first.device, gateway: first.gateway };
}
