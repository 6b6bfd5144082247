/** Owns the tree of headers over the store: those of kept blocks, and those whose bodies are still to come. */
import type { BestChain } from "../best-chain.ts";
import type { BlockStore } from "../store.ts";
import type { HeaderTree } from "./sync-store.ts";

export function headerTree(
  best: Pick<BestChain, "point" | "keepHeaders">,
  store: Pick<BlockStore, "entry">,
): HeaderTree {
  return {
    point: (id) => best.point(id),
    keepHeaders: (points) => best.keepHeaders(points),
    isWithinReach: (id) => store.entry(id)?.isWithinReach === true,
  };
}
