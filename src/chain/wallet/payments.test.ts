import assert from "node:assert/strict";
import { test } from "node:test";
import type { Keypair } from "#crypto/ed25519.ts";
import { signTransaction } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, mine, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { memoryPayments } from "#storage/memory/payments.ts";
import { PAYMENT_SETTLED_BLOCKS } from "../limits.ts";
import { clockFor, openAlone, quietLog, take } from "../test-node.ts";
import type { PaymentStore } from "./payment-store.ts";
import { openPayments } from "./payments.ts";

const network = testNetwork({
  allocations: [
    { account: ALICE.account, amount: 100_000 },
    { account: CAROL.account, amount: 100_000 },
  ],
});

async function world(
  kept: PaymentStore = memoryPayments(),
  blocks = memoryBlocks(),
  keypair: Keypair = ALICE,
) {
  const node = await openAlone(network, blocks, clockFor(network));
  const { chain, clock, faults } = node;
  const payments = openPayments({ chain, account: keypair.account, store: kept, log: quietLog(faults) });
  let changes = 0;
  payments.subscribe(() => {
    changes += 1;
  });
  return {
    ...node,
    payments,
    kept,
    changes: () => changes,
    ended: () => payments.ended().map(({ id, reason }) => [id, reason]),
    async block(): Promise<void> {
      const { block } = chain.template(BOB.account, 0);
      await take(chain, mine(block.header, block.transactions));
    },
    async end(): Promise<void> {
      // The pool becomes durable in groups.
      await clock.advance(1_000);
      payments.close();
      await chain.close();
      assert.deepEqual(faults, []);
    },
  };
}

function payment(seq: number, amount: number, validUntil: number) {
  const terms = { fee: 200, amount, validUntil, seq };
  const body = { type: "transfer", from: ALICE.account, to: BOB.account, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

async function pay({ chain }: Awaited<ReturnType<typeof world>>, ...terms: Parameters<typeof payment>) {
  const paid = await chain.submit(payment(...terms));
  assert.ok(paid.ok, paid.ok ? "" : paid.fault.code);
  return paid.value;
}

test("a payment whose time is over is told of, over restarts, until it is dismissed", async () => {
  const node = await world();
  const id = await pay(node, 0, 500, 3);
  assert.deepEqual([node.ended(), node.kept.list().map((each) => each.id)], [[], [id]]);
  const empty = new TestChain(network);
  for (let height = 1; height <= 2; height++) await take(node.chain, empty.grow([], CAROL).block);
  assert.deepEqual([node.ended(), node.changes()], [[], 0]);
  await take(node.chain, empty.grow([], CAROL).block);
  assert.deepEqual([node.ended(), node.changes()], [[[id, "expired"]], 1]);
  await node.end();
  const again = await world(node.kept, node.store);
  assert.deepEqual(again.ended(), [[id, "expired"]]);
  assert.ok(again.payments.dismiss(id).ok);
  assert.deepEqual([again.ended(), again.kept.list(), again.changes()], [[], [], 1]);
  assert.equal(again.payments.dismiss(id).ok, false);
  await again.end();
});

test("a payment that expired while this peer was not running is told of", async () => {
  const node = await world();
  const id = await pay(node, 0, 500, 3);
  await node.end();
  const between = await openAlone(network, node.store, node.clock);
  const empty = new TestChain(network);
  for (let height = 1; height <= 4; height++) await take(between.chain, empty.grow([], CAROL).block);
  await between.chain.close();
  const again = await world(node.kept, node.store);
  assert.deepEqual(again.ended(), [[id, "expired"]]);
  await again.end();
});

test("one that stood in a block is told of when another branch has its place taken, and silently back with its branch", async () => {
  const node = await world();
  const id = await pay(node, 0, 500, 40);
  const [made, other] = [new TestChain(network), new TestChain(network)];
  made.grow([payment(0, 500, 40)], CAROL);
  await take(node.chain, made.tip.block);
  other.grow([payment(0, 700, 40)], CAROL);
  await take(node.chain, other.tip.block);
  assert.deepEqual(node.ended(), []);
  await take(node.chain, other.grow([], CAROL).block);
  assert.deepEqual(node.ended(), [[id, "displaced"]]);
  for (let height = 2; height <= 3; height++) await take(node.chain, made.grow([], CAROL).block);
  assert.deepEqual([node.ended(), node.changes()], [[], 2]);
  assert.equal(node.payments.dismiss(id).ok, false);
  await node.end();
});

test("a payment is followed until it lies deep, and what others pay is not", async () => {
  const node = await world(memoryPayments(), memoryBlocks(), CAROL);
  await pay(node, 0, 500, 40);
  assert.deepEqual(node.kept.list(), []);
  await node.end();
  const own = await world();
  await pay(own, 0, 500, 40);
  for (let depth = 1; depth <= PAYMENT_SETTLED_BLOCKS; depth++) await own.block();
  assert.equal(own.kept.list().length, 1);
  await own.block();
  assert.deepEqual([own.kept.list(), own.ended()], [[], []]);
  await own.end();
});

test("what is kept and cannot be read is dropped, and what cannot be written is followed all the same", async () => {
  const store = memoryPayments();
  store.put({ id: "aa".repeat(32) as Parameters<PaymentStore["remove"]>[0], bytes: new Uint8Array(3) });
  const full: PaymentStore = {
    ...store,
    put: () => ({ ok: false, fault: { code: "store-unavailable", cause: "full" } }),
  };
  const node = await world(full);
  assert.deepEqual(store.list(), []);
  const id = await pay(node, 0, 500, 1);
  await node.block();
  assert.equal(node.chain.anchorState(id).state, "anchored");
  await node.end();
});
