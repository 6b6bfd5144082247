/**
 * Owns the UDP ports at which a tracker tells callers how their address looks from here: STUN Binding over two ports
 * and both families (RFC 8489). Keeps nothing about anybody; answers so many to each address, and no more in all.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import {
  decodeStunMessage,
  encodeBindingSuccess,
  encodeUnknownAttributes,
  placeOf,
  RateLimit,
} from "#net/index.ts";
import type { Clock } from "#ports/clock.ts";
import {
  SENDERS_REMEMBERED_MAX,
  STUN_BURST,
  STUN_PER_ADDRESS_BURST,
  STUN_PER_ADDRESS_PER_SECOND,
  STUN_PER_SECOND,
} from "./limits.ts";

export interface StunOptions {
  /** IP addresses to listen on. */
  readonly hosts: readonly string[];
  /** UDP ports; 0 lets the system choose. */
  readonly ports: readonly number[];
}

export interface StunCounts {
  answered: number;
  /** Not Binding requests. */
  malformed: number;
  /** Above what an address, or all, may ask. */
  flooded: number;
}

export interface StunResponder {
  /** `host:port`, IPv6 in brackets. */
  readonly addresses: readonly string[];
  /** UDP ports that answer, in ascending order, none twice. */
  readonly ports: readonly number[];
  readonly counts: Readonly<StunCounts>;
  close(): Promise<void>;
}

const OF_ADDRESS = { burst: STUN_PER_ADDRESS_BURST, perSecond: STUN_PER_ADDRESS_PER_SECOND };
const OF_ALL = { burst: STUN_BURST, perSecond: STUN_PER_SECOND };

export async function openStunResponder(
  { hosts, ports }: StunOptions,
  { clock }: { readonly clock: Clock },
): Promise<Result<StunResponder, Problem>> {
  const counts: StunCounts = { answered: 0, malformed: 0, flooded: 0 };
  const senders = new RateLimit(clock, SENDERS_REMEMBERED_MAX);
  const sockets: Socket[] = [];
  const close = async () => {
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  };
  for (const host of hosts) {
    for (const port of ports) {
      const socket = await bind(host, port);
      if (socket === null) {
        await close();
        return fail(cannotListen(host, port));
      }
      sockets.push(socket);
      socket.on("message", (bytes, sender) => {
        const answer = answerTo(bytes, sender, senders, counts);
        // An answer that cannot be sent is one that UDP lost.
        if (answer !== null) socket.send(answer, sender.port, sender.address, () => undefined);
      });
      socket.on("error", () => undefined);
    }
  }
  const bound = [...new Set(sockets.map((socket) => socket.address().port))].sort((a, b) => a - b);
  return ok({ addresses: sockets.map(shownAddress), ports: bound, counts, close });
}

/** What a datagram is answered with; null where nothing is. */
export function answerTo(
  bytes: Uint8Array,
  sender: Pick<RemoteInfo, "address" | "port">,
  senders: RateLimit,
  counts: StunCounts,
): Uint8Array | null {
  const place = placeOf(sender.address);
  if (place === null || !senders.take(place.address, OF_ADDRESS) || !senders.take("all", OF_ALL)) {
    counts.flooded += 1;
    return null;
  }
  const message = decodeStunMessage(bytes);
  if (!message.ok || message.value.type !== "request") {
    counts.malformed += 1;
    return null;
  }
  counts.answered += 1;
  const { transactionId, unknownAttributes } = message.value;
  if (unknownAttributes.length > 0) return encodeUnknownAttributes(transactionId, unknownAttributes);
  const host = sender.address.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  return encodeBindingSuccess(transactionId, { host, port: sender.port });
}

async function bind(host: string, port: number): Promise<Socket | null> {
  const family = isIPv6(host) ? ({ type: "udp6", ipv6Only: true } as const) : ({ type: "udp4" } as const);
  const socket = createSocket(family);
  const { promise, resolve } = Promise.withResolvers<Socket | null>();
  socket.once("error", () => {
    socket.close();
    resolve(null);
  });
  socket.bind({ address: host, port, exclusive: true }, () => {
    socket.removeAllListeners("error");
    resolve(socket);
  });
  return await promise;
}

function shownAddress(socket: Socket): string {
  const { address, port } = socket.address();
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

function cannotListen(host: string, port: number): Problem {
  return problem(
    "stun-port-unusable",
    `UDP port ${port} of ${host} cannot be listened on: another program, a STUN or TURN server perhaps, has it.`,
    "Name another with --stun-port, or leave STUN to that program with --no-stun.",
  );
}
