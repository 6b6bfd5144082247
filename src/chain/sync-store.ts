/**
 * What catching up needs kept, beyond the best chain: headers before their bodies, and a state taken over from a
 * snapshot. Slices of `store.ts`, which its owner implements; interface only.
 */
import type { BlockId } from "#base/brand.ts";
import type { Block, BlockRef } from "#ledger/index.ts";
import type { TreeChange } from "#ledger/state-tree.ts";
import type { HeaderPoint } from "./header-point.ts";
import type { Written } from "./store.ts";

/** Headers as a tree: each is kept with or without the body of its block. */
export interface HeaderTree {
  /** A kept header as parent of further ones; `null` when not kept, `"invalid"` when it or what it stands on is. */
  point(id: BlockId): HeaderPoint | "invalid" | null;
  /** Keeps headers, each the parent of the next, the first one's parent being kept. All or none, durable on ok. */
  keepHeaders(points: readonly HeaderPoint[]): Written;
  /** Whether the block can be read here, or stands at or below a snapshot that was taken over. */
  hasBody(id: BlockId): boolean;
}

/** Taking over the state of another height in the place of genesis. Until `finish` the chain is what it was. */
export interface SnapshotSink {
  /** Empties what an earlier, unfinished one left. */
  beginSnapshot(): Written;
  /** In any order; each key once. */
  putSnapshot(entries: readonly TreeChange[]): Written;
  /** In one transaction: the entries are the state, and `at`, whose header is kept, is the tip. */
  finishSnapshot(at: BlockRef): Written;
}

/** What was under a snapshot, filled in afterwards from genesis upwards. */
export interface HistorySink {
  /** A body of the best chain at or below the snapshot; with it what queries need: places, miner, fees. */
  fillIn(block: Block, bytes: Uint8Array): Written;
}
