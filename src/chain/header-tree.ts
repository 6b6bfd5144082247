/** Owns the tree of headers over the store: those of kept blocks, and those whose bodies are still to come. */
import { encodeHeader } from "#ledger/index.ts";
import type { BestChain } from "./best-chain.ts";
import { encodeHistory } from "./header-point.ts";
import type { BlockStore } from "./store.ts";
import type { HeaderTree } from "./sync-store.ts";

export function headerTree(
  best: Pick<BestChain, "point">,
  store: Pick<BlockStore, "entry" | "keepHeaders">,
): HeaderTree {
  return {
    point: (id) => best.point(id),
    keepHeaders: (points) =>
      store.keepHeaders(
        points.map(({ id, header, history }) => ({
          id,
          height: header.height,
          previous: header.previous,
          work: header.chainWork,
          header: encodeHeader(header),
          history: encodeHistory(history),
        })),
      ),
    isWithinReach: (id) => store.entry(id)?.isWithinReach === true,
  };
}
