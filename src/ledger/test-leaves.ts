/** For tests of state trees: leaves in memory as a store gives them. */
import { compareBytes, toHex } from "#base/bytes.ts";
import type { LeafSource, StateTree, TreeChange } from "./state-tree.ts";

/** Leaves in order, as a store would keep them; counts what is read. */
export class SortedLeaves implements LeafSource {
  readonly #values = new Map<string, Uint8Array>();
  #sorted: Uint8Array[] | null = null;
  leavesRead = 0;

  get size(): number {
    return this.#values.size;
  }

  change(changes: readonly TreeChange[]): void {
    this.#sorted = null;
    for (const { key, value } of changes) {
      if (value === null) this.#values.delete(toHex(key));
      else this.#values.set(toHex(key), value);
    }
  }

  get(key: Uint8Array): Uint8Array | null {
    return this.#values.get(toHex(key)) ?? null;
  }

  *range(from: Uint8Array, to: Uint8Array | null): Iterable<readonly [Uint8Array, Uint8Array]> {
    this.#sorted ??= [...this.#values.keys()].sort().map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));
    for (let at = this.#placeOf(from, this.#sorted); at < this.#sorted.length; at++) {
      const key = this.#sorted[at];
      if (key === undefined || (to !== null && compareBytes(key, to) >= 0)) return;
      this.leavesRead += 1;
      yield [key, this.#values.get(toHex(key)) ?? new Uint8Array(0)];
    }
  }

  #placeOf(from: Uint8Array, sorted: readonly Uint8Array[]): number {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareBytes(sorted[middle] ?? from, from) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function sourceOf(changes: readonly TreeChange[]): SortedLeaves {
  const source = new SortedLeaves();
  source.change(changes);
  return source;
}

/** The tree after a change that the source has taken over. */
export function settle(tree: StateTree, source: SortedLeaves, changes: readonly TreeChange[]): StateTree {
  const next = tree.with(changes);
  source.change(changes);
  return next.settled();
}
