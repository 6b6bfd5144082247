import assert from "node:assert/strict";
import { test } from "node:test";
import type { TxId } from "#base/brand.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { encodeBlock, isStampValid, signTransaction, stampStrength } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, mine, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { memoryPayments } from "#storage/memory/payments.ts";
import { seededRandom } from "#test/kit/random.ts";
import { POOL_FREE_PER_ACCOUNT_MAX, STAMP_RAISE_BLOCKS, UNCOVERED_PATIENCE_BLOCKS } from "../limits.ts";
import { clockFor, openAlone, quietLog, type TestNode, take } from "../test-node.ts";
import { openPayments } from "./payments.ts";
import { openWallet } from "./wallet.ts";

const network = testNetwork();

async function world(keypair: Keypair = ALICE, stampBits = 4) {
  const ledger =
    stampBits === 4 ? network : testNetwork({ freeAnchors: { ...network.params.freeAnchors, stampBits } });
  const node = await openAlone(ledger, memoryBlocks(), clockFor(ledger));
  const { chain, clock } = node;
  const wallet = openWallet({ chain, keypair, clock, random: seededRandom(4), log: quietLog(node.faults) });
  const kept = memoryPayments();
  const payments = openPayments({ chain, account: keypair.account, store: kept, log: quietLog(node.faults) });
  const end = async (): Promise<void> => {
    await wallet.close();
    await chain.close();
    assert.deepEqual(node.faults, []);
  };
  return { ...node, wallet, payments, kept, end };
}

async function mineOn({ chain }: Pick<TestNode, "chain">): Promise<void> {
  const { block } = chain.template(BOB.account, 0);
  await take(chain, mine(block.header, block.transactions));
}

test("payments queue behind each other, and what is spendable follows", async () => {
  const node = await world();
  const { wallet, chain } = node;
  assert.deepEqual([wallet.balance(), wallet.spendable()], [10_000, 10_000]);
  const made = await Promise.all([wallet.pay(CAROL.account, 1_000), wallet.pay(CAROL.account, 2_000, 300)]);
  assert.ok(made.every((payment) => payment.ok));
  assert.deepEqual(
    chain.pendingOf(ALICE.account).map(({ transaction }) => [transaction.seq, transaction.fee]),
    [
      [0, 157],
      [1, 300],
    ],
  );
  assert.deepEqual([wallet.balance(), wallet.spendable()], [10_000, 6_543]);
  await mineOn(node);
  assert.deepEqual([wallet.balance(), wallet.spendable()], [6_543, 6_543]);
  assert.equal(chain.account(CAROL.account).balance, 3_000);
  await node.end();
});

test("what waits behind a payment that lost its cover is taken up all the same", async () => {
  const node = await world(BOB);
  const { wallet, chain, clock } = node;
  const terms = { fee: 200, amount: 700, validUntil: 40, seq: 0 };
  const body = { type: "transfer", from: ALICE.account, to: BOB.account, ...terms } as const;
  const lost = new TestChain(network);
  lost.grow([signTransaction(body, network.chainId, ALICE)], CAROL);
  await take(chain, lost.tip.block);
  assert.ok((await wallet.pay(CAROL.account, 500)).ok);
  const anchors: TxId[] = [];
  for (let at = 0; at < POOL_FREE_PER_ACCOUNT_MAX; at++) {
    const anchored = await clock.advanceUntilSettled(
      wallet.anchor(new Uint8Array(32).fill(at)),
      1_000,
      "anchor",
    );
    assert.ok(anchored.ok);
    anchors.push(anchored.value);
  }
  const won = new TestChain(network);
  for (let height = 1; height <= 2; height++) {
    won.grow([], CAROL);
    await take(chain, won.tip.block);
  }
  await clock.advance(1_000);
  // At most two free anchors of an account in a block.
  for (let block = 0; block < 3; block++) await mineOn(node);
  assert.deepEqual(
    anchors.map((id) => wallet.anchorState(id).state),
    anchors.map(() => "anchored"),
  );
  assert.deepEqual(chain.pendingOf(BOB.account), []);
  await node.end();
});

/** Bob's payment draws on what Alice paid him in a block that another branch undoes. */
async function lostCover() {
  const node = await world(BOB);
  const { chain, wallet } = node;
  const terms = { fee: 200, amount: 700, validUntil: 40, seq: 0 };
  const body = { type: "transfer", from: ALICE.account, to: BOB.account, ...terms } as const;
  const lost = new TestChain(network);
  lost.grow([signTransaction(body, network.chainId, ALICE)], CAROL);
  await take(chain, lost.tip.block);
  const paid = await wallet.pay(CAROL.account, 500);
  assert.ok(paid.ok);
  const won = new TestChain(network);
  for (let height = 1; height <= 2; height++) await take(chain, won.grow([], CAROL).block);
  return { ...node, id: paid.value, won };
}

test("a payment whose cover a reorganisation took away is kept and told, and goes out again once it is covered", async () => {
  const node = await lostCover();
  const { chain, wallet, id } = node;
  assert.deepEqual(
    wallet.uncovered().map((entry) => [entry.id, entry.why]),
    [[id, "cover"]],
  );
  assert.deepEqual([chain.pendingOf(BOB.account), wallet.balance()], [[], 0]);
  // Alice's payment waits again, and covers Bob's in the next block.
  await mineOn(node);
  assert.deepEqual([wallet.uncovered(), wallet.balance()], [[], 700]);
  await mineOn(node);
  assert.equal(wallet.anchorState(id).state, "anchored");
  await node.end();
});

test("a payment that stays without cover is kept over a restart, and told to be gone when its life ends", async () => {
  const node = await lostCover();
  const { wallet, payments, kept, store, clock, won, id } = node;
  await clock.advance(1_000);
  payments.close();
  await wallet.close();
  await node.chain.close();
  const again = await openAlone(network, store, clock);
  assert.deepEqual(
    again.chain.uncoveredOf(BOB.account).map((entry) => entry.id),
    [id],
  );
  const log = quietLog(again.faults);
  const reopened = openWallet({ chain: again.chain, keypair: BOB, clock, random: seededRandom(4), log });
  const followed = openPayments({ chain: again.chain, account: BOB.account, store: kept, log });
  assert.deepEqual(followed.ended(), []);
  for (let height = 3; height <= network.params.validUntilMaxBlocks + 3; height++) {
    await take(again.chain, won.grow([], CAROL).block);
  }
  assert.deepEqual(
    followed.ended().map((each) => [each.id, each.reason]),
    [[id, "expired"]],
  );
  await clock.advance(1_000);
  assert.ok(
    store.pool().every((row) => row.id !== id),
    "and it is gone from the disk",
  );
  await reopened.close();
  await again.chain.close();
  assert.deepEqual(again.faults, []);
});

test("what waits behind a payment without cover waits some blocks for it, then takes its turn", async () => {
  const node = await lostCover();
  const { chain, wallet, payments, clock, won } = node;
  const anchored = await clock.advanceUntilSettled(
    wallet.anchor(new Uint8Array(32).fill(8)),
    5_000,
    "anchor",
  );
  assert.ok(anchored.ok);
  assert.equal(chain.pendingOf(BOB.account)[0]?.transaction.seq, 1);
  for (let block = 0; block < UNCOVERED_PATIENCE_BLOCKS; block++) {
    assert.deepEqual(chain.pendingOf(BOB.account).length, 1);
    await take(chain, won.grow([], CAROL).block);
  }
  await clock.advance(1_000);
  assert.deepEqual(
    chain.pendingOf(BOB.account).map(({ transaction }) => transaction.seq),
    [0, 1],
  );
  // Alice's payment is taken up here too, but the place is taken: it is told.
  await mineOn(node);
  assert.equal(wallet.anchorState(anchored.value).state, "anchored");
  assert.deepEqual(
    payments.ended().map(({ reason }) => reason),
    ["displaced"],
  );
  await node.end();
});

test("a free anchor that is passed over gets a stronger stamp, and is found again by its root", async () => {
  const node = await world(BOB);
  const { chain, wallet, clock } = node;
  const root = new Uint8Array(32).fill(6);
  const made = await clock.advanceUntilSettled(wallet.anchor(root), 5_000, "anchor");
  assert.ok(made.ok);
  const strength = (): number => {
    const transaction = chain.pendingOf(BOB.account)[0]?.transaction;
    return transaction?.type === "stamped-anchor" ? stampStrength(transaction, network.chainId) : -1;
  };
  const before = strength();
  const passing = new TestChain(network);
  for (let block = 0; block <= STAMP_RAISE_BLOCKS; block++) await take(chain, passing.grow([], CAROL).block);
  await clock.advance(5_000);
  assert.ok(strength() > before, `${strength()} bits after ${before}`);
  assert.equal(wallet.anchorState(made.value).state, "gone");
  const again = await clock.advanceUntilSettled(wallet.anchor(root), 5_000, "anchor");
  assert.deepEqual(again, { ok: true, value: chain.pendingOf(BOB.account)[0]?.id });
  assert.equal(chain.pool().length, 1);
  await node.end();
});

test("what cannot be paid is refused by name", async () => {
  const { wallet, end } = await world();
  const codes = async (...payments: [number, number?][]): Promise<string[]> =>
    Promise.all(
      payments.map(async ([amount, fee]) => {
        const paid = await wallet.pay(CAROL.account, amount, fee);
        return paid.ok ? "paid" : paid.fault.code;
      }),
    );
  assert.deepEqual(await codes([0], [-1], [0.5], [Number.NaN], [10_000], [5, 1], [5, -1]), [
    "amount-invalid",
    "amount-invalid",
    "amount-invalid",
    "amount-invalid",
    "balance-too-low",
    "fee-below-minimum",
    "amount-invalid",
  ]);
  await end();
  const closed = await wallet.pay(CAROL.account, 5);
  assert.equal(closed.ok ? "paid" : closed.fault.code, "closed");
});

test("an anchor is paid for when it can be, and its state is told until it stands in a block", async () => {
  const node = await world();
  const { wallet, chain } = node;
  const made = await wallet.anchor(new Uint8Array(32).fill(7));
  assert.ok(made.ok);
  assert.deepEqual(wallet.anchorState(made.value), { state: "pending" });
  assert.equal(chain.pool()[0]?.transaction.type, "anchor");
  await mineOn(node);
  const { id, height, header } = chain.tip();
  const anchored = { state: "anchored", height, blockId: id, blockTime: header.time, confirmations: 1 };
  assert.deepEqual(wallet.anchorState(made.value), anchored);
  assert.deepEqual(wallet.anchorState("00".repeat(32) as TxId), { state: "gone" });
  await node.end();
});

test("who owns nothing anchors with a stamp, a few at a time", async () => {
  const node = await world(BOB, 13);
  const { wallet, chain, clock } = node;
  const anchors: TxId[] = [];
  for (let at = 0; at < POOL_FREE_PER_ACCOUNT_MAX; at++) {
    const made = wallet.anchor(new Uint8Array(32).fill(at));
    const outcome = await clock.advanceUntilSettled(made, 60_000, "stamped");
    assert.ok(outcome.ok);
    anchors.push(outcome.value);
  }
  for (const { transaction } of chain.pool()) {
    assert.ok(transaction.type === "stamped-anchor");
    assert.ok(isStampValid(transaction, chain.network.chainId, 13));
  }
  const more = await clock.advanceUntilSettled(wallet.anchor(new Uint8Array(32).fill(99)), 60_000, "refused");
  assert.equal(more.ok ? "anchored" : more.fault.code, "free-share-full");
  await mineOn(node);
  assert.equal(
    chain.pool().length,
    POOL_FREE_PER_ACCOUNT_MAX - network.params.freeAnchors.perAccountPerBlock,
  );
  await node.end();
});

test("closing ends a stamp search", async () => {
  const { wallet, clock, end } = await world(BOB, 60);
  const made = wallet.anchor(new Uint8Array(32));
  await clock.advance(5);
  const closing = end();
  assert.deepEqual(await clock.advanceUntilSettled(made, 1_000, "ended"), {
    ok: false,
    fault: { code: "closed" },
  });
  await closing;
});

test("an anchor whose block was undone waits again, and stands in the other branch then", async () => {
  const node = await world();
  const { wallet, chain } = node;
  const made = await wallet.anchor(new Uint8Array(32).fill(3));
  assert.ok(made.ok);
  await mineOn(node);
  assert.equal(wallet.anchorState(made.value).state, "anchored");
  const other = new TestChain(network);
  for (let at = 0; at < 2; at++) await take(chain, other.grow([], CAROL).block);
  assert.equal(wallet.anchorState(made.value).state, "pending");
  await mineOn(node);
  assert.equal(wallet.anchorState(made.value).state, "anchored");
  await node.end();
});

test("a payment that expired leaves no hole: the next one takes its seq", async () => {
  const node = await world();
  const { wallet, chain } = node;
  const { validUntilMaxBlocks } = network.params;
  const stale = await wallet.pay(CAROL.account, 5);
  assert.ok(stale.ok);
  const empty = new TestChain(network);
  for (let at = 0; at < validUntilMaxBlocks + 1; at++) {
    const { block } = empty.grow([], CAROL);
    assert.ok((await chain.submitBlock(encodeBlock(block))).ok);
  }
  assert.equal(chain.pool().length, 0);
  assert.equal(wallet.anchorState(stale.value).state, "gone");
  const next = await wallet.pay(CAROL.account, 5);
  assert.ok(next.ok);
  assert.equal(chain.pendingOf(ALICE.account)[0]?.transaction.seq, 0);
  await node.end();
});
