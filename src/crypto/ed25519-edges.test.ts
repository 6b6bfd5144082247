/** Every verifier on the edge cases of `test/kit/ed25519-edges.ts`, and on S around its bound. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, equalBytes, toHex } from "#base/bytes.ts";
import { type Edge, edges, encodingsOf, SMALL_ORDER } from "#test/kit/ed25519-edges.ts";
import { decode, L, toBytes, verifySlowly } from "#test/kit/ed25519-twin.ts";
import { createKeypair, type Ed25519Backend, isAdmissibleKey, sign, verify, verifyOver } from "./ed25519.ts";
import { nodeBackend, sodiumBackend } from "./ed25519-backend.ts";
import { pureBackend } from "./pure/ed25519.ts";

const sodium = sodiumBackend();
const BACKENDS: readonly Ed25519Backend[] = [
  nodeBackend(),
  pureBackend(),
  ...(sodium === null ? [] : [sodium]),
];
function agree({ key, message, signature }: Edge, expected: boolean): void {
  const what = `key ${toHex(key)} signature ${toHex(signature)} message ${toHex(message)}`;
  for (const backend of BACKENDS) {
    assert.equal(verifyOver(backend, key, message, signature), expected, `${backend.name}: ${what}`);
  }
}

test("the twin signs and verifies as RFC 8032 does, and refuses what was changed", () => {
  const keypair = createKeypair(new Uint8Array(32).fill(9));
  const message = Uint8Array.of(1, 2, 3);
  const signature = sign(keypair, message);
  assert.ok(verifySlowly(keypair.publicKey, message, signature));
  assert.ok(!verifySlowly(keypair.publicKey, Uint8Array.of(1, 2), signature));
  assert.ok(!verifySlowly(keypair.publicKey, message, signature.with(40, (signature[40] ?? 0) ^ 1)));
});

test("there are fourteen encodings of small order, and none of them is a key or an R", () => {
  const encodings = SMALL_ORDER.flatMap(encodingsOf);
  assert.equal(new Set(encodings.map(toHex)).size, 14);
  for (const bytes of encodings) assert.equal(isAdmissibleKey(bytes), false, toHex(bytes));
});

test("node:crypto, libsodium, the page's curve and the slow twin agree on every pair of edge encodings of key and R", () => {
  const all = edges();
  let accepted = 0;
  for (const edge of all) {
    const expected = verifySlowly(edge.key, edge.message, edge.signature);
    if (expected) accepted += 1;
    agree(edge, expected);
  }
  assert.equal(all.length, 22 * 22 * 2 + 8 * 8 * 4);
  // Honest pairs hold always, mixed ones when their small parts cancel: some of either.
  assert.ok(accepted > 20 && accepted < 200, `${accepted} accepted`);
});

test("S: 0 and L - 1 are judged by the equation, L and all above it are refused", () => {
  const keypair = createKeypair(new Uint8Array(32).fill(3));
  const message = Uint8Array.of(5);
  const honest = sign(keypair, message);
  const r = honest.subarray(0, 32);
  const s = BigInt(`0x${toHex(honest.subarray(32).toReversed())}`);
  for (const value of [
    0n,
    1n,
    L - 1n,
    L,
    L + 1n,
    s + L,
    s + 2n * L,
    2n ** 252n,
    2n ** 253n,
    2n ** 255n,
    2n ** 256n - 1n,
  ]) {
    const edge = { key: keypair.publicKey, message, signature: concat(r, toBytes(value)) };
    agree(edge, verifySlowly(edge.key, message, edge.signature));
    assert.equal(verify(edge.key, message, edge.signature), false);
  }
  agree({ key: keypair.publicKey, message, signature: honest }, true);
});

test("keys and Rs that are no points of the curve are refused by all", () => {
  const keypair = createKeypair(new Uint8Array(32).fill(4));
  const message = Uint8Array.of(6);
  const honest = sign(keypair, message);
  let found = 0;
  for (let y = 2n; found < 8; y++) {
    const bytes = toBytes(y);
    if (decode(bytes) !== null) continue;
    found += 1;
    agree({ key: bytes, message, signature: honest }, false);
    agree({ key: keypair.publicKey, message, signature: concat(bytes, honest.subarray(32)) }, false);
  }
});

test("signatures with any byte changed, and arbitrary bytes, are judged alike by all", () => {
  const keypair = createKeypair(new Uint8Array(32).fill(5));
  const message = Uint8Array.of(7);
  const honest = sign(keypair, message);
  const edit = fc.tuple(fc.nat(63), fc.integer({ min: 0, max: 255 }));
  const edited = edit.map(([at, value]) => honest.with(at, value));
  const any = fc.uint8Array({ minLength: 60, maxLength: 66 });
  fc.assert(
    fc.property(fc.oneof(edited, any), (signature) => {
      agree({ key: keypair.publicKey, message, signature }, equalBytes(signature, honest));
    }),
    { numRuns: 300 },
  );
});
