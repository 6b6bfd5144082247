import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BlockId } from "#base/brand.ts";
import { concat, toHex, utf8 } from "#base/bytes.ts";
import { type Keypair, verify } from "#crypto/ed25519.ts";
import { EMPTY_PEAKS, treeHash } from "#crypto/merkle.ts";
import {
  type Checkpoint,
  COSIGNATURE_DOMAIN,
  checkpointOf,
  checkpointText,
  cosign,
  cosignaturePreimage,
  cosignerName,
  decodeCheckpoint,
  decodeEquivocation,
  encodeCheckpoint,
  encodeEquivocation,
  equivocatorOf,
  isCheckpointOf,
  noteOf,
  verifyCheckpoint,
} from "./checkpoint.ts";
import { bytesOfId } from "./codec.ts";
import { ALICE, BOB, CAROL, person, TestChain } from "./test-chain.ts";

const DAVE = person(4);
const CHAIN_ID = new Uint8Array(32).fill(7);
const rules = {
  keys: [ALICE, BOB, CAROL, DAVE].map(({ account }) => account).sort(),
  needed: 3,
  everyBlocks: 4,
};
const NETWORK = { chainId: CHAIN_ID, params: { checkpoints: rules } };
const AT_EIGHT: Checkpoint = {
  chainId: CHAIN_ID,
  height: 8,
  treeHash: new Uint8Array(32).fill(9),
  blockId: "ab".repeat(32) as BlockId,
};
const signedBy = (checkpoint: Checkpoint, ...signers: readonly Keypair[]) => ({
  checkpoint,
  signatures: signers.map((signer) => cosign(checkpoint, 1_700_000_000, signer)),
});

test("the text is a C2SP checkpoint with the block as its one extension line", () => {
  assert.equal(
    encodeCheckpoint(signedBy(AT_EIGHT, ALICE)).split("\n— ")[0],
    `waybill/${"07".repeat(32)}\n8\n${"CQkJ".repeat(10)}CQk=\nblock ${"ab".repeat(32)}\n`,
  );
});

test("what is signed is the cosignature/v1 message of tlog-cosignature, and the time is in the line, big-endian", () => {
  const line = cosign(AT_EIGHT, 1_679_315_147, ALICE);
  assert.equal(line.keyName, cosignerName(ALICE.account));
  assert.equal(toHex(line.signature.subarray(0, 8)), "00000000641850cb");
  const message = utf8(`cosignature/v1\ntime 1679315147\n${checkpointText(AT_EIGHT)}`);
  assert.ok(verify(ALICE.publicKey, message, line.signature.subarray(8)));
});

test("the lowest and the highest block there are can be signed; block 0, and one above, cannot be written down", () => {
  const decoded = (height: number) =>
    decodeCheckpoint(encodeCheckpoint(signedBy({ ...AT_EIGHT, height }, ALICE)));
  for (const height of [1, 2 ** 32 - 1]) {
    const read = decoded(height);
    assert.equal(read.ok && read.value.checkpoint.height, height);
  }
  for (const height of [0, 2 ** 32]) assert.equal(decoded(height).ok, false);
});

test("no preimage of ours or of libp2p begins as a cosignature does, nor the other way round", () => {
  const preimage = cosignaturePreimage(AT_EIGHT, 1);
  const others = ["waybill-", "noise-libp2p-static-key:", "libp2p-tls-handshake:", "libp2p-pubsub:"];
  for (const other of others) {
    assert.notEqual(toHex(preimage).startsWith(toHex(utf8(other))), true);
    assert.notEqual(other.startsWith(COSIGNATURE_DOMAIN), true);
  }
});

test("k of n: enough signatures make a block final, fewer do not", () => {
  const of = (...signers: readonly Keypair[]) => {
    const verified = verifyCheckpoint(signedBy(AT_EIGHT, ...signers), NETWORK);
    assert.ok(verified.ok);
    return [verified.value.cosignatures.length, verified.value.isComplete];
  };
  assert.deepEqual(of(ALICE), [1, false]);
  assert.deepEqual(of(ALICE, DAVE), [2, false]);
  assert.deepEqual(of(DAVE, ALICE, BOB), [3, true]);
  assert.deepEqual(of(DAVE, ALICE, BOB, CAROL), [4, true]);
});

test("lines of strangers are passed over, and count for nothing", () => {
  const stranger = person(9);
  const verified = verifyCheckpoint(signedBy(AT_EIGHT, stranger, ALICE), NETWORK);
  assert.ok(verified.ok && verified.value.cosignatures.length === 1);
  const alone = verifyCheckpoint(signedBy(AT_EIGHT, stranger), NETWORK);
  assert.deepEqual(alone, { ok: false, fault: { code: "cosigners-unknown" } });
});

test("a repeated signer, a false signature, another network and a height that is not due are refused", () => {
  const code = (
    note: ReturnType<typeof signedBy>,
    network: Parameters<typeof verifyCheckpoint>[1] = NETWORK,
  ) => {
    const verified = verifyCheckpoint(note, network);
    return verified.ok ? "verified" : verified.fault.code;
  };
  assert.equal(code(signedBy(AT_EIGHT, ALICE, BOB, ALICE)), "cosigner-repeated");
  const moved = { ...AT_EIGHT, blockId: "cd".repeat(32) as BlockId };
  assert.equal(code({ ...signedBy(AT_EIGHT, ALICE), checkpoint: moved }), "cosignature-invalid");
  const [line] = signedBy(AT_EIGHT, ALICE).signatures;
  assert.ok(line !== undefined);
  const later = { ...line, signature: concat(new Uint8Array(8), line.signature.subarray(8)) };
  assert.equal(code({ checkpoint: AT_EIGHT, signatures: [later] }), "cosignature-invalid");
  const short = { ...line, signature: line.signature.subarray(0, 71) };
  assert.equal(code({ checkpoint: AT_EIGHT, signatures: [short] }), "cosignature-invalid");
  const unlike = { ...line, keyId: Uint8Array.of(0, 0, 0, 0) };
  assert.equal(code({ checkpoint: AT_EIGHT, signatures: [unlike] }), "cosigners-unknown");
  assert.equal(
    code(signedBy(AT_EIGHT, ALICE), { ...NETWORK, chainId: new Uint8Array(32) }),
    "checkpoint-of-other-network",
  );
  assert.equal(code(signedBy({ ...AT_EIGHT, height: 9 }, ALICE)), "checkpoint-height-wrong");
  assert.equal(
    code(signedBy(AT_EIGHT, ALICE), { ...NETWORK, params: { checkpoints: null } }),
    "checkpoints-unused",
  );
});

test("a checkpoint is of a block when id, height and history are its own", () => {
  const chain = new TestChain();
  for (let height = 1; height <= 4; height++) chain.grow();
  const block = chain.at(4).block;
  const checkpoint = checkpointOf(block, chain.at(3).history, chain.network.chainId);
  assert.ok(isCheckpointOf(checkpoint, block));
  // Any C2SP tool sees the plain RFC 6962 hash.
  const ids = [0, 1, 2, 3].map((height) => bytesOfId(chain.at(height).block.id));
  assert.deepEqual(checkpoint.treeHash, treeHash(ids));
  assert.equal(isCheckpointOf({ ...checkpoint, treeHash: new Uint8Array(32) }, block), false);
  assert.equal(isCheckpointOf({ ...checkpoint, height: 3 }, block), false);
  assert.equal(isCheckpointOf(checkpoint, chain.at(3).block), false);
  assert.throws(() => checkpointOf(block, EMPTY_PEAKS, chain.network.chainId));
});

test("two signatures of one key at one height are evidence; one, or two heights, or two keys, are none", () => {
  const other = { ...AT_EIGHT, blockId: "cd".repeat(32) as BlockId };
  const pair = (first: ReturnType<typeof signedBy>, second: ReturnType<typeof signedBy>) =>
    equivocatorOf({ first, second }, NETWORK);
  assert.equal(pair(signedBy(AT_EIGHT, ALICE, BOB), signedBy(other, CAROL, BOB)), BOB.account);
  assert.equal(pair(signedBy(AT_EIGHT, ALICE), signedBy(AT_EIGHT, ALICE)), null);
  assert.equal(pair(signedBy(AT_EIGHT, ALICE), signedBy({ ...other, height: 12 }, ALICE)), null);
  assert.equal(pair(signedBy(AT_EIGHT, ALICE), signedBy(other, BOB)), null);
  assert.equal(pair(signedBy(AT_EIGHT, ALICE), { ...signedBy(AT_EIGHT, ALICE), checkpoint: other }), null);
  const evidence = { first: signedBy(AT_EIGHT, BOB), second: signedBy(other, BOB) };
  const text = encodeEquivocation(evidence);
  const read = decodeEquivocation(text);
  assert.ok(read.ok);
  assert.equal(encodeEquivocation(read.value), text);
  assert.equal(equivocatorOf(read.value, NETWORK), BOB.account);
});

test("checkpoints in another spelling are refused", () => {
  const text = encodeCheckpoint(signedBy(AT_EIGHT, ALICE));
  assert.ok(decodeCheckpoint(text).ok);
  const others = [
    text.replace("\n8\n", "\n08\n"),
    text.replace("\n8\n", "\n+8\n"),
    text.replace("\n8\n", "\n0\n"),
    text.replace("\n8\n", "\n4294967296\n"),
    text.replace("\n8\n", "\n8 \n"),
    text.replace("waybill/07", "waybill/0G"),
    text.replace("waybill/07", "Waybill/07"),
    text.replace("block ab", "block AB"),
    text.replace("block ", "block  "),
    text.replace("\nblock", "\nother\nblock"),
    text.replace("CQk=", "CQl="),
    text.replace("\n\n", "\nmore\n\n"),
  ];
  for (const other of others) assert.equal(decodeCheckpoint(other).ok, false, other.slice(60, 130));
});

test("whatever is read as a checkpoint or as evidence is written back as it was, and nothing throws", () => {
  const text = encodeCheckpoint(signedBy(AT_EIGHT, ALICE, BOB));
  const evidence = `${text}\n${text}`;
  const changed = fc.tuple(
    fc.nat(evidence.length),
    fc.string({ unit: "binary", maxLength: 2 }),
    fc.boolean(),
  );
  fc.assert(
    fc.property(changed, ([at, piece, isLong]) => {
      const base = isLong ? evidence : text;
      const mutated = base.slice(0, at) + piece + base.slice(at + piece.length);
      const one = decodeCheckpoint(mutated);
      if (one.ok) {
        assert.equal(encodeCheckpoint(one.value), mutated);
        verifyCheckpoint(one.value, NETWORK);
      }
      const two = decodeEquivocation(mutated);
      if (two.ok) assert.equal(encodeEquivocation(two.value), mutated);
    }),
    { numRuns: 120 },
  );
});

test("the note of a verified checkpoint holds its lines in the order of the genesis", () => {
  const verified = verifyCheckpoint(signedBy(AT_EIGHT, DAVE, CAROL, BOB), NETWORK);
  assert.ok(verified.ok);
  const again = verifyCheckpoint(noteOf(verified.value), NETWORK);
  assert.deepEqual(again, verified);
  const order = verified.value.cosignatures.map(({ signer }) => signer);
  assert.deepEqual(order, order.toSorted());
});
