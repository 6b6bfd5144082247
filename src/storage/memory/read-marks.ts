/** Keeps read marks in memory, for tests and simulations. */
import type { PeerId } from "#base/brand.ts";
import type { ReadMarkStore } from "#people/read-marks.ts";

export function memoryReadMarks(): ReadMarkStore {
  const marks = new Map<PeerId, number>();
  return {
    get: (peer) => marks.get(peer) ?? 0,
    advance(peer, order) {
      marks.set(peer, Math.max(order, marks.get(peer) ?? 0));
    },
  };
}
