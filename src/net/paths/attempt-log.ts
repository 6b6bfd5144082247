/** Owns what is remembered of attempts to reach each peer: how each of its addresses went last. In memory only. */
import type { PeerId } from "#base/brand.ts";
import { ATTEMPTS_PER_PEER_MAX, DIRECTORY_PEERS_MAX } from "../limits.ts";
import type { DialAttempt } from "../reach.ts";

export class AttemptLog {
  /** Least recently tried peer first; of each peer the least recently tried address first. */
  readonly #attempts = new Map<PeerId, Map<string, DialAttempt>>();

  note(peer: PeerId, attempt: DialAttempt): void {
    const known = this.#attempts.get(peer) ?? new Map<string, DialAttempt>();
    this.#attempts.delete(peer);
    this.#attempts.set(peer, known);
    known.delete(attempt.address);
    known.set(attempt.address, attempt);
    dropOldest(known, ATTEMPTS_PER_PEER_MAX);
    dropOldest(this.#attempts, DIRECTORY_PEERS_MAX);
  }

  /** Newest first. */
  of(peer: PeerId): readonly DialAttempt[] {
    return [...(this.#attempts.get(peer)?.values() ?? [])].reverse();
  }
}

function dropOldest<Key, Value>(map: Map<Key, Value>, max: number): void {
  if (map.size <= max) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}
