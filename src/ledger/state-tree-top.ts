/**
 * Owns the upper levels of a state tree as flat arrays: for each path of few bits its hash, and how many leaves are
 * below. 33 bytes a node, so that a million entries cost some 35 MB and nothing that a collector must walk.
 * What stands below an empty path or a single leaf means nothing and is never asked for.
 *
 * Where somebody made many keys that begin alike, paths further down are kept one by one, for as long as they are there.
 */
import { HASH_BYTES, type HashShelf } from "./state-tree-node.ts";

/** How many leaves are below a path; `unknown` in a level that was added, until something changes there. */
export const FILL = { unknown: 0, empty: 1, single: 2, many: 3 } as const;
export type Fill = (typeof FILL)[keyof typeof FILL];

/** Puts 32 bytes where it is told. */
type WriteHash = (target: Uint8Array, at: number) => void;

interface Level {
  readonly fills: Uint8Array;
  readonly hashes: Uint8Array;
}

function levelOf(depth: number): Level {
  return { fills: new Uint8Array(2 ** depth), hashes: new Uint8Array(HASH_BYTES * 2 ** depth) };
}

/** One path below the flat levels. Never changed, so that a node may hold its hash when the path is long forgotten. */
class CrowdedPath implements HashShelf {
  readonly fill: Fill;
  readonly #hash = new Uint8Array(HASH_BYTES);

  constructor(fill: Fill, writeHash: WriteHash) {
    this.fill = fill;
    writeHash(this.#hash, 0);
  }

  copyHash(_depth: number, _index: number, target: Uint8Array, at: number): void {
    target.set(this.#hash, at);
  }
}

/** One number for each path, up to 52 bits deep. */
function placeOf(depth: number, index: number): number {
  return 2 ** depth + index;
}

export class TreeTop implements HashShelf {
  readonly #levels: Level[];
  readonly #crowded = new Map<number, CrowdedPath>();

  /** @param depth of the lowest flat level. Nothing is known at first. */
  constructor(depth: number) {
    this.#levels = Array.from({ length: depth + 1 }, (_, at) => levelOf(at));
  }

  /** Of the lowest flat level. */
  get depth(): number {
    return this.#levels.length - 1;
  }

  fill(depth: number, index: number): Fill {
    if (depth > this.depth) return this.#crowded.get(placeOf(depth, index))?.fill ?? FILL.unknown;
    return (this.#levelAt(depth).fills[index] ?? FILL.unknown) as Fill;
  }

  /** Where the hash of a path that is known stays readable, also when it is no longer known here. */
  shelfOf(depth: number, index: number): HashShelf {
    return (depth > this.depth ? this.#crowded.get(placeOf(depth, index)) : undefined) ?? this;
  }

  copyHash(depth: number, index: number, target: Uint8Array, at: number): void {
    const { hashes } = this.#levelAt(depth);
    // By hand: a view of 32 bytes would cost more than the copy.
    const start = index * HASH_BYTES;
    for (let offset = 0; offset < HASH_BYTES; offset++) target[at + offset] = hashes[start + offset] ?? 0;
  }

  set(depth: number, index: number, fill: Fill, writeHash: WriteHash): void {
    if (fill !== FILL.many) this.forgetBelow(depth, index);
    if (depth > this.depth) {
      this.#crowded.set(placeOf(depth, index), new CrowdedPath(fill, writeHash));
      return;
    }
    const level = this.#levelAt(depth);
    level.fills[index] = fill;
    writeHash(level.hashes, index * HASH_BYTES);
  }

  /** Lets go of the paths kept one by one below this one. */
  forgetBelow(depth: number, index: number): void {
    if (this.#crowded.size === 0 || this.fill(depth, index) !== FILL.many) return;
    for (const half of [2 * index, 2 * index + 1]) {
      this.forgetBelow(depth + 1, half);
      if (depth >= this.depth) this.#crowded.delete(placeOf(depth + 1, half));
    }
  }

  /** How many paths are kept one by one. */
  get crowdedCount(): number {
    return this.#crowded.size;
  }

  /** One more level, of which no more is known than was kept of it one by one. */
  deepen(): void {
    const depth = this.#levels.length;
    const level = levelOf(depth);
    this.#levels.push(level);
    const [first, end] = [placeOf(depth, 0), placeOf(depth + 1, 0)];
    for (const [place, path] of this.#crowded) {
      if (place < first || place >= end) continue;
      const index = place - first;
      level.fills[index] = path.fill;
      path.copyHash(depth, index, level.hashes, index * HASH_BYTES);
      this.#crowded.delete(place);
    }
  }

  #levelAt(depth: number): Level {
    const level = this.#levels[depth];
    if (level === undefined) throw new RangeError(`no level ${depth}`);
    return level;
  }
}
