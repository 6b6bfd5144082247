/**
 * The public types of the chain feature: what the best chain, its pool and the wallet offer to the rest of the node.
 * Types only. Amounts are integers in the smallest unit, times in the fields' unit, hashes 32 bytes.
 */
import type { AccountId, BlockId, PeerId, TxId } from "#base/brand.ts";
import type { DecodeFault } from "#base/bytes.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Problem, Result } from "#base/result.ts";
import type { Checkpoint } from "#ledger/checkpoint.ts";
import type {
  Account,
  Block,
  BlockFault,
  BlockRef,
  Header,
  Network as LedgerNetwork,
  NameClaim,
  NameCommit,
  NameRecord,
  NameStatus,
  NameUpdate,
  SignedTransaction,
  StateProof,
  Transaction,
  TransactionFault,
} from "#ledger/index.ts";
import type { Holding } from "./holding.ts";

/** A block of the best chain in short, for lists. */
export interface BlockSummary {
  readonly id: BlockId;
  readonly height: number;
  readonly previous: BlockId;
  readonly header: Header;
  /** `null` for the genesis block alone. */
  readonly miner: AccountId | null;
  /** The coinbase included. */
  readonly transactionCount: number;
  /** Encoded size. */
  readonly bytes: number;
  /** What the miner is paid for the block itself, without fees. */
  readonly reward: number;
  readonly fees: number;
  /** Expected hashes for this block. */
  readonly work: bigint;
}

/** The newest block of the best chain. */
export interface Tip extends BlockSummary {
  /** Expected hashes for the next block, if it were found now. */
  readonly nextWork: bigint;
}

/** A transaction that waits for a block. */
export interface PoolEntry {
  readonly id: TxId;
  readonly transaction: SignedTransaction;
  readonly bytes: Uint8Array;
  /** When this node first had it, ms since the Unix epoch. */
  readonly receivedMs: number;
}

/** Why a transaction that was taken once waits beside the pool. */
export type HeldBackReason =
  /** The balance does not cover it any more. */
  | "cover"
  /** As many wait already as may, of its account or of all. */
  | "room"
  /** An earlier one of its account is missing, or another stands in its place. */
  | "order"
  /** The ledger here stands far below the block for which it was made. */
  | "tip";

export interface HeldBack extends PoolEntry {
  readonly why: HeldBackReason;
}

/** Where a transaction stands: in a block of the best chain, or waiting. */
export type LocatedTransaction =
  | {
      readonly state: "confirmed";
      readonly id: TxId;
      readonly transaction: Transaction;
      readonly bytes: Uint8Array;
      readonly block: BlockRef;
      readonly blockTime: number;
      /** Position in the block; 0 is the coinbase. */
      readonly index: number;
      /** Of the coinbase, what its miner is paid for the block: reward and fees; `null` for any other. */
      readonly earned: number | null;
      /** 1 when its block is the tip. */
      readonly confirmations: number;
    }
  | {
      readonly state: "pending";
      readonly id: TxId;
      readonly transaction: SignedTransaction;
      readonly bytes: Uint8Array;
      readonly receivedMs: number;
    };

/** All that a proof file needs to show that a transaction stands in a block. */
export interface Inclusion {
  readonly header: Header;
  readonly headerBytes: Uint8Array;
  readonly blockId: BlockId;
  readonly transactionBytes: Uint8Array;
  /** Position in the block. */
  readonly index: number;
  /** Number of transactions in the block. */
  readonly count: number;
  /** RFC 6962 audit path from the leaf to the transaction root, leaf side first. */
  readonly path: readonly Uint8Array[];
  readonly confirmations: number;
}

export interface MinerShare {
  readonly account: AccountId;
  readonly blocks: number;
  /** Part of the blocks looked at, 0 to 1. */
  readonly share: number;
}

/** What is put on the ledger about a name. */
export type NameRecording =
  | Pick<NameCommit, "type" | "commitment">
  | Pick<NameClaim, "type" | "salt" | "name" | "key">
  | Pick<NameUpdate, "type" | "name" | "change">;

export interface ProvenName {
  /** `null`: anybody may claim it. */
  readonly status: NameStatus | null;
  readonly at: BlockRef;
  /** 32 bytes, of the header of that block. */
  readonly stateRoot: Uint8Array;
  /** Encoded: of the record that stands under the name in that state, or of its absence. */
  readonly proof: Uint8Array;
}

/** A reward of this account that is not yet paid out. */
export interface PendingPayout {
  /** Height of the block that earned it. */
  readonly height: number;
  /** Height of the block that pays it. */
  readonly paidAtHeight: number;
  readonly amount: number;
}

/** What catching up does just now. */
export type SyncPhase =
  /** No peer is connected. */
  | "alone"
  /** Peers are connected, and too few have said where they stand. */
  | "asking"
  | "headers"
  | "snapshot"
  | "blocks"
  /** Nobody asked has more than we have. */
  | "level";

/** The blocks under a snapshot that was taken over are checked from genesis on, in the background. */
export interface HistoryState {
  /** Checked up to here. */
  readonly height: number;
  readonly targetHeight: number;
  readonly secondsLeft: number | null;
}

export interface SyncState {
  /** `syncing` while a branch is being fetched whose headers have shown more work than ours has. */
  readonly state: "synced" | "syncing";
  readonly phase: SyncPhase;
  readonly height: number;
  /** Height of the best header known, never below `height`. */
  readonly targetHeight: number;
  /** Of the phase: headers, chunks or blocks; `total` 0 where there is nothing to count. */
  readonly done: number;
  readonly total: number;
  /** At the rate of the last half minute; `null` when that says nothing. */
  readonly secondsLeft: number | null;
  /** `null` when there is no such check. */
  readonly history: HistoryState | null;
}

/** What one node chooses and another may choose differently: why a transaction is not taken into the pool now. */
export type PolicyFault =
  /** The sender has this many waiting already. */
  | { readonly code: "too-many-pending"; readonly limit: number }
  /** A transaction with an earlier `seq` is missing and the gap is wider than the window. */
  | { readonly code: "seq-gap"; readonly nextSeq: number; readonly seq: number }
  /** Below what this node takes per byte now. */
  | { readonly code: "fee-below-minimum"; readonly fee: number; readonly minimum: number }
  /** The same (account, seq) waits already, and this one does not pay enough more to replace it. */
  | { readonly code: "replacement-underpaid"; readonly fee: number; readonly minimum: number }
  /** The same for two free anchors: the stamp, in bits, is not stronger than that of the one that waits. */
  | { readonly code: "replacement-weaker"; readonly strength: number; readonly minimum: number }
  /** The balance does not cover this one together with the sender's others that wait. */
  | { readonly code: "balance-below-pending"; readonly balance: number; readonly needed: number }
  /** The free share of the pool is taken. */
  | { readonly code: "free-share-full"; readonly limit: number }
  | { readonly code: "pool-full" }
  /** The node is closing, its disk refuses writes, or the chain is changing branch just now. */
  | { readonly code: "unavailable"; readonly cause: string };

export type SubmitFault = TransactionFault | PolicyFault;

/** What became of a block that was handed in. */
export type BlockOutcome =
  /** On the best chain now. */
  | { readonly code: "connected"; readonly id: BlockId }
  /** Valid by itself and kept, on a branch with less work, or equal work and seen later. */
  | { readonly code: "side-branch"; readonly id: BlockId }
  | { readonly code: "known"; readonly id: BlockId };

/** Why a block was not taken. What that says about who sent it is decided in `standing.ts` alone. */
export type InboundBlockFault =
  | DecodeFault
  | BlockFault
  /** Its parent is not known; ancestors are asked of the peer that sent it. */
  | { readonly code: "parent-unknown"; readonly previous: BlockId }
  /** It, or a block that it stands on, was found invalid before. */
  | { readonly code: "branch-invalid"; readonly id: BlockId }
  /** Far below the tip, on a branch that has not shown more work than ours. */
  | { readonly code: "branch-too-low"; readonly height: number }
  /** On a branch without a block that was co-signed by enough. */
  | { readonly code: "outside-final"; readonly height: number }
  | { readonly code: "busy" }
  | { readonly code: "unavailable"; readonly cause: string };

export type ChainEvent =
  /** After the commit is durable. `connected` oldest first, `disconnected` newest first. */
  | {
      readonly type: "TipChanged";
      readonly tip: Tip;
      readonly connected: readonly BlockSummary[];
      readonly disconnected: readonly BlockId[];
    }
  | { readonly type: "PoolChanged"; readonly added: readonly PoolEntry[]; readonly removed: readonly TxId[] }
  /** A branch of as much work as ours came to be known. */
  | { readonly type: "TipContested" }
  | { readonly type: "SyncChanged"; readonly sync: SyncState }
  /** A block that was co-signed by enough is on our best chain (`reached`), or contradicts an earlier one (`refused`). */
  | { readonly type: "FinalBlock"; readonly code: "reached" | "refused"; readonly block: BlockRef }
  /** This peer stands on another network (its genesis differs). No offence: something to tell the user. */
  | { readonly type: "PeerNetworkDiffers"; readonly peer: PeerId }
  /** The chain stopped taking blocks (`problem` set), or resumed (`null`). */
  | { readonly type: "ProblemChanged"; readonly problem: Problem | null };

/** What a miner builds on: a whole block but for its nonce. */
export interface MiningTemplate {
  readonly block: Block;
  /** Waiting transactions it carries, the coinbase not counted. */
  readonly transactionCount: number;
}

/** What was done when the store was opened, for the log and the user. */
export interface OpenedChain {
  readonly chain: Chain;
  /** `null` when the store was in order. */
  readonly repaired: Problem | null;
  /** What is held in memory for others now, each with the most that there may be. */
  holdings(): readonly Holding[];
}

export interface Chain {
  readonly network: LedgerNetwork;
  tip(): Tip;
  /** Of the best chain; `null` above the tip. */
  headerAt(height: number): Header | null;
  blockAt(height: number): Block | null;
  /** Any block kept, on the best chain or not. */
  block(id: BlockId): Block | null;
  /** 1 for the tip; 0 when `id` is not on the best chain. */
  confirmationsOf(id: BlockId): number;
  /** Of the best chain, newest first. `before` is a height, exclusive. */
  blocks(query: { readonly before?: number; readonly limit: number }): readonly BlockSummary[];
  summary(id: BlockId): BlockSummary | null;
  transaction(id: TxId): LocatedTransaction | null;
  /** As {@link transaction}, without reading the block: it is asked of every receipt that is shown or followed. */
  anchorState(id: TxId): AnchorState;
  /** Newest first: transactions of the best chain that this account sent or received, and rewards it mined. */
  transactionsOf(account: AccountId, limit: number): readonly LocatedTransaction[];
  /** At the tip. An account never heard of has balance 0 and `nextSeq` 0. */
  account(id: AccountId): Account;
  pendingPayouts(account: AccountId): readonly PendingPayout[];
  /** Oldest arrival first. */
  pool(): readonly PoolEntry[];
  /** How many {@link pool} would list, without listing them. */
  poolSize(): number;
  /** What waits of this account, by `seq`. */
  pendingOf(account: AccountId): readonly PoolEntry[];
  /**
   * What this account signed, and a reorganisation gave back and left without cover or room, by `seq`: it waits again by
   * itself as soon as it can, and is gone when its `seq` is used or its life ends.
   */
  uncoveredOf(account: AccountId): readonly PoolEntry[];
  /** The same, each with why: worked out for a reader, not for each transaction that comes in. */
  heldBackOf(account: AccountId): readonly HeldBack[];
  /** Who holds a name, as the next block will see it; with the proof under the tip's state root. */
  nameAt(name: string): ProvenName;
  /** What stands under a key of 32 bytes after the tip, or that nothing does, for whoever holds the tip's header alone. */
  stateProof(key: Uint8Array): StateProof;
  /** Where this commitment to a name was made: height of the block, place in it; `null` when none stands. */
  commitmentAt(account: AccountId, commitment: Uint8Array): NameRecord["commitment"] | null;
  /** What a co-signer of this block of the best chain would sign; `null` for the genesis and above the tip. */
  checkpointAt(height: number): Checkpoint | null;
  /** The newest block of the best chain that can never be left. */
  finalBlock(): BlockRef | null;
  /** A block was co-signed by enough: from now on the best chain goes to it, as soon as all that leads there is here. */
  seekFinal(block: BlockRef): Promise<void>;
  /** Resolves after the transaction is durable; then it is told to peers. A transaction that waits already is ok. */
  submit(transaction: SignedTransaction): Promise<Result<TxId, SubmitFault>>;
  /** The door for blocks, our miner's included. Resolves after the commit. */
  submitBlock(bytes: Uint8Array): Promise<Result<BlockOutcome, InboundBlockFault>>;
  /** A block on the tip with what waits, for `miner`; `time` is raised to the least the rules allow. */
  template(miner: AccountId, timeSeconds: number): MiningTemplate;
  inclusion(id: TxId): Inclusion | null;
  /** Most blocks first, over the newest `blocks` blocks. */
  /** The least fee per byte that this node takes now. */
  feePerByte(): number;
  minerShares(blocks: number): readonly MinerShare[];
  /** Blocks of the best chain mined by this account. */
  blocksMinedBy(account: AccountId): number;
  syncState(): SyncState;
  /** Tells peers of a waiting transaction once more; nothing when it does not wait. */
  tellAgain(id: TxId): void;
  /** Whether a branch of as much work as ours is known: the next block decides between them. */
  isContested(): boolean;
  /** Connected peers whose genesis differs from ours, with the chain id of theirs, hex. */
  peersOnOtherNetworks(): ReadonlyMap<PeerId, string>;
  /** What was repaired in the store, at the start and since, oldest first; of many the newest. */
  repairs(): readonly Problem[];
  /** Why the chain takes no blocks now; `null` when it does. */
  problem(): Problem | null;
  subscribe(listener: (event: ChainEvent) => void): Unsubscribe;
  /** Stops timers, waits for running work, makes the pool durable. Does not close the store. */
  close(): Promise<void>;
}

export type AnchorState =
  | { readonly state: "pending" }
  | {
      readonly state: "anchored";
      readonly height: number;
      readonly blockId: BlockId;
      readonly blockTime: number;
      readonly confirmations: number;
    }
  /** Neither waits nor stands on the best chain: expired, replaced, or never seen. Anchor the root again. */
  | { readonly state: "gone" };

export type WalletFault =
  | SubmitFault
  | { readonly code: "amount-invalid"; readonly amount: number }
  | { readonly code: "balance-too-low"; readonly spendable: number; readonly needed: number }
  | { readonly code: "closed" };

export interface Wallet {
  readonly account: AccountId;
  balance(): number;
  /** Balance less what our waiting transactions will take. */
  spendable(): number;
  /** @param fee the least accepted when left out. */
  pay(to: AccountId, amount: number, fee?: number): Promise<Result<TxId, WalletFault>>;
  /** What we signed and is held back since a reorganisation, by `seq`: see {@link Chain.heldBackOf}. */
  uncovered(): readonly HeldBack[];
  /** Commits to, claims or changes a name: burns its price, and pays the least fee accepted. */
  recordName(record: NameRecording): Promise<Result<TxId, WalletFault>>;
  /** Records a 32-byte root: for a fee when the balance allows, else free with a work stamp (seconds of search). */
  anchor(root: Uint8Array): Promise<Result<TxId, WalletFault>>;
  anchorState(id: TxId): AnchorState;
  close(): Promise<void>;
}
