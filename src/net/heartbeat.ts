/**
 * Owns the pulse of each connection: measures round trips, and breaks off a path that died without a word. Bytes of
 * any stream count as life, so a slow path that is busy with a transfer is not taken for dead.
 */
import type { Connection, Stream } from "@libp2p/interface";
import { equalBytes } from "#base/bytes.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Random } from "#ports/random.ts";
import type { ConnectionBook } from "./connection-book.ts";
import type { PeerDirectory } from "./directory.ts";
import { peerOf } from "./gate.ts";
import type { Libp2pNetwork } from "./libp2p-network.ts";
import { HEARTBEAT_PERIOD_MS, HEARTBEAT_TIMEOUT_MS } from "./limits.ts";

/** libp2p's ping: so many random bytes come back as they were sent. */
const PING_PROTOCOL = "/ipfs/ping/1.0.0";
const PING_BYTES = 32;

export interface HeartbeatDependencies {
  readonly connections: ConnectionBook;
  readonly network: Libp2pNetwork;
  readonly directory: PeerDirectory;
  readonly clock: Clock;
  readonly random: Random;
}

export class Heartbeat {
  readonly #dependencies: HeartbeatDependencies;
  readonly #underWay = new Set<Connection>();
  readonly #timer: Timer;

  constructor(dependencies: HeartbeatDependencies) {
    this.#dependencies = dependencies;
    const { connections, network } = dependencies;
    this.#timer = dependencies.clock.every(HEARTBEAT_PERIOD_MS, () => {
      for (const peer of connections.peers()) {
        for (const connection of connections.of(peer)) void this.beat(connection);
        // One that fell silent yields before it is broken off.
        network.reconsider(peer);
      }
    });
  }

  /** One round trip over a connection. Never rejects. */
  async beat(connection: Connection): Promise<void> {
    if (this.#underWay.has(connection)) return;
    this.#underWay.add(connection);
    const { connections, directory, clock } = this.#dependencies;
    const patience = new AbortController();
    const timer = clock.after(HEARTBEAT_TIMEOUT_MS, () => patience.abort());
    try {
      const latencyMs = await this.#roundTrip(connection, patience.signal);
      connections.noteAlive(connection);
      const peer = peerOf(connection.remotePeer);
      const isInUse = connections.best(peer) === connection && directory.get(peer)?.online === true;
      if (isInUse) directory.measured(peer, latencyMs);
    } catch {
      // A ping also fails when its stream is refused or its connection was replaced: silence alone is death.
      if (connections.silentMs(connection) >= HEARTBEAT_TIMEOUT_MS) {
        connection.abort(new Error("no sign of life"));
      }
    } finally {
      timer.cancel();
      this.#underWay.delete(connection);
    }
  }

  close(): void {
    this.#timer.cancel();
  }

  /** Milliseconds there and back. */
  async #roundTrip(connection: Connection, signal: AbortSignal): Promise<number> {
    const { clock, random } = this.#dependencies;
    const stream = await connection.newStream(PING_PROTOCOL, { signal, runOnLimitedConnection: true });
    try {
      const sent = random.bytes(PING_BYTES);
      const startMs = clock.monotonicMs();
      const echoed = echoOf(stream, signal);
      stream.send(sent);
      if (!equalBytes(await echoed, sent)) throw new Error("other bytes came back");
      const latencyMs = clock.monotonicMs() - startMs;
      stream.close({ signal }).catch((error: unknown) => stream.abort(errorOf(error)));
      return latencyMs;
    } catch (error) {
      stream.abort(errorOf(error));
      throw error;
    }
  }
}

/** The first bytes that come back, as many as were sent. */
function echoOf(stream: Stream, signal: AbortSignal): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const heard: number[] = [];
  stream.addEventListener("message", ({ data }) => {
    heard.push(...data.subarray().subarray(0, PING_BYTES));
    if (heard.length >= PING_BYTES) resolve(Uint8Array.from(heard.slice(0, PING_BYTES)));
  });
  stream.addEventListener("close", () => reject(new Error("the stream ended")));
  signal.addEventListener("abort", () => reject(new Error("no answer in time")), { once: true });
  return promise;
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
