/**
 * Owns asking a router for a mapped TCP port by NAT-PMP (RFC 6886): the datagrams, and one exchange with one router.
 * Only the router that was asked is listened to, and what it sends is read strictly.
 */
import { createSocket } from "node:dgram";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import { NAT_PMP_PORT, NAT_PMP_RETRY_MS, NAT_PMP_TIMEOUT_MS } from "../limits.ts";
import { type Mapped, mappingProblems, type Router } from "./mapping.ts";

const VERSION = 0;
const EXTERNAL_ADDRESS = 0;
const MAP_TCP = 2;
/** Set in the operation of an answer (RFC 6886 section 3.3). */
const ANSWER = 128;

export type NatPmpAnswer =
  | { readonly type: "external-address"; readonly resultCode: number; readonly host: string }
  | {
      readonly type: "mapped";
      readonly resultCode: number;
      readonly internalPort: number;
      readonly externalPort: number;
      readonly lifetimeSeconds: number;
    };

/** Section 3.2. */
function encodeExternalAddressRequest(): Uint8Array {
  return Uint8Array.of(VERSION, EXTERNAL_ADDRESS);
}

/** Section 3.3. @param lifetimeSeconds 0 gives the port back. */
export function encodeMapRequest(
  internalPort: number,
  externalPort: number,
  lifetimeSeconds: number,
): Uint8Array {
  // In network byte order, unlike formats of our own.
  const view = new DataView(new ArrayBuffer(12));
  view.setUint8(0, VERSION);
  view.setUint8(1, MAP_TCP);
  view.setUint16(4, internalPort);
  view.setUint16(6, externalPort);
  view.setUint32(8, lifetimeSeconds);
  return new Uint8Array(view.buffer);
}

/** Null for what is no answer to one of ours. A refusal may be cut off after its code (section 3.5). */
export function decodeNatPmpAnswer(bytes: Uint8Array): NatPmpAnswer | null {
  if (bytes.length < 8 || bytes.length > 16 || bytes[0] !== VERSION) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const resultCode = view.getUint16(2);
  const isWhole = (length: number) => bytes.length === length || (resultCode !== 0 && bytes.length < length);
  if (bytes[1] === ANSWER + EXTERNAL_ADDRESS && isWhole(12)) {
    const host = resultCode === 0 ? [...bytes.subarray(8, 12)].join(".") : "0.0.0.0";
    return { type: "external-address", resultCode, host };
  }
  if (bytes[1] !== ANSWER + MAP_TCP || !isWhole(16)) return null;
  const [internalPort, externalPort, lifetimeSeconds] =
    resultCode === 0 ? [view.getUint16(8), view.getUint16(10), view.getUint32(12)] : [0, 0, 0];
  return { type: "mapped", resultCode, internalPort, externalPort, lifetimeSeconds };
}

/** A router that may speak NAT-PMP: whether it does shows when it is asked. */
export function natPmpRouter(clock: Clock, gateway: string, port: number = NAT_PMP_PORT): Router {
  const exchange = async (request: Uint8Array, type: NatPmpAnswer["type"], signal: AbortSignal) =>
    await exchangeWith({ gateway, port, request, type, clock }, signal);
  return {
    protocol: "nat-pmp",
    gateway,
    async map(internalPort, externalPort, lifetimeSeconds, signal): Promise<Result<Mapped, Problem>> {
      const mapped = await exchange(
        encodeMapRequest(internalPort, externalPort, lifetimeSeconds),
        "mapped",
        signal,
      );
      if (mapped === null) return fail(mappingProblems.silent(gateway));
      if (mapped.type !== "mapped" || mapped.resultCode !== 0 || mapped.internalPort !== internalPort) {
        return fail(mappingProblems.refused(gateway, `NAT-PMP code ${mapped.resultCode}`));
      }
      const outside = await exchange(encodeExternalAddressRequest(), "external-address", signal);
      const isKnown = outside?.type === "external-address" && outside.resultCode === 0;
      return ok({
        externalHost: isKnown ? outside.host : null,
        externalPort: mapped.externalPort,
        lifetimeSeconds: mapped.lifetimeSeconds,
      });
    },
    async unmap(internalPort, _externalPort, signal) {
      await exchange(encodeMapRequest(internalPort, 0, 0), "mapped", signal);
    },
  };
}

interface Exchange {
  readonly gateway: string;
  readonly port: number;
  readonly request: Uint8Array;
  readonly type: NatPmpAnswer["type"];
  readonly clock: Clock;
}

async function exchangeWith(
  { gateway, port, request, type, clock }: Exchange,
  signal: AbortSignal,
): Promise<NatPmpAnswer | null> {
  if (signal.aborted) return null;
  const { promise, resolve } = Promise.withResolvers<NatPmpAnswer | null>();
  const socket = createSocket("udp4");
  const giveUp = () => resolve(null);
  socket.on("error", giveUp);
  socket.on("message", (message) => {
    const answer = decodeNatPmpAnswer(message);
    if (answer?.type === type) resolve(answer);
  });
  // Connected: the system passes on what comes from there, and nothing else.
  const send = () => socket.send(request, () => undefined);
  let timers = [clock.after(NAT_PMP_TIMEOUT_MS, giveUp)];
  socket.connect(port, gateway, () => {
    timers = [...timers, ...NAT_PMP_RETRY_MS.map((delayMs) => clock.after(delayMs, send))];
  });
  signal.addEventListener("abort", giveUp, { once: true });
  const answer = await promise;
  signal.removeEventListener("abort", giveUp);
  for (const timer of timers) timer.cancel();
  socket.removeAllListeners("connect");
  socket.removeAllListeners("error").on("error", () => undefined);
  socket.close();
  return answer;
}
