/** Owns the snapshot store in memory: for tests and simulations. */
import type { BlockId } from "#base/brand.ts";
import { ok } from "#base/result.ts";
import type { ChunkPlace, SnapshotEntry } from "#chain/snapshots/snapshot-chunk.ts";
import type { SnapshotStore } from "#chain/snapshots/snapshot-store.ts";

interface Kept {
  readonly height: number;
  readonly chunks: { readonly place: ChunkPlace; readonly entries: readonly SnapshotEntry[] }[];
  isFinished: boolean;
}

export function memorySnapshots(): SnapshotStore {
  const kept = new Map<BlockId, Kept>();
  const begun = (): Kept => {
    const found = [...kept.values()].find((one) => !one.isFinished);
    if (found === undefined) throw new Error("no snapshot was begun");
    return found;
  };
  return {
    finished: () =>
      [...kept]
        .filter(([, one]) => one.isFinished)
        .map(([id, { height }]) => ({ id, height }))
        .sort((a, b) => b.height - a.height),
    begin: ({ id, height }) => {
      for (const [other, one] of kept) if (!one.isFinished) kept.delete(other);
      kept.set(id, { height, chunks: [], isFinished: false });
      return ok();
    },
    add: ({ start, depth, hash }, entries) => {
      begun().chunks.push({ place: { start, depth, hash }, entries });
      return ok();
    },
    finish: () => {
      begun().isFinished = true;
      return ok();
    },
    places: (at) => finishedChunks(kept.get(at)).map(({ place }) => place),
    entries: (at, index) => finishedChunks(kept.get(at))[index]?.entries ?? null,
    drop: (at) => {
      kept.delete(at);
      return ok();
    },
  };
}

function finishedChunks(one: Kept | undefined): Kept["chunks"] {
  return one?.isFinished === true ? one.chunks : [];
}
