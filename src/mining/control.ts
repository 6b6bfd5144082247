/**
 * Owns what the miner and one of its threads share: a few words of memory that both see at once. The thread looks at
 * them after each short turn, so that a new tip ends old work without a message, and a rest is over when it does.
 *
 *     0 search id, 0 for none | 4 duty, percent | 8 hashes tried by this thread, u64
 */
import { DUTY_REST_MAX_MS } from "./limits.ts";

const ID_AT = 0;
const DUTY_AT = 1;
const CONTROL_BYTES = 16;
const HASHES_AT = 8;

export class SearchControl {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #hashes: BigUint64Array<SharedArrayBuffer>;

  constructor(buffer = new SharedArrayBuffer(CONTROL_BYTES)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, 2);
    this.#hashes = new BigUint64Array(buffer, HASHES_AT, 1);
  }

  /** @param id not 0. The search before ends at the thread's next look. */
  begin(id: number): void {
    this.#set(ID_AT, id);
  }

  stop(): void {
    this.#set(ID_AT, 0);
  }

  isCurrent(id: number): boolean {
    return Atomics.load(this.#words, ID_AT) === id;
  }

  setDuty(percent: number): void {
    Atomics.store(this.#words, DUTY_AT, percent);
  }

  duty(): number {
    return Atomics.load(this.#words, DUTY_AT);
  }

  count(hashes: number): void {
    Atomics.add(this.#hashes, 0, BigInt(hashes));
  }

  /** Since the thread began. */
  hashes(): number {
    return Number(Atomics.load(this.#hashes, 0));
  }

  /** Holds the thread for so long, or until its search ends. For threads alone. */
  rest(id: number, milliseconds: number): void {
    Atomics.wait(this.#words, ID_AT, id, milliseconds);
  }

  #set(at: number, value: number): void {
    Atomics.store(this.#words, at, value);
    Atomics.notify(this.#words, at);
  }
}

/** How long to rest after so much work, so that work is the given part of the time. */
export function restAfter(workedMs: number, dutyPercent: number): number {
  return Math.min((workedMs * (100 - dutyPercent)) / dutyPercent, DUTY_REST_MAX_MS);
}
