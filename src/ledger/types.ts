/** The values of the ledger, decoded. Plain data: encodings are in `codec.ts`, rules in `check.ts` and `apply.ts`. */
import type { AccountId, BlockId, TxId } from "#base/brand.ts";

/** The 176-byte header of `spec/ledger.md`. Hashes are 32 bytes. */
export interface Header {
  readonly version: number;
  readonly height: number;
  readonly previous: BlockId;
  readonly txRoot: Uint8Array;
  /** Root of the sparse Merkle tree over the state after this block. */
  readonly stateRoot: Uint8Array;
  /** RFC 6962 root over the ids of all earlier headers, count bound in. */
  readonly historyRoot: Uint8Array;
  /** Work of the whole chain, this block included. */
  readonly chainWork: bigint;
  /** How far the chain is behind (+) or ahead (-) of its schedule, in seconds, saturating. */
  readonly lag: number;
  /** Seconds since the Unix epoch. */
  readonly time: number;
  /** The target in compact form. */
  readonly bits: number;
  readonly nonce: bigint;
}

/** First transaction of every block, and only there. Pays `payout(height)` after the delay of the genesis. */
export interface Coinbase {
  readonly type: "coinbase";
  readonly height: number;
  readonly miner: AccountId;
  /** At most 32 bytes, free to use as further nonce. */
  readonly extra: Uint8Array;
}

interface Signed {
  readonly from: AccountId;
  /** Exactly one more than the last of this account; the first is 0. */
  readonly seq: number;
  readonly fee: number;
  /** Last height at which it may stand in a block. */
  readonly validUntil: number;
  readonly signature: Uint8Array;
}

export interface Transfer extends Signed {
  readonly type: "transfer";
  readonly to: AccountId;
  readonly amount: number;
}

/** Records the root of a batch of receipts, for a fee. */
export interface Anchor extends Signed {
  readonly type: "anchor";
  readonly root: Uint8Array;
}

/** The same for those who own no coin yet: fee 0, and a small work stamp in its place. */
export interface StampedAnchor extends Signed {
  readonly type: "stamped-anchor";
  readonly root: Uint8Array;
  /** Makes the stamp hash meet `freeAnchors.stampBits`; covered by the signature. */
  readonly stamp: bigint;
}

/** Says that its author knows a name it means to claim, without saying which. Burns a small price. */
export interface NameCommit extends Signed {
  readonly type: "name-commit";
  /** `commitmentOf` the claim: 32 bytes. */
  readonly commitment: Uint8Array;
}

/** Opens an earlier commitment of the same account, and takes the name for a year. Burns the name's price. */
export interface NameClaim extends Signed {
  readonly type: "name-claim";
  /** 32 bytes that nobody can guess: without them a commitment would tell its name. */
  readonly salt: Uint8Array;
  readonly name: string;
  /** What the name stands for: the key of a peer. */
  readonly key: AccountId;
}

export type NameChange =
  /** For another year from this block. Burns the name's price. */
  | { readonly kind: "renew" }
  | { readonly kind: "key"; readonly key: AccountId }
  /** To another account, which then decides alone. */
  | { readonly kind: "owner"; readonly owner: AccountId };

/** By the owner of the name alone. */
export interface NameUpdate extends Signed {
  readonly type: "name-update";
  readonly name: string;
  readonly change: NameChange;
}

export type SignedTransaction = Transfer | Anchor | StampedAnchor | NameCommit | NameClaim | NameUpdate;
/** A transaction as its author writes it, before signing; a signed one serves as well. */
export type Unsigned<Tx extends Signed> = Tx extends Signed ? Omit<Tx, "signature"> : never;
export type UnsignedTransaction = Unsigned<SignedTransaction>;
export type Transaction = Coinbase | SignedTransaction;

export interface Block {
  readonly id: BlockId;
  readonly header: Header;
  /** The coinbase first. */
  readonly transactions: readonly Transaction[];
}

export interface Account {
  readonly balance: number;
  /** The `seq` that the next transaction of this account must carry. */
  readonly nextSeq: number;
}

/** A header with its id: all that is known of a block whose body was not fetched. A `Block` is one too. */
export interface IdentifiedHeader {
  readonly id: BlockId;
  readonly header: Header;
}

export interface BlockRef {
  readonly id: BlockId;
  readonly height: number;
}

export type { AccountId, BlockId, TxId };
