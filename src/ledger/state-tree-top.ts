/**
 * Owns the upper levels of a state tree as flat arrays: for each path of few bits its hash, and how many leaves are
 * below. 33 bytes a node, so that a million entries cost some 35 MB and nothing that a collector must walk.
 * What stands below an empty path or a single leaf means nothing and is never asked for.
 */
import { HASH_BYTES, type HashShelf } from "./state-tree-node.ts";

/** How many leaves are below a path; `unknown` in a level that was added, until something changes there. */
export const FILL = { unknown: 0, empty: 1, single: 2, many: 3 } as const;
export type Fill = (typeof FILL)[keyof typeof FILL];

interface Level {
  readonly fills: Uint8Array;
  readonly hashes: Uint8Array;
}

function levelOf(depth: number): Level {
  return { fills: new Uint8Array(2 ** depth), hashes: new Uint8Array(HASH_BYTES * 2 ** depth) };
}

export class TreeTop implements HashShelf {
  readonly #levels: Level[];

  /** @param depth of the lowest level. Nothing is known at first. */
  constructor(depth: number) {
    this.#levels = Array.from({ length: depth + 1 }, (_, at) => levelOf(at));
  }

  get depth(): number {
    return this.#levels.length - 1;
  }

  fill(depth: number, index: number): Fill {
    return (this.#levelAt(depth).fills[index] ?? FILL.unknown) as Fill;
  }

  copyHash(depth: number, index: number, target: Uint8Array, at: number): void {
    const { hashes } = this.#levelAt(depth);
    // By hand: a view of 32 bytes would cost more than the copy.
    const start = index * HASH_BYTES;
    for (let offset = 0; offset < HASH_BYTES; offset++) target[at + offset] = hashes[start + offset] ?? 0;
  }

  /** @param writeHash puts 32 bytes where it is told. */
  set(depth: number, index: number, fill: Fill, writeHash: (target: Uint8Array, at: number) => void): void {
    const level = this.#levelAt(depth);
    level.fills[index] = fill;
    writeHash(level.hashes, index * HASH_BYTES);
  }

  /** One more level, of which nothing is known yet. */
  deepen(): void {
    this.#levels.push(levelOf(this.#levels.length));
  }

  #levelAt(depth: number): Level {
    const level = this.#levels[depth];
    if (level === undefined) throw new RangeError(`no level ${depth}`);
    return level;
  }
}
