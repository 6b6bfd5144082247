/**
 * Owns which bodies of the best chain are missing though this node is to keep them: dropped because they were damaged on
 * disk, or pruned when fewer were kept. They are fetched and filled in, beside everything else. What lies under a
 * snapshot is `history-check.ts`.
 */
import type { Result } from "#base/result.ts";
import type { Log } from "#ports/log.ts";
import type { BestChain } from "../best-chain.ts";
import { keptFrom } from "../block-records.ts";
import type { HeaderPoint } from "../header-point.ts";
import { HISTORY_STRETCH_BLOCKS } from "../limits.ts";
import type { BlockStore } from "../store.ts";
import type { BlockOutcome, InboundBlockFault } from "../types.ts";

export interface MissingBodiesDependencies {
  readonly best: Pick<BestChain, "tip" | "point">;
  readonly store: Pick<BlockStore, "bestAt" | "bodyless">;
  readonly log: Log;
  /** As in `ChainOptions`. */
  readonly keepBlocks: number | null;
  /** While what lies under a snapshot is not checked, bodies are missing for that reason. */
  readonly isHistoryWhole: () => boolean;
  /** Checks a body, and puts it where its block stands. */
  readonly fillIn: (bytes: Uint8Array) => Promise<Result<BlockOutcome, InboundBlockFault>>;
}

export class MissingBodies {
  readonly #dependencies: MissingBodiesDependencies;

  constructor(dependencies: MissingBodiesDependencies) {
    this.#dependencies = dependencies;
  }

  /** The lowest heights without a body, both included; `null` when there are none. */
  needed(): { readonly from: number; readonly to: number } | null {
    const { best, store, keepBlocks, isHistoryWhole } = this.#dependencies;
    if (!isHistoryWhole()) return null;
    // The genesis block is the network's own and no peer's to bring.
    const lowest = Math.max(1, keptFrom(best.tip.header.height, keepBlocks).bodies);
    const [first, ...others] = store.bodyless(lowest, HISTORY_STRETCH_BLOCKS);
    if (first === undefined) return null;
    let to = first.height;
    for (const { height } of others) {
      if (height !== to + 1) break;
      to = height;
    }
    return { from: first.height, to };
  }

  /** Of the best chain. */
  pointAt(height: number): HeaderPoint | null {
    const { best, store } = this.#dependencies;
    const block = store.bestAt(height);
    const point = block === null ? null : best.point(block.id);
    return point === "invalid" ? null : point;
  }

  async take(bytes: Uint8Array): Promise<Result<BlockOutcome, InboundBlockFault>> {
    const taken = await this.#dependencies.fillIn(bytes);
    if (taken.ok && taken.value.code === "connected") {
      this.#dependencies.log.info("a block that was missing on disk was fetched again", {
        id: taken.value.id,
      });
    }
    return taken;
  }
}
