/** Owns the order in which attacks are made: by chance, and each once before any comes again. */
import type { SeededRandom } from "#test/kit/random.ts";

export class Deck {
  readonly #cards: readonly string[];
  readonly #random: SeededRandom;
  /** Of this round, the next one last. */
  #pile: string[] = [];
  #cameToNothing: string[] = [];

  constructor(cards: readonly string[], random: SeededRandom) {
    this.#cards = cards;
    this.#random = random;
  }

  next(): string {
    const card = this.#pile.pop();
    if (card !== undefined) return card;
    // What came to nothing has a second chance in the round to come.
    const rest = [...this.#cards, ...this.#cameToNothing];
    this.#cameToNothing = [];
    while (rest.length > 0) this.#pile.push(...rest.splice(this.#random.below(rest.length), 1));
    return this.next();
  }

  cameToNothing(card: string): void {
    if (!this.#cameToNothing.includes(card)) this.#cameToNothing.push(card);
  }
}
