/**
 * Owns which bodies are worth fetching, and who has them: along the heaviest headers that a peer has shown, or under a
 * snapshot that was taken over. How they are fetched is `body-fetch.ts`.
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import type { HeaderPoint } from "../header-point.ts";
import { HISTORY_STRETCH_BLOCKS, SYNC_BLOCKS_MAX } from "../limits.ts";
import { HeaderPath } from "./body-window.ts";
import type { ShownChain, SyncPeers } from "./sync-peers.ts";
import type { HeaderTree } from "./sync-store.ts";

/** Places on a path. */
export interface PlaceRange {
  readonly from: number;
  readonly to: number;
}

export interface BodyRoutes {
  /** What to fetch, and a peer that has it; `null` when nothing is needed, or nobody has it. */
  choose(): { readonly target: HeaderPoint; readonly peer: PeerId } | null;
  /** The blocks up to the target whose bodies are needed; `null` when there are none, or no way leads there. */
  pathTo(target: HeaderPoint): Promise<HeaderPath | null>;
  /** The places of the path whose bodies a peer has, going by what it showed. */
  rangeOf(path: HeaderPath, target: HeaderPoint, shown: ShownChain): PlaceRange | null;
  /** Whether a block whose body was refused is not wanted from anybody else. */
  isGivenUp(id: BlockId): boolean;
}

export interface BranchDependencies {
  readonly peers: SyncPeers;
  readonly tree: HeaderTree;
  /** Work that a branch must have, or as much, to be fetched. */
  readonly workToBeat: () => bigint;
  /** Between headers, so that others get their turn. */
  readonly pause: () => Promise<void>;
}

/** To the heaviest chain shown by a peer that does not rest, when we lack it and it is no lighter than ours. */
export function branchRoutes({ peers, tree, workToBeat, pause }: BranchDependencies): BodyRoutes {
  return {
    choose: () => {
      let chosen: { readonly target: HeaderPoint; readonly peer: PeerId } | null = null;
      const ourWork = workToBeat();
      for (const [peer, { best }] of peers.shown()) {
        const work = best.header.chainWork;
        if (work < ourWork || peers.isResting(peer)) continue;
        if (chosen !== null && work <= chosen.target.header.chainWork) continue;
        const target = tree.point(best.id);
        if (target === null || target === "invalid" || tree.isWithinReach(best.id)) continue;
        chosen = { target, peer };
      }
      return chosen;
    },
    pathTo: async (target) => {
      const path = new HeaderPath(target.header.height);
      let point = target;
      while (!tree.isWithinReach(point.id)) {
        const parent = tree.point(point.header.previous);
        if (parent === null || parent === "invalid") return null;
        path.addBelow(point.id);
        point = parent;
        await pause();
      }
      return path.count === 0 ? null : path;
    },
    rangeOf: (path, target, { best, bodiesFrom }) => {
      const from = Math.max(0, bodiesFrom - path.from);
      let point = best;
      // Its branch may have left the path a little below its tip, or gone on above the target.
      for (let steps = 0; steps <= SYNC_BLOCKS_MAX; steps++) {
        const to = path.placeOf(point);
        if (to !== null) return to >= from ? { from, to } : null;
        const parent = point.header.height > path.from ? tree.point(point.header.previous) : null;
        if (parent === null || parent === "invalid") break;
        point = parent;
      }
      return best.header.chainWork > target.header.chainWork ? { from, to: path.count - 1 } : null;
    },
    isGivenUp: (id) => tree.point(id) === "invalid",
  };
}

export interface HistoryDependencies {
  readonly peers: SyncPeers;
  /** Heights still to be checked, both included; `null` when there are none, or not now. */
  readonly needed: () => { readonly from: number; readonly to: number } | null;
  /** Of our best chain. */
  readonly pointAt: (height: number) => HeaderPoint | null;
}

/** Along our own best chain, a stretch at a time, from peers that keep old bodies. */
export function historyRoutes({ peers, needed, pointAt }: HistoryDependencies): BodyRoutes {
  return {
    choose: () => {
      const heights = needed();
      const target =
        heights === null ? null : pointAt(Math.min(heights.to, heights.from + HISTORY_STRETCH_BLOCKS - 1));
      if (heights === null || target === null) return null;
      for (const [peer, { best, bodiesFrom }] of peers.shown()) {
        if (
          bodiesFrom <= heights.from &&
          best.header.height >= target.header.height &&
          !peers.isResting(peer)
        ) {
          return { target, peer };
        }
      }
      return null;
    },
    pathTo: async (target) => {
      const path = new HeaderPath(target.header.height);
      const from = needed()?.from ?? target.header.height + 1;
      for (let height = target.header.height; height >= from; height--) {
        const point = pointAt(height);
        if (point === null) return null;
        path.addBelow(point.id);
      }
      return path.count === 0 ? null : path;
    },
    rangeOf: (path, target, { best, bodiesFrom }) =>
      bodiesFrom <= path.from && best.header.height >= target.header.height
        ? { from: 0, to: path.count - 1 }
        : null,
    // Ours is the chain that others build on: another body is the fault of whoever sent it.
    isGivenUp: () => false,
  };
}
