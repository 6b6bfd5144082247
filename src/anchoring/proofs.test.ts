/** Proofs outlive the blocks that they come from: pruned, reorganised, lost, restarted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DeliveryId } from "#base/brand.ts";
import { verifyWaybill } from "#receipts/index.ts";
import { type AnchoringPeer, AnchoringWorld } from "#test/kit/sim-anchoring.ts";
import { alice as aliceKeys } from "#test/kit/waybill-sample.ts";
import { decodeInclusion, encodeInclusion, provenAnchor } from "./kept-proof.ts";
import { PROOFS_KEPT_PER_SWEEP_MAX, SETTLED_CONFIRMATIONS, SETTLED_LOOK_PERIOD_MS } from "./limits.ts";

/** Delivered, recorded, and the block of the record the tip. */
async function recorded() {
  const world = await AnchoringWorld.running();
  const id = world.deliver(1);
  await world.clock.advance(2_000);
  await world.mine();
  return { world, id, both: [world.alice, world.bob] };
}

/** What somebody without any ledger concludes from the file of this peer. */
function offline(world: AnchoringWorld, peer: AnchoringPeer, id: DeliveryId) {
  const file = peer.anchoring.waybill(id);
  assert.ok(file.ok);
  return verifyWaybill(file.value, { network: world.ledger.network });
}

function stateOf(peer: AnchoringPeer, id: DeliveryId): string {
  const anchor = peer.anchoring.anchor(id);
  return anchor?.state === "anchored" ? `anchored ${anchor.height}` : (anchor?.reason.code ?? "unknown");
}

test("a receipt whose block was pruned is still exported with its block, by both sides and after a restart", async () => {
  const { world, id, both } = await recorded();
  const before = both.map((peer) => peer.anchoring.waybill(id));
  await world.mine(3);
  world.ledger.prune(2);
  for (const [at, peer] of both.entries()) {
    assert.deepEqual(peer.anchoring.waybill(id), before[at], "the same file as when the block was here");
    peer.crash();
    peer.start();
    assert.equal(offline(world, peer, id).verdict.grade, "anchored");
    assert.equal(peer.grade(id), "in-my-chain");
  }
  assert.deepEqual(world.faults, []);
});

test("a reorganisation that moves the transaction renews the kept proof", async () => {
  const { world, id, both } = await recorded();
  await world.mine(2);
  const first = offline(world, world.bob, id).waybill?.anchor?.header;
  world.ledger.undo(3, { lose: false });
  await world.clock.advance(100);
  for (const peer of both) assert.equal(peer.grade(id), "signed", "what was kept stands on no block of ours");
  await world.mine(4);
  world.ledger.prune(1);
  for (const peer of both) {
    const { verdict, waybill } = offline(world, peer, id);
    assert.equal(verdict.grade, "anchored");
    assert.notDeepEqual(waybill?.anchor?.header, first);
    assert.equal(peer.grade(id), "in-my-chain");
  }
  assert.equal(world.ledger.asked.length, 1);
});

test("a settled batch that a deep reorganisation moved is found and kept again without a restart", async () => {
  const { world, id, both } = await recorded();
  await world.mine(SETTLED_CONFIRMATIONS);
  assert.deepEqual(world.alice.store.openBatches(), []);
  world.ledger.undo(SETTLED_CONFIRMATIONS + 1, { lose: false });
  await world.mine();
  await world.clock.advance(SETTLED_LOOK_PERIOD_MS + 10_000);
  world.ledger.prune(0);
  for (const peer of both) assert.equal(peer.grade(id), "in-my-chain");
});

test("while a lost ledger is fetched again nothing is recorded anew, and from headers alone the proof stands", async () => {
  const { world, id, both } = await recorded();
  await world.mine(SETTLED_CONFIRMATIONS + 10);
  world.ledger.lose();
  await world.clock.advance(10_000);
  for (const peer of both) {
    peer.crash();
    peer.start();
    assert.equal(stateOf(peer, id), "anchor-block-awaited");
    assert.equal(offline(world, peer, id).verdict.grade, "anchored", "nothing speaks against it");
  }
  world.ledger.fetchAgain(SETTLED_CONFIRMATIONS, { whole: false });
  await world.clock.advance(10_000);
  for (const peer of both) {
    assert.equal(stateOf(peer, id), "anchored 1");
    assert.equal(peer.grade(id), "in-my-chain");
  }
  assert.equal(world.ledger.asked.length, 1);
});

test("batches from before proofs were kept are caught up on, a bounded number at a time", async () => {
  const world = await AnchoringWorld.running();
  const ids: DeliveryId[] = [];
  for (let number = 1; number <= PROOFS_KEPT_PER_SWEEP_MAX + 2; number++) {
    ids.push(world.deliver(number, [world.alice]));
    await world.clock.advance(2_000);
    await world.mine();
  }
  const { store } = world.alice;
  const without = new Map<string, Uint8Array>();
  world.alice.crash();
  world.alice.start({
    ...store,
    keptProof: (root) => without.get(root) ?? null,
    keepProof: (root, _, proof) => void without.set(root, proof),
  });
  assert.equal(without.size, PROOFS_KEPT_PER_SWEEP_MAX);
  await world.clock.advance(6_000);
  assert.equal(without.size, ids.length);
  world.ledger.prune(0);
  for (const id of ids) assert.equal(world.alice.grade(id), "in-my-chain");
});

test("a record whose block is gone and of which nothing was kept is made again", async () => {
  const { world, id } = await recorded();
  await world.mine(SETTLED_CONFIRMATIONS);
  world.ledger.prune(0);
  world.alice.crash();
  const without = new Map<string, Uint8Array>();
  world.alice.start({
    ...world.alice.store,
    keptProof: (root) => without.get(root) ?? null,
    keepProof: (root, _, proof) => void without.set(root, proof),
  });
  await world.clock.advance(7_000);
  assert.equal(world.ledger.asked.length, 2);
  await world.mine();
  assert.equal(offline(world, world.alice, id).verdict.grade, "anchored");
});

test("a sender that names another transaction later takes no kept proof away", async () => {
  const { world, id } = await recorded();
  const { store } = world.alice;
  const root = store.get(id)?.root ?? "";
  store.setTransaction(root, world.ledger.submit(new Uint8Array(32), aliceKeys));
  await world.clock.advance(40_000);
  assert.deepEqual(store.peersWithHandovers(), [], "it was heard");
  await world.mine();
  assert.equal(stateOf(world.bob, id), "anchored 1");
  assert.equal(world.bob.grade(id), "in-my-chain");
});

test("a kept proof that was damaged on disk is not used, and kept again", async () => {
  const { world, id } = await recorded();
  const { store } = world.bob;
  const root = store.get(id)?.root ?? "";
  const chain = Buffer.from(world.ledger.network.chainId).toString("hex");
  const kept = store.keptProof(root, chain) ?? new Uint8Array(0);
  assert.ok(kept.length > 0);
  for (const at of [0, 5, kept.length - 150]) {
    const damaged = kept.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    store.keepProof(root, chain, damaged);
    assert.equal(world.bob.grade(id), "in-my-chain");
    await world.clock.advance(6_000);
    assert.deepEqual(store.keptProof(root, chain), kept);
  }
});

test("kept proofs are read back as written, and no bytes make the decoder throw or prove anything", async () => {
  const { world, id } = await recorded();
  const root = world.bob.store.get(id)?.root ?? "";
  const chain = Buffer.from(world.ledger.network.chainId).toString("hex");
  const kept = world.bob.store.keptProof(root, chain) ?? new Uint8Array(0);
  const sound = decodeInclusion(kept);
  assert.ok(sound.ok && provenAnchor(sound.value, root) !== null);
  assert.equal(provenAnchor(sound.value, "00".repeat(32)), null, "it records this root alone");
  fc.assert(
    fc.property(fc.nat(kept.length - 177), fc.integer({ min: 1, max: 255 }), fc.nat(3), (at, flip, cut) => {
      const bytes = kept.slice(0, kept.length - cut);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      const decoded = decodeInclusion(bytes);
      if (!decoded.ok) return;
      assert.deepEqual(encodeInclusion(decoded.value), bytes);
      assert.equal(provenAnchor(decoded.value, root), null);
    }),
  );
});
