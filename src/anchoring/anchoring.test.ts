import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryId } from "#base/brand.ts";
import { problem } from "#base/result.ts";
import { encodeManifest, verifyWaybill } from "#receipts/index.ts";
import { AnchoringWorld } from "#test/kit/sim-anchoring.ts";
import { filesBody, mallory, messageBody, receiptFor, sampleManifest } from "#test/kit/waybill-sample.ts";
import type { ReceiptStore } from "./store.ts";

/** After which a receiver anchors for itself, with room for the sweep that notices. */
const PROOF_WAIT_PASSED_MS = 10 * 60_000 + 10_000;

test("a receipt is gathered, recorded by its sender, told to its receiver, and proven by both", async () => {
  const world = await AnchoringWorld.running();
  const id = world.deliver(1);
  assert.equal(world.alice.state(id), "waiting");
  assert.equal(world.alice.grade(id), "signed", "both signatures are proof enough to begin with");
  await world.clock.advance(1_100);
  assert.equal(world.alice.state(id), "pending");
  await world.clock.advance(100);
  assert.equal(world.bob.state(id), "pending");
  assert.deepEqual(world.alice.store.peersWithHandovers(), []);
  await world.mine();
  for (const peer of [world.alice, world.bob]) {
    assert.equal(peer.state(id), "anchored");
    assert.equal(peer.grade(id), "in-my-chain");
  }
  assert.equal(world.ledger.asked.length, 1, "the receiver anchors nothing of its own");
  assert.deepEqual(world.alice.told.get(id), [
    "waiting anchor-gathering",
    "waiting anchor-submitting",
    "pending anchor-waits-for-block",
    "anchored 1",
  ]);
  assert.deepEqual(world.bob.told.get(id), [
    "waiting anchor-expected-from-sender",
    "pending anchor-waits-for-block",
    "anchored 1",
  ]);
  assert.deepEqual(world.faults, []);
});

test("files bring their manifest into the proof", async () => {
  const world = await AnchoringWorld.running();
  const manifest = sampleManifest();
  const receipt = receiptFor(filesBody(manifest));
  const id = receipt.dispatch.body.deliveryId;
  for (const peer of [world.alice, world.bob]) peer.anchoring.add(receipt, encodeManifest(manifest));
  await world.clock.advance(2_000);
  await world.mine();
  const file = world.bob.anchoring.waybill(id);
  assert.ok(file.ok);
  const { verdict, waybill } = verifyWaybill(file.value, { network: world.ledger.network });
  assert.equal(verdict.grade, "anchored");
  assert.deepEqual(waybill?.manifest, manifest);
});

test("receipts share a transaction, and a full batch does not wait", async () => {
  const world = await AnchoringWorld.running();
  const ids = [1, 2, 3, 4].map((number) => world.deliver(number));
  await world.clock.advance(10);
  assert.equal(world.ledger.asked.length, 1, "four are a full batch here");
  ids.push(...[5, 6].map((number) => world.deliver(number)));
  await world.clock.advance(500);
  assert.equal(world.ledger.asked.length, 1);
  await world.clock.advance(600);
  assert.equal(world.ledger.asked.length, 2);
  await world.mine();
  assert.deepEqual(
    ids.map((id) => world.bob.grade(id)),
    Array(6).fill("in-my-chain"),
  );
});

test("while blocks are slow, receipts gather into one larger batch", async () => {
  const world = await AnchoringWorld.running();
  for (let number = 1; number <= 20; number++) {
    world.deliver(number, [world.alice]);
    await world.clock.advance(1_500);
  }
  assert.equal(world.ledger.asked.length, 2, "two batches wait for a block, no more");
  await world.mine();
  await world.clock.advance(100);
  await world.mine();
  await world.clock.advance(5_100);
  await world.mine();
  const states = Array.from({ length: 20 }, (_, at) =>
    world.alice.state((at + 1).toString(16).padStart(64, "0") as DeliveryId),
  );
  assert.ok(states.filter((state) => state === "anchored").length >= 14, states.join(" "));
});

test("a delivery is taken once", async () => {
  const world = await AnchoringWorld.running();
  const id = world.deliver(1);
  world.deliver(1);
  await world.clock.advance(3_000);
  world.deliver(1);
  await world.mine();
  await world.clock.advance(10_000);
  assert.equal(world.ledger.asked.length, 1);
  assert.equal(world.alice.told.get(id)?.filter((line) => line === "waiting anchor-gathering").length, 1);
});

test("confirmations are told up to six", async () => {
  const world = await AnchoringWorld.running();
  const id = world.deliver(1);
  await world.clock.advance(2_000);
  await world.mine(10);
  const told = world.alice.told.get(id)?.filter((line) => line.startsWith("anchored"));
  assert.deepEqual(
    told,
    [1, 2, 3, 4, 5, 6].map((count) => `anchored ${count}`),
  );
  const anchor = world.alice.anchoring.anchor(id);
  assert.equal(anchor?.state === "anchored" && anchor.confirmations, 10);
});

test("a reorganisation that returns the transaction is followed: anchored, pending, anchored", async () => {
  const world = await AnchoringWorld.running();
  const id = world.deliver(1);
  await world.clock.advance(2_000);
  await world.mine(2);
  world.ledger.undo(2, { lose: false });
  await world.clock.advance(100);
  for (const peer of [world.alice, world.bob]) {
    assert.equal(peer.state(id), "pending");
    assert.equal(peer.grade(id), "signed", "the proof claims no more than stands now");
  }
  await world.mine();
  for (const peer of [world.alice, world.bob]) {
    assert.deepEqual(peer.told.get(id)?.slice(-4), [
      "anchored 1",
      "anchored 2",
      "pending anchor-waits-for-block",
      "anchored 1",
    ]);
    assert.equal(peer.grade(id), "in-my-chain");
  }
  assert.equal(world.ledger.asked.length, 1);
});

test("a transaction that is dropped for good is replaced by another for the same batch", async () => {
  const world = await AnchoringWorld.running();
  const id = world.deliver(1);
  await world.clock.advance(2_000);
  await world.mine();
  const before = world.bob.anchoring.anchor(id);
  world.ledger.undo(1, { lose: true });
  await world.clock.advance(100);
  assert.equal(world.alice.state(id), "pending");
  const [first, second, ...more] = world.ledger.asked;
  assert.equal(first, second, "the same root, with the same salts");
  assert.deepEqual(more, []);
  await world.mine();
  const after = world.bob.anchoring.anchor(id);
  assert.ok(before?.state === "anchored" && after?.state === "anchored");
  assert.notEqual(after.txId, before.txId, "the receiver was told of the new transaction");
  assert.equal(world.bob.grade(id), "in-my-chain");
  assert.ok(world.alice.told.get(id)?.includes("waiting anchor-again"));
});

test("while the ledger refuses, the reason is shown, and it is tried again", async () => {
  const world = await AnchoringWorld.running();
  world.ledger.refusal = problem("pool-full", "The pool is full.", "Wait.");
  const id = world.deliver(1);
  await world.clock.advance(1_100);
  assert.deepEqual(world.alice.anchoring.anchor(id), { state: "waiting", reason: world.ledger.refusal });
  await world.clock.advance(3_000);
  assert.equal(world.ledger.asked.length, 1, "not tried without pause");
  world.ledger.refusal = null;
  await world.clock.advance(5_000);
  assert.equal(world.alice.state(id), "pending");
  assert.equal(new Set(world.ledger.asked).size, 1);
  assert.deepEqual(world.alice.told.get(id)?.slice(1), [
    "waiting anchor-submitting",
    "waiting pool-full",
    "pending anchor-waits-for-block",
  ]);
});

test("a crash at any step loses nothing", async () => {
  const world = await AnchoringWorld.running();
  const restart = async () => {
    world.alice.crash();
    world.alice.start();
    await world.clock.advance(2_000);
  };
  const gathered = world.deliver(1);
  await restart();
  assert.equal(world.alice.state(gathered), "pending", "crashed before there was a batch");

  world.ledger.silent = true;
  const submitting = world.deliver(2);
  await world.clock.advance(1_100);
  assert.equal(world.alice.state(submitting), "waiting");
  world.ledger.silent = false;
  await restart();
  assert.equal(world.alice.state(submitting), "pending", "crashed between batch and transaction");
  assert.equal(world.ledger.asked.at(-1), world.ledger.asked.at(-2), "the committed batch, salts and all");

  await world.mine();
  world.network.partition([world.alice.id]);
  const untold = world.deliver(3);
  await world.clock.advance(3_000);
  await restart();
  world.network.heal();
  await world.clock.advance(3_000);
  await world.mine();
  for (const id of [gathered, submitting, untold]) {
    assert.equal(world.alice.grade(id), "in-my-chain");
    assert.equal(world.bob.grade(id), "in-my-chain");
  }
  assert.deepEqual(world.faults, []);
});

test("a receiver that was away is told when it comes back", async () => {
  const world = await AnchoringWorld.running();
  const id = world.deliver(1);
  world.bob.crash();
  await world.clock.advance(2_000);
  await world.mine();
  await world.clock.advance(60_000);
  world.bob.start();
  await world.clock.advance(2_000);
  assert.equal(world.bob.grade(id), "in-my-chain");
  assert.deepEqual(world.alice.store.peersWithHandovers(), []);
});

test("a handover that failed is tried again when the peer connects anew, not only after a while", async () => {
  const world = await AnchoringWorld.running();
  world.network.setLink(world.alice.id, world.bob.id, { streamLoss: 1 });
  const id = world.deliver(1);
  await world.clock.advance(3_000);
  assert.equal(world.bob.state(id), "waiting");
  world.network.setLink(world.alice.id, world.bob.id, { streamLoss: 0 });
  await world.clock.advance(10_000);
  assert.equal(world.bob.state(id), "waiting", "not tried without pause");
  world.network.partition([world.bob.id]);
  world.network.heal();
  await world.clock.advance(2_000);
  assert.equal(world.bob.state(id), "pending");
});

test("a receiver to whom nothing is told anchors for itself, and stays with that", async () => {
  const world = await AnchoringWorld.running();
  world.network.partition([world.bob.id]);
  const id = world.deliver(1);
  await world.clock.advance(60_000);
  assert.equal(world.bob.state(id), "waiting");
  assert.equal(world.ledger.asked.length, 1);
  await world.clock.advance(PROOF_WAIT_PASSED_MS);
  assert.equal(world.ledger.asked.length, 2);
  await world.mine();
  const own = world.bob.anchoring.anchor(id);
  assert.equal(world.bob.grade(id), "in-my-chain");
  world.network.heal();
  await world.clock.advance(40_000);
  assert.deepEqual(world.alice.store.peersWithHandovers(), [], "it is not told for ever");
  assert.deepEqual(world.bob.anchoring.anchor(id), own);
});

test("a batch undone below the depth that is followed is noticed at the next start", async () => {
  const world = await AnchoringWorld.running();
  const id = world.deliver(1);
  await world.clock.advance(2_000);
  await world.mine(145);
  assert.equal(world.alice.store.openBatches().length, 0);
  world.ledger.undo(145, { lose: true });
  world.alice.crash();
  world.alice.start();
  await world.clock.advance(2_000);
  assert.equal(world.alice.state(id), "pending");
});

test("a receipt of others is none of ours", async () => {
  const world = await AnchoringWorld.running();
  const byMallory = receiptFor(messageBody({ sender: mallory.account }), mallory);
  world.bob.anchoring.add(byMallory, null);
  assert.throws(() => world.alice.anchoring.add(byMallory, null), /our own deliveries/);
});

test("what is not there has no proof", async () => {
  const world = await AnchoringWorld.running();
  assert.equal(world.alice.anchoring.anchor("00".repeat(32) as DeliveryId), null);
  assert.equal(world.alice.grade("00".repeat(32) as DeliveryId), "receipt-unknown");
});

test("a full disk stops nothing but what needs it, and is got over", async () => {
  const world = await AnchoringWorld.running();
  world.alice.crash();
  let full = true;
  const fragile = (work: () => void) => {
    if (full) throw new Error("disk full");
    work();
  };
  const { store } = world.alice;
  const breaking: ReceiptStore = {
    ...store,
    createBatch: (...args) => fragile(() => store.createBatch(...args)),
    setTransaction: (...args) => fragile(() => store.setTransaction(...args)),
  };
  world.alice.start(breaking);
  const id = world.deliver(1);
  await world.clock.advance(20_000);
  assert.equal(world.alice.state(id), "waiting");
  assert.ok(world.faults.length > 0);
  full = false;
  await world.clock.advance(10_000);
  await world.mine();
  assert.equal(world.alice.grade(id), "in-my-chain");
});

test("closing waits for nothing that may take long, and a second close is none", async () => {
  const world = await AnchoringWorld.running();
  world.ledger.silent = true;
  const id = world.deliver(1);
  await world.clock.advance(1_100);
  await world.clock.advanceUntilSettled(world.alice.anchoring.close(), 10, "close");
  await world.alice.anchoring.close();
  assert.equal(world.alice.store.get(id)?.root === null, false, "the batch is kept for the next start");
  await world.clock.advance(60_000);
  assert.equal(world.ledger.asked.length, 1, "a closed feature does nothing");
});
