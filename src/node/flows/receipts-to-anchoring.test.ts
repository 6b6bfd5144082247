/** Every completed receipt reaches anchoring, whatever fails in between, and none is let go of before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId, DeliveryId } from "#base/brand.ts";
import type { Log } from "#ports/log.ts";
import type { Receipt } from "#receipts/index.ts";
import { joinReceipts, type ReceiptFlow } from "./receipts-to-anchoring.ts";

function receiptOf(id: string): Receipt {
  const body = {
    version: 1 as const,
    kind: "message" as const,
    deliveryId: id as DeliveryId,
    sender: "a" as AccountId,
    receiver: "b" as AccountId,
    contentDigest: new Uint8Array(32),
    bytes: 1,
    fileCount: 0,
    dispatchedMs: 0,
  };
  return {
    dispatch: { body, signature: new Uint8Array(64) },
    completion: { dispatchHash: new Uint8Array(32), completedMs: 0, signature: new Uint8Array(64) },
  };
}

function recordingLog(): Log & { readonly faults: string[] } {
  const faults: string[] = [];
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    fault: (message) => faults.push(message),
    child: () => log,
  };
  return { ...log, faults };
}

function source(ids: readonly string[]) {
  const waiting = new Map(ids.map((id) => [id, receiptOf(id)]));
  const listeners: (() => void)[] = [];
  return {
    waiting,
    untakenReceipts: (limit: number) => [...waiting.values()].slice(0, limit),
    receiptTaken: (id: DeliveryId) => void waiting.delete(id),
    subscribe(listener: (event: never) => void) {
      listeners.push(() => listener({ type: "receipt-completed" } as never));
      return () => undefined;
    },
    manifest: () => Uint8Array.of(1),
    complete(id: string) {
      waiting.set(id, receiptOf(id));
      for (const listener of listeners) listener();
    },
  };
}

function flowOf(messageIds: readonly string[], transferIds: readonly string[]) {
  const added: { id: string; manifest: Uint8Array | null }[] = [];
  const messaging = source(messageIds);
  const transfers = source(transferIds);
  const state = { full: false };
  const log = recordingLog();
  const flow: ReceiptFlow = {
    messaging,
    transfers,
    log,
    add(receipt, manifest) {
      if (state.full) throw new Error("disk full");
      added.push({ id: receipt.dispatch.body.deliveryId, manifest });
    },
  };
  return { flow, added, messaging, transfers, state, log };
}

test("what was completed before the start is handed over first; files bring their manifest", () => {
  const { flow, added, messaging, transfers } = flowOf(["m1", "m2"], ["t1"]);
  joinReceipts(flow);
  assert.deepEqual(added, [
    { id: "m1", manifest: null },
    { id: "m2", manifest: null },
    { id: "t1", manifest: Uint8Array.of(1) },
  ]);
  assert.equal(messaging.waiting.size + transfers.waiting.size, 0);
});

test("a receipt that anchoring cannot keep stays with its feature and is handed over later", () => {
  const { flow, added, messaging, state, log } = flowOf([], []);
  joinReceipts(flow);
  state.full = true;
  messaging.complete("m1");
  assert.equal(added.length, 0);
  assert.equal(messaging.waiting.size, 1);
  assert.equal(log.faults.length, 1);
  state.full = false;
  messaging.complete("m2");
  assert.deepEqual(
    added.map((entry) => entry.id),
    ["m1", "m2"],
  );
  assert.equal(messaging.waiting.size, 0);
});
