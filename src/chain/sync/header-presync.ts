/**
 * Owns the two passes over a chain of headers whose work is not yet shown, so that headers that cost nothing take no
 * room: in the first pass a header leaves one salted bit in every 600, until the chain has shown the work needed; in
 * the second the same headers come again and are let in only when enough bits above them agree. Pure: the headers have
 * been checked against their parents, and who keeps them is the caller.
 *
 * After the presync of Bitcoin Core (pull request 25717), with figures of our own.
 */
import { fromHex } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import type { HeaderPoint } from "../header-point.ts";
import { PRESYNC_BITS_AHEAD, PRESYNC_HEADERS_PER_BIT } from "../limits.ts";

export interface PresyncOptions {
  /** The kept header on which the chain stands. */
  readonly start: HeaderPoint;
  /** Work of the whole chain at which it is let in. */
  readonly workNeeded: bigint;
  /** Random, so that nobody can make headers to fit the bits. */
  readonly salt: Uint8Array;
}

export type PresyncStep =
  | { readonly code: "more" }
  /** The work is shown: the same headers are to be asked for again, from the start. */
  | { readonly code: "again" }
  /** These are let in, in order; may be none. */
  | { readonly code: "let-in"; readonly points: readonly HeaderPoint[]; readonly isDone: boolean }
  /** The second pass brought other headers than the first. */
  | { readonly code: "changed" };

/** Of the second pass, held until enough bits above them agree. */
export const HEADERS_AHEAD = PRESYNC_BITS_AHEAD * PRESYNC_HEADERS_PER_BIT;

export class HeaderPresync {
  readonly #options: PresyncOptions;
  /** Which of each 600 heights leaves its bit: unknown to others, as the salt is. */
  readonly #offset: number;
  readonly #bits: number[] = [];
  #pass: 1 | 2 = 1;
  #last: HeaderPoint;
  #compared = 0;
  /** Of the second pass, not yet let in. */
  #waiting: HeaderPoint[] = [];

  constructor(options: PresyncOptions) {
    this.#options = options;
    this.#last = options.start;
    const [low = 0, high = 0] = options.salt;
    this.#offset = (low + high * 256) % PRESYNC_HEADERS_PER_BIT;
  }

  /** The parent of the next header. */
  get last(): HeaderPoint {
    return this.#last;
  }

  /** Headers held in memory, and bits. */
  get held(): { readonly headers: number; readonly bits: number } {
    return { headers: this.#waiting.length, bits: this.#bits.length };
  }

  /** @param point checked against {@link last}. */
  take(point: HeaderPoint): PresyncStep {
    this.#last = point;
    return this.#pass === 1 ? this.#note(point) : this.#compare(point);
  }

  #note(point: HeaderPoint): PresyncStep {
    if (this.#leavesBit(point)) this.#bits.push(this.#bitOf(point));
    if (point.header.chainWork < this.#options.workNeeded) return { code: "more" };
    this.#pass = 2;
    this.#last = this.#options.start;
    return { code: "again" };
  }

  #compare(point: HeaderPoint): PresyncStep {
    if (this.#leavesBit(point)) {
      if (this.#bits[this.#compared] !== this.#bitOf(point)) return { code: "changed" };
      this.#compared += 1;
    }
    this.#waiting.push(point);
    const isDone = point.header.chainWork >= this.#options.workNeeded;
    const surplus = isDone ? this.#waiting.length : this.#waiting.length - HEADERS_AHEAD;
    return { code: "let-in", points: surplus > 0 ? this.#waiting.splice(0, surplus) : [], isDone };
  }

  #leavesBit({ header }: HeaderPoint): boolean {
    return (header.height - this.#options.start.header.height) % PRESYNC_HEADERS_PER_BIT === this.#offset;
  }

  #bitOf({ id }: HeaderPoint): number {
    const hash = fromHex(id);
    if (hash === null) throw new Error(`not a block id: ${id}`);
    const salted = new Uint8Array(this.#options.salt.length + hash.length);
    salted.set(this.#options.salt);
    salted.set(hash, this.#options.salt.length);
    return (sha256(salted)[0] ?? 0) & 1;
  }
}
