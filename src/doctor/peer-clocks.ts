/**
 * Owns `/waybill/clock/1` (spec/clock.md): connected peers tell each other the time, so that a computer without a
 * tracker can still see that its clock is wrong. Believes nobody: the caller takes the middle of what is told.
 */
import type { PeerId } from "#base/brand.ts";
import { ByteWriter, type DecodeFault, decodeWith } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import {
  CLOCK_FRAME_BYTES_MAX,
  CLOCK_PEERS_MAX,
  CLOCK_STREAMS_PER_PEER_MAX,
  CLOCK_TIMEOUT_MS,
} from "./limits.ts";

export const CLOCK_PROTOCOL = "/waybill/clock/1";
const OPTIONS = { frameBytesMax: CLOCK_FRAME_BYTES_MAX, streamsPerPeerMax: CLOCK_STREAMS_PER_PEER_MAX };
const FORMAT_VERSION = 1;

export interface PeerClocks {
  /** Clocks of some connected peers less ours, milliseconds, half a round trip taken off. Those silent are left out. */
  ask(): Promise<readonly number[]>;
  close(): void;
}

export interface PeerClocksDependencies {
  readonly network: Pick<Network, "connected" | "open" | "handle" | "judge">;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
}

export function openPeerClocks({ network, clock }: PeerClocksDependencies): PeerClocks {
  const stop = network.handle(CLOCK_PROTOCOL, OPTIONS, async (stream) => {
    const asked = await stream.receive({ timeoutMs: CLOCK_TIMEOUT_MS });
    if (!asked.ok || asked.value === null) return;
    if (!isQuestion(asked.value)) return network.judge(stream.peer, "reject");
    await stream.send(encodeTime(clock.nowMs()));
  });

  async function askOne(peer: PeerId): Promise<number | null> {
    const opened = await network.open(peer, CLOCK_PROTOCOL, { ...OPTIONS, timeoutMs: CLOCK_TIMEOUT_MS });
    if (!opened.ok) return null;
    const offsetMs = await exchange(opened.value);
    await opened.value.close();
    return offsetMs;
  }

  async function exchange(stream: FrameStream): Promise<number | null> {
    const sentMs = clock.monotonicMs();
    const sent = await stream.send(encodeQuestion());
    if (!sent.ok) return null;
    const answer = await stream.receive({ timeoutMs: CLOCK_TIMEOUT_MS });
    if (!answer.ok || answer.value === null) return null;
    const theirs = decodeTime(answer.value);
    if (!theirs.ok) {
      network.judge(stream.peer, "reject");
      return null;
    }
    const oneWayMs = (clock.monotonicMs() - sentMs) / 2;
    return Math.round(theirs.value + oneWayMs - clock.nowMs());
  }

  return {
    async ask() {
      const peers = network.connected().slice(0, CLOCK_PEERS_MAX);
      const offsets = await Promise.all(peers.map(({ peer }) => askOne(peer)));
      return offsets.filter((offset) => offset !== null);
    },
    close: stop,
  };
}

export function encodeQuestion(): Uint8Array {
  return Uint8Array.of(FORMAT_VERSION);
}

export function isQuestion(frame: Uint8Array): boolean {
  return frame.length === 1 && frame[0] === FORMAT_VERSION;
}

/** @param nowMs Unix time, milliseconds. */
export function encodeTime(nowMs: number): Uint8Array {
  return new ByteWriter().u8(FORMAT_VERSION).u64(nowMs).done();
}

export function decodeTime(frame: Uint8Array): Result<number, DecodeFault> {
  return decodeWith(frame, (reader) => {
    const version = reader.u8();
    if (version !== FORMAT_VERSION) reader.refuse(`clock format ${version} is not known`);
    return reader.safeU64("time");
  });
}
