/** Owns the making of a block that is complete but for its nonce. Which transactions to prefer is the caller's. */
import type { AccountId } from "#base/brand.ts";
import { merkleRoot, type Peaks, rootOfPeaks } from "#crypto/merkle.ts";
import { BlockWork } from "./apply.ts";
import { BlockAllowance, checkTransactionTerms } from "./check.ts";
import { blockBytes, encodeTransaction, sealBlock, transactionBytes } from "./codec.ts";
import { HEADER_VERSION } from "./genesis.ts";
import type { Network } from "./params.ts";
import type { LedgerState } from "./state.ts";
import { nextWork, workOfBits } from "./target.ts";
import type { Block, Coinbase, IdentifiedHeader, SignedTransaction } from "./types.ts";

export interface TemplateRequest {
  readonly parent: IdentifiedHeader;
  /** After the parent. */
  readonly state: LedgerState;
  /** Over all headers from the genesis to the parent. */
  readonly history: Peaks;
  /** Best first; of one account in order of `seq`. Asked for until the block is full. Signatures were verified before. */
  readonly candidates: Iterable<SignedTransaction>;
  readonly miner: AccountId;
  /** At most 32 bytes. */
  readonly extra: Uint8Array;
  /** Raised to the least the rules allow. */
  readonly timeSeconds: number;
}

/** A block with nonce 0, valid but for its work. Candidates that do not fit or cannot be applied now are left out. */
export function buildTemplate(request: TemplateRequest, network: Pick<Network, "params" | "chainId">): Block {
  const { parent, state, history, miner, extra } = request;
  const { params } = network;
  const height = parent.header.height + 1;
  const coinbase: Coinbase = { type: "coinbase", height, miner, extra };
  const work = new BlockWork(state, height, params);
  const transactions = [coinbase, ...selectTransactions(request.candidates, coinbase, work, network)];
  const applied = work.finish(state, transactions);
  const time = Math.max(request.timeSeconds, parent.header.time + params.minGapSeconds);
  const { bits, lag } = nextWork(parent.header, time, params);
  const header = {
    version: HEADER_VERSION,
    height,
    previous: parent.id,
    txRoot: merkleRoot(transactions.map(encodeTransaction)),
    stateRoot: applied.state.root,
    historyRoot: rootOfPeaks(history),
    chainWork: parent.header.chainWork + workOfBits(bits),
    lag,
    time,
    bits,
    nonce: 0n,
  };
  return sealBlock(header, transactions);
}

/** Applies what it selects. */
function selectTransactions(
  candidates: Iterable<SignedTransaction>,
  coinbase: Coinbase,
  work: BlockWork,
  network: Pick<Network, "params" | "chainId">,
): readonly SignedTransaction[] {
  const { params } = network;
  const allowance = new BlockAllowance(params);
  const selected: SignedTransaction[] = [];
  let bytes = blockBytes([coinbase]);
  for (const tx of candidates) {
    if (bytes + transactionBytes(tx) > params.maxBlockBytes) continue;
    if (checkTransactionTerms(tx, network, coinbase.height) !== null) continue;
    if (allowance.faultOf(tx) !== null || work.apply(tx) !== null) continue;
    allowance.take(tx);
    selected.push(tx);
    bytes += transactionBytes(tx);
    if (selected.length >= params.maxBlockSignatures) break;
  }
  return selected;
}
