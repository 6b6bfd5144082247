/**
 * Owns the flags of Node under which Waybill runs. A peer is in memory all day: with V8's own choice the space for
 * young objects grows to three times 16 MiB at the first busy moment and is never given back, which is a quarter of
 * an idle peer. Bulk data lives outside of that space, so that transfers do not get slower (docs/performance.md).
 */

/** In MiB. */
const YOUNG_SPACE_MIB = 2;

export const NODE_FLAGS = Object.freeze([`--max-semi-space-size=${YOUNG_SPACE_MIB}`]);
