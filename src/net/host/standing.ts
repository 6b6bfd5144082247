/**
 * Owns what peers have earned by their conduct: points lost by what was judged `reject`, given back by time, and
 * the ban of whoever lost too many; and each peer's share of gossip, beyond which it is not heard for a while. In
 * memory only: a restart forgives.
 */
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import type { Judgement } from "#ports/network.ts";
import { RateLimit } from "../doors/rate-limits.ts";
import {
  BAN_MS,
  GOSSIP_MESSAGES_PER_PEER_BURST,
  GOSSIP_MESSAGES_PER_PEER_PER_SECOND,
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

const GOSSIP_SHARE = {
  burst: GOSSIP_MESSAGES_PER_PEER_BURST,
  perSecond: GOSSIP_MESSAGES_PER_PEER_PER_SECOND,
};
/** A peer beyond its share is heard again after this: then a part of the share has come back. */
const UNHEARD_MS = 1_000;

export class Standings {
  readonly #clock: Clock;
  readonly #onBan: (peer: PeerId) => void;
  /** Least recently judged first. */
  readonly #standings = new Map<PeerId, Standing>();
  readonly #shares: RateLimit;
  /** Beyond their share, and until when; least recently so first. */
  readonly #unheard = new Map<PeerId, number>();

  /** @param onBan told once when a peer falls too low. */
  constructor(clock: Clock, onBan: (peer: PeerId) => void) {
    this.#clock = clock;
    this.#onBan = onBan;
    this.#shares = new RateLimit(clock, STANDINGS_MAX);
  }

  /** A gossiped message of this peer, new to us, was looked at. */
  heard(peer: PeerId): void {
    if (this.#shares.take(peer, GOSSIP_SHARE)) return;
    this.#unheard.delete(peer);
    this.#unheard.set(peer, this.#clock.monotonicMs() + UNHEARD_MS);
    const [oldest] = this.#unheard.keys();
    if (this.#unheard.size > STANDINGS_MAX && oldest !== undefined) this.#unheard.delete(oldest);
  }

  /** What gossip goes by: as {@link points}, and so low that nothing is heard of who went beyond its share. */
  gossipScore(peer: PeerId): number {
    const isUnheard = (this.#unheard.get(peer) ?? 0) > this.#clock.monotonicMs();
    return isUnheard ? Math.min(this.points(peer), STANDING_MIN_POINTS - 1) : this.points(peer);
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
