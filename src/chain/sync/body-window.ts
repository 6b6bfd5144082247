/**
 * Owns which bodies of a path of headers are asked of whom, and gives them out in order: a window that moves with the
 * next one needed, bounded in blocks and in bytes. Pure bookkeeping; streams and time are with `body-fetch.ts`.
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import { fromHex, toHex } from "#base/bytes.ts";
import type { IdentifiedHeader } from "#ledger/index.ts";
import { BODY_REFUSED_MAX, BODY_WINDOW_BLOCKS, BODY_WINDOW_BYTES_MAX } from "../limits.ts";

export interface Arrived {
  /** Place on the path. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly from: PeerId;
}

/** Blocks of whose size nothing is known yet: the largest of a usual genesis. */
const FIRST_GUESS_BYTES = 256 * 1024;

export class BodyWindow {
  readonly #count: number;
  readonly #assigned = new Map<number, PeerId>();
  readonly #arrived = new Map<number, Arrived>();
  /** Who gave a wrong body for this place, or none: not asked for it again. */
  readonly #refused = new Map<number, Set<PeerId>>();
  #arrivedBytes = 0;
  /** Follows growth at once and falls slowly: what is under way is rather thought too large than too small. */
  #guessBytes = FIRST_GUESS_BYTES;
  #next = 0;
  /** The next one was taken out, and is not yet known to stand in the chain. */
  #isInHand = false;

  /** @param count how many bodies the path lacks. */
  constructor(count: number) {
    this.#count = count;
  }

  /** The place of the next body to hand on. */
  get next(): number {
    return this.#next;
  }

  get isDone(): boolean {
    return this.#next >= this.#count;
  }

  /** Bodies held and their bytes, bodies under way, and for how many places how many peers at the most are not asked. */
  get held(): Readonly<Record<"blocks" | "bytes" | "underWay" | "refusedPlaces" | "refusedPeers", number>> {
    let refusedPeers = 0;
    for (const peers of this.#refused.values()) refusedPeers = Math.max(refusedPeers, peers.size);
    return {
      blocks: this.#arrived.size,
      bytes: this.#arrivedBytes,
      underWay: this.#assigned.size,
      refusedPlaces: this.#refused.size,
      refusedPeers,
    };
  }

  /** Who is asked for the next body; `null` when nobody is, or it is here. */
  get awaitedFrom(): PeerId | null {
    return this.#assigned.get(this.#next) ?? null;
  }

  /**
   * Places for a peer to be asked for, lowest first.
   * @param from the lowest place whose body it has; `to` the highest.
   */
  assign(
    peer: PeerId,
    range: { readonly from: number; readonly to: number },
    limit: number,
  ): readonly number[] {
    const places: number[] = [];
    const end = Math.min(this.#count, this.#next + BODY_WINDOW_BLOCKS, range.to + 1);
    for (let at = Math.max(this.#next, range.from); at < end && places.length < limit; at++) {
      if (this.#assigned.has(at) || this.#arrived.has(at)) continue;
      if (this.#isInHand && at === this.#next) continue;
      if (this.#refused.get(at)?.has(peer) === true) continue;
      // The next one always: all that was held waits for it.
      if (at !== this.#next && !this.#hasRoom()) break;
      this.#assigned.set(at, peer);
      places.push(at);
    }
    return places;
  }

  /** A body came for a place that the peer was asked for. */
  arrive(at: number, bytes: Uint8Array, from: PeerId): void {
    this.#assigned.delete(at);
    this.#arrived.set(at, { at, bytes, from });
    this.#arrivedBytes += bytes.length;
    this.#guessBytes = Math.max(bytes.length, Math.round(this.#guessBytes * 0.9));
  }

  /** What a peer was asked for and did not bring is free for others. */
  release(peer: PeerId): void {
    for (const [at, assignee] of this.#assigned) if (assignee === peer) this.#assigned.delete(at);
  }

  /** The next body in order, when it is here; it leaves the window. */
  takeNext(): Arrived | null {
    const arrived = this.#arrived.get(this.#next) ?? null;
    if (arrived !== null) this.#drop(arrived);
    this.#isInHand = arrived !== null;
    return arrived;
  }

  /** The body that was taken stands in the chain. */
  advance(): void {
    this.#refused.delete(this.#next);
    this.#isInHand = false;
    this.#next += 1;
  }

  /** Nothing more of this place from this peer. */
  refuse(at: number, peer: PeerId): void {
    if (at === this.#next) this.#isInHand = false;
    const arrived = this.#arrived.get(at);
    if (arrived?.from === peer) this.#drop(arrived);
    if (this.#assigned.get(at) === peer) this.#assigned.delete(at);
    const refused = this.#refused.get(at) ?? new Set();
    this.#refused.set(at, refused.add(peer));
    const [first] = refused;
    if (refused.size > BODY_REFUSED_MAX && first !== undefined) refused.delete(first);
  }

  #drop(arrived: Arrived): void {
    this.#arrived.delete(arrived.at);
    this.#arrivedBytes -= arrived.bytes.length;
  }

  #hasRoom(): boolean {
    const underWay = (this.#assigned.size + 1) * this.#guessBytes;
    return this.#arrivedBytes + underWay <= BODY_WINDOW_BYTES_MAX;
  }
}

/** Ids of blocks one after the other, 32 bytes each: a year of headers in 70 MB. Filled from the highest downwards. */
export class HeaderPath {
  /** The highest first. */
  #hashes = new Uint8Array(32 * 64);
  #count = 0;
  /** Height of the highest. */
  readonly #to: number;

  /** @param to height of the first one to be added. */
  constructor(to: number) {
    this.#to = to;
  }

  /** The block below the ones added before. */
  addBelow(id: BlockId): void {
    const hash = fromHex(id);
    if (hash?.length !== 32) throw new RangeError(`not a block id: ${id}`);
    if (this.#hashes.length < (this.#count + 1) * 32) {
      const larger = new Uint8Array(this.#hashes.length * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes.set(hash, this.#count * 32);
    this.#count += 1;
  }

  /** Height of the lowest: place 0. */
  get from(): number {
    return this.#to - this.#count + 1;
  }

  get count(): number {
    return this.#count;
  }

  /** `null` when the block is not on the path. */
  placeOf({ id, header }: IdentifiedHeader): number | null {
    const at = header.height - this.from;
    return at >= 0 && at < this.count && this.idAt(at) === id ? at : null;
  }

  idAt(at: number): BlockId {
    const start = (this.#count - 1 - at) * 32;
    return toHex(this.#hashes.subarray(start, start + 32)) as BlockId;
  }
}
