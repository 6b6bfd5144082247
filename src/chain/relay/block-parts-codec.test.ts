import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BlockId } from "#base/brand.ts";
import {
  type BlockPartsAnswer,
  type BlockPartsQuestion,
  decodeBlockPartsAnswer,
  decodeBlockPartsQuestion,
  encodeBlockPartsAnswer,
  encodeBlockPartsQuestion,
} from "./block-parts-codec.ts";

const ID = "5a".repeat(32) as BlockId;

test("questions and answers read back as they were written", () => {
  const questions: BlockPartsQuestion[] = [
    { type: "get-parts", id: ID, positions: [1, 2, 700] },
    { type: "get-whole", id: ID },
  ];
  for (const value of questions) {
    assert.deepEqual(decodeBlockPartsQuestion(encodeBlockPartsQuestion(value)), { ok: true, value });
  }
  const answers: BlockPartsAnswer[] = [
    { type: "parts", transactions: [new Uint8Array(3), new Uint8Array(157).fill(7)] },
    { type: "whole", block: new Uint8Array(400).fill(1) },
    { type: "not-here" },
  ];
  for (const value of answers) {
    assert.deepEqual(decodeBlockPartsAnswer(encodeBlockPartsAnswer(value)), { ok: true, value });
  }
});

test("positions are ascending, each once, and at least one", () => {
  for (const positions of [[], [1, 1], [2, 1]]) {
    assert.equal(
      decodeBlockPartsQuestion(encodeBlockPartsQuestion({ type: "get-parts", id: ID, positions })).ok,
      false,
    );
  }
});

test("any bytes get a verdict, and what is read is written back the same", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.integer({ min: 0, max: 4 }), (rest, kind) => {
      const bytes = Uint8Array.of(kind, ...rest);
      const question = decodeBlockPartsQuestion(bytes);
      if (question.ok) assert.deepEqual(encodeBlockPartsQuestion(question.value), bytes);
      const answer = decodeBlockPartsAnswer(bytes);
      if (answer.ok) assert.deepEqual(encodeBlockPartsAnswer(answer.value), bytes);
    }),
    { numRuns: 400 },
  );
});
