/**
 * Owns what changed in the state since one block: each key with what stood under it then. Kept in order piece by piece,
 * so that neither a change nor the reading of a stretch takes longer because many keys are remembered elsewhere. Pure.
 */
import { fromHex, toHex } from "#base/bytes.ts";
import type { LeafSource } from "#ledger/state-tree.ts";

/** Hex digits that the keys of one piece share: of 200,000 keys some fifty each. */
const PIECE_DIGITS = 3;
const PIECES = 16 ** PIECE_DIGITS;

type Leaf = readonly [Uint8Array, Uint8Array];

interface Piece {
  /** By key in hex. `null`: nothing stood there. */
  readonly before: Map<string, Uint8Array | null>;
  /** The keys in their order; `null` when one has come since. */
  sorted: readonly string[] | null;
}

export class StateOverlay {
  readonly #pieces = new Map<number, Piece>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(key: Uint8Array): boolean {
    const name = toHex(key);
    return this.#pieces.get(pieceOf(name))?.before.has(name) === true;
  }

  /** @param value as it was; `null` when nothing stood there. */
  set(key: Uint8Array, value: Uint8Array | null): void {
    const name = toHex(key);
    const at = pieceOf(name);
    const piece = this.#pieces.get(at) ?? { before: new Map(), sorted: null };
    this.#pieces.set(at, piece);
    if (!piece.before.has(name)) {
      this.#size += 1;
      piece.sorted = null;
    }
    piece.before.set(name, value);
  }

  /** The state as it was. @param state as it is. */
  over(state: LeafSource): LeafSource {
    return {
      get: (key) => {
        const name = toHex(key);
        const before = this.#pieces.get(pieceOf(name))?.before.get(name);
        return before === undefined ? state.get(key) : before;
      },
      range: (from, to) => this.#range(state, from, to),
    };
  }

  *#range(state: LeafSource, from: Uint8Array, to: Uint8Array | null): Generator<Leaf> {
    const changed = this.#changed(toHex(from), to === null ? null : toHex(to));
    let next = changed.next();
    for (const [key, value] of state.range(from, to)) {
      const name = toHex(key);
      for (; !next.done && next.value[0] < name; next = changed.next()) yield* leafOf(next.value);
      if (next.done || next.value[0] !== name) yield [key, value];
      else {
        yield* leafOf(next.value);
        next = changed.next();
      }
    }
    for (; !next.done; next = changed.next()) yield* leafOf(next.value);
  }

  /** By key, from `low` on, below `high`. */
  *#changed(low: string, high: string | null): Generator<readonly [string, Uint8Array | null]> {
    for (let at = pieceOf(low); at < PIECES; at++) {
      const piece = this.#pieces.get(at);
      if (piece === undefined) continue;
      piece.sorted ??= [...piece.before.keys()].sort();
      for (const name of piece.sorted) {
        if (name < low) continue;
        if (high !== null && name >= high) return;
        yield [name, piece.before.get(name) ?? null];
      }
    }
  }
}

function pieceOf(name: string): number {
  return Number.parseInt(name.slice(0, PIECE_DIGITS), 16);
}

function* leafOf([name, value]: readonly [string, Uint8Array | null]): Generator<Leaf> {
  const key = fromHex(name);
  if (key !== null && value !== null) yield [key, value];
}
