/**
 * Owns the count of failed guesses: who may still try, and what counts as one. Holds no secret and no invite. In memory
 * alone: what was counted on an invite is stored with it.
 */
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import { GUESS_WINDOW_MS, GUESSERS_MAX, GUESSES_MAX, GUESSES_PER_PEER_MAX } from "./limits.ts";

interface Guesser {
  sinceMs: number;
  wrongProofs: number;
  strays: number;
  /** The meeting point first asked for that is not ours: others may be meant by it, so it is not held against the peer. */
  stray: string | null;
}

export class Guesses {
  readonly #clock: Clock;
  readonly #guessers = new Map<PeerId, Guesser>();
  #all = { sinceMs: Number.NEGATIVE_INFINITY, wrongProofs: 0, strays: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a peer that asks for an invite of ours may try to prove that it holds the secret. */
  mayTry(peer: PeerId): boolean {
    const wrongProofs = this.#guesser(peer)?.wrongProofs ?? 0;
    return wrongProofs < (this.#ofAll().wrongProofs >= GUESSES_MAX ? 1 : GUESSES_PER_PEER_MAX);
  }

  /**
   * A peer asked for a meeting point that is not ours. An honest guest asks everybody for the one that it holds; whoever
   * asks for another one after that guesses, or holds invites of several others: that keeps nobody from proving.
   *
   * @returns whether it counts as a failed guess. What is beyond the limits is not counted.
   */
  strayed(peer: PeerId, meetingPoint: string): boolean {
    const guesser = this.#known(peer);
    guesser.stray ??= meetingPoint;
    if (guesser.stray === meetingPoint) return false;
    const all = this.#ofAll();
    if (guesser.strays >= GUESSES_PER_PEER_MAX || all.strays >= GUESSES_MAX) return false;
    guesser.strays += 1;
    all.strays += 1;
    return true;
  }

  /** A peer asked for a meeting point of ours and could not prove that it holds the secret. */
  failed(peer: PeerId): void {
    this.#known(peer).wrongProofs += 1;
    this.#ofAll().wrongProofs += 1;
  }

  #ofAll() {
    if (!this.#isFresh(this.#all.sinceMs)) {
      this.#all = { sinceMs: this.#clock.monotonicMs(), wrongProofs: 0, strays: 0 };
    }
    return this.#all;
  }

  #guesser(peer: PeerId): Guesser | undefined {
    const known = this.#guessers.get(peer);
    return known !== undefined && this.#isFresh(known.sinceMs) ? known : undefined;
  }

  #known(peer: PeerId): Guesser {
    const known = this.#guesser(peer);
    if (known !== undefined) return known;
    const guesser = { sinceMs: this.#clock.monotonicMs(), wrongProofs: 0, strays: 0, stray: null };
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
