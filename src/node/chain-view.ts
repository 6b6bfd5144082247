/** Owns how blocks, transactions and balances are worded for the API. Pure over what the chain says. */
import type {
  BlockSummaryView,
  BlockView,
  ChainView,
  TipView,
  TransactionView,
  WalletView,
} from "#api/views.ts";
import type { AccountId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import type { BlockSummary, Chain, LocatedTransaction, PoolEntry, Wallet } from "#chain/index.ts";
import { encodeBlock, encodeHeader, encodeTransaction, receiverOf, txIdOf } from "#ledger/codec.ts";
import { burnedBy } from "#ledger/names.ts";
import type { NameRules } from "#ledger/params.ts";
import type { Block, Transaction } from "#ledger/types.ts";
import { MINER_SHARE_BLOCKS, RACE_BLOCKS, WALLET_RECENT_MAX } from "./limits.ts";
import { raceView } from "./race.ts";
import type { StandingAt } from "./standing.ts";
import { syncView } from "./sync-view.ts";

/** What an account is called here: a person's name, or `null`. */
export type NameOfAccount = (account: AccountId) => string | null;

/** What is needed to word a transaction. */
export interface TransactionWords {
  readonly nameOf: NameOfAccount;
  /** Of this network: they say what a name costs. */
  readonly names: NameRules;
  /** How firmly blocks stand; absent where transactions are only listed. */
  readonly standingAt?: StandingAt;
}

type Place = Pick<
  TransactionView,
  "state" | "height" | "blockId" | "confirmations" | "standing" | "receivedMs"
>;

const MS_PER_SECOND = 1000;

function transactionView(
  transaction: Transaction,
  bytes: number,
  place: Place,
  /** Of a coinbase: reward and fees of its block. */
  earned: number | null,
  words: TransactionWords,
): TransactionView {
  const from = transaction.type === "coinbase" ? null : transaction.from;
  const to = transaction.type === "coinbase" ? transaction.miner : receiverOf(transaction);
  const { nameOf, names } = words;
  return {
    id: txIdOf(transaction),
    type: transaction.type,
    from,
    fromName: from === null ? null : nameOf(from),
    to,
    toName: to === null ? null : nameOf(to),
    amount: transaction.type === "transfer" ? transaction.amount : earned,
    fee: transaction.type === "coinbase" ? 0 : transaction.fee,
    burned: transaction.type === "coinbase" ? 0 : burnedBy(transaction, names),
    seq: transaction.type === "coinbase" ? null : transaction.seq,
    root: "root" in transaction ? toHex(transaction.root) : null,
    name: "name" in transaction ? transaction.name : null,
    nameKey: keyNamedBy(transaction),
    bytes,
    ...place,
  };
}

function keyNamedBy(transaction: Transaction): AccountId | null {
  if (transaction.type === "name-claim") return transaction.key;
  if (transaction.type !== "name-update" || transaction.change.kind !== "key") return null;
  return transaction.change.key;
}

export function locatedView(located: LocatedTransaction, words: TransactionWords): TransactionView {
  const confirmed = located.state === "confirmed";
  const place: Place = {
    state: located.state,
    height: confirmed ? located.block.height : null,
    blockId: confirmed ? located.block.id : null,
    confirmations: confirmed ? located.confirmations : 0,
    standing: confirmed ? (words.standingAt?.(located.block.height) ?? null) : null,
    receivedMs: confirmed ? null : located.receivedMs,
  };
  const earned = confirmed ? located.earned : null;
  return transactionView(located.transaction, located.bytes.length, place, earned, words);
}

export function poolEntryView(entry: PoolEntry, words: TransactionWords): TransactionView {
  return locatedView({ state: "pending", ...entry }, words);
}

export function blockSummaryView(summary: BlockSummary, nameOf: NameOfAccount): BlockSummaryView {
  return {
    height: summary.height,
    id: summary.id,
    previous: summary.previous,
    timeMs: summary.header.time * MS_PER_SECOND,
    miner: summary.miner,
    minerName: summary.miner === null ? null : nameOf(summary.miner),
    transactionCount: summary.transactionCount,
    bytes: summary.bytes,
    reward: summary.reward,
    fees: summary.fees,
    hashes: summary.work.toString(),
  };
}

/** @param summary of the same block. */
export function blockView(
  block: Block,
  summary: BlockSummary,
  confirmations: number,
  words: TransactionWords,
): BlockView {
  const place: Place = {
    state: confirmations > 0 ? "confirmed" : "unknown",
    height: block.header.height,
    blockId: block.id,
    confirmations,
    standing: null,
    receivedMs: null,
  };
  return {
    ...blockSummaryView(summary, words.nameOf),
    bytes: encodeBlock(block).length,
    header: toHex(encodeHeader(block.header)),
    txRoot: toHex(block.header.txRoot),
    stateRoot: toHex(block.header.stateRoot),
    confirmations,
    standing: confirmations > 0 ? (words.standingAt?.(block.header.height) ?? null) : null,
    transactions: block.transactions.map((transaction) =>
      transactionView(
        transaction,
        encodeTransaction(transaction).length,
        place,
        transaction.type === "coinbase" ? summary.reward + summary.fees : null,
        words,
      ),
    ),
  };
}

function tipView(chain: Chain, nameOf: NameOfAccount): TipView {
  const tip = chain.tip();
  return {
    height: tip.height,
    id: tip.id,
    timeMs: tip.header.time * MS_PER_SECOND,
    miner: tip.miner,
    minerName: tip.miner === null ? null : nameOf(tip.miner),
    work: tip.header.chainWork.toString(),
    nextBlockHashes: tip.nextWork.toString(),
  };
}

export function chainView(chain: Chain, nameOf: NameOfAccount): ChainView {
  return {
    networkName: chain.network.params.name,
    chainId: chain.network.chainIdHex,
    tip: tipView(chain, nameOf),
    pendingCount: chain.poolSize(),
    sync: syncView(chain.syncState(), chain.problem()),
    miners: chain.minerShares(MINER_SHARE_BLOCKS).map((share) => ({ ...share, name: nameOf(share.account) })),
    race: raceView(
      chain.blocks({ limit: RACE_BLOCKS + 1 }),
      chain.tip().nextWork,
      chain.network.params.targetSpacingSeconds,
    ),
  };
}

/** All but `ended`. */
export function walletView(chain: Chain, wallet: Wallet, words: TransactionWords): Omit<WalletView, "ended"> {
  return {
    account: wallet.account,
    balance: wallet.balance(),
    spendable: wallet.spendable(),
    pendingRewards: chain.pendingPayouts(wallet.account).map((payout) => ({ ...payout })),
    recent: chain
      .transactionsOf(wallet.account, WALLET_RECENT_MAX)
      .map((located) => locatedView(located, words)),
    heldBack: wallet.uncovered().map((entry) => ({
      ...poolEntryView(entry, words),
      validUntil: entry.transaction.validUntil,
      why: entry.why,
    })),
  };
}
