/**
 * Owns learning how routers treat outgoing UDP: one socket asks several STUN servers, and what they saw is compared
 * (the idea of RFC 4787 section 4.1; mapping only, since filtering can be tried by a tracker with two addresses alone).
 */
import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import type { Clock } from "#ports/clock.ts";
import type { Random } from "#ports/random.ts";
import { STUN_RETRY_MS, STUN_SERVERS_MAX, STUN_TIMEOUT_MS } from "../limits.ts";
import type { NatKind } from "../reach.ts";
import { decodeStunMessage, encodeBindingRequest, type TransportAddress } from "./stun-message.ts";

export interface StunServer {
  /** IP address or name. */
  readonly host: string;
  readonly port: number;
}

export interface NatDependencies {
  readonly clock: Clock;
  readonly random: Random;
}

/** What one server saw of us. */
export interface Seen {
  readonly server: StunServer;
  readonly mapped: TransportAddress;
}

/** @param own IP addresses of this computer. */
export function judgeNat(asked: number, seen: readonly Seen[], own: readonly string[]): NatKind {
  if (asked === 0) return "unknown";
  const [first, second] = seen;
  if (first === undefined) return "udp-blocked";
  if (seen.every(({ mapped }) => own.includes(mapped.host))) return "none";
  // One answer tells that UDP passes, not whether the next destination would see another port.
  if (second === undefined) return "unknown";
  const isSame = seen.every(
    ({ mapped }) => mapped.host === first.mapped.host && mapped.port === first.mapped.port,
  );
  return isSame ? "endpoint-independent" : "endpoint-dependent";
}

/** Asks over IPv4 where a server has such an address, else over IPv6. Never rejects. */
export async function probeNat(
  servers: readonly StunServer[],
  dependencies: NatDependencies,
  signal: AbortSignal,
): Promise<NatKind> {
  const bounded = servers.slice(0, STUN_SERVERS_MAX);
  const four = await resolved(bounded, 4);
  const targets = four.length > 0 ? four : await resolved(bounded, 6);
  if (targets.length === 0 || signal.aborted) return "unknown";
  const seen = await ask(targets, four.length > 0 ? "udp4" : "udp6", dependencies, signal);
  return signal.aborted ? "unknown" : judgeNat(targets.length, seen, ownAddresses());
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);
}

async function resolved(servers: readonly StunServer[], family: 4 | 6): Promise<readonly StunServer[]> {
  const found = await Promise.all(
    servers.map(async ({ host, port }) => {
      try {
        const { address } = await lookup(host, { family });
        return [{ host: address, port }];
      } catch {
        return [];
      }
    }),
  );
  return found.flat();
}

async function ask(
  targets: readonly StunServer[],
  family: "udp4" | "udp6",
  { clock, random }: NatDependencies,
  signal: AbortSignal,
): Promise<readonly Seen[]> {
  const { promise, resolve } = Promise.withResolvers<readonly Seen[]>();
  const seen: Seen[] = [];
  const open = new Map(targets.map((server) => [Buffer.from(random.bytes(12)).toString("hex"), server]));
  const socket = createSocket(family);
  const finish = () => resolve(seen);
  socket.on("error", finish);
  socket.on("message", (message, from) => {
    const answer = decodeStunMessage(message);
    if (!answer.ok || answer.value.type !== "success") return;
    const id = Buffer.from(answer.value.transactionId).toString("hex");
    const server = open.get(id);
    // Only the server that was asked knows the number, and only from there does it count.
    if (server === undefined || from.port !== server.port) return;
    open.delete(id);
    seen.push({ server, mapped: answer.value.mapped });
    if (open.size === 0) finish();
  });
  const send = () => sendAll(socket, open);
  const timers = [
    ...STUN_RETRY_MS.map((delayMs) => clock.after(delayMs, send)),
    clock.after(STUN_TIMEOUT_MS, finish),
  ];
  signal.addEventListener("abort", finish, { once: true });
  const found = await promise;
  signal.removeEventListener("abort", finish);
  for (const timer of timers) timer.cancel();
  socket.removeAllListeners("error").on("error", () => undefined);
  socket.close();
  return found;
}

/** A destination that cannot be sent to is one that does not answer. */
function sendAll(socket: Socket, open: ReadonlyMap<string, StunServer>): void {
  for (const [id, { host, port }] of open) {
    socket.send(encodeBindingRequest(Buffer.from(id, "hex")), port, host, () => undefined);
  }
}
