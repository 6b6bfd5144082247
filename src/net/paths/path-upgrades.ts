/**
 * Owns the search for better paths to peers that are reached over a relay: paths punched through routers, and straight
 * addresses tried again. Pauses grow; a change of network starts anew. Dials nobody who is away.
 */
import type { PeerId } from "#base/brand.ts";
import type { Problem } from "#base/result.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import { withoutPeer } from "../addresses.ts";
import { type ConnectionBook, classOf, pathOf } from "../host/connection-book.ts";
import {
  BETTER_PATH_FACTOR,
  BETTER_PATH_FIRST_PAUSE_MS,
  BETTER_PATH_LAST_PAUSE_MS,
  DIAL_TICK_MS,
  PUNCH_FIRST_TIMEOUT_MS,
  PUNCH_GRACE_MS,
  PUNCH_TIMEOUT_MS,
  PUNCH_TURN_MS,
} from "../limits.ts";
import type { NatKind } from "../reach.ts";
import type { Dialler } from "./dialler.ts";
import { pathReason } from "./path-reason.ts";

export interface PathUpgradesDependencies {
  readonly self: PeerId;
  readonly connections: ConnectionBook;
  readonly dialler: Pick<Dialler, "straighten" | "dialOne" | "attempts">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Why nothing can be punched on this computer; null when it can. */
  readonly punching: Problem | null;
  readonly nat: () => NatKind;
  /** Why the path to a peer is what it is, whenever that is new. */
  readonly onReason: (peer: PeerId, reason: Problem | null) => void;
}

/** The search for a better path to one peer. Times are monotonic. */
interface Search {
  failures: number;
  nextMs: number;
  running: AbortController | null;
}

export class PathUpgrades {
  readonly #dependencies: PathUpgradesDependencies;
  readonly #searches = new Map<PeerId, Search>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: Timer;

  constructor(dependencies: PathUpgradesDependencies) {
    this.#dependencies = dependencies;
    this.#timer = dependencies.clock.every(DIAL_TICK_MS, () => this.#tick());
  }

  /** A peer was connected, is reached in another way, or is gone. */
  changed(peer: PeerId): void {
    const { connections, clock } = this.#dependencies;
    const best = connections.best(peer);
    const kind = best === null ? null : classOf(best);
    const search = this.#searches.get(peer);
    if (kind === "relayed") {
      if (search === undefined) {
        const nextMs = clock.monotonicMs() + this.#firstPauseMs(peer);
        this.#searches.set(peer, { failures: 0, nextMs, running: null });
      }
    } else {
      // What is punched is dropped as soon as something straight stands, and needs no second beside it.
      search?.running?.abort();
      this.#searches.delete(peer);
    }
    this.#tell(peer);
  }

  /** We are reached, and reach others, in another way than before: what failed may work now. */
  moved(): void {
    for (const [peer, search] of this.#searches) {
      search.failures = 0;
      search.nextMs = this.#dependencies.clock.monotonicMs() + this.#firstPauseMs(peer);
      this.#tell(peer);
    }
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    for (const { running } of this.#searches.values()) running?.abort();
    this.#searches.clear();
    await Promise.allSettled(this.#underWay);
  }

  /** Two who punch at once would have one path too many: the smaller id goes first. */
  #firstPauseMs(peer: PeerId): number {
    return this.#dependencies.self < peer ? PUNCH_GRACE_MS : PUNCH_TURN_MS;
  }

  #tick(): void {
    const { clock, log } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    for (const [peer, search] of this.#searches) {
      if (search.running !== null || nowMs < search.nextMs) continue;
      const work = this.#attempt(peer, search).catch((error: unknown) => log.fault("a better path", error));
      this.#underWay.add(work);
      void work.finally(() => this.#underWay.delete(work));
    }
  }

  async #attempt(peer: PeerId, search: Search): Promise<void> {
    const { clock, connections, dialler, punching } = this.#dependencies;
    const running = new AbortController();
    search.running = running;
    const timeoutMs = search.failures === 0 ? PUNCH_FIRST_TIMEOUT_MS : PUNCH_TIMEOUT_MS;
    const timer = clock.after(timeoutMs, () => running.abort());
    const [relayed] = connections.ofClass(peer, "relayed");
    const ways: Promise<unknown>[] = [dialler.straighten(peer, running.signal)];
    if (relayed !== undefined && punching === null) {
      const address = `${withoutPeer(relayed.remoteAddr.toString())}/webrtc`;
      ways.push(dialler.dialOne(address, peer, running.signal));
    }
    await Promise.allSettled(ways);
    timer.cancel();
    search.running = null;
    if (this.#searches.get(peer) !== search) return;
    search.failures += 1;
    search.nextMs = clock.monotonicMs() + this.#pauseMs(search.failures);
    this.#tell(peer);
  }

  #pauseMs(failures: number): number {
    const pauseMs = Math.min(
      BETTER_PATH_LAST_PAUSE_MS,
      BETTER_PATH_FIRST_PAUSE_MS * BETTER_PATH_FACTOR ** (failures - 1),
    );
    const chance = this.#dependencies.random.below(1 << 16) / (1 << 16);
    return pauseMs * (0.75 + 0.5 * chance);
  }

  #tell(peer: PeerId): void {
    const { connections, dialler, punching, nat, onReason } = this.#dependencies;
    const best = connections.best(peer);
    if (best === null) return;
    const tried = dialler.attempts(peer).find(({ address }) => address.endsWith("/webrtc"));
    const failures = this.#searches.get(peer)?.failures ?? 0;
    onReason(
      peer,
      pathReason({ path: pathOf(best), failures, lastPunch: tried?.problem ?? null, punching, nat: nat() }),
    );
  }
}
