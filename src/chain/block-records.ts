/**
 * Owns what the store is told about a block: the record of its header, of its place in the best chain, and of what it
 * gives back when it is undone. Pure; when which step is taken is `best-chain.ts`.
 */
import type { AccountId } from "#base/brand.ts";
import { EMPTY_PEAKS } from "#crypto/merkle.ts";
import {
  type Applied,
  type Block,
  encodeBlock,
  encodeHeader,
  encodeUndo,
  genesisEntries,
  isSigned,
  type Network,
  payoutOfBlock,
  receiverOf,
  rewardAt,
  type Transaction,
  txIdOf,
} from "#ledger/index.ts";
import { encodeHistory, type HeaderPoint, historyAfter } from "./header-point.ts";
import { UNDO_KEPT_BLOCKS } from "./limits.ts";
import type { Connection, Filling, KeepFrom, NewBlock, NewHeader } from "./store.ts";

/** Accounts in whose history a transaction appears. */
function accountsOf(transaction: Transaction): AccountId[] {
  if (transaction.type === "coinbase") return [transaction.miner];
  const { from } = transaction;
  const to = receiverOf(transaction);
  return to === null || to === from ? [from] : [from, to];
}

/** @param bytes of the block, when they are at hand. */
export function newBlockOf(block: Block, parent: HeaderPoint, bytes = encodeBlock(block)): NewBlock {
  const { id, header } = block;
  const history = historyAfter(parent.history, id);
  return { ...newHeaderOf({ id, header, history }), bytes };
}

export function newHeaderOf({ id, header, history }: HeaderPoint): NewHeader {
  return {
    id,
    height: header.height,
    previous: header.previous,
    work: header.chainWork,
    header: encodeHeader(header),
    history: encodeHistory(history),
  };
}

export function genesisPoint(network: Network): HeaderPoint {
  const { id, header } = network.genesis;
  return { id, header, history: historyAfter(EMPTY_PEAKS, id) };
}

export function genesisConnection(network: Network): Connection {
  const { genesis, params } = network;
  const { id, header } = genesis;
  const before = { id, header, history: EMPTY_PEAKS };
  return {
    block: newBlockOf(genesis, before),
    miner: null,
    reward: 0,
    fees: 0,
    changes: genesisEntries(params),
    transactions: [],
    undo: new Uint8Array(0),
    keepFrom: { bodies: 0, undo: 0 },
  };
}

/** What must be kept when the tip is of this height. @param keepBlocks `null`: all bodies. */
export function keptFrom(height: number, keepBlocks: number | null): KeepFrom {
  return {
    bodies: keepBlocks === null ? 0 : Math.max(0, height - keepBlocks),
    undo: Math.max(0, height - UNDO_KEPT_BLOCKS),
  };
}

export function connectionOf(
  block: Block,
  kept: NewBlock,
  applied: Applied,
  network: Network,
  keepFrom: KeepFrom,
): Connection {
  const described = describeBlock(block, kept, network);
  return { ...described, changes: applied.changes, undo: encodeUndo(applied.undo), keepFrom };
}

/** What a block says by itself about its place in the best chain. */
export function describeBlock(block: Block, kept: NewBlock, { params }: Network): Filling {
  const fees = block.transactions.filter(isSigned).reduce((sum, { fee }) => sum + fee, 0);
  return {
    block: kept,
    miner: payoutOfBlock(block, params)?.miner ?? null,
    reward: rewardAt(block.header.height, params.reward),
    fees,
    transactions: block.transactions.map((transaction) => ({
      id: txIdOf(transaction),
      accounts: accountsOf(transaction),
    })),
  };
}
