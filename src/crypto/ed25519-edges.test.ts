/**
 * Edge cases of Ed25519 made by construction, as C2SP/CCTV describes them: every pair of a key and an R that are honest,
 * of small order, or honest with a part of small order, in canonical and other encodings; and S around its bound.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, equalBytes, toHex } from "#base/bytes.ts";
import {
  add,
  BASE,
  challenge,
  decode,
  encode,
  L,
  NEUTRAL,
  type Point,
  times,
  toBytes,
  verifySlowly,
} from "#test/kit/ed25519-twin.ts";
import { createKeypair, type Ed25519Backend, isAdmissibleKey, sign, verify, verifyOver } from "./ed25519.ts";
import { nodeBackend, sodiumBackend } from "./ed25519-backend.ts";
import { pureBackend } from "./pure/ed25519.ts";

const sodium = sodiumBackend();
const BACKENDS: readonly Ed25519Backend[] = [
  nodeBackend(),
  pureBackend(),
  ...(sodium === null ? [] : [sodium]),
];
const [KEY_SCALAR, R_SCALAR] = [0x1234567n, 0x89abcdefn];

/** The eight points whose eighth multiple is neutral, from one of order eight. */
function smallOrderPoints(): readonly Point[] {
  for (let y = 2n; ; y++) {
    const point = decode(toBytes(y));
    const generator = point === null ? NEUTRAL : times(L, point);
    const points = Array.from({ length: 8 }, (_, at) => times(BigInt(at), generator));
    if (new Set(points.map((each) => toHex(encode(each)))).size === 8) return points;
  }
}

const SMALL = smallOrderPoints();

/** All encodings of a point that some decoder takes: y or y + p, and either sign where x is 0. */
function encodingsOf(point: Point): readonly Uint8Array[] {
  const canonical = encode(point);
  const y = BigInt(`0x${toHex(canonical.toReversed())}`) & (2n ** 255n - 1n);
  const sign = BigInt((canonical[31] ?? 0) >> 7);
  const ys = y < 19n ? [y, y + 2n ** 255n - 19n] : [y];
  const isXZero = y === 1n || y === 2n ** 255n - 20n;
  return ys.flatMap((each) => (isXZero ? [0n, 1n] : [sign]).map((bit) => toBytes(each | (bit << 255n))));
}

interface Half {
  readonly bytes: Uint8Array;
  /** What multiple of the base point is in it; 0 for points of small order. */
  readonly scalar: bigint;
}

function halves(scalar: bigint): readonly Half[] {
  const small = SMALL.flatMap(encodingsOf).map((bytes) => ({ bytes, scalar: 0n }));
  const mixed = SMALL.map((point) => ({ bytes: encode(add(times(scalar, BASE), point)), scalar }));
  return [...small, ...mixed];
}

interface Edge {
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Each holds when multiplied by the cofactor; whether it holds without is chance, so several messages are tried. */
function edges(): readonly Edge[] {
  const list: Edge[] = [];
  for (const A of halves(KEY_SCALAR)) {
    for (const R of halves(R_SCALAR)) {
      const tries = A.scalar === 0n || R.scalar === 0n ? 2 : 6;
      for (let number = 0; number < tries; number++) {
        const message = Uint8Array.of(number);
        const s = (R.scalar + challenge(R.bytes, A.bytes, message) * A.scalar) % L;
        list.push({ key: A.bytes, message, signature: concat(R.bytes, toBytes(s)) });
      }
    }
  }
  return list;
}

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
  const encodings = SMALL.flatMap(encodingsOf);
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
