/** Owns the questions about the best chain: summaries, transactions, proofs, shares. Reads only. */

import { assert } from "#base/assert.ts";
import type { AccountId, BlockId, TxId } from "#base/brand.ts";
import { merklePath } from "#crypto/merkle.ts";
import { type Checkpoint, checkpointOf } from "#ledger/checkpoint.ts";
import {
  type Block,
  commitmentKey,
  decodeBlock,
  decodeHeader,
  decodeStateValue,
  encodeHeader,
  encodeTransaction,
  encodeTreeProof,
  type Header,
  type NameRecord,
  nameRecord,
  nextWork,
  payoutOfBlock,
  type StateProof,
  txIdOf,
  workOfBits,
} from "#ledger/index.ts";
import type { BestChain } from "./best-chain.ts";
import { QUERY_BLOCKS_MAX, QUERY_SHARES_MAX, QUERY_TRANSACTIONS_MAX } from "./limits.ts";
import type { Pool } from "./pool/pool.ts";
import type { BestBlock, BlockStore } from "./store.ts";
import type {
  AnchorState,
  BlockSummary,
  Inclusion,
  LocatedTransaction,
  MinerShare,
  PendingPayout,
  ProvenName,
  Tip,
} from "./types.ts";

function headerOf(bytes: Uint8Array): Header {
  const header = decodeHeader(bytes);
  assert(header.ok, "a kept header can be read");
  return header.value;
}

export interface ChainQueriesDependencies {
  readonly best: BestChain;
  readonly store: BlockStore;
  readonly pool: Pool;
  /** This computer's clock, since the Unix epoch. */
  readonly nowSeconds: () => number;
  /** False while blocks below a snapshot are still to be checked. */
  readonly isHistoryWhole: () => boolean;
}

export class ChainQueries {
  readonly #best: BestChain;
  readonly #store: BlockStore;
  readonly #pool: Pool;
  readonly #nowSeconds: () => number;
  readonly #isHistoryWhole: () => boolean;

  constructor({ best, store, pool, nowSeconds, isHistoryWhole }: ChainQueriesDependencies) {
    this.#best = best;
    this.#store = store;
    this.#pool = pool;
    this.#nowSeconds = nowSeconds;
    this.#isHistoryWhole = isHistoryWhole;
  }

  tip(): Tip {
    const { id, header } = this.#best.tip;
    const summary = this.summary(id);
    assert(summary !== null, "the tip is on the best chain");
    const { params } = this.#best.network;
    const time = Math.max(this.#nowSeconds(), header.time + params.minGapSeconds);
    return { ...summary, nextWork: workOfBits(nextWork(header, time, params).bits) };
  }

  headerAt(height: number): Header | null {
    const block = this.#store.bestAt(height);
    return block === null ? null : headerOf(block.header);
  }

  blockAt(height: number): Block | null {
    const block = this.#store.bestAt(height);
    return block === null ? null : this.block(block.id);
  }

  block(id: BlockId): Block | null {
    const bytes = this.#store.body(id);
    const block = bytes === null ? null : decodeBlock(bytes);
    return block?.ok === true ? block.value : null;
  }

  nameAt(name: string): ProvenName {
    const { state, tip, network } = this.#best;
    return {
      status: nameRecord(state, name, network.params.names, tip.header.height + 1),
      at: { id: tip.id, height: tip.header.height },
      stateRoot: tip.header.stateRoot,
      proof: encodeTreeProof(state.proveName(name)),
    };
  }

  stateProof(key: Uint8Array): StateProof {
    const { state, tip } = this.#best;
    return { header: encodeHeader(tip.header), value: state.get(key), path: state.prove(key) };
  }

  commitmentAt(account: AccountId, commitment: Uint8Array): NameRecord["commitment"] | null {
    const value = this.#best.state.get(commitmentKey(account, commitment));
    const read = value === null ? null : decodeStateValue(value);
    if (read?.ok !== true || read.value.kind !== "commitment") return null;
    return { height: read.value.height, index: read.value.index };
  }

  checkpointAt(height: number): Checkpoint | null {
    const block = height < 1 ? null : this.#store.bestAt(height);
    const header = block === null ? null : decodeHeader(block.header);
    const parent = block === null ? null : this.#best.point(block.previous);
    if (block === null || header?.ok !== true || parent === null || parent === "invalid") return null;
    return checkpointOf({ id: block.id, header: header.value }, parent.history, this.#best.network.chainId);
  }

  summary(id: BlockId): BlockSummary | null {
    const block = this.#store.best(id);
    return block === null ? null : summaryOf(block);
  }

  confirmationsOf(id: BlockId): number {
    const block = this.#store.best(id);
    return block === null ? 0 : this.#confirmationsAt(block.height);
  }

  blocks({ before, limit }: { readonly before?: number; readonly limit: number }): readonly BlockSummary[] {
    const from = Math.min(before ?? Number.MAX_SAFE_INTEGER, this.#best.tip.header.height + 1);
    return this.#store.bestBefore(from, Math.min(limit, QUERY_BLOCKS_MAX)).map(summaryOf);
  }

  transaction(id: TxId): LocatedTransaction | null {
    const place = this.#store.place(id);
    const block = place === null ? null : this.blockAt(place.height);
    if (place !== null) return block === null ? null : this.#locate(block, place.index);
    const entry = this.#pool.get(id);
    return entry === null ? null : { state: "pending", ...entry };
  }

  anchorState(id: TxId): AnchorState {
    const place = this.#store.place(id);
    const block = place === null ? null : this.#store.bestAt(place.height);
    // Under a snapshot it may well stand: until that is known it waits, and is not sent again.
    const mayStand = this.#pool.has(id) || !this.#isHistoryWhole();
    if (block === null) return { state: mayStand ? "pending" : "gone" };
    return {
      state: "anchored",
      height: block.height,
      blockId: block.id,
      blockTime: headerOf(block.header).time,
      confirmations: this.#confirmationsAt(block.height),
    };
  }

  transactionsOf(account: AccountId, limit: number): readonly LocatedTransaction[] {
    const places = this.#store.placesOf(account, Math.min(limit, QUERY_TRANSACTIONS_MAX));
    let block: Block | null = null;
    const found: LocatedTransaction[] = [];
    for (const place of places) {
      // Newest first, so those of one block stand together: it is read once.
      if (block?.header.height !== place.height) block = this.blockAt(place.height);
      const located = block === null ? null : this.#locate(block, place.index);
      if (located !== null) found.push(located);
    }
    return found;
  }

  /** Blocks whose rewards fall due after the tip, oldest first. */
  pendingPayouts(account: AccountId): readonly PendingPayout[] {
    const { payoutDelayBlocks } = this.#best.network.params;
    const tipHeight = this.#best.tip.header.height;
    const waiting: PendingPayout[] = [];
    for (let height = Math.max(1, tipHeight - payoutDelayBlocks + 1); height <= tipHeight; height++) {
      const payout = this.#best.state.payout(height);
      if (payout?.miner !== account) continue;
      waiting.push({ height, paidAtHeight: height + payoutDelayBlocks, amount: payout.amount });
    }
    return waiting;
  }

  inclusion(id: TxId): Inclusion | null {
    const place = this.#store.place(id);
    const block = place === null ? null : this.blockAt(place.height);
    if (place === null || block === null) return null;
    const leaves = block.transactions.map(encodeTransaction);
    const transactionBytes = leaves[place.index];
    assert(transactionBytes !== undefined, "a transaction stands where the store says");
    return {
      header: block.header,
      headerBytes: encodeHeader(block.header),
      blockId: block.id,
      transactionBytes,
      index: place.index,
      count: leaves.length,
      path: merklePath(leaves, place.index),
      confirmations: this.#confirmationsAt(place.height),
    };
  }

  minerShares(blocks: number): readonly MinerShare[] {
    const tipHeight = this.#best.tip.header.height;
    const counted = Math.min(blocks, QUERY_SHARES_MAX, tipHeight);
    if (counted < 1) return [];
    return this.#store
      .minedSince(tipHeight - counted + 1)
      .map(({ miner, blocks }) => ({ account: miner, blocks, share: blocks / counted }));
  }

  #confirmationsAt(height: number): number {
    return this.#best.tip.header.height - height + 1;
  }

  #locate(block: Block, index: number): LocatedTransaction | null {
    const transaction = block.transactions[index];
    if (transaction === undefined) return null;
    const { height } = block.header;
    const payout = transaction.type === "coinbase" ? payoutOfBlock(block, this.#best.network.params) : null;
    return {
      state: "confirmed",
      id: txIdOf(transaction),
      transaction,
      bytes: encodeTransaction(transaction),
      block: { id: block.id, height },
      blockTime: block.header.time,
      index,
      earned: payout?.amount ?? null,
      confirmations: this.#confirmationsAt(height),
    };
  }
}

function summaryOf(block: BestBlock): BlockSummary {
  const header = headerOf(block.header);
  return {
    id: block.id,
    height: block.height,
    previous: block.previous,
    header,
    miner: block.miner,
    transactionCount: block.transactionCount,
    bytes: block.byteCount,
    reward: block.reward,
    fees: block.fees,
    work: block.height === 0 ? 0n : workOfBits(header.bits),
  };
}
