import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  encodeTransaction,
  type SignedTransaction,
  signTransaction,
  type Transaction,
} from "#ledger/index.ts";
import { BLOCK_SIGNATURES_MAX, HEADER_BYTES } from "#ledger/limits.ts";
import { ALICE, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { PREFILLED_COUNT_MAX } from "../limits.ts";
import {
  COMPACT_BYTES_MAX,
  type CompactBlock,
  compactOf,
  decodeCompactBlock,
  encodeCompactBlock,
  Filling,
} from "./compact-block.ts";

const network = testNetwork();

function transfer(seq: number, amount = 10): SignedTransaction {
  const terms = { fee: 200, amount, validUntil: 40, seq };
  return signTransaction(
    { type: "transfer", from: ALICE.account, to: CAROL.account, ...terms },
    network.chainId,
    ALICE,
  );
}

/** A block with transfers of Alice, and the transfers. */
function blockOf(count: number) {
  const transfers = Array.from({ length: count }, (_, seq) => transfer(seq));
  return { block: new TestChain(network).next(transfers), transfers };
}

const candidateOf = (transaction: Transaction) => ({ transaction, bytes: encodeTransaction(transaction) });
const nothingScarce = () => false;

function filled(compact: CompactBlock, transactions: readonly Transaction[]): Filling {
  const filling = new Filling(compact);
  for (const transaction of transactions) filling.offer(candidateOf(transaction));
  return filling;
}

test("an announcement reads back as it was written, and a block comes back from what waits", () => {
  const { block, transfers } = blockOf(5);
  const first = transfers.slice(0, 2).map((each) => encodeTransaction(each).join());
  const compact = compactOf(block, 77n, (each) => first.includes(encodeTransaction(each).join()));
  const decoded = decodeCompactBlock(encodeCompactBlock(compact));
  assert.deepEqual(decoded, { ok: true, value: compact });
  assert.deepEqual([compact.prefilled.length, compact.shortIds.length], [3, 3]);
  const filling = filled(compact, transfers.slice(2));
  assert.deepEqual(filling.missing(), []);
  assert.deepEqual(filling.block(), block);
});

test("2,000 transfers are announced in some 12 KB", () => {
  const { block } = blockOf(1);
  const compact = compactOf(block, 1n, nothingScarce);
  const many = { ...compact, shortIds: Array.from({ length: 2_000 }, (_, at) => at) };
  assert.ok(encodeCompactBlock(many).length < 12_300);
});

test("the largest announcement fits its bound", () => {
  const { block } = blockOf(1);
  const compact = compactOf(block, 1n, nothingScarce);
  const [coinbase] = compact.prefilled;
  assert.ok(coinbase !== undefined);
  const prefilled = Array.from({ length: PREFILLED_COUNT_MAX }, (_, index) =>
    index === 0 ? coinbase : { index, transaction: transfer(index) },
  );
  const shortIds = Array.from({ length: BLOCK_SIGNATURES_MAX }, () => 2 ** 48 - 1);
  assert.ok(encodeCompactBlock({ ...compact, shortIds, prefilled }).length <= COMPACT_BYTES_MAX);
  assert.ok(COMPACT_BYTES_MAX < 64 * 1024);
});

test("what is missing is named, supplied, and refused where it has another short id", () => {
  const { block, transfers } = blockOf(4);
  const filling = filled(
    compactOf(block, 5n, nothingScarce),
    [transfers[1], transfers[3]].filter((each) => each !== undefined),
  );
  const missing = filling.missing();
  const wanted = missing.map((position) => block.transactions[position]).filter((each) => each !== undefined);
  assert.deepEqual([missing.length, filling.block()], [2, null]);
  const exchanged = [...wanted].reverse().map(candidateOf);
  assert.equal(filling.supply(missing, exchanged), false);
  assert.equal(filling.supply(missing, wanted.map(candidateOf)), true);
  assert.deepEqual(filling.block(), block);
});

test("another signature under the same transaction does not take its place", () => {
  const { block, transfers } = blockOf(1);
  const forged = transfers.map((each) => ({ ...each, signature: new Uint8Array(64) }));
  assert.deepEqual(filled(compactOf(block, 5n, nothingScarce), forged).missing(), [1]);
});

test("colliding short ids, a wrong whole transaction, and two candidates for one place lead to no block", () => {
  const { block, transfers } = blockOf(3);
  const compact = compactOf(block, 9n, nothingScarce);
  const [first = 0] = compact.shortIds;
  assert.equal(new Filling({ ...compact, shortIds: compact.shortIds.map(() => first) }).collides, true);
  assert.equal(new Filling(compact).collides, false);

  const wrong = {
    ...compact,
    shortIds: compact.shortIds.slice(1),
    prefilled: [...compact.prefilled, { index: 1, transaction: transfer(0, 11) }],
  };
  const filling = filled(wrong, transfers);
  assert.deepEqual([filling.missing(), filling.block()], [[], null]);

  // By its length alone, every transfer has the short id of every other.
  const weak = { low48: (bytes: Uint8Array) => bytes.length };
  const twice = new Filling({ ...compact, shortIds: [157] }, weak);
  const [one, other] = [candidateOf(transfer(0)), candidateOf(transfer(0, 12))];
  twice.offer(one);
  twice.offer({ ...one });
  assert.deepEqual(twice.missing(), [], "the very same bytes are the same transaction");
  twice.offer(other);
  twice.offer(one);
  assert.deepEqual(twice.missing(), [1], "which of two it is cannot be known");
});

test("bytes that are no announcement are refused: order, counts, coinbase, trailing bytes", () => {
  const { block, transfers } = blockOf(3);
  const compact = compactOf(block, 5n, nothingScarce);
  const [coinbase] = compact.prefilled;
  const transaction = transfers[0];
  assert.ok(coinbase !== undefined && transaction !== undefined);
  const refused = (changed: Partial<CompactBlock>): boolean =>
    !decodeCompactBlock(encodeCompactBlock({ ...compact, ...changed })).ok;
  assert.equal(refused({}), false);
  assert.equal(refused({ prefilled: [] }), true);
  assert.equal(refused({ prefilled: [{ index: 0, transaction }] }), true);
  assert.equal(refused({ prefilled: [{ ...coinbase, index: 1 }] }), true);
  assert.equal(refused({ prefilled: [coinbase, { ...coinbase, index: 1 }] }), true);
  assert.equal(refused({ prefilled: [coinbase, { index: 9, transaction }] }), true);
  assert.equal(
    refused({ prefilled: [coinbase, { index: 2, transaction }, { index: 2, transaction }] }),
    true,
  );
  assert.equal(refused({ shortIds: new Array<number>(BLOCK_SIGNATURES_MAX + 1).fill(0) }), true);
  const bytes = encodeCompactBlock(compact);
  assert.equal(decodeCompactBlock(Uint8Array.of(...bytes, 0)).ok, false);
});

test("any bytes get a verdict, and what is read is written back the same", () => {
  const { block } = blockOf(3);
  const valid = encodeCompactBlock(compactOf(block, 5n, nothingScarce));
  const changed = fc
    .tuple(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(valid.length))
    .map(([at, mask, end]) => {
      const bytes = Uint8Array.from(valid);
      bytes[at] = (bytes[at] ?? 0) ^ mask;
      return end < HEADER_BYTES ? bytes : bytes.subarray(0, end);
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), changed), (bytes) => {
      const decoded = decodeCompactBlock(bytes);
      if (!decoded.ok) return;
      assert.deepEqual(encodeCompactBlock(decoded.value), Uint8Array.from(bytes));
      const filling = new Filling(decoded.value);
      assert.equal(filling.missing().length, decoded.value.shortIds.length);
    }),
    { numRuns: 400 },
  );
});
