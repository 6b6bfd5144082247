import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BlockId } from "#base/brand.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { type Checkpoint, cosign, type VerifiedCheckpoint, verifyCheckpoint } from "#ledger/checkpoint.ts";
import { ALICE, BOB, CAROL, person, testNetwork } from "#ledger/test-chain.ts";
import { memoryCheckpoints } from "#storage/memory/checkpoints.ts";
import { CHECKPOINT_FRAME_BYTES_MAX, COSIGNATURES_PER_SIGNER_MAX } from "../limits.ts";
import { CheckpointBook } from "./checkpoint-book.ts";
import { asManyNotesAsFit, decodeCheckpointMessage, encodeCheckpointMessage } from "./checkpoint-codec.ts";

const SIGNERS = [ALICE, BOB, CAROL, person(4)];
const network = testNetwork({
  checkpoints: { keys: SIGNERS.map(({ account }) => account).sort(), needed: 3, everyBlocks: 4 },
});

function checkpoint(height: number, branch = 0): Checkpoint {
  const blockId = `${height.toString(16).padStart(8, "0")}${branch}`.padEnd(64, "0") as BlockId;
  return { chainId: network.chainId, height, treeHash: new Uint8Array(32).fill(height), blockId };
}

/** Signing is slow beside all else here, and what is signed is few. */
const made = new Map<string, VerifiedCheckpoint>();

function signed(of: Checkpoint, ...signers: readonly Keypair[]): VerifiedCheckpoint {
  const key = [of.blockId, ...signers.map(({ account }) => account)].join(" ");
  const known = made.get(key);
  if (known !== undefined) return known;
  const signatures = signers.map((signer) => cosign(of, 1, signer));
  const verified = verifyCheckpoint({ checkpoint: of, signatures }, network);
  assert.ok(verified.ok);
  made.set(key, verified.value);
  return verified.value;
}

const empty = () => new CheckpointBook(network, memoryCheckpoints().read());

test("single signatures add up to a complete note, whatever their order", () => {
  const book = empty();
  assert.equal(book.take(signed(checkpoint(8), BOB)).completed, null);
  assert.equal(book.take(signed(checkpoint(12), ALICE)).completed, null);
  assert.equal(book.take(signed(checkpoint(8), ALICE)).completed, null);
  assert.deepEqual(book.take(signed(checkpoint(8), ALICE)).fresh, []);
  assert.equal(book.take(signed(checkpoint(8), CAROL)).completed?.cosignatures.length, 3);
  assert.equal(book.sought?.checkpoint.height, 8);
  assert.notEqual(book.reached(), null);
  assert.deepEqual([book.final?.checkpoint.height, book.sought], [8, null]);
  // A fourth who comes late is counted too.
  book.take(signed(checkpoint(8), person(4)));
  assert.equal(book.final?.cosignatures.length, 4);
});

test("what was sought in vain is not sought again, however often it is told; what is signed above it is", () => {
  const book = empty();
  const whole = signed(checkpoint(8), ALICE, BOB, CAROL);
  assert.notEqual(book.take(whole).completed, null);
  book.refused();
  assert.equal(book.take(whole).completed, null);
  assert.notEqual(book.take(signed(checkpoint(12), ALICE, BOB, CAROL)).completed, null);
});

test("signatures for different blocks of one height never add up", () => {
  const book = empty();
  for (const [at, signer] of SIGNERS.entries()) {
    assert.equal(book.take(signed(checkpoint(8, at % 2), signer)).completed, null);
  }
  assert.deepEqual(book.signaturesOf(BOB.account), [{ height: 8, blockId: checkpoint(8, 1).blockId }]);
  assert.equal(book.sought, null);
});

test("of a signer that goes on alone only the newest signatures are kept, in the book and in the store", () => {
  const [book, store] = [empty(), memoryCheckpoints()];
  for (let height = 4; height <= 400; height += 4) {
    store.write(book.take(signed(checkpoint(height), ALICE)).change);
  }
  const heights = store.read().cosignatures.map(({ height }) => height);
  assert.equal(heights.length, COSIGNATURES_PER_SIGNER_MAX);
  assert.equal(Math.max(...heights), 400);
  assert.equal(book.highestOf(ALICE.account)?.height, 400);
});

test("what is older than all that is kept of a signer is no news, and is not kept either", () => {
  const [book, store] = [empty(), memoryCheckpoints()];
  for (let height = 400; height >= 4; height -= 4) {
    const { fresh, change } = book.take(signed(checkpoint(height), ALICE));
    store.write(change);
    assert.equal(fresh.length, height > 400 - 4 * COSIGNATURES_PER_SIGNER_MAX ? 1 : 0, `${height}`);
  }
  assert.equal(store.read().cosignatures.length, COSIGNATURES_PER_SIGNER_MAX);
  // Evidence needs no place: the two halves come one after the other.
  assert.deepEqual(book.take(signed(checkpoint(4, 1), ALICE)).equivocations, [ALICE.account]);
});

test("an answer fits its frame however much is known", () => {
  const notes = Array.from({ length: 2_000 }, (_, at) => `${at}`.padEnd(400, "x"));
  const frame = encodeCheckpointMessage({ type: "notes", notes: asManyNotesAsFit(notes) });
  assert.ok(frame.length <= CHECKPOINT_FRAME_BYTES_MAX);
  const read = decodeCheckpointMessage(frame);
  assert.ok(read.ok && read.value.type === "notes" && read.value.notes.length > 500);
});

test("after a restart the book knows what it knew, whatever it was told and in whatever order", () => {
  const step = fc.record({
    height: fc.integer({ min: 1, max: 3 }).map((at) => 4 * at),
    branch: fc.constantFrom(0, 0, 0, 1),
    signer: fc.integer({ min: 0, max: 3 }),
    isReached: fc.boolean(),
  });
  let finals = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 8, maxLength: 30 }), (steps) => {
      const [book, store] = [empty(), memoryCheckpoints()];
      for (const { height, branch, signer, isReached } of steps) {
        const keypair = SIGNERS[signer] ?? ALICE;
        store.write(book.take(signed(checkpoint(height, branch), keypair)).change);
        if (isReached) store.write(book.reached() ?? {});
      }
      const again = new CheckpointBook(network, store.read());
      assert.deepEqual([...again.notes()].toSorted(), [...book.notes()].toSorted());
      assert.deepEqual([...again.evidence].toSorted(), [...book.evidence].toSorted());
      assert.deepEqual(again.final?.checkpoint, book.final?.checkpoint);
      for (const { account } of SIGNERS) assert.deepEqual(again.highestOf(account), book.highestOf(account));
      if (book.final !== null) finals += 1;
    }),
    { numRuns: 60 },
  );
  assert.ok(finals > 5, "some became final");
});
