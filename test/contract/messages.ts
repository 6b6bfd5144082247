/** What every message store must do. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DeliveryId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { problem } from "#base/result.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import type { MessageStore, NewMessage } from "#messaging/index.ts";
import { messageDigest, signCompletion, signDispatch } from "#receipts/index.ts";

const alice = createKeypair(new Uint8Array(32).fill(1));
const bob = createKeypair(new Uint8Array(32).fill(2));
const carol = createKeypair(new Uint8Array(32).fill(3));

function message(at: number, direction: "in" | "out", other = bob): NewMessage {
  const [sender, receiver] = direction === "out" ? [alice, other] : [other, alice];
  const text = `text ${at} äß€`;
  const deliveryId = toHex(new Uint8Array(32).fill(at)) as DeliveryId;
  const dispatch = signDispatch(
    {
      version: 1,
      kind: "message",
      deliveryId,
      sender: sender.account,
      receiver: receiver.account,
      contentDigest: messageDigest(text),
      bytes: text.length,
      fileCount: 0,
      dispatchedMs: 1_700_000_000_000 + at,
    },
    sender,
  );
  const completion = direction === "in" ? signCompletion(dispatch, 5, receiver) : null;
  const state = direction === "in" ? "receipted" : "queued";
  const createdMs = 1_700_000_000_500 + at;
  return {
    deliveryId,
    peer: other.peerId,
    direction,
    text,
    state,
    reason: null,
    createdMs,
    dispatch,
    completion,
  };
}

/** @param open an empty store and, where it has a file, a way to open the same content anew. */
export function testMessageStore(
  name: string,
  open: () => { readonly store: MessageStore; readonly reopen: () => MessageStore },
): void {
  describe(`message store: ${name}`, () => {
    test("begins empty, with number 1 on both sides", () => {
      const { store } = open();
      assert.deepEqual(store.numbers(bob.peerId), { nextOut: 1, nextIn: 1 });
      assert.deepEqual(store.history({ limit: 10 }), []);
      assert.deepEqual(store.outboxPeers(), []);
      assert.equal(store.get(message(1, "out").deliveryId), null);
    });

    test("gives back what was stored, also after opening anew", () => {
      const { store, reopen } = open();
      const sent = store.addOutgoing(message(1, "out"));
      const came = store.addIncoming(message(2, "in"), 2);
      assert.ok(came.order > sent.order);
      const again = reopen();
      assert.deepEqual(again.get(sent.deliveryId), sent);
      assert.deepEqual(again.get(came.deliveryId), came);
      assert.deepEqual(again.numbers(bob.peerId), { nextOut: 1, nextIn: 2 });
    });

    test("an id is stored once, and a refused write changes nothing", () => {
      const { store } = open();
      store.addIncoming(message(1, "in"), 2);
      assert.throws(() => store.addIncoming(message(1, "in"), 3));
      assert.deepEqual(store.numbers(bob.peerId), { nextOut: 1, nextIn: 2 });
      assert.equal(store.history({ limit: 10 }).length, 1);
    });

    test("the outbox is oldest first and shrinks as signatures come", () => {
      const { store, reopen } = open();
      const [first, second, third] = [1, 2, 3].map((at) => store.addOutgoing(message(at, "out")));
      assert.ok(first && second && third);
      store.addOutgoing(message(4, "out", carol));
      assert.deepEqual(
        store.outbox(bob.peerId, 2).map(({ order }) => order),
        [first.order, second.order],
      );
      assert.equal(store.outboxLength(bob.peerId), 3);
      assert.deepEqual([...store.outboxPeers()].sort(), [bob.peerId, carol.peerId].sort());

      const completion = signCompletion(first.dispatch, 9, bob);
      const completed = store.complete(first.deliveryId, completion, 2);
      assert.deepEqual(completed, { ...first, state: "receipted", completion });
      const reason = problem("code", "cause", "next");
      assert.deepEqual(store.fail(second.deliveryId, reason), { ...second, state: "failed", reason });
      const again = reopen();
      assert.deepEqual(again.outbox(bob.peerId, 9), [third]);
      assert.deepEqual(again.numbers(bob.peerId), { nextOut: 2, nextIn: 1 });
      assert.deepEqual(again.get(second.deliveryId), { ...second, state: "failed", reason });
    });

    test("what is settled cannot be settled again", () => {
      const { store } = open();
      const sent = store.addOutgoing(message(1, "out"));
      const completion = signCompletion(sent.dispatch, 9, bob);
      store.complete(sent.deliveryId, completion, 2);
      assert.throws(() => store.complete(sent.deliveryId, completion, 3));
      assert.throws(() => store.fail(sent.deliveryId, problem("a", "b", "c")));
      assert.deepEqual(store.numbers(bob.peerId), { nextOut: 2, nextIn: 1 });
    });

    test("history pages backwards, of one peer or of all", () => {
      const { store } = open();
      const orders = [1, 2, 3, 4, 5].map(
        (at) => store.addOutgoing(message(at, "out", at % 2 === 0 ? carol : bob)).order,
      );
      const page = store.history({ limit: 2 });
      assert.deepEqual(
        page.map(({ order }) => order),
        [orders[4], orders[3]],
      );
      const before = page.at(-1)?.order ?? 0;
      assert.deepEqual(
        store.history({ limit: 9, before, peer: bob.peerId }).map(({ order }) => order),
        [orders[2], orders[0]],
      );
      assert.deepEqual([...store.peers()].sort(), [bob.peerId, carol.peerId].sort());
    });

    test("counts what came after a place", () => {
      const { store } = open();
      const first = store.addIncoming(message(1, "in"), 2);
      store.addOutgoing(message(2, "out"));
      store.addIncoming(message(3, "in"), 3);
      store.addIncoming(message(4, "in", carol), 2);
      assert.equal(store.countIncoming(bob.peerId, 0), 2);
      assert.equal(store.countIncoming(bob.peerId, first.order), 1);
    });

    test("receipts are handed over until they are taken", () => {
      const { store, reopen } = open();
      const came = store.addIncoming(message(1, "in"), 2);
      const sent = store.addOutgoing(message(2, "out"));
      assert.deepEqual(store.untaken(9), [came]);
      const completed = store.complete(sent.deliveryId, signCompletion(sent.dispatch, 9, bob), 2);
      assert.deepEqual(store.untaken(9), [came, completed]);
      assert.deepEqual(store.untaken(1), [came]);
      store.markTaken(came.deliveryId);
      store.markTaken(came.deliveryId);
      assert.deepEqual(reopen().untaken(9), [completed]);
    });

    test("a message that waits cannot be taken", () => {
      const { store } = open();
      const sent = store.addOutgoing(message(1, "out"));
      store.markTaken(sent.deliveryId);
      store.complete(sent.deliveryId, signCompletion(sent.dispatch, 9, bob), 2);
      assert.equal(store.untaken(9).length, 1);
    });

    test("numbers of one side leave the other alone", () => {
      const { store } = open();
      store.setNextOut(bob.peerId, 7);
      store.addIncoming(message(1, "in"), 3);
      assert.deepEqual(store.numbers(bob.peerId), { nextOut: 7, nextIn: 3 });
      assert.deepEqual(store.numbers(carol.peerId), { nextOut: 1, nextIn: 1 });
    });
  });
}
