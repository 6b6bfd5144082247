/**
 * Owns the count of failed guesses: who may still try, and what counts as one. Holds no secret and no invite. In memory
 * alone: what was counted on an invite is stored with it.
 */
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import { GUESS_WINDOW_MS, GUESSERS_MAX, GUESSES_MAX, GUESSES_PER_PEER_MAX } from "./limits.ts";

interface Guesser {
  sinceMs: number;
  failed: number;
  /** The meeting point first asked for that is not ours: others may be meant by it, so it is not held against the peer. */
  stray: string | null;
}

export class Guesses {
  readonly #clock: Clock;
  readonly #guessers = new Map<PeerId, Guesser>();
  #all = { sinceMs: Number.NEGATIVE_INFINITY, failed: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  mayTry(peer: PeerId): boolean {
    const failed = this.#guesser(peer)?.failed ?? 0;
    const isFlood = this.#isFresh(this.#all.sinceMs) && this.#all.failed >= GUESSES_MAX;
    return failed < (isFlood ? 1 : GUESSES_PER_PEER_MAX);
  }

  /**
   * A peer asked for a meeting point that is not ours. An honest guest asks everybody for the one that it holds; whoever
   * asks for another one after that guesses.
   *
   * @returns whether it counts as a failed guess.
   */
  strayed(peer: PeerId, meetingPoint: string): boolean {
    const guesser = this.#known(peer);
    guesser.stray ??= meetingPoint;
    if (guesser.stray === meetingPoint) return false;
    this.#count(guesser);
    return true;
  }

  /** A peer asked for a meeting point of ours and could not prove that it holds the secret. */
  failed(peer: PeerId): void {
    this.#count(this.#known(peer));
  }

  #count(guesser: Guesser): void {
    guesser.failed += 1;
    if (!this.#isFresh(this.#all.sinceMs)) this.#all = { sinceMs: this.#clock.monotonicMs(), failed: 0 };
    this.#all.failed += 1;
  }

  #guesser(peer: PeerId): Guesser | undefined {
    const known = this.#guessers.get(peer);
    return known !== undefined && this.#isFresh(known.sinceMs) ? known : undefined;
  }

  #known(peer: PeerId): Guesser {
    const known = this.#guesser(peer);
    if (known !== undefined) return known;
    const guesser = { sinceMs: this.#clock.monotonicMs(), failed: 0, stray: null };
    this.#guessers.delete(peer);
    this.#guessers.set(peer, guesser);
    const [first] = this.#guessers.keys();
    if (this.#guessers.size > GUESSERS_MAX && first !== undefined) this.#guessers.delete(first);
    return guesser;
  }

  #isFresh(sinceMs: number): boolean {
    return this.#clock.monotonicMs() - sinceMs < GUESS_WINDOW_MS;
  }
}
