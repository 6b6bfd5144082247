/** The contract of `anchoring/store.ts`, run on every implementation. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewReceipt, ReceiptRole, ReceiptStore } from "#anchoring/index.ts";
import type { DeliveryId, PeerId, TxId } from "#base/brand.ts";

export interface OpenedReceiptStore {
  readonly store: ReceiptStore;
  /** The same receipts as another process would find them. */
  reopen(): ReceiptStore;
}

const bob = "bob" as PeerId;
const carol = "carol" as PeerId;
const txOne = "11".repeat(32) as TxId;
const txTwo = "22".repeat(32) as TxId;
const ROOT = "aa".repeat(32);
const OTHER_ROOT = "bb".repeat(32);
const CHAIN = "cc".repeat(32);
const OTHER_CHAIN = "dd".repeat(32);

function id(number: number): DeliveryId {
  return number.toString(16).padStart(64, "0") as DeliveryId;
}

function receipt(number: number, role: ReceiptRole = "sender", peer: PeerId = bob): NewReceipt {
  return {
    deliveryId: id(number),
    role,
    peer,
    receipt: Uint8Array.of(number, 1, 2),
    manifest: number % 2 === 0 ? Uint8Array.of(number, 9) : null,
    addedMs: 1_000 + number,
  };
}

function member(number: number) {
  return { deliveryId: id(number), proof: Uint8Array.of(7, number) };
}

function ids(records: readonly { readonly deliveryId: DeliveryId }[]): number[] {
  return records.map(({ deliveryId }) => Number.parseInt(deliveryId, 16));
}

const ALL = { addedMsMax: Number.MAX_SAFE_INTEGER, limit: 100 };

export function testReceiptStore(name: string, open: () => OpenedReceiptStore): void {
  const contract = (what: string, body: (opened: OpenedReceiptStore) => void) =>
    test(`${name}: ${what}`, () => body(open()));
  testReceipts(contract);
  testBatches(contract);
  testProofs(contract);
  testKeptProofs(contract);
}

type Contract = (what: string, body: (opened: OpenedReceiptStore) => void) => void;

function testReceipts(contract: Contract): void {
  contract("a receipt is kept once, with its manifest, and outlives the process", ({ store, reopen }) => {
    assert.equal(store.add(receipt(2)), true);
    assert.equal(store.add({ ...receipt(2), receipt: Uint8Array.of(0) }), false);
    assert.equal(store.add(receipt(1)), true);
    const { manifest, ...kept } = receipt(2);
    for (const one of [store, reopen()]) {
      assert.deepEqual(one.get(id(2)), { ...kept, root: null, proof: null });
      assert.deepEqual(one.manifest(id(2)), manifest);
      assert.equal(one.manifest(id(1)), null);
      assert.equal(one.get(id(3)), null);
      assert.equal(one.manifest(id(3)), null);
    }
  });

  contract("what is in no batch is listed by role, age and order of adding", ({ store }) => {
    store.add(receipt(5));
    store.add(receipt(3, "receiver"));
    store.add(receipt(1));
    store.add(receipt(9, "receiver"));
    assert.deepEqual(ids(store.unbatched({ role: "sender", ...ALL })), [5, 1]);
    assert.deepEqual(ids(store.unbatched({ role: "sender", ...ALL, limit: 1 })), [5]);
    assert.deepEqual(ids(store.unbatched({ role: "receiver", ...ALL, addedMsMax: 1_003 })), [3]);
    assert.deepEqual(ids(store.unbatched({ role: "receiver", ...ALL, addedMsMax: 1_002 })), []);
  });
}

function testBatches(contract: Contract): void {
  contract("a batch takes its members whole or not at all", ({ store, reopen }) => {
    for (const number of [1, 2, 3]) store.add(receipt(number));
    store.createBatch(ROOT, 5_000, [member(1), member(3)]);
    assert.throws(() => store.createBatch(OTHER_ROOT, 5_001, [member(2), member(3)]), /in a batch already/);
    assert.throws(() => store.createBatch(OTHER_ROOT, 5_001, [member(2), member(4)]), /not there/);
    for (const one of [store, reopen()]) {
      assert.equal(one.batch(OTHER_ROOT), null);
      assert.deepEqual(one.batch(ROOT), {
        root: ROOT,
        own: true,
        txId: null,
        createdMs: 5_000,
        settled: false,
      });
      assert.deepEqual(one.get(id(1))?.root, ROOT);
      assert.deepEqual(one.get(id(1))?.proof, Uint8Array.of(7, 1));
      assert.equal(one.get(id(2))?.root, null);
      assert.deepEqual(one.deliveries(ROOT), [id(1), id(3)]);
      assert.deepEqual(ids(one.unbatched({ role: "sender", ...ALL })), [2]);
    }
  });

  contract("a transaction queues the handover of each sender's receipt, in order", ({ store, reopen }) => {
    store.add(receipt(1));
    store.add(receipt(2, "receiver"));
    store.add(receipt(3, "sender", carol));
    store.add(receipt(4));
    store.createBatch(ROOT, 5_000, [member(4), member(1), member(2), member(3)]);
    assert.deepEqual(store.peersWithHandovers(), []);
    store.setTransaction(ROOT, txOne);
    for (const one of [store, reopen()]) {
      assert.equal(one.batch(ROOT)?.txId, txOne);
      assert.deepEqual(one.peersWithHandovers(), [bob, carol]);
      assert.deepEqual(one.handovers(bob, 100), [
        { deliveryId: id(1), peer: bob },
        { deliveryId: id(4), peer: bob },
      ]);
      assert.deepEqual(ids(one.handovers(bob, 1)), [1]);
    }
  });

  contract("a handover is done for one transaction only, and is queued again for the next", ({ store }) => {
    store.add(receipt(1));
    store.createBatch(ROOT, 5_000, [member(1)]);
    store.setTransaction(ROOT, txOne);
    store.handedOver(id(1), txTwo);
    assert.deepEqual(ids(store.handovers(bob, 100)), [1], "another transaction than the batch has");
    store.handedOver(id(1), txOne);
    store.handedOver(id(1), txOne);
    assert.deepEqual(store.peersWithHandovers(), []);
    store.setTransaction(ROOT, null);
    assert.equal(store.batch(ROOT)?.txId, null);
    assert.deepEqual(store.peersWithHandovers(), []);
    store.setTransaction(ROOT, txTwo);
    store.setTransaction(ROOT, txTwo);
    assert.deepEqual(ids(store.handovers(bob, 100)), [1]);
  });

  contract("a settled batch is followed no longer, until something changes", ({ store }) => {
    store.add(receipt(1));
    store.add(receipt(2));
    store.createBatch(ROOT, 5_000, [member(1)]);
    store.createBatch(OTHER_ROOT, 5_001, [member(2)]);
    const roots = () =>
      [store.openBatches(), store.settledBatches(100)].map((some) => some.map(({ root }) => root));
    assert.deepEqual(roots(), [[ROOT, OTHER_ROOT], []]);
    store.setSettled(ROOT, true);
    assert.deepEqual(roots(), [[OTHER_ROOT], [ROOT]]);
    store.setSettled(ROOT, false);
    assert.deepEqual(roots(), [[ROOT, OTHER_ROOT], []]);
    store.setSettled(OTHER_ROOT, true);
    store.setSettled(ROOT, true);
    assert.deepEqual(roots(), [[], [OTHER_ROOT, ROOT]], "newest first");
    assert.deepEqual(
      store.settledBatches(1).map(({ root }) => root),
      [OTHER_ROOT],
    );
    store.setSettled(OTHER_ROOT, false);
    store.setTransaction(ROOT, txOne);
    assert.deepEqual(roots(), [[ROOT, OTHER_ROOT], []]);
  });
}

function testProofs(contract: Contract): void {
  const taken = (number: number, txId: TxId, nowMs: number) => ({
    deliveryId: id(number),
    root: ROOT,
    txId,
    proof: Uint8Array.of(8, number),
    nowMs,
  });

  contract("a sender's proof puts a receipt into the sender's batch", ({ store, reopen }) => {
    store.add(receipt(1, "receiver"));
    store.add(receipt(2, "receiver"));
    store.takeProof(taken(1, txOne, 6_000));
    store.takeProof(taken(2, txOne, 6_500));
    for (const one of [store, reopen()]) {
      assert.deepEqual(one.batch(ROOT), {
        root: ROOT,
        own: false,
        txId: txOne,
        createdMs: 6_000,
        settled: false,
      });
      assert.deepEqual(one.deliveries(ROOT), [id(1), id(2)]);
      assert.deepEqual(one.get(id(2))?.proof, Uint8Array.of(8, 2));
      assert.deepEqual(one.peersWithHandovers(), [], "what others anchored is not ours to tell");
    }
    store.setSettled(ROOT, true);
    store.takeProof(taken(1, txTwo, 7_000));
    assert.deepEqual(store.batch(ROOT), {
      root: ROOT,
      own: false,
      txId: txTwo,
      createdMs: 7_000,
      settled: false,
    });
  });

  contract("a dropped batch leaves its receipts in none", ({ store, reopen }) => {
    store.add(receipt(1, "receiver"));
    store.takeProof(taken(1, txOne, 6_000));
    store.dropBatch(ROOT);
    for (const one of [store, reopen()]) {
      assert.equal(one.batch(ROOT), null);
      assert.deepEqual([one.get(id(1))?.root, one.get(id(1))?.proof], [null, null]);
      assert.deepEqual(ids(one.unbatched({ role: "receiver", ...ALL })), [1]);
    }
    store.createBatch(OTHER_ROOT, 8_000, [member(1)]);
    store.setTransaction(OTHER_ROOT, txTwo);
    assert.deepEqual(store.peersWithHandovers(), []);
  });
}

function testKeptProofs(contract: Contract): void {
  contract(
    "the proof of a batch is kept for each network, renewed, and outlives the process",
    ({ store, reopen }) => {
      store.add(receipt(1));
      store.createBatch(ROOT, 5_000, [member(1)]);
      assert.equal(store.keptProof(ROOT, CHAIN), null);
      store.keepProof(ROOT, CHAIN, Uint8Array.of(1));
      store.keepProof(ROOT, OTHER_CHAIN, Uint8Array.of(2));
      store.keepProof(ROOT, CHAIN, Uint8Array.of(3));
      store.setTransaction(ROOT, null);
      for (const one of [store, reopen()]) {
        assert.deepEqual(one.keptProof(ROOT, CHAIN), Uint8Array.of(3));
        assert.deepEqual(one.keptProof(ROOT, OTHER_CHAIN), Uint8Array.of(2));
        assert.equal(one.keptProof(OTHER_ROOT, CHAIN), null);
      }
    },
  );

  contract("kept proofs belong to a batch that is there, and go with it", ({ store, reopen }) => {
    assert.throws(() => store.keepProof(ROOT, CHAIN, Uint8Array.of(1)));
    store.add(receipt(1, "receiver"));
    store.takeProof({ deliveryId: id(1), root: ROOT, txId: txOne, proof: Uint8Array.of(8), nowMs: 6_000 });
    store.keepProof(ROOT, CHAIN, Uint8Array.of(1));
    store.dropBatch(ROOT);
    for (const one of [store, reopen()]) assert.equal(one.keptProof(ROOT, CHAIN), null);
  });
}
