/**
 * Owns what peers have earned by their conduct: points lost by what was judged `reject`, given back by time, and
 * the ban of whoever lost too many. In memory only: a restart forgives.
 */
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import type { Judgement } from "#ports/network.ts";
import {
  BAN_MS,
  STANDING_MIN_POINTS,
  STANDING_RECOVERY_PERIOD_MS,
  STANDING_RECOVERY_POINTS,
  STANDING_REJECT_POINTS,
  STANDINGS_MAX,
} from "../limits.ts";

interface Standing {
  readonly points: number;
  readonly atMs: number;
  readonly bannedUntilMs: number;
}

export class Standings {
  readonly #clock: Clock;
  readonly #onBan: (peer: PeerId) => void;
  /** Least recently judged first. */
  readonly #standings = new Map<PeerId, Standing>();

  /** @param onBan told once when a peer falls too low. */
  constructor(clock: Clock, onBan: (peer: PeerId) => void) {
    this.#clock = clock;
    this.#onBan = onBan;
  }

  judge(peer: PeerId, judgement: Judgement): void {
    if (judgement !== "reject") return;
    const nowMs = this.#clock.monotonicMs();
    const wasBanned = this.isBanned(peer);
    const points = this.points(peer) - STANDING_REJECT_POINTS;
    const isBanned = points <= STANDING_MIN_POINTS;
    this.#standings.delete(peer);
    this.#standings.set(peer, { points, atMs: nowMs, bannedUntilMs: isBanned ? nowMs + BAN_MS : 0 });
    if (this.#standings.size > STANDINGS_MAX) {
      const oldest = this.#standings.keys().next();
      if (oldest.done !== true) this.#standings.delete(oldest.value);
    }
    if (isBanned && !wasBanned) this.#onBan(peer);
  }

  /** 0 for whoever behaved, negative otherwise. */
  points(peer: PeerId): number {
    const standing = this.#standings.get(peer);
    if (standing === undefined) return 0;
    const periods = (this.#clock.monotonicMs() - standing.atMs) / STANDING_RECOVERY_PERIOD_MS;
    return Math.min(0, standing.points + periods * STANDING_RECOVERY_POINTS);
  }

  isBanned(peer: PeerId): boolean {
    const standing = this.#standings.get(peer);
    return standing !== undefined && standing.bannedUntilMs > this.#clock.monotonicMs();
  }
}
