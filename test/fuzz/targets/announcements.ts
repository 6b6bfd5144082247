/** Owns the decoders of announced blocks as targets: the announcement, and the questions and answers for its parts. */
import type { BlockId } from "#base/brand.ts";
import {
  type BlockPartsAnswer,
  type BlockPartsQuestion,
  decodeBlockPartsAnswer,
  decodeBlockPartsQuestion,
  encodeBlockPartsAnswer,
  encodeBlockPartsQuestion,
} from "#chain/relay/block-parts-codec.ts";
import { compactOf, decodeCompactBlock, encodeCompactBlock } from "#chain/relay/compact-block.ts";
import { encodeBlock, encodeTransaction, signTransaction } from "#ledger/index.ts";
import { ALICE, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { bytesTarget, type FuzzTarget } from "../target.ts";

const network = testNetwork();
const transfers = [0, 1, 2].map((seq) => {
  const terms = { fee: 200, amount: 10, validUntil: 40, seq };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
});
const block = new TestChain(network).next(transfers);
const id: BlockId = block.id;

const questions: readonly BlockPartsQuestion[] = [
  { type: "get-parts", id, positions: [1, 2, 300] },
  { type: "get-whole", id },
];
const answers: readonly BlockPartsAnswer[] = [
  { type: "parts", transactions: transfers.map(encodeTransaction) },
  { type: "whole", block: encodeBlock(block) },
  { type: "not-here" },
];

export const ANNOUNCEMENT_TARGETS: readonly FuzzTarget[] = [
  bytesTarget({
    name: "compact-block",
    functions: ["decodeCompactBlock"],
    decode: decodeCompactBlock,
    encode: encodeCompactBlock,
    samples: [() => false, () => true].map((isScarce) => encodeCompactBlock(compactOf(block, 7n, isScarce))),
  }),
  bytesTarget({
    name: "block-parts-question",
    functions: ["decodeBlockPartsQuestion"],
    decode: decodeBlockPartsQuestion,
    encode: encodeBlockPartsQuestion,
    samples: questions.map(encodeBlockPartsQuestion),
  }),
  bytesTarget({
    name: "block-parts-answer",
    functions: ["decodeBlockPartsAnswer"],
    decode: decodeBlockPartsAnswer,
    encode: encodeBlockPartsAnswer,
    samples: answers.map(encodeBlockPartsAnswer),
  }),
];
