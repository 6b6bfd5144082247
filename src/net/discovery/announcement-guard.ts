/**
 * Owns which announcements are worth a signature check: bounds floods for each sending address and in all, and
 * drops what is not newer than what its key announced before. Addresses that sent something well signed have a budget
 * apart, so that a flood from elsewhere does not drown them. Pure but for the clock it is given.
 */
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import {
  ANNOUNCEMENT_MEMORY_MS,
  ANNOUNCEMENT_SOURCES_MAX,
  ANNOUNCEMENTS_BURST,
  ANNOUNCEMENTS_PER_SECOND,
  ANNOUNCEMENTS_PER_SOURCE_BURST,
  ANNOUNCEMENTS_PER_SOURCE_PER_SECOND,
} from "../limits.ts";
import type { Announcement } from "./announcement.ts";

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Senders, those heard longest ago first, and what all of them share. */
interface Sources {
  readonly shared: Bucket;
  readonly each: Map<string, Bucket>;
}

interface Latest {
  readonly runMs: number;
  readonly counter: number;
  readonly atMs: number;
}

/** What became of the packets, for those who look why a peer is not found. */
export interface AnnouncementCounts {
  accepted: number;
  flooded: number;
  malformed: number;
  replayed: number;
  badSignature: number;
}

export class AnnouncementGuard {
  readonly counts: AnnouncementCounts = {
    accepted: 0,
    flooded: 0,
    malformed: 0,
    replayed: 0,
    badSignature: 0,
  };
  readonly #clock: Clock;
  readonly #strangers: Sources;
  /** Addresses from which something well signed came. */
  readonly #proven: Sources;
  readonly #latest = new Map<PeerId, Latest>();

  constructor(clock: Clock) {
    this.#clock = clock;
    const atMs = clock.monotonicMs();
    this.#strangers = { shared: { tokens: ANNOUNCEMENTS_BURST, atMs }, each: new Map() };
    this.#proven = { shared: { tokens: ANNOUNCEMENTS_BURST, atMs }, each: new Map() };
  }

  /** Whether a packet from this address may cost us anything. */
  admits(source: string): boolean {
    const sources = this.#proven.each.has(source) ? this.#proven : this.#strangers;
    const known = sources.each.get(source) ?? {
      tokens: ANNOUNCEMENTS_PER_SOURCE_BURST,
      atMs: this.#clock.monotonicMs(),
    };
    putNewest(sources.each, source, known);
    const admitted =
      this.#take(known, ANNOUNCEMENTS_PER_SOURCE_BURST, ANNOUNCEMENTS_PER_SOURCE_PER_SECOND) &&
      this.#take(sources.shared, ANNOUNCEMENTS_BURST, ANNOUNCEMENTS_PER_SECOND);
    if (!admitted) this.counts.flooded += 1;
    return admitted;
  }

  /** Whether this comes after all that its key announced within memory. */
  isNews(announcement: Announcement): boolean {
    const latest = this.#latest.get(announcement.peer);
    if (latest === undefined || this.#clock.monotonicMs() - latest.atMs > ANNOUNCEMENT_MEMORY_MS) return true;
    const isNewer =
      announcement.runMs > latest.runMs ||
      (announcement.runMs === latest.runMs && announcement.counter > latest.counter);
    if (!isNewer) this.counts.replayed += 1;
    return isNewer;
  }

  /** Only for what is signed: else a stranger could silence a key by announcing a far future for it. */
  accepted({ peer, runMs, counter }: Announcement, source: string): void {
    this.counts.accepted += 1;
    const sender = this.#strangers.each.get(source);
    if (sender !== undefined) {
      this.#strangers.each.delete(source);
      putNewest(this.#proven.each, source, sender);
    }
    putNewest(this.#latest, peer, { runMs, counter, atMs: this.#clock.monotonicMs() });
  }

  #take(bucket: Bucket, burst: number, perSecond: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

function putNewest<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= ANNOUNCEMENT_SOURCES_MAX) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}
