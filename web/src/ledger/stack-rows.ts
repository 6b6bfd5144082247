/**
 * Owns the order of the rows in the stack of blocks: the best chain newest first, and beside each height the blocks
 * that a reorganisation took out there. Pure.
 */
import type { BlockSummaryView } from "#api/views.ts";

export interface StackRow {
  readonly block: BlockSummaryView;
  readonly aside: boolean;
}

/** @param blocks newest first; @param aside in any order. An aside block stands right below its rival's row. */
export function stackRows(
  blocks: readonly BlockSummaryView[],
  aside: readonly BlockSummaryView[],
): readonly StackRow[] {
  const rows: StackRow[] = [
    ...blocks.map((block) => ({ block, aside: false })),
    ...aside
      .filter(({ height }) => height >= (blocks.at(-1)?.height ?? 0))
      .map((block) => ({ block, aside: true })),
  ];
  return rows.toSorted(
    (one, other) => other.block.height - one.block.height || Number(one.aside) - Number(other.aside),
  );
}

/** Milliseconds until the next block at this rate on average; `null` when nothing is known. */
export function expectedBlockMs(nextBlockHashes: string, hashesPerSecond: number): number | null {
  const hashes = Number(nextBlockHashes);
  if (!Number.isFinite(hashes) || hashesPerSecond <= 0) return null;
  return (hashes / hashesPerSecond) * 1000;
}
