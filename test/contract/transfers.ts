/** What every transfer store must do. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DeliveryId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { problem } from "#base/result.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { signCompletion, signDispatch } from "#receipts/index.ts";
import type { NewTransfer, TransferStore } from "#transfer/index.ts";

const alice = createKeypair(new Uint8Array(32).fill(1));
const bob = createKeypair(new Uint8Array(32).fill(2));
const carol = createKeypair(new Uint8Array(32).fill(3));
const manifest = Uint8Array.of(1, 2, 3);

function transfer(at: number, direction: "in" | "out", other = bob): NewTransfer {
  const [sender, receiver] = direction === "out" ? [alice, other] : [other, alice];
  const deliveryId = toHex(new Uint8Array(32).fill(at)) as DeliveryId;
  const dispatch = signDispatch(
    {
      version: 1,
      kind: "files",
      deliveryId,
      sender: sender.account,
      receiver: receiver.account,
      contentDigest: new Uint8Array(32).fill(9),
      bytes: 12_345_678_901,
      fileCount: 3,
      dispatchedMs: 1_700_000_000_000 + at,
    },
    sender,
  );
  const common = {
    deliveryId,
    peer: other.peerId,
    createdMs: 1_700_000_000_500 + at,
    dispatch,
    title: "Bilder äß",
    fileCount: 3,
    bytes: 12_345_678_901,
    completion: null,
    reason: null,
    notice: null,
    resumedFromBytes: 0,
  };
  if (direction === "in") return { ...common, direction, phase: "asking", folder: null, placements: [] };
  const skipped = [{ path: "a/link", why: "symbolic-link" }] as const;
  return { ...common, direction, phase: "offering", sources: [{ name: "a", path: "/home/a" }], skipped };
}

/** @param open an empty store and, where it has a file, a way to open the same content anew. */
export function testTransferStore(
  name: string,
  open: () => { readonly store: TransferStore; readonly reopen: () => TransferStore },
): void {
  describe(`transfer store: ${name}`, () => {
    test("begins empty", () => {
      const { store } = open();
      assert.equal(store.get(transfer(1, "in").deliveryId), null);
      assert.equal(store.manifest(transfer(1, "in").deliveryId), null);
      assert.deepEqual(store.history({ limit: 9 }), []);
      assert.deepEqual(store.unfinished(), []);
      assert.deepEqual(store.peers(), []);
    });

    test("gives back what was stored, also after opening anew", () => {
      const { store, reopen } = open();
      const sent = store.add(transfer(1, "out"), manifest);
      const came = store.add(transfer(2, "in"), Uint8Array.of(4));
      assert.ok(came.order > sent.order);
      const again = reopen();
      assert.deepEqual(again.get(sent.deliveryId), { ...transfer(1, "out"), order: sent.order });
      assert.deepEqual(again.get(came.deliveryId), { ...transfer(2, "in"), order: came.order });
      assert.deepEqual(Uint8Array.from(again.manifest(sent.deliveryId) ?? []), manifest);
      assert.deepEqual(Uint8Array.from(again.manifest(came.deliveryId) ?? []), Uint8Array.of(4));
    });

    test("an id is stored once", () => {
      const { store } = open();
      store.add(transfer(1, "out"), manifest);
      assert.throws(() => store.add(transfer(1, "in"), manifest));
      assert.equal(store.history({ limit: 9 }).length, 1);
      assert.equal(store.get(transfer(1, "in").deliveryId)?.direction, "out");
    });

    test("a change touches what it names and nothing else", () => {
      const { store, reopen } = open();
      const came = store.add(transfer(1, "in"), manifest);
      const placements = [{ from: "a", to: "/data/received/Bob/a (2)" }];
      const fetching = store.change(came.deliveryId, {
        phase: "fetching",
        folder: "/mnt",
        resumedFromBytes: 7,
      });
      assert.deepEqual(fetching, { ...came, phase: "fetching", folder: "/mnt", resumedFromBytes: 7 });
      store.change(came.deliveryId, { phase: "placing", placements });
      const completion = signCompletion(came.dispatch, 5, alice);
      store.change(came.deliveryId, { phase: "receipted", completion, notice: "completed" });
      assert.deepEqual(reopen().get(came.deliveryId), {
        ...fetching,
        phase: "receipted",
        placements,
        completion,
        notice: "completed",
      });
      const reason = problem("code", "cause", "next");
      assert.deepEqual(store.change(came.deliveryId, { reason }).reason, reason);
      assert.equal(store.change(came.deliveryId, { reason: null, notice: null }).notice, null);
    });

    test("what is not there cannot be changed", () => {
      const { store } = open();
      assert.throws(() => store.change(transfer(1, "in").deliveryId, { notice: null }));
    });

    test("unfinished is what has not ended or still has to be told, oldest first", () => {
      const { store, reopen } = open();
      const [a, b, c] = [1, 2, 3].map((at) => store.add(transfer(at, "out"), manifest));
      assert.ok(a && b && c);
      store.change(a.deliveryId, { phase: "cancelled", notice: "cancelled" });
      store.change(b.deliveryId, { phase: "declined" });
      const ids = (some: TransferStore) => some.unfinished().map(({ deliveryId }) => deliveryId);
      assert.deepEqual(ids(reopen()), [a.deliveryId, c.deliveryId]);
      store.change(a.deliveryId, { notice: null });
      assert.deepEqual(ids(store), [c.deliveryId]);
      for (const phase of ["offered", "accepted"] as const) {
        store.change(c.deliveryId, { phase });
        assert.deepEqual(ids(store), [c.deliveryId]);
      }
      store.change(c.deliveryId, { phase: "failed" });
      assert.deepEqual(ids(store), []);
    });

    test("history pages backwards, of one peer or of all", () => {
      const { store } = open();
      const orders = [1, 2, 3, 4].map(
        (at) => store.add(transfer(at, "out", at % 2 === 0 ? carol : bob), manifest).order,
      );
      const page = store.history({ limit: 2 }).map(({ order }) => order);
      assert.deepEqual(page, [orders[3], orders[2]]);
      const before = page.at(-1) ?? 0;
      assert.deepEqual(
        store.history({ limit: 9, before, peer: bob.peerId }).map(({ order }) => order),
        [orders[0]],
      );
      assert.deepEqual([...store.peers()].sort(), [bob.peerId, carol.peerId].sort());
    });

    test("counts what came after a place", () => {
      const { store } = open();
      const first = store.add(transfer(1, "in"), manifest);
      store.add(transfer(2, "out"), manifest);
      store.add(transfer(3, "in"), manifest);
      assert.equal(store.countIncoming(bob.peerId, 0), 2);
      assert.equal(store.countIncoming(bob.peerId, first.order), 1);
      assert.equal(store.countIncoming(carol.peerId, 0), 0);
    });

    test("receipts are handed over until they are taken", () => {
      const { store, reopen } = open();
      const came = store.add(transfer(1, "in"), manifest);
      store.markTaken(came.deliveryId);
      const completion = signCompletion(came.dispatch, 5, alice);
      const done = store.change(came.deliveryId, { phase: "receipted", completion });
      assert.deepEqual(store.untaken(9), [done]);
      store.markTaken(came.deliveryId);
      store.markTaken(came.deliveryId);
      assert.deepEqual(reopen().untaken(9), []);
    });
  });
}
