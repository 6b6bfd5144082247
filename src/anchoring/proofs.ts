/**
 * Owns where the transaction of a batch stands, and the proof of it: as the ledger has it now, or as it was kept aside
 * when the ledger still had the block. A kept proof counts only while its block is on the best chain; headers are
 * never dropped, so that can always be told. Does not decide what becomes of a batch.
 */
import type { TxId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import type { Log } from "#ports/log.ts";
import { decodeInclusion, encodeInclusion, type ProvenAnchor, provenAnchor } from "./kept-proof.ts";
import { PROOFS_KEPT_PER_SWEEP_MAX } from "./limits.ts";
import type { BatchRecord, ReceiptStore } from "./store.ts";
import type { AnchorLedger, LedgerInclusion, LedgerState } from "./types.ts";

export type BatchState =
  | (Extract<LedgerState, { state: "anchored" }> & { readonly txId: TxId })
  | { readonly state: "pending"; readonly txId: TxId }
  /** Kept of a block that our chain, fetched again, does not reach yet. */
  | { readonly state: "unreached"; readonly txId: TxId }
  | { readonly state: "gone" };

/**
 * later: looked at enough for now. elsewhere: the transaction does not record this batch. lost: the block is not here
 * in full, and nothing was kept.
 */
export type Keeping = "kept" | "later" | "elsewhere" | "lost";

export interface BatchProofsDependencies {
  readonly store: Pick<ReceiptStore, "keptProof" | "keepProof">;
  readonly ledger: Pick<AnchorLedger, "anchorState" | "inclusion" | "confirmationsOf" | "height">;
  readonly log: Log;
}

export class BatchProofs {
  readonly #chain: string;
  readonly #dependencies: BatchProofsDependencies;
  #leftInSweep = PROOFS_KEPT_PER_SWEEP_MAX;

  /** @param chainId of the network: a proof is of one only. */
  constructor(chainId: Uint8Array, dependencies: BatchProofsDependencies) {
    this.#chain = toHex(chainId);
    this.#dependencies = dependencies;
  }

  stateOf(batch: BatchRecord): BatchState {
    const { ledger } = this.#dependencies;
    const { txId } = batch;
    const live = txId === null ? null : ledger.anchorState(txId);
    if (txId !== null && live?.state === "anchored") return { ...live, txId };
    const kept = this.#kept(batch.root);
    const confirmations = kept === null ? 0 : ledger.confirmationsOf(kept.blockId);
    if (kept !== null && confirmations > 0) {
      const { blockId, blockTime, height } = kept;
      return { state: "anchored", txId: kept.txId, blockId, blockTime, height, confirmations };
    }
    if (txId !== null && live?.state === "pending") return { state: "pending", txId };
    const isUnreached = kept !== null && ledger.height() < kept.height;
    return isUnreached ? { state: "unreached", txId: kept.txId } : { state: "gone" };
  }

  /** For the file; `null` when nothing proves the batch on this chain now. */
  inclusionOf(batch: BatchRecord): LedgerInclusion | null {
    const state = this.stateOf(batch);
    if (state.state === "gone" || state.state === "pending") return null;
    const live = this.#dependencies.ledger.inclusion(state.txId);
    if (live !== null && provenAnchor(live, batch.root) !== null) return live;
    const kept = this.#kept(batch.root);
    if (kept === null) return null;
    const isOfState = state.state === "unreached" || kept.blockId === state.blockId;
    return isOfState ? kept.inclusion : null;
  }

  /** Whether the batch is anchored, and the proof of it kept. */
  isKept(batch: BatchRecord): boolean {
    const state = this.stateOf(batch);
    return state.state === "anchored" && this.#kept(batch.root)?.blockId === state.blockId;
  }

  /** A new round of looking at all that waits begins. */
  beginSweep(): void {
    this.#leftInSweep = PROOFS_KEPT_PER_SWEEP_MAX;
  }

  /** Keeps the proof of an anchored batch, unless that of this very block is kept. Durable when it says so. */
  keep({ root }: BatchRecord, state: Extract<BatchState, { state: "anchored" }>): Keeping {
    const { store, ledger } = this.#dependencies;
    if (this.#kept(root)?.blockId === state.blockId) return "kept";
    if (this.#leftInSweep === 0) return "later";
    this.#leftInSweep--;
    const inclusion = ledger.inclusion(state.txId);
    if (inclusion === null) return "lost";
    if (provenAnchor(inclusion, root) === null) return "elsewhere";
    store.keepProof(root, this.#chain, encodeInclusion(inclusion));
    return "kept";
  }

  /** `null` also when it was damaged on disk: it is kept again while the ledger has the block. */
  #kept(root: string): ProvenAnchor | null {
    const bytes = this.#dependencies.store.keptProof(root, this.#chain);
    if (bytes === null) return null;
    const inclusion = decodeInclusion(bytes);
    const proven = inclusion.ok ? provenAnchor(inclusion.value, root) : null;
    if (proven === null) this.#dependencies.log.warn("a kept proof is damaged and not used", { root });
    return proven;
  }
}
