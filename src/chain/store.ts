/**
 * What the chain needs kept: every header that was worth keeping, with the body of its block or still without, which of
 * them form the best chain, and all that is derived from the best chain (entries of the state, undo records, places of
 * transactions), which moves together with the tip in one atomic step. Interface only; implementations are in
 * `storage/`, held to `test/contract/blocks.ts`.
 *
 * Calls are synchronous: one process owns the store, and nothing may come between a look and a step.
 * Writing calls are durable when they return ok, and have changed nothing when they return a fault.
 *
 * A block is *within reach* when its body is here and its parent is within reach or on the best chain: the tip can be
 * moved there. Blocks of the best chain are within reach, also when their bodies were pruned.
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

/** A header worth keeping, its body to come. */
export interface NewHeader {
  readonly id: BlockId;
  readonly height: number;
  readonly previous: BlockId;
  /** Of the whole chain up to this block, below 2^128. */
  readonly work: bigint;
  /** The 176 bytes. */
  readonly header: Uint8Array;
  /** The history tree after this block, as its owner encodes it. */
  readonly history: Uint8Array;
}

export interface NewBlock extends NewHeader {
  /** The whole block, encoded. */
  readonly bytes: Uint8Array;
}

/** What is known of a kept block, whether its body is here or not. */
export interface BlockEntry extends NewHeader {
  /** Grows with each body that came; the lower one was here first. `null` as long as there never was one. */
  readonly arrival: number | null;
  /** The block, or one that it stands on, breaks the rules. */
  readonly invalid: boolean;
  readonly hasBody: boolean;
  readonly isWithinReach: boolean;
  /** Of the body, also when it was pruned; 0 when there never was one. */
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
  /** What has become too old to keep goes in the same step, a bounded number at a time. */
  readonly keepFrom: KeepFrom;
}

/** Heights below which bodies, and undo records, need not be kept. The genesis block always stays; headers do too. */
export interface KeepFrom {
  readonly bodies: number;
  readonly undo: number;
}

/** A block of the best chain whose body came after a later state was taken over from a snapshot. */
export type Filling = Pick<Connection, "block" | "miner" | "reward" | "fees" | "transactions">;

/** One step of the best chain back: the tip leaves, its parent is the tip. */
export interface Disconnection {
  readonly tip: BlockRef;
  readonly changes: readonly TreeChange[];
}

/**
 * A block of the best chain, with what connecting it established. Below a snapshot that was taken over, until its body is
 * filled in, nobody knows: no miner, and zeros.
 */
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

/** What the best chain says about where transactions stand, at one height: for whoever checks it. */
export interface IndexedHeight {
  /** By index. */
  readonly transactions: readonly { readonly id: TxId; readonly index: number }[];
  /** By account, then index. */
  readonly accounts: readonly { readonly account: AccountId; readonly index: number }[];
}

export interface BlockStore {
  /** The entries of the state at the tip. */
  readonly state: LeafSource;
  /** The entries put aside by {@link putSnapshot}. */
  readonly snapshot: LeafSource;
  /** Of the network whose blocks are kept; `null` while the store is empty. */
  chainId(): Uint8Array | null;
  /** The tip of the best chain; `null` while the store is empty. */
  tip(): BlockRef | null;
  /** Makes an empty store, or empties one, so that it holds `genesis` as connected. Pool rows stay. */
  begin(chainId: Uint8Array, genesis: Connection): Written;
  /** Goes back to genesis but keeps all blocks: the first step of a replay. @param undone as {@link disconnect} lists it. */
  rewind(genesis: Connection, undone: readonly BlockId[]): Written;

  entry(id: BlockId): BlockEntry | null;
  /** The very bytes that were kept: a body that was damaged since is dropped by the call. */
  body(id: BlockId): Uint8Array | null;
  /** Keeps headers without bodies, each after its parent. One that is kept already stays as it is. */
  keepHeaders(headers: readonly NewHeader[]): Written;
  /** Keeps a block beside the best chain; of a kept header, the body. One whose body is here stays as it is. */
  keep(block: NewBlock, invalid: boolean): Written;
  /** Marks a block and all kept blocks that stand on it. */
  markInvalid(id: BlockId): Written;
  /** Drops a block that is damaged here, and all that stand on it, so that they can be fetched anew. Not on the best chain. */
  forget(id: BlockId): Written;
  /** Drops a body that is damaged here, so that it can be fetched anew; the header stays. */
  dropBody(id: BlockId): Written;
  /** Most work among those not invalid and within reach; among equals the one that was here first. `null` while empty. */
  heaviest(): BlockEntry | null;
  /** Most work among all not invalid, whether their bodies are here or not; among equals one within reach, then the first seen. */
  heaviestHeader(): BlockEntry | null;
  /** Whether a block other than `id`, not invalid and within reach, has at least this much work. */
  hasRival(id: BlockId, work: bigint): boolean;
  /** The lowest height from which on the best chain all bodies are here, up to the tip. */
  bodiesFrom(): number;
  /** Blocks of the best chain from a height on whose bodies are not here, lowest first. */
  bodyless(from: number, limit: number): readonly BlockRef[];

  /** Of the best chain; `null` above the tip. */
  bestAt(height: number): BestBlock | null;
  /** `null` when the block is not on the best chain. */
  best(id: BlockId): BestBlock | null;
  /** Newest first, heights below `before`. */
  bestBefore(before: number, limit: number): readonly BestBlock[];
  /** Of a block of the best chain; `null` when it was too old to be kept, or is damaged. */
  undo(id: BlockId): Uint8Array | null;
  connect(step: Connection): Written;
  /** Lists the block as undone by the same step: its transactions wait again, and no crash loses them. */
  disconnect(step: Disconnection): Written;
  /** Blocks that were undone, and whose transactions nobody has looked after since. Connecting one takes it off. */
  undone(): readonly BlockId[];
  /** Empties what an earlier snapshot, not finished, left aside. */
  beginSnapshot(): Written;
  /** Puts entries of the state at another height aside, in any order, each key once. */
  putSnapshot(entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]): Written;
  /**
   * The entries put aside are the state, and this kept header, which is not invalid, is the tip; the best chain is what
   * it stands on. Without undo records: what branches off below cannot be reached but from genesis.
   * @param undone as {@link rewind} has it.
   */
  finishSnapshot(at: BlockRef, undone: readonly BlockId[]): Written;
  /** Completes a block of the best chain. Its body, when it is here already, stays as it is. */
  fillIn(step: Filling): Written;
  /** Where on the best chain a transaction stands. */
  place(id: TxId): Place | null;
  /** Newest first. */
  placesOf(account: AccountId, limit: number): readonly Place[];
  /** Blocks of the best chain from height `from` on, counted by miner, most first. */
  minedSince(from: number): readonly { readonly miner: AccountId; readonly blocks: number }[];
  minedBy(account: AccountId): number;
  indexedAt(height: number): IndexedHeight;

  /** In order of arrival. */
  pool(): readonly PoolRow[];
  /** @param settled blocks that need not be listed as undone any more: what waits of them is in the pool. */
  changePool(added: readonly PoolRow[], removed: readonly TxId[], settled: readonly BlockId[]): Written;

  /**
   * Told, once, when what is kept cannot be what was written: the file is damaged. From then on calls may throw, until
   * {@link renew}.
   */
  watchDamage(listener: (cause: string) => void): void;
  /**
   * Sets what is damaged aside and begins anew on genesis, with all blocks and waiting transactions that can still be
   * read. @returns how many blocks those are.
   */
  renew(chainId: Uint8Array, genesis: Connection): Result<number, StoreFault>;
}
