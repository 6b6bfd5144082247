/** Owns a binary heap: the least item first, by the order given. */

export class Heap<Item> {
  readonly #compare: (a: Item, b: Item) => number;
  #items: Item[] = [];

  /** @param compare negative when `a` comes out before `b`. */
  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): Item | null {
    return this.#items[0] ?? null;
  }

  push(item: Item): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above] as Item;
      if (this.#compare(item, parent) >= 0) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  pop(): Item | null {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (first === undefined || last === undefined) return null;
    if (items.length > 0) this.#sink(last);
    return first;
  }

  /** Keeps those for which `keep` holds. */
  filter(keep: (item: Item) => boolean): void {
    const kept = this.#items.filter(keep);
    this.#items = [];
    for (const item of kept) this.push(item);
  }

  #sink(item: Item): void {
    const items = this.#items;
    let at = 0;
    for (let below = 1; below < items.length; below = 2 * at + 1) {
      const right = items[below + 1];
      const isRightFirst = right !== undefined && this.#compare(right, items[below] as Item) < 0;
      const child = isRightFirst ? below + 1 : below;
      if (this.#compare(item, items[child] as Item) <= 0) break;
      items[at] = items[child] as Item;
      at = child;
    }
    items[at] = item;
  }
}
