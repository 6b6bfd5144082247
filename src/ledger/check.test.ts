import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId, BlockId } from "#base/brand.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { EMPTY_PEAKS, merkleRoot } from "#crypto/merkle.ts";
import { checkBlock, checkHeader, checkTransaction } from "./check.ts";
import { blockBytes, encodeTransaction, sealBlock, txIdOf } from "./codec.ts";
import { MAX_MONEY } from "./params.ts";
import { signTransaction } from "./sign.ts";
import { searchStamp, stampPrefix } from "./stamp.ts";
import { ALICE, BOB, CAROL, mine, person, TestChain, testNetwork } from "./test-chain.ts";
import type { Anchor, Block, Header, SignedTransaction, StampedAnchor, Transfer } from "./types.ts";

const network = testNetwork();
const { params, chainId } = network;
const ROOT = new Uint8Array(32).fill(3);

function transfer(changed: Partial<Transfer> = {}, from = ALICE): Transfer {
  const base = {
    type: "transfer" as const,
    from: from.account,
    seq: 0,
    fee: 2,
    validUntil: 20,
    to: BOB.account,
    amount: 5,
  };
  return signTransaction({ ...base, ...changed }, chainId, from);
}

function anchor(changed: Partial<Anchor> = {}): Anchor {
  const base = { type: "anchor" as const, from: ALICE.account, seq: 0, fee: 1, validUntil: 20, root: ROOT };
  return signTransaction({ ...base, ...changed }, chainId, ALICE);
}

function stamped(from = ALICE, seq = 0): StampedAnchor {
  const subject = { from: from.account, seq, validUntil: 20, root: ROOT };
  const stamp = searchStamp(stampPrefix(subject, chainId), params.freeAnchors.stampBits, 0n, 1000);
  assert.notEqual(stamp, null);
  return signTransaction({ type: "stamped-anchor", ...subject, fee: 0, stamp: stamp ?? 0n }, chainId, from);
}

/** What is wrong with a header that differs from the right one in this. */
function headerFault(changed: Partial<Header>, nowSeconds = 2_000_000): string | undefined {
  const chain = new TestChain(network);
  chain.grow();
  const { block: parent, history } = chain.tip;
  const right = chain.next();
  const candidate = mine({ ...right.header, ...changed }, right.transactions);
  return checkHeader(candidate, { parent, history, nowSeconds }, params)?.code;
}

test("a header that follows its parent is accepted, and each deviation has its fault", () => {
  const time = params.genesisTime + 30;
  assert.equal(headerFault({}), undefined);
  assert.equal(headerFault({ version: 2 }), "version-unknown");
  assert.equal(headerFault({ previous: "00".repeat(32) as BlockId }), "previous-wrong");
  assert.equal(headerFault({ height: 3 }), "height-wrong");
  assert.equal(headerFault({ time: time - 13 }), "time-too-early");
  assert.equal(headerFault({ time: time - 30 }), "time-too-early");
  assert.equal(headerFault({ bits: 0x207fffff }), "bits-wrong");
  assert.equal(headerFault({ lag: 1 }), "lag-wrong");
  assert.equal(headerFault({ chainWork: 1n }), "chain-work-wrong");
  assert.equal(headerFault({ historyRoot: ROOT }), "history-root-wrong");
});

test("a header ahead of the clock is told apart from an invalid one", () => {
  const time = params.genesisTime + 30;
  assert.equal(headerFault({}, time - params.maxFutureSeconds), undefined);
  assert.equal(headerFault({}, time - params.maxFutureSeconds - 1), "time-too-far-ahead");
  assert.equal(headerFault({ lag: 1 }, 0), "lag-wrong");
});

test("a block may follow after exactly the least gap", () => {
  const chain = new TestChain(network);
  const { block: parent, history } = chain.tip;
  const candidate = chain.next([], BOB, params.minGapSeconds);
  assert.equal(candidate.header.time - parent.header.time, 3);
  assert.equal(checkHeader(candidate, { parent, history, nowSeconds: 2_000_000 }, params), null);
});

test("a header without its work is refused", () => {
  const hard = testNetwork({ initialBits: 0x1d00ffff, powLimitBits: 0x1d00ffff });
  const chain = new TestChain(hard);
  const { block: parent, history } = chain.tip;
  const header = { ...parent.header, height: 1, previous: parent.id, time: parent.header.time + 15, lag: 0 };
  const candidate = sealBlock({ ...header, chainWork: 2n ** 32n + 2n ** 16n + 1n }, []);
  const fault = checkHeader(candidate, { parent, history, nowSeconds: header.time }, hard.params);
  assert.equal(fault?.code, "work-too-low");
});

test("the history that counts is that of the parent", () => {
  const chain = new TestChain(network);
  const { block: parent } = chain.tip;
  const context = { parent, history: EMPTY_PEAKS, nowSeconds: 2_000_000 };
  assert.equal(checkHeader(chain.next(), context, params)?.code, "history-root-wrong");
});

test("a transaction is judged by itself, each deviation with its fault", () => {
  const code = (tx: SignedTransaction, height = 1) => checkTransaction(tx, network, height)?.code;
  assert.equal(code(transfer()), undefined);
  assert.equal(code(anchor()), undefined);
  assert.equal(code(stamped()), undefined);
  assert.equal(code(transfer(), 20), undefined);
  assert.equal(code(transfer(), 21), "expired");
  assert.equal(code(transfer({ validUntil: 51 })), undefined);
  assert.equal(code(transfer({ validUntil: 52 })), "valid-too-long");
  assert.equal(code(transfer({ amount: 0 })), "amount-out-of-range");
  assert.equal(code(transfer({ amount: MAX_MONEY, fee: 0 })), undefined);
  assert.equal(code(transfer({ amount: MAX_MONEY, fee: 1 })), "amount-out-of-range");
  assert.equal(code(transfer({ amount: 1, fee: MAX_MONEY })), "amount-out-of-range");
  assert.equal(code(transfer({ to: "00".repeat(32) as AccountId })), "key-inadmissible");
  assert.equal(code({ ...transfer(), from: "01".padEnd(64, "0") as AccountId }), "key-inadmissible");
  assert.equal(code({ ...transfer(), amount: 6 }), "signature-invalid");
  assert.equal(code({ ...transfer(), from: BOB.account }), "signature-invalid");
  assert.equal(
    checkTransaction(transfer(), testNetwork({ name: "elsewhere" }), 1)?.code,
    "signature-invalid",
  );
});

test("a stamp is bound to its network, account, sequence, expiry and root", () => {
  const good = stamped();
  const strict = { chainId, params: { ...params, freeAnchors: { ...params.freeAnchors, stampBits: 30 } } };
  assert.equal(checkTransaction(good, strict, 1)?.code, "stamp-too-weak");
  const variants: readonly StampedAnchor[] = [
    { ...good, from: BOB.account },
    { ...good, seq: 1 },
    { ...good, validUntil: 21 },
    { ...good, root: new Uint8Array(32) },
    { ...good, stamp: good.stamp + 1n },
  ];
  // Four bits of work: a change keeps the stamp one time in sixteen, and none of these happens to.
  const elsewhere = { params, chainId: testNetwork({ name: "elsewhere" }).chainId };
  assert.equal(checkTransaction(good, elsewhere, 1)?.code, "stamp-too-weak");
  for (const variant of variants) assert.equal(checkTransaction(variant, network, 1)?.code, "stamp-too-weak");
});

/** The fault of a block whose body is replaced, its root being right for the new body. */
function bodyFault(change: (block: Block) => Block["transactions"], of = network): string | undefined {
  const chain = new TestChain(of);
  const block = chain.next([transfer()]);
  return checkBlock(rootedAt(block.header, change(block)), of.params, of.chainId)?.code;
}

function rootedAt(header: Header, transactions: Block["transactions"]): Block {
  return sealBlock({ ...header, txRoot: merkleRoot(transactions.map(encodeTransaction)) }, transactions);
}

test("a block is judged by itself, each deviation with its fault", () => {
  assert.equal(
    bodyFault(({ transactions }) => transactions),
    undefined,
  );
  assert.equal(
    bodyFault(() => []),
    "coinbase-missing",
  );
  assert.equal(
    bodyFault(({ transactions }) => transactions.slice(1)),
    "coinbase-missing",
  );
  assert.equal(
    bodyFault(({ transactions }) => transactions.toReversed()),
    "coinbase-missing",
  );
  assert.equal(
    bodyFault(({ transactions }) => [...transactions, ...transactions]),
    "coinbase-misplaced",
  );
  assert.equal(bodyFault(withCoinbase({ height: 2 })), "coinbase-height-wrong");
  assert.equal(bodyFault(withCoinbase({ miner: "00".repeat(32) as AccountId })), "miner-key-inadmissible");
  assert.equal(
    bodyFault(({ transactions }) => [...transactions, transfer()]),
    "transaction-repeated",
  );
  assert.equal(
    bodyFault(({ transactions }) => [...transactions, transfer({ validUntil: 0 })]),
    "transaction-invalid",
  );
});

function withCoinbase(changed: {
  height?: number;
  miner?: AccountId;
}): (block: Block) => Block["transactions"] {
  return ({ transactions }) =>
    transactions.map((tx) => (tx.type === "coinbase" ? { ...tx, ...changed } : tx));
}

test("a body that is not the header's says so, and nothing worse", () => {
  const block = new TestChain(network).next([transfer()]);
  const mutated = { ...block, transactions: block.transactions.slice(0, 1) };
  assert.equal(checkBlock(mutated, params, chainId)?.code, "tx-root-wrong");
});

test("the limits of size and signatures hold at their edge", () => {
  const chain = new TestChain(network);
  const transfers = Array.from({ length: 3 }, (_, seq) => transfer({ seq }));
  const block = chain.next(transfers);
  const bytes = blockBytes(block.transactions);
  assert.equal(checkBlock(block, { ...params, maxBlockBytes: bytes }, chainId), null);
  assert.equal(checkBlock(block, { ...params, maxBlockBytes: bytes - 1 }, chainId)?.code, "block-too-big");
  assert.equal(checkBlock(block, { ...params, maxBlockSignatures: 3 }, chainId), null);
  assert.equal(checkBlock(block, { ...params, maxBlockSignatures: 2 }, chainId)?.code, "too-many-signatures");
});

test("free anchors have a share of each block, and each account a share of that", () => {
  const free = (people: readonly (readonly [number, number])[]) =>
    people.map(([who, seq]) => stamped(person(who), seq));
  const add = (extra: readonly SignedTransaction[]) =>
    bodyFault(({ transactions }) => [...transactions, ...extra]);
  assert.equal(
    add(
      free([
        [4, 0],
        [5, 0],
        [6, 0],
      ]),
    ),
    undefined,
  );
  assert.equal(
    add(
      free([
        [4, 0],
        [5, 0],
        [6, 0],
        [7, 0],
      ]),
    ),
    "free-share-exceeded",
  );
  assert.equal(
    add(
      free([
        [4, 0],
        [4, 1],
      ]),
    ),
    undefined,
  );
  assert.equal(
    add(
      free([
        [4, 0],
        [4, 1],
        [4, 2],
      ]),
    ),
    "free-share-of-account-exceeded",
  );
});

test("a fault names the transaction, and a signature verified before is not verified again", () => {
  const forged: SignedTransaction = { ...transfer(), amount: 4000 };
  const chain = new TestChain(network);
  const { header, transactions } = chain.next([transfer()]);
  const block = rootedAt(header, [...transactions.slice(0, 1), transfer({ seq: 1 }), forged]);
  const fault = { code: "transaction-invalid", index: 2, fault: { code: "signature-invalid" } };
  assert.deepEqual(checkBlock(block, params, chainId), fault);
  const known = new Set([txIdOf(forged)]);
  assert.equal(checkBlock(block, params, chainId, { isVerified: (tx) => known.has(txIdOf(tx)) }), null);
});

test("keys of people in these tests are admissible, and signing for another is a fault of ours", () => {
  assert.equal(checkTransaction(transfer({}, CAROL), network, 1), null);
  const { signature, ...unsigned } = transfer();
  assert.equal(signature.length, 64);
  assert.throws(() => signTransaction(unsigned, chainId, createKeypair(new Uint8Array(32))), /asked to sign/);
});
