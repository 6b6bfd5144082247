/**
 * Owns what can be judged without the state: a header against its parent, a block by itself, a transaction by
 * itself. Cheap checks come first, signatures last. What a block does to the accounts is `apply.ts`.
 */
import type { AccountId, TxId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import { isAdmissibleKey } from "#crypto/ed25519.ts";
import { merkleRoot, type Peaks, rootOfPeaks } from "#crypto/merkle.ts";
import { blockBytes, bytesOfId, encodeTransaction, isSigned, txIdOf } from "./codec.ts";
import type { BodyFault, HeaderFault, TransactionFormFault } from "./faults.ts";
import { HEADER_VERSION } from "./genesis.ts";
import { burnedBy, isName } from "./names.ts";
import { type ChainParams, MAX_MONEY, type Network } from "./params.ts";
import { isSignatureValid } from "./sign.ts";
import { isStampValid } from "./stamp.ts";
import { meetsTarget, nextWork, workOfBits } from "./target.ts";
import type {
  Block,
  Coinbase,
  IdentifiedHeader,
  NameClaim,
  NameCommit,
  NameUpdate,
  SignedTransaction,
  Transaction,
} from "./types.ts";

/** What a header is judged against. */
export interface HeaderContext {
  readonly parent: IdentifiedHeader;
  /** Over the ids of all headers from the genesis to the parent: `parent.height + 1` leaves, 32 bytes each. */
  readonly history: Peaks;
  /** This computer's clock, in seconds since the Unix epoch. */
  readonly nowSeconds: number;
}

/** `null` when the header may follow its parent. The caller has computed its id from its bytes. */
export function checkHeader(
  candidate: IdentifiedHeader,
  context: HeaderContext,
  params: ChainParams,
): HeaderFault | null {
  const { header } = candidate;
  const { parent, history, nowSeconds } = context;
  const { height, time, bits, lag, chainWork } = header;
  if (header.version !== HEADER_VERSION) return { code: "version-unknown", version: header.version };
  if (header.previous !== parent.id) return { code: "previous-wrong", previous: header.previous };
  const expectedHeight = parent.header.height + 1;
  if (height !== expectedHeight) return { code: "height-wrong", height, expected: expectedHeight };
  const earliest = parent.header.time + params.minGapSeconds;
  if (time < earliest) return { code: "time-too-early", time, earliest };
  const expected = nextWork(parent.header, time, params);
  if (bits !== expected.bits) return { code: "bits-wrong", bits, expected: expected.bits };
  if (lag !== expected.lag) return { code: "lag-wrong", lag, expected: expected.lag };
  const expectedWork = parent.header.chainWork + workOfBits(bits);
  if (chainWork !== expectedWork) return { code: "chain-work-wrong", chainWork, expected: expectedWork };
  if (!meetsTarget(candidate.id, bits)) return { code: "work-too-low" };
  if (!equalBytes(header.historyRoot, rootOfPeaks(history))) return { code: "history-root-wrong" };
  // Last, so that only a header that was paid for with work is ever kept for later.
  const aheadSeconds = time - nowSeconds;
  if (aheadSeconds > params.maxFutureSeconds) return { code: "time-too-far-ahead", time, aheadSeconds };
  return null;
}

/** What may spare work in {@link checkBlock}. */
export interface BlockCheckOptions {
  /** True when the signature of this very transaction, signature included, was verified on this network before. */
  readonly isVerified?: (tx: SignedTransaction) => boolean;
}

/** Transactions of a block, by their place in it. */
export interface BlockSlice {
  readonly from: number;
  /** The first that is not meant. */
  readonly to: number;
}

/** `null` when the block is valid by itself. Its header was checked before: only its commitments are looked at here. */
export function checkBlock(
  block: Block,
  params: ChainParams,
  chainId: Uint8Array,
  options: BlockCheckOptions = {},
): BodyFault | null {
  const all = { from: 0, to: block.transactions.length };
  return checkBlockTerms(block, params, chainId) ?? checkBlockSignatures(block, all, chainId, options);
}

/** All of {@link checkBlock} but the signatures, which cost ten times the rest. */
export function checkBlockTerms(block: Block, params: ChainParams, chainId: Uint8Array): BodyFault | null {
  const { header, transactions } = block;
  const bytes = blockBytes(transactions);
  if (bytes > params.maxBlockBytes) return { code: "block-too-big", bytes, limit: params.maxBlockBytes };
  // Before all else that the body says: from here on, what is wrong is what the header commits to.
  if (!equalBytes(merkleRoot(transactions.map(encodeTransaction)), header.txRoot)) {
    return { code: "tx-root-wrong" };
  }
  const coinbaseFault = checkCoinbase(transactions, header.height);
  if (coinbaseFault !== null) return coinbaseFault;
  const signed = transactions.filter(isSigned);
  const limit = params.maxBlockSignatures;
  if (signed.length > limit) return { code: "too-many-signatures", count: signed.length, limit };
  const network = { params, chainId };
  return (
    checkRepeats(signed) ??
    checkAllowance(signed, params) ??
    faultOfFirst(signed, 1, (tx) => checkTransactionTerms(tx, network, header.height))
  );
}

/** The signatures of some transactions: what remains of {@link checkBlock} after {@link checkBlockTerms}. */
export function checkBlockSignatures(
  { transactions }: Block,
  { from, to }: BlockSlice,
  chainId: Uint8Array,
  { isVerified }: BlockCheckOptions = {},
): BodyFault | null {
  return faultOfFirst(transactions.slice(from, to), from, (tx) =>
    tx.type === "coinbase" || isVerified?.(tx) === true ? null : checkSignature(tx, chainId),
  );
}

function checkCoinbase(transactions: readonly Transaction[], expected: number): BodyFault | null {
  const [coinbase, ...others] = transactions;
  if (coinbase?.type !== "coinbase") return { code: "coinbase-missing" };
  const misplaced = others.findIndex((tx) => tx.type === "coinbase");
  if (misplaced >= 0) return { code: "coinbase-misplaced", index: misplaced + 1 };
  return checkCoinbaseTerms(coinbase, expected);
}

function checkCoinbaseTerms({ height, miner }: Coinbase, expected: number): BodyFault | null {
  if (height !== expected) return { code: "coinbase-height-wrong", height, expected };
  return isAdmissibleKey(bytesOfId(miner)) ? null : { code: "miner-key-inadmissible" };
}

function checkRepeats(signed: readonly SignedTransaction[]): BodyFault | null {
  const seen = new Set<TxId>();
  for (const [at, tx] of signed.entries()) {
    const id = txIdOf(tx);
    if (seen.has(id)) return { code: "transaction-repeated", index: at + 1 };
    seen.add(id);
  }
  return null;
}

function checkAllowance(signed: readonly SignedTransaction[], params: ChainParams): BodyFault | null {
  const allowance = new BlockAllowance(params);
  for (const tx of signed) {
    const fault = allowance.faultOf(tx);
    if (fault !== null) return fault;
    allowance.take(tx);
  }
  return null;
}

/** @param firstIndex place in the block of the first one. */
function faultOfFirst<Tx extends Transaction>(
  transactions: readonly Tx[],
  firstIndex: number,
  faultOf: (tx: Tx) => TransactionFormFault | null,
): BodyFault | null {
  for (const [at, tx] of transactions.entries()) {
    const fault = faultOf(tx);
    if (fault !== null) return { code: "transaction-invalid", index: firstIndex + at, fault };
  }
  return null;
}

/** Counts what a block may hold only so many of, in all or of one account: free anchors, and claims of names. */
export class BlockAllowance {
  readonly #params: ChainParams;
  readonly #freeBy = new Map<AccountId, number>();
  readonly #claimsBy = new Map<AccountId, number>();
  #free = 0;

  constructor(params: ChainParams) {
    this.#params = params;
  }

  /** `null` when there is room for it. */
  faultOf(tx: SignedTransaction): BodyFault | null {
    const { freeAnchors, names } = this.#params;
    if (tx.type === "name-claim" && countOf(this.#claimsBy, tx) >= names.claimsPerAccountPerBlock) {
      const limit = names.claimsPerAccountPerBlock;
      return { code: "claims-of-account-exceeded", account: tx.from, limit };
    }
    if (tx.type !== "stamped-anchor") return null;
    const { perBlock, perAccountPerBlock } = freeAnchors;
    if (this.#free >= perBlock) return { code: "free-share-exceeded", limit: perBlock };
    if (countOf(this.#freeBy, tx) >= perAccountPerBlock) {
      return { code: "free-share-of-account-exceeded", account: tx.from, limit: perAccountPerBlock };
    }
    return null;
  }

  take(tx: SignedTransaction): void {
    if (tx.type === "name-claim") this.#claimsBy.set(tx.from, countOf(this.#claimsBy, tx) + 1);
    if (tx.type !== "stamped-anchor") return;
    this.#free += 1;
    this.#freeBy.set(tx.from, countOf(this.#freeBy, tx) + 1);
  }
}

function countOf(counts: ReadonlyMap<AccountId, number>, { from }: SignedTransaction): number {
  return counts.get(from) ?? 0;
}

/**
 * `null` when the transaction may stand in a block of this height, as far as can be said without the accounts.
 * @param height of the block, so at least one above the tip.
 */
export function checkTransaction(
  tx: SignedTransaction,
  network: Pick<Network, "params" | "chainId">,
  height: number,
): TransactionFormFault | null {
  return checkTransactionTerms(tx, network, height) ?? checkSignature(tx, network.chainId);
}

/** All of {@link checkTransaction} but the signature, which costs a hundred times the rest. */
export function checkTransactionTerms(
  tx: SignedTransaction,
  { params, chainId }: Pick<Network, "params" | "chainId">,
  height: number,
): TransactionFormFault | null {
  const { fee, validUntil } = tx;
  if (validUntil < height) return { code: "expired", validUntil, height };
  const latest = height + params.validUntilMaxBlocks;
  if (validUntil > latest) return { code: "valid-too-long", validUntil, latest };
  const forged = inadmissible(tx.from, "from");
  if (forged !== null) return forged;
  switch (tx.type) {
    case "transfer": {
      const { amount } = tx;
      if (amount < 1 || amount > MAX_MONEY - fee) return { code: "amount-out-of-range", amount, fee };
      return inadmissible(tx.to, "to");
    }
    case "stamped-anchor": {
      const { stampBits } = params.freeAnchors;
      return isStampValid(tx, chainId, stampBits) ? null : { code: "stamp-too-weak", neededBits: stampBits };
    }
    case "name-commit":
    case "name-claim":
    case "name-update":
      return checkNameTerms(tx, params);
    default:
      return null;
  }
}

function checkNameTerms(
  tx: NameCommit | NameClaim | NameUpdate,
  { names }: ChainParams,
): TransactionFormFault | null {
  if (tx.type !== "name-commit" && !isName(tx.name)) return { code: "name-malformed" };
  const amount = burnedBy(tx, names);
  if (amount > MAX_MONEY - tx.fee) return { code: "amount-out-of-range", amount, fee: tx.fee };
  if (tx.type === "name-commit") return null;
  if (tx.type === "name-claim") return inadmissible(tx.key, "key");
  const { change } = tx;
  if (change.kind === "key") return inadmissible(change.key, "key");
  return change.kind === "owner" ? inadmissible(change.owner, "owner") : null;
}

function inadmissible(
  account: AccountId,
  field: "from" | "to" | "key" | "owner",
): TransactionFormFault | null {
  return isAdmissibleKey(bytesOfId(account)) ? null : { code: "key-inadmissible", field };
}

function checkSignature(tx: SignedTransaction, chainId: Uint8Array): TransactionFormFault | null {
  return isSignatureValid(tx, chainId) ? null : { code: "signature-invalid" };
}
