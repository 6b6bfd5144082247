import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DeliveryId, TxId } from "#base/brand.ts";
import { fromHex, toHex } from "#base/bytes.ts";
import { merklePath, merkleRoot } from "#crypto/merkle.ts";
import { batchLeaf, messageDigest, type Receipt } from "#receipts/index.ts";
import { seededRandom } from "#test/kit/random.ts";
import { AnchoringWorld } from "#test/kit/sim-anchoring.ts";
import { alice, mallory, messageBody, receiptFor } from "#test/kit/waybill-sample.ts";
import { buildBatch } from "./batch.ts";
import {
  decodeHandover,
  decodeHandoverAnswer,
  encodeHandover,
  encodeHandoverAnswer,
  type HandoverMessage,
  RECEIPT_PROTOCOL,
} from "./handover-codec.ts";
import { HANDOVER_FRAME_BYTES_MAX } from "./limits.ts";

const OPEN_OPTIONS = { frameBytesMax: 2_000, streamsPerPeerMax: 2, timeoutMs: 5_000 };
const PROOF_WAIT_PASSED_MS = 10 * 60_000 + 10_000;

function handover(receipt: Receipt, txId: TxId): HandoverMessage {
  const { root, proofs } = buildBatch([receipt], seededRandom(5));
  const [proof] = proofs;
  assert.ok(proof);
  return { deliveryId: receipt.dispatch.body.deliveryId, root: toHex(root), txId, proof };
}

const receipt = receiptFor(messageBody({ contentDigest: messageDigest("to hand over") }));
const sample = handover(receipt, "12".repeat(32) as TxId);

/** Bob has the receipt; alice speaks to him by hand, running no anchoring of her own. */
async function worldWithBob(add = true) {
  const world = new AnchoringWorld();
  world.bob.start();
  const peers = [alice, mallory].map((keypair) => world.network.addPeer(keypair.peerId));
  await world.clock.advance(2_000);
  if (add) world.bob.anchoring.add(receipt, null);
  const say = async (speaker: number, frame: Uint8Array): Promise<string> => {
    const speaking = (async () => {
      const opened = await peers[speaker]?.open(world.bob.id, RECEIPT_PROTOCOL, OPEN_OPTIONS);
      if (!opened?.ok) return opened?.fault.code ?? "no speaker";
      await opened.value.send(frame);
      const answer = await opened.value.receive({ timeoutMs: 5_000 });
      await opened.value.close();
      if (!answer.ok || answer.value === null) return answer.ok ? "closed" : answer.fault.code;
      const decoded = decodeHandoverAnswer(answer.value);
      return decoded.ok ? decoded.value : "not understood";
    })();
    return world.clock.advanceUntilSettled(speaking, 20_000, "answer");
  };
  return { world, say };
}
const ALICE = 0;
const MALLORY = 1;

test("a proof is read back as written, and fits its frame at any depth", () => {
  const path = Array.from({ length: 32 }, (_, at) => new Uint8Array(32).fill(at));
  const deepest = { ...sample, proof: { ...sample.proof, place: { index: 5, count: 0xffffffff, path } } };
  for (const message of [sample, deepest]) {
    const bytes = encodeHandover(message);
    assert.deepEqual(decodeHandover(bytes), { ok: true, value: message });
    assert.ok(bytes.length <= HANDOVER_FRAME_BYTES_MAX);
  }
  for (const answer of ["kept", "unknown", "refused", "own"] as const) {
    assert.deepEqual(decodeHandoverAnswer(encodeHandoverAnswer(answer)), { ok: true, value: answer });
  }
});

test("bytes that decode encode to themselves, and none make a decoder throw", () => {
  const written = encodeHandover(sample);
  fc.assert(
    fc.property(fc.nat(written.length - 1), fc.nat(255), fc.nat(3), (at, value, cut) => {
      const bytes = written.slice(0, written.length - cut);
      bytes[at % bytes.length] = value;
      const decoded = decodeHandover(bytes);
      if (decoded.ok) assert.deepEqual(encodeHandover(decoded.value), bytes);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3 }), (bytes) => {
      const decoded = decodeHandoverAnswer(bytes);
      if (decoded.ok) assert.deepEqual(encodeHandoverAnswer(decoded.value), bytes);
    }),
  );
});

test("a proof that fits is kept, and keeping it twice is no fault", async () => {
  const { world, say } = await worldWithBob();
  assert.equal(await say(ALICE, encodeHandover(sample)), "kept");
  assert.equal(await say(ALICE, encodeHandover(sample)), "kept");
  assert.equal(world.bob.store.batch(sample.root)?.txId, sample.txId);
  assert.deepEqual(world.faults, []);
});

test("only the sender of a delivery may say where it is recorded", async () => {
  const { world, say } = await worldWithBob();
  assert.equal(await say(MALLORY, encodeHandover(sample)), "unknown");
  const other = { ...sample, deliveryId: "99".repeat(32) as DeliveryId };
  assert.equal(await say(ALICE, encodeHandover(other)), "unknown", "not told apart from another's delivery");
  assert.equal(world.bob.store.batch(sample.root), null);
});

test("a delivery that is told of before its receipt is there is told again later", async () => {
  const { world, say } = await worldWithBob(false);
  assert.equal(await say(ALICE, encodeHandover(sample)), "unknown");
  world.bob.anchoring.add(receipt, null);
  assert.equal(await say(ALICE, encodeHandover(sample)), "kept");
});

test("a proof that does not lead from the receipt to the root is refused", async () => {
  const { world, say } = await worldWithBob();
  const { place, salt } = sample.proof;
  const wrong: readonly HandoverMessage[] = [
    { ...sample, root: "00".repeat(32) },
    { ...sample, proof: { salt: new Uint8Array(32), place } },
    { ...sample, proof: { salt, place: { ...place, index: (place.index + 1) % place.count } } },
    { ...sample, proof: { salt, place: { ...place, count: place.count * 2 } } },
    { ...sample, proof: { salt, place: { ...place, path: place.path.slice(1) } } },
  ];
  for (const message of wrong) assert.equal(await say(ALICE, encodeHandover(message)), "refused");
  assert.equal(world.bob.store.get(sample.deliveryId)?.root, null);
});

test("bytes that are no handover end the stream and, repeated, the connection", async () => {
  const { world, say } = await worldWithBob();
  const answers: string[] = [];
  for (let time = 0; time < 25; time++) answers.push(await say(MALLORY, Uint8Array.of(1, 2, 3)));
  assert.deepEqual(new Set(answers), new Set(["reset", "not-connected"]));
  assert.equal(await say(MALLORY, new Uint8Array(1_900)), "not-connected");
  assert.equal(await say(ALICE, encodeHandover(sample)), "kept", "others are served");
  assert.deepEqual(world.faults, []);
});

test("a named transaction that never appears is waited for, then the receipt is anchored from here", async () => {
  const { world, say } = await worldWithBob();
  assert.equal(await say(ALICE, encodeHandover(sample)), "kept");
  await world.mine();
  assert.deepEqual(world.bob.told.get(sample.deliveryId)?.slice(-1), ["waiting anchor-not-seen"]);
  await world.clock.advance(PROOF_WAIT_PASSED_MS);
  await world.mine();
  assert.equal(world.ledger.asked.length, 1);
  assert.equal(world.bob.grade(sample.deliveryId), "in-my-chain");
  assert.equal(await say(ALICE, encodeHandover(sample)), "own");
});

test("a named transaction that records something else is dropped as soon as it is seen", async () => {
  const { world, say } = await worldWithBob();
  const foreign = world.ledger.submit(new Uint8Array(32).fill(3), alice);
  assert.equal(await say(ALICE, encodeHandover({ ...sample, txId: foreign })), "kept");
  assert.equal(world.bob.state(sample.deliveryId), "pending");
  await world.mine();
  assert.equal(world.bob.state(sample.deliveryId), "waiting");
  assert.equal(world.bob.grade(sample.deliveryId), "signed");
  assert.deepEqual(world.bob.told.get(sample.deliveryId)?.slice(-1), ["waiting anchor-expected-from-sender"]);
  const honest = world.ledger.submit(fromHex(sample.root) ?? new Uint8Array(0), alice);
  assert.equal(await say(ALICE, encodeHandover({ ...sample, txId: honest })), "kept");
  await world.mine();
  assert.equal(world.bob.grade(sample.deliveryId), "in-my-chain");
});

test("a receipt cannot be passed off as standing in a tree of another shape", async () => {
  const { say } = await worldWithBob();
  const salt = new Uint8Array(32).fill(8);
  const leaves = [batchLeaf(salt, receipt), new Uint8Array(64), new Uint8Array(64)];
  const place = { index: 0, count: 4, path: merklePath(leaves, 0) };
  const message = { ...sample, root: toHex(merkleRoot(leaves)), proof: { salt, place } };
  assert.equal(await say(ALICE, encodeHandover(message)), "refused");
});
