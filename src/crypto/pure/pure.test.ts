/** What the page has in place of Node's: each function gives what the one of the same name gives in a peer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat } from "#base/bytes.ts";
import * as nodeBlake3 from "../blake3.ts";
import * as nodeEd25519 from "../ed25519.ts";
import * as nodeSha256 from "../sha256.ts";
import * as blake3 from "./blake3.ts";
import * as ed25519 from "./ed25519.ts";
import * as sha256 from "./sha256.ts";

// The compiler holds each pair to one shape: what is missing or otherwise typed in one of them is an error here.
const pairs: readonly (readonly [object, object])[] = [
  [nodeSha256 satisfies typeof sha256, sha256 satisfies typeof nodeSha256],
  [nodeBlake3 satisfies typeof blake3, blake3 satisfies typeof nodeBlake3],
  [nodeEd25519, ed25519 satisfies typeof nodeEd25519],
];
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const messages = fc.uint8Array({ maxLength: 300 });

test("what a peer's file exports, the page's file of that name exports too", () => {
  for (const [ofPeer, ofPage] of pairs) {
    for (const name of Object.keys(ofPeer)) assert.ok(name in ofPage, name);
  }
});

test("SHA-256 in every form", () => {
  fc.assert(
    fc.property(messages, fc.nat(40), (bytes, at) => {
      assert.deepEqual(sha256.sha256(bytes), nodeSha256.sha256(bytes));
      assert.equal(sha256.sha256Text(bytes), nodeSha256.sha256Text(bytes));
      assert.deepEqual(sha256.sha256d(bytes), nodeSha256.sha256d(bytes));
      assert.equal(sha256.sha256dHex(bytes), nodeSha256.sha256dHex(bytes));
      // Into the very bytes that are hashed, as Merkle trees do.
      const [mine, theirs] = [concat(bytes, new Uint8Array(80)), concat(bytes, new Uint8Array(80))];
      sha256.sha256Into(mine, mine, at);
      nodeSha256.sha256Into(theirs, theirs, at);
      assert.deepEqual(mine, theirs);
    }),
  );
  assert.throws(() => sha256.sha256Into(new Uint8Array(1), new Uint8Array(40), 9), RangeError);
});

test("BLAKE3, at once and in pieces, and a hasher goes on after it was asked", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 6 }), (pieces) => {
      const hasher = blake3.createBlake3();
      for (const [at, piece] of pieces.entries()) {
        hasher.update(piece);
        assert.deepEqual(hasher.digest(), nodeBlake3.blake3(concat(...pieces.slice(0, at + 1))));
      }
      assert.deepEqual(blake3.blake3(concat(...pieces)), nodeBlake3.blake3(concat(...pieces)));
    }),
    { numRuns: 40 },
  );
});

test("one seed is one key with one signature, and each accepts what the other signed", () => {
  fc.assert(
    fc.property(seeds, messages, (seed, message) => {
      const [mine, theirs] = [ed25519.createKeypair(seed), nodeEd25519.createKeypair(seed)];
      assert.deepEqual(mine, theirs);
      const signature = ed25519.sign(mine, message);
      assert.deepEqual(signature, nodeEd25519.sign(theirs, message));
      assert.ok(ed25519.verify(mine.publicKey, message, signature));
      assert.ok(!ed25519.verify(mine.publicKey, concat(message, Uint8Array.of(0)), signature));
    }),
    { numRuns: 30 },
  );
  assert.throws(() => ed25519.createKeypair(new Uint8Array(31)), RangeError);
});

test("arbitrary bytes of any length get the peer's verdict, and never a throw", () => {
  const any = (around: number) => fc.uint8Array({ minLength: around - 2, maxLength: around + 2 });
  fc.assert(
    fc.property(any(32), messages, any(64), (key, message, signature) => {
      const verdict = ed25519.verify(key, message, signature);
      assert.equal(verdict, nodeEd25519.verify(key, message, signature));
      assert.equal(ed25519.pureBackend().verify(key, message, signature), verdict);
    }),
    { numRuns: 300 },
  );
});
