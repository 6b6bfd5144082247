/**
 * Owns branches that attackers grow in secret: blocks on blocks, each with the work that its header asks for. What
 * stands in them is up to whoever grows them, so the first may be sound and the next one false.
 */

import { type HeaderPoint, historyAfter } from "#chain/header-point.ts";
import type { Chain } from "#chain/index.ts";
import { appendLeaf, EMPTY_PEAKS, merkleRoot, rootOfPeaks } from "#crypto/merkle.ts";
import { bytesOfId, encodeTransaction, sealBlock } from "#ledger/codec.ts";
import { HEADER_VERSION } from "#ledger/genesis.ts";
import {
  type Block,
  buildTemplate,
  type ChainParams,
  LedgerState,
  nextWork,
  type SignedTransaction,
  type Transaction,
  workOfBits,
} from "#ledger/index.ts";
import type { SeededRandom } from "#test/kit/random.ts";
import type { Attacker } from "./attacker.ts";
import { workedOut } from "./forge.ts";

/** A block of the best chain as the parent of the next. */
export function pointAt(chain: Chain, height: number): HeaderPoint {
  let history = EMPTY_PEAKS;
  const header = chain.headerAt(height);
  if (header === null) throw new Error(`no header at ${height}`);
  // Each header names the one below it.
  for (let at = 1; at <= height; at++) {
    const id = chain.headerAt(at)?.previous;
    if (id !== undefined) history = appendLeaf(history, bytesOfId(id));
  }
  const tip = chain.tip();
  const id = height === tip.height ? tip.id : chain.headerAt(height + 1)?.previous;
  if (id === undefined) throw new Error(`no block stands on ${height}`);
  return { id, header, history: historyAfter(history, id) };
}

export interface Content {
  readonly transactions: readonly Transaction[];
  readonly stateRoot: Uint8Array;
  /** Raised to the least that the rules allow. */
  readonly timeSeconds: number;
}

/** A block on `parent` whose header keeps all rules of headers. */
export function grown(
  parent: HeaderPoint,
  content: Content,
  params: ChainParams,
  random: SeededRandom,
): Block {
  const time = Math.max(content.timeSeconds, parent.header.time + params.minGapSeconds);
  const { bits, lag } = nextWork(parent.header, time, params);
  const header = {
    version: HEADER_VERSION,
    height: parent.header.height + 1,
    previous: parent.id,
    txRoot: merkleRoot(content.transactions.map(encodeTransaction)),
    stateRoot: content.stateRoot,
    historyRoot: rootOfPeaks(parent.history),
    chainWork: parent.header.chainWork + workOfBits(bits),
    ...{ lag, time, bits },
    nonce: 0n,
  };
  return sealBlock(workedOut(header, random), content.transactions);
}

export function pointOf(block: Block, parent: HeaderPoint): HeaderPoint {
  return { id: block.id, header: block.header, history: historyAfter(parent.history, block.id) };
}

/** What a miner of the attacker would be paid with. */
export function coinbaseAt(height: number, { node, random }: Attacker): Transaction {
  return { type: "coinbase", height, miner: node.account, extra: random.bytes(8) };
}

/** A valid block on the attacker's tip with these transactions, as far as they can be carried out. */
export function ownBlock(
  attacker: Attacker,
  candidates: readonly SignedTransaction[],
  timeSeconds: number,
): Block {
  const { node, world, random } = attacker;
  const { history, ...parent } = pointAt(node.chain, node.chain.tip().height);
  const template = buildTemplate(
    {
      ...{ parent, history, candidates, timeSeconds },
      state: LedgerState.over(node.content.state),
      miner: node.account,
      extra: random.bytes(8),
    },
    world.ledger,
  );
  return sealBlock(workedOut(template.header, random), template.transactions);
}

/** Blocks of a branch with more work than the attacker's tip has, none of them told to anybody. */
export interface SecretBranch {
  /** Of the best chain: the first of `blocks` stands on it. */
  readonly from: HeaderPoint;
  readonly blocks: readonly Block[];
}

/** So many blocks on the tip: a sound one, then one whose state is not what its content leads to, then others on it. */
export function falseBranch(attacker: Attacker, length: number): SecretBranch {
  const { node, world, random } = attacker;
  const { params } = world.ledger;
  const from = pointAt(node.chain, node.chain.tip().height);
  const first = ownBlock(attacker, [], attacker.nowSeconds());
  const blocks = [first];
  let parent = pointOf(first, from);
  while (blocks.length < length) {
    const transactions = [coinbaseAt(parent.header.height + 1, attacker)];
    const block = grown(
      parent,
      { transactions, stateRoot: random.bytes(32), timeSeconds: 0 },
      params,
      random,
    );
    blocks.push(block);
    parent = pointOf(block, parent);
  }
  return { from, blocks };
}
