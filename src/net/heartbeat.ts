/**
 * Owns the pulse of connections: measures round trips, and breaks off a path that died without a word. Bytes of
 * any stream count as life, so a slow path that is busy with a transfer is not taken for dead.
 */
import { peerIdFromString } from "@libp2p/peer-id";
import type { PeerId } from "#base/brand.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { PeerDirectory } from "./directory.ts";
import type { Host } from "./host.ts";
import type { Libp2pNetwork } from "./libp2p-network.ts";
import { HEARTBEAT_PERIOD_MS, HEARTBEAT_TIMEOUT_MS } from "./limits.ts";

export interface HeartbeatDependencies {
  readonly host: Host;
  readonly network: Libp2pNetwork;
  readonly directory: PeerDirectory;
  readonly clock: Clock;
}

export class Heartbeat {
  readonly #dependencies: HeartbeatDependencies;
  readonly #underWay = new Set<PeerId>();
  readonly #timer: Timer;

  constructor(dependencies: HeartbeatDependencies) {
    this.#dependencies = dependencies;
    this.#timer = dependencies.clock.every(HEARTBEAT_PERIOD_MS, () => {
      for (const { peer } of dependencies.network.connected()) void this.beat(peer);
    });
  }

  /** One round trip to a peer that is connected. Never rejects. */
  async beat(peer: PeerId): Promise<void> {
    if (this.#underWay.has(peer)) return;
    this.#underWay.add(peer);
    const { host, network, directory, clock } = this.#dependencies;
    const patience = new AbortController();
    const timer = clock.after(HEARTBEAT_TIMEOUT_MS, () => patience.abort());
    try {
      const latencyMs = await host.services.ping.ping(peerIdFromString(peer), { signal: patience.signal });
      network.noteAlive(peer);
      if (directory.get(peer)?.online === true) directory.measured(peer, latencyMs);
    } catch {
      // A ping also fails when its stream is refused or its connection was replaced: silence alone is death.
      const aliveMs = network.lastAliveMs(peer);
      const isSilent = aliveMs !== null && clock.monotonicMs() - aliveMs >= HEARTBEAT_TIMEOUT_MS;
      if (isSilent) network.disconnect(peer, "no sign of life");
    } finally {
      timer.cancel();
      this.#underWay.delete(peer);
    }
  }

  close(): void {
    this.#timer.cancel();
  }
}
