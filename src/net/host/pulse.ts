/**
 * Owns the round trip over one connection: bytes sent back over a stream that stays open, or libp2p's ping where the
 * other side is a stranger's relay. A stream for each pulse would cost a tracker with thousands of peers a core, and
 * the WebRTC of Node remembers every channel that the other side ever opened. When to measure is `heartbeat.ts`.
 */
import type { Connection, Stream } from "@libp2p/interface";
import { concat, equalBytes } from "#base/bytes.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import { PULSE_WAITING_BYTES_MAX } from "../limits.ts";
import type { Host } from "./host.ts";

/** libp2p's ping: so many random bytes come back as they were sent, on a stream for each. */
const PING_PROTOCOL = "/ipfs/ping/1.0.0";
/** The same, again and again on one stream (spec/framing.md). */
const PULSE_PROTOCOL = "/waybill/pulse/1";
const PING_BYTES = 32;

export interface PulseDependencies {
  readonly host: Pick<Host, "handle">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class Pulse {
  readonly #dependencies: PulseDependencies;
  /** The stream that stays open on each connection. */
  readonly #lines = new WeakMap<Connection, Line>();

  constructor(dependencies: PulseDependencies) {
    this.#dependencies = dependencies;
    const { host, log } = dependencies;
    answerPulses(host).catch((error: unknown) => log.fault("registering the pulse", error));
  }

  /** Milliseconds there and back. @throws when no answer came before `signal` ended. */
  async measure(connection: Connection, signal: AbortSignal): Promise<number> {
    const line = await this.#lineOf(connection, signal);
    const { clock, random } = this.#dependencies;
    try {
      const sent = random.bytes(PING_BYTES);
      const startMs = clock.monotonicMs();
      if (!equalBytes(await line.exchange(sent, signal), sent)) throw new Error("other bytes came back");
      const latencyMs = clock.monotonicMs() - startMs;
      if (!this.#lines.has(connection)) line.close(signal);
      return latencyMs;
    } catch (error) {
      // What comes back late must not be taken for the answer to the next one.
      this.#lines.delete(connection);
      line.abort(error);
      throw error;
    }
  }

  async #lineOf(connection: Connection, signal: AbortSignal): Promise<Line> {
    const known = this.#lines.get(connection);
    if (known?.isOpen === true) return known;
    const options = { signal, runOnLimitedConnection: true };
    try {
      const line = new Line(await connection.newStream(PULSE_PROTOCOL, options));
      this.#lines.set(connection, line);
      return line;
    } catch (error) {
      if (!(error instanceof Error && error.name === "UnsupportedProtocolError")) throw error;
      return new Line(await connection.newStream(PING_PROTOCOL, options));
    }
  }
}

/** Has a host send back what pulses bring. */
export async function answerPulses(host: Pick<Host, "handle">): Promise<void> {
  await host.handle(PULSE_PROTOCOL, sendBack, { maxInboundStreams: 2, runOnLimitedConnection: true });
}

/** Our side of a stream whose bytes come back. */
class Line {
  readonly #stream: Stream;
  #heard: Uint8Array = new Uint8Array(0);
  #wake: (() => void) | null = null;

  constructor(stream: Stream) {
    this.#stream = stream;
    stream.addEventListener("message", ({ data }) => {
      this.#heard = concat(this.#heard, data.subarray()).subarray(0, PING_BYTES);
      this.#wake?.();
    });
    stream.addEventListener("close", () => this.#wake?.());
  }

  get isOpen(): boolean {
    return this.#stream.status === "open";
  }

  async exchange(sent: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const giveUp = () => this.#wake?.();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      this.#stream.send(sent);
      while (this.#heard.length < PING_BYTES) {
        if (signal.aborted) throw new Error("no answer in time");
        if (!this.isOpen) throw new Error("the stream ended");
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      }
      return this.#heard;
    } finally {
      this.#wake = null;
      this.#heard = new Uint8Array(0);
      signal.removeEventListener("abort", giveUp);
    }
  }

  close(signal: AbortSignal): void {
    this.#stream.close({ signal }).catch((error: unknown) => this.abort(error));
  }

  abort(error: unknown): void {
    this.#stream.abort(error instanceof Error ? error : new Error(String(error)));
  }
}

/** The other side of it. Whoever sends more than pulses without reading what comes back is cut off. */
function sendBack(stream: Stream): void {
  stream.addEventListener("message", ({ data }) => {
    if (stream.writeStatus !== "writable") return;
    stream.send(data.subarray());
    if (stream.writeBufferLength > PULSE_WAITING_BYTES_MAX) stream.abort(new Error("more than pulses came"));
  });
  stream.addEventListener("remoteCloseWrite", () => {
    stream.close().catch((error: unknown) => stream.abort(error instanceof Error ? error : new Error()));
  });
}
