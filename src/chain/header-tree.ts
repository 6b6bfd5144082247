/** Owns the tree of headers over the store: those of kept blocks, and those whose bodies are still to come. */
import type { BlockId } from "#base/brand.ts";
import { ok } from "#base/result.ts";
import type { BestChain } from "./best-chain.ts";
import type { HeaderPoint } from "./header-point.ts";
import type { BlockStore, Written } from "./store.ts";
import type { HeaderTree } from "./sync-store.ts";

export function headerTree(best: BestChain, store: BlockStore): HeaderTree {
  const waiting = new Map<BlockId, HeaderPoint>();
  return {
    point: (id) => best.point(id) ?? waiting.get(id) ?? null,
    keepHeaders: (points): Written => {
      for (const point of points) waiting.set(point.id, point);
      return ok();
    },
    hasBody: (id) => store.entry(id) !== null,
  };
}
