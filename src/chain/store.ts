/**
 * What the chain needs kept: every block that was worth keeping, which of them form the best chain, and all that is
 * derived from the best chain (entries of the state, undo data, places of transactions), which moves together with the tip in
 * one atomic step. Interface only; implementations are in `storage/`, held to `test/contract/blocks.ts`.
 *
 * Calls are synchronous: one process owns the store, and nothing may come between a look and a step.
 * Writing calls are durable when they return ok, and have changed nothing when they return a fault.
 */
import type { AccountId, BlockId, TxId } from "#base/brand.ts";
import type { Result } from "#base/result.ts";
import type { BlockRef, LeafSource, TreeChange } from "#ledger/index.ts";

/** The disk refuses: full, read-only, gone. Nothing was changed; the same call may succeed later. */
export interface StoreFault {
  readonly code: "store-unavailable";
  readonly cause: string;
}

export type Written = Result<undefined, StoreFault>;

export interface NewBlock {
  readonly id: BlockId;
  readonly height: number;
  readonly previous: BlockId;
  /** Of the whole chain up to this block, below 2^128. */
  readonly work: bigint;
  /** The 176 bytes. */
  readonly header: Uint8Array;
  /** The whole block, encoded. */
  readonly bytes: Uint8Array;
  /** The history tree after this block, as its owner encodes it. */
  readonly history: Uint8Array;
}

/** A kept block without its body. */
export interface BlockEntry extends Omit<NewBlock, "bytes"> {
  /** Grows with each block kept; the lower one was here first. Never reused. */
  readonly arrival: number;
  /** The block, or one that it stands on, breaks the rules. */
  readonly invalid: boolean;
  readonly byteCount: number;
}

export interface PlacedTransaction {
  readonly id: TxId;
  /** Accounts in whose history it appears; no repeats. */
  readonly accounts: readonly AccountId[];
}

/** One step of the best chain forward. */
export interface Connection {
  /** Its parent is the tip. Kept by this same step when it was not kept before. */
  readonly block: NewBlock;
  readonly miner: AccountId | null;
  readonly reward: number;
  readonly fees: number;
  readonly changes: readonly TreeChange[];
  /** In the order of the block. */
  readonly transactions: readonly PlacedTransaction[];
  /** What `disconnect` will need to know, as its owner encodes it. */
  readonly undo: Uint8Array;
}

/** One step of the best chain back: the tip leaves, its parent is the tip. */
export interface Disconnection {
  readonly tip: BlockRef;
  readonly changes: readonly TreeChange[];
  /** Its transactions, which wait again: in the pool by the same step, so that no crash between loses them. */
  readonly returned: readonly PoolRow[];
}

/** A block of the best chain, with what connecting it established. */
export interface BestBlock extends BlockEntry {
  readonly miner: AccountId | null;
  readonly reward: number;
  readonly fees: number;
  readonly transactionCount: number;
}

export interface Place {
  readonly height: number;
  readonly index: number;
}

export interface PoolRow {
  readonly id: TxId;
  readonly bytes: Uint8Array;
  readonly receivedMs: number;
}

export interface BlockStore {
  /** The entries of the state at the tip. */
  readonly state: LeafSource;
  /** Of the network whose blocks are kept; `null` while the store is empty. */
  chainId(): Uint8Array | null;
  /** The tip of the best chain; `null` while the store is empty. */
  tip(): BlockRef | null;
  /** Makes an empty store, or empties one, so that it holds `genesis` as connected. Pool rows stay. */
  begin(chainId: Uint8Array, genesis: Connection): Written;
  /** Goes back to genesis but keeps all blocks: the first step of a replay. */
  rewind(genesis: Connection): Written;

  entry(id: BlockId): BlockEntry | null;
  body(id: BlockId): Uint8Array | null;
  /** Keeps a block beside the best chain. One that is kept already stays as it is. */
  keep(block: NewBlock, invalid: boolean): Written;
  /** Marks a block and all kept blocks that stand on it. */
  markInvalid(id: BlockId): Written;
  /** Drops a block that is damaged here, and all that stand on it, so that they can be fetched anew. Not on the best chain. */
  forget(id: BlockId): Written;
  /** Most work among those not invalid; among equals the one that was here first. `null` while empty. */
  heaviest(): BlockEntry | null;

  /** Whether a block other than `id`, not invalid, has at least this much work. */
  hasRival(id: BlockId, work: bigint): boolean;

  /** Of the best chain; `null` above the tip. */
  bestAt(height: number): BestBlock | null;
  /** `null` when the block is not on the best chain. */
  best(id: BlockId): BestBlock | null;
  /** Newest first, heights below `before`. */
  bestBefore(before: number, limit: number): readonly BestBlock[];
  undo(id: BlockId): Uint8Array | null;
  connect(step: Connection): Written;
  disconnect(step: Disconnection): Written;
  /** Where on the best chain a transaction stands. */
  place(id: TxId): Place | null;
  /** Newest first. */
  placesOf(account: AccountId, limit: number): readonly Place[];
  /** Blocks of the best chain from height `from` on, counted by miner, most first. */
  minedSince(from: number): readonly { readonly miner: AccountId; readonly blocks: number }[];
  minedBy(account: AccountId): number;

  /** In order of arrival. */
  pool(): readonly PoolRow[];
  changePool(added: readonly PoolRow[], removed: readonly TxId[]): Written;
}
