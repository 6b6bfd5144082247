/**
 * Owns both ends of a question for parts of a block: asks one peer, with patience and its answer checked as far as it
 * can be without the block's rules; and answers from the blocks that are at hand. Whom to ask is the asker's to say.
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import { merkleRoot } from "#crypto/merkle.ts";
import { type Block, decodeBlock, decodeTransaction, encodeBlock, encodeTransaction } from "#ledger/index.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import { BLOCK_PARTS_STREAMS_PER_PEER_MAX, BLOCK_PARTS_TIMEOUT_MS } from "../limits.ts";
import {
  BLOCK_PARTS_FRAME_BYTES_MAX,
  BLOCK_PARTS_PROTOCOL,
  type BlockPartsAnswer,
  type BlockPartsQuestion,
  decodeBlockPartsAnswer,
  decodeBlockPartsQuestion,
  encodeBlockPartsAnswer,
  encodeBlockPartsQuestion,
} from "./block-parts-codec.ts";
import type { Candidate } from "./compact-block.ts";

export const BLOCK_PARTS_OPTIONS = {
  frameBytesMax: BLOCK_PARTS_FRAME_BYTES_MAX,
  streamsPerPeerMax: BLOCK_PARTS_STREAMS_PER_PEER_MAX,
};

/** What is asked for: it may come another way meanwhile. */
export interface Asking {
  readonly isAnswered: boolean;
  /** What is being waited on, so that it can be broken off. */
  stream: FrameStream | null;
}

export class BlockPartsAsker {
  readonly #network: Pick<Network, "open" | "judge">;
  readonly #closing: AbortSignal;

  /** @param closing gives up what is being opened, and asks nothing more. */
  constructor(network: Pick<Network, "open" | "judge">, closing: AbortSignal) {
    this.#network = network;
    this.#closing = closing;
  }

  /** As many as asked for, in their order; `null` when there is no such answer. */
  async parts(
    peer: PeerId,
    id: BlockId,
    positions: readonly number[],
    asking: Asking,
  ): Promise<Candidate[] | null> {
    const answer = await this.#ask(peer, { type: "get-parts", id, positions }, asking);
    if (answer === null || answer.type === "not-here") return null;
    const parts: Candidate[] = [];
    for (const bytes of answer.type === "parts" ? answer.transactions : []) {
      const transaction = decodeTransaction(bytes);
      if (!transaction.ok) break;
      parts.push({ transaction: transaction.value, bytes });
    }
    return parts.length === positions.length ? parts : this.#misconduct(peer);
  }

  /** The block of this id with the body that its header commits to; `null` when there is no such answer. */
  async whole(peer: PeerId, id: BlockId, asking: Asking): Promise<Block | null> {
    const answer = await this.#ask(peer, { type: "get-whole", id }, asking);
    if (answer === null || answer.type === "not-here") return null;
    const block = answer.type === "whole" ? decodeBlock(answer.block) : null;
    if (block === null || !block.ok || block.value.id !== id) return this.#misconduct(peer);
    const { header, transactions } = block.value;
    const isWhole = equalBytes(merkleRoot(transactions.map(encodeTransaction)), header.txRoot);
    return isWhole ? block.value : this.#misconduct(peer);
  }

  /** `null` when no answer came in time. Undecodable bytes are misconduct. */
  async #ask(peer: PeerId, question: BlockPartsQuestion, asking: Asking): Promise<BlockPartsAnswer | null> {
    const timeoutMs = BLOCK_PARTS_TIMEOUT_MS;
    const options = { ...BLOCK_PARTS_OPTIONS, timeoutMs, signal: this.#closing };
    const opened = await this.#network.open(peer, BLOCK_PARTS_PROTOCOL, options);
    if (!opened.ok) return null;
    const stream = opened.value;
    if (asking.isAnswered || this.#closing.aborted) {
      stream.reset("no longer needed");
      return null;
    }
    asking.stream = stream;
    const sent = await stream.send(encodeBlockPartsQuestion(question));
    const frame = sent.ok ? await stream.receive({ timeoutMs }) : sent;
    if (asking.stream === stream) asking.stream = null;
    if (!frame.ok || frame.value === null || frame.value === undefined) {
      stream.reset("no answer");
      return null;
    }
    const answer = decodeBlockPartsAnswer(frame.value);
    if (!answer.ok) {
      stream.reset("answer malformed");
      return this.#misconduct(peer);
    }
    await stream.close();
    return answer.value;
  }

  #misconduct(peer: PeerId): null {
    this.#network.judge(peer, "reject");
    return null;
  }
}

/** Answers one question, if one comes in time. @param find may wait for a block that is being put together. */
export async function serveBlockParts(
  stream: FrameStream,
  network: Pick<Network, "judge">,
  find: (id: BlockId) => Promise<Block | null>,
): Promise<void> {
  const frame = await stream.receive({ timeoutMs: BLOCK_PARTS_TIMEOUT_MS });
  if (!frame.ok || frame.value === null) return;
  const question = decodeBlockPartsQuestion(frame.value);
  if (!question.ok) {
    network.judge(stream.peer, "reject");
    stream.reset("question malformed");
    return;
  }
  const block = await find(question.value.id);
  await stream.send(encodeBlockPartsAnswer(answerTo(question.value, block)));
}

function answerTo(question: BlockPartsQuestion, block: Block | null): BlockPartsAnswer {
  if (block === null) return { type: "not-here" };
  if (question.type === "get-whole") return { type: "whole", block: encodeBlock(block) };
  const asked = question.positions.map((position) => block.transactions[position]);
  const transactions = asked.filter((transaction) => transaction !== undefined).map(encodeTransaction);
  return transactions.length < asked.length ? { type: "not-here" } : { type: "parts", transactions };
}
