/**
 * What the offering of snapshots needs kept: chunks of a few states, apart from the ledger, from which they can be made
 * again. Interface only; implementations are in `storage/`, held to `test/contract/snapshots.ts`.
 */
import type { BlockRef } from "#ledger/index.ts";
import type { Written } from "../store.ts";
import type { ChunkPlace, SnapshotEntry } from "./snapshot-chunk.ts";

/** Which heights have snapshots, and when one is of use; all peers of a network go by the same. */
export interface SnapshotPolicy {
  /** Heights that are multiples of this. */
  readonly everyBlocks: number;
  /** Blocks on top of one before it is offered or taken over. */
  readonly depthMinBlocks: number;
  /** How high the chain must be for a new peer to take one over. */
  readonly worthBlocks: number;
}

export interface SnapshotStore {
  /** Finished ones, highest first. */
  finished(): readonly BlockRef[];
  /** Begins one; what was begun and not finished is dropped. */
  begin(at: BlockRef): Written;
  /** The next chunk of the one begun. */
  add(place: ChunkPlace, entries: readonly SnapshotEntry[]): Written;
  /** The one begun is finished. */
  finish(): Written;
  /** Of a finished one, in order; empty when there is none. */
  places(at: BlockRef["id"]): readonly ChunkPlace[];
  /** Of a finished one; `null` when there is no such chunk. */
  entries(at: BlockRef["id"], index: number): readonly SnapshotEntry[] | null;
  /** Drops a finished one, or the one begun. */
  drop(at: BlockRef["id"]): Written;
}
