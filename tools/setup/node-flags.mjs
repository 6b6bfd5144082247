/**
 * Owns how Node is started for Waybill: its flags, and where it keeps code that it has compiled. A peer is in memory all day: with V8's own choice the space for
 * young objects grows to three times 16 MiB at the first busy moment and is never given back, which is a quarter of
 * an idle peer; and a busy one may hold several times what it needs before old objects are looked through
 * (docs/decisions/0083-small-space-for-young-objects.md).
 */

import { join } from "node:path";

/** In MiB. Bulk data lives outside of that space, so that transfers do not get slower. */
const YOUNG_SPACE_MIB = 2;
/** Old objects are looked through when they have grown by so much. With 100 that takes a tenth more time. */
const OLD_SPACE_GROWTH_PERCENT = 200;

export const NODE_FLAGS = Object.freeze([
  `--max-semi-space-size=${YOUNG_SPACE_MIB}`,
  `--heap-growing-percent=${OLD_SPACE_GROWTH_PERCENT}`,
]);

/**
 * The environment of a process of Waybill. Node keeps there what it compiled, types already taken out, so that the next
 * start needs half the time; a folder that cannot be written is passed over by it.
 *
 * @param {string} root the folder of Waybill
 * @param {NodeJS.ProcessEnv} environment what it is called with; a cache named there stays
 * @returns {NodeJS.ProcessEnv}
 */
export function nodeEnvironment(root, environment) {
  return { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "waybill"), ...environment };
}
