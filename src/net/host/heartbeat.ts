/**
 * Owns the pulse of each connection: measures round trips, and breaks off a path that died without a word. Bytes of
 * any stream count as life, so a slow path that is busy with a transfer is not taken for dead.
 */
import type { Connection } from "@libp2p/interface";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import type { PeerDirectory } from "../discovery/directory.ts";
import { DEAD_SILENCE_MS, HEARTBEAT_PERIOD_MS, HEARTBEAT_TIMEOUT_MS } from "../limits.ts";
import type { ConnectionBook } from "./connection-book.ts";
import { peerOf } from "./gate.ts";
import type { Host } from "./host.ts";
import type { Libp2pNetwork } from "./libp2p-network.ts";
import { Pulse } from "./pulse.ts";

export interface HeartbeatDependencies {
  readonly host: Host;
  readonly connections: ConnectionBook;
  readonly network: Libp2pNetwork;
  readonly directory: PeerDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class Heartbeat {
  readonly #dependencies: HeartbeatDependencies;
  readonly #underWay = new Set<Connection>();
  /** Those whose last pulse was not answered in time. */
  readonly #unanswered = new WeakSet<Connection>();
  readonly #pulse: Pulse;
  readonly #timer: Timer;

  constructor(dependencies: HeartbeatDependencies) {
    this.#dependencies = dependencies;
    this.#pulse = new Pulse(dependencies);
    const { connections, network } = dependencies;
    this.#timer = dependencies.clock.every(HEARTBEAT_PERIOD_MS, () => {
      for (const peer of connections.peers()) {
        for (const connection of connections.of(peer)) {
          if (!this.#unanswered.has(connection) || !this.#isBrokenOff(connection)) void this.beat(connection);
        }
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
      const latencyMs = await this.#pulse.measure(connection, patience.signal);
      connections.noteAlive(connection);
      this.#unanswered.delete(connection);
      const peer = peerOf(connection.remotePeer);
      const isInUse = connections.best(peer) === connection && directory.get(peer)?.online === true;
      if (isInUse) directory.measured(peer, latencyMs);
    } catch {
      this.#unanswered.add(connection);
      this.#isBrokenOff(connection);
    } finally {
      timer.cancel();
      this.#underWay.delete(connection);
    }
  }

  /** A ping also fails when its stream is refused or what is sent before it takes long: silence alone is death. */
  #isBrokenOff(connection: Connection): boolean {
    if (this.#dependencies.connections.silentMs(connection) < DEAD_SILENCE_MS) return false;
    connection.abort(new Error("no sign of life"));
    return true;
  }

  close(): void {
    this.#timer.cancel();
  }
}
