/** Owns bounded parallel work. */

/**
 * Runs `work` on every item, `limit` at a time. When one fails, begins no more, waits for those under way, and
 * throws what the first threw.
 */
export async function forEachParallel<Item>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const faults: unknown[] = [];
  const iterator = items[Symbol.iterator]();
  const lane = async () => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      try {
        await work(next.value);
      } catch (error) {
        faults.push(error);
      }
      if (faults.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  if (faults.length > 0) throw faults[0];
}
