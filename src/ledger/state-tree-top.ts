/**
 * Owns the upper levels of a state tree as flat arrays: for each path of few bits its hash, and how many leaves are
 * below. 33 bytes a node, so that a million accounts cost some 35 MB and nothing that a collector must walk.
 * What stands below an empty path or a single leaf means nothing and is never asked for.
 */
import { EMPTY_HASH, HASH_BYTES } from "./state-tree-node.ts";

/** How many leaves are below a path; `unknown` until somebody has looked. */
export const FILL = { unknown: 0, empty: 1, single: 2, many: 3 } as const;
export type Fill = (typeof FILL)[keyof typeof FILL];

interface Level {
  readonly fills: Uint8Array;
  readonly hashes: Uint8Array;
}

function levelOf(depth: number): Level {
  return { fills: new Uint8Array(2 ** depth), hashes: new Uint8Array(HASH_BYTES * 2 ** depth) };
}

export class TreeTop {
  readonly #levels: Level[];

  /** @param depth of the lowest level; all is unknown but the root, which is empty. */
  constructor(depth: number) {
    this.#levels = Array.from({ length: depth + 1 }, (_, at) => levelOf(at));
    this.set(0, 0, FILL.empty, EMPTY_HASH);
  }

  get depth(): number {
    return this.#levels.length - 1;
  }

  fill(depth: number, index: number): Fill {
    return (this.#levels[depth]?.fills[index] ?? FILL.unknown) as Fill;
  }

  /** A copy. */
  hash(depth: number, index: number): Uint8Array {
    const hashes = this.#levels[depth]?.hashes ?? EMPTY_HASH;
    return hashes.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  set(depth: number, index: number, fill: Fill, hash: Uint8Array): void {
    const level = this.#levels[depth];
    if (level === undefined) throw new RangeError(`no level ${depth}`);
    level.fills[index] = fill;
    level.hashes.set(hash, index * HASH_BYTES);
  }

  /** One more level, of which nothing is known yet. */
  deepen(): void {
    this.#levels.push(levelOf(this.#levels.length));
  }
}
