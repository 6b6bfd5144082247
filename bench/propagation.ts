/**
 * Owns the figures of how a block spreads: 50 whole chains, links of 100 ms one way, a block of 2,000 transfers. Time
 * on the links is simulated; to it comes this computer's own work, once at the finder and once at each other peer.
 * An announcement is passed on before that work, so it does not add up along the way.
 */
import { measurePropagation } from "#test/kit/propagation.ts";
import { type Figure, type Findings, quantile } from "./figures.ts";

const PART = "propagation";
const NODES = 50;
const TRANSACTIONS = 2_000;
const DELAY_MS = 100;
const TARGET_MS = 600;

const CASES = [
  { what: "every pool has all transactions", unknown: 0, isTarget: true },
  { what: "no pool has the newest 16", unknown: 16, isTarget: true },
  { what: "no pool has the newest 100, asked for", unknown: 100, isTarget: false },
] as const;

export async function benchPropagation(): Promise<Findings> {
  const figures: Figure[] = [];
  for (const { what, unknown, isTarget } of CASES) {
    const measured = await measurePropagation({
      nodes: NODES,
      transactions: TRANSACTIONS,
      delayMs: DELAY_MS,
      chords: 3,
      seed: 1,
      unknown,
    });
    const { linkMs, workMs, announcementBytes, blockBytes } = measured;
    const value = quantile(linkMs, 0.95) + 2 * workMs;
    const target = { words: `< ${TARGET_MS} ms`, met: value < TARGET_MS };
    const p95 = { part: PART, what: `${NODES} peers, p95: ${what}`, value, unit: "ms", runs: [] };
    figures.push(isTarget ? { ...p95, target } : p95);
    if (figures.length > 1) continue;
    const figure = (of: string, one: number, unit: string): Figure => ({
      part: PART,
      what: of,
      value: one,
      unit,
      runs: [],
    });
    figures.push(
      figure("of that, work on the block at one peer", workMs, "ms"),
      figure(`announcement of ${TRANSACTIONS} transfers`, announcementBytes, "bytes"),
      figure("the same block whole", blockBytes, "bytes"),
    );
  }
  return { figures, gaps: [] };
}
