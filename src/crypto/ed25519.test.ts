import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { fromHex, toHex, utf8 } from "#base/bytes.ts";
import { createKeypair, isAdmissibleKey, isAdmissibleSignature, sign, verify } from "./ed25519.ts";
import { keyOfPeerId } from "./peer-id.ts";

interface Vectors {
  readonly smallOrder: readonly string[];
  readonly signatures: readonly {
    readonly source: string;
    readonly key: string;
    readonly message: string;
    readonly signature: string;
    readonly accepted: boolean;
    readonly reason: string;
  }[];
}
const file = new URL("../../spec/vectors/ledger-ed25519.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;

function bytes(hex: string): Uint8Array {
  const value = fromHex(hex);
  assert.ok(value, hex);
  return value;
}

test("published signatures get the verdict of ed25519-strict-1", () => {
  for (const { source, key, message, signature, accepted, reason } of vectors.signatures) {
    assert.equal(verify(bytes(key), bytes(message), bytes(signature)), accepted, `${source}: ${reason}`);
  }
  assert.equal(vectors.signatures.filter(({ accepted }) => accepted).length, 5);
});

test("none of the encodings of small order is admissible, neither as key nor as R", () => {
  const { publicKey } = createKeypair(new Uint8Array(32));
  assert.equal(new Set(vectors.smallOrder).size, 14);
  for (const encoded of vectors.smallOrder) {
    assert.equal(isAdmissibleKey(bytes(encoded)), false, encoded);
    const signature = new Uint8Array(64);
    signature.set(bytes(encoded));
    assert.equal(verify(publicKey, utf8("x"), signature), false, encoded);
  }
});

test("the rule itself refuses what it must, whatever the library below would say", () => {
  const form = /small order|not canonical|group order/;
  for (const { source, key, signature, reason } of vectors.signatures) {
    const isAdmissible = isAdmissibleKey(bytes(key)) && isAdmissibleSignature(bytes(signature));
    assert.equal(isAdmissible, !form.test(reason), `${source}: ${reason}`);
  }
});

test("S is refused from the group order on, and not before", () => {
  const order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
  const point = toHex(createKeypair(new Uint8Array(32)).publicKey);
  assert.equal(isAdmissibleSignature(bytes(point + order)), false);
  assert.equal(isAdmissibleSignature(bytes(point + order.replace("ed", "ec"))), true);
  assert.equal(isAdmissibleSignature(bytes(point + order).subarray(1)), false);
});

test("a seed gives the key and signature of RFC 8032 section 7.1 TEST 2", () => {
  const seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const keypair = createKeypair(seed);
  const key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
  assert.equal(toHex(keypair.publicKey), key);
  assert.equal(keypair.account, key);
  assert.deepEqual(keyOfPeerId(keypair.peerId), keypair.publicKey);
  const expected = vectors.signatures.find(({ source }) => source.endsWith("TEST 2"))?.signature;
  assert.equal(toHex(sign(keypair, Uint8Array.of(0x72))), expected);
});

test("a copied pair signs alike", () => {
  const keypair = createKeypair(new Uint8Array(32).fill(9));
  assert.deepEqual(sign({ ...keypair }, utf8("m")), sign(keypair, utf8("m")));
});

test("a signature stands for its message and key alone, and no bit of it can change", () => {
  const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const bits = fc.integer({ min: 0, max: 511 });
  fc.assert(
    fc.property(seeds, fc.uint8Array({ maxLength: 80 }), bits, (seed, message, bit) => {
      const keypair = createKeypair(seed);
      const signature = sign(keypair, message);
      assert.equal(verify(keypair.publicKey, message, signature), true);
      assert.equal(verify(keypair.publicKey, Uint8Array.of(...message, 0), signature), false);
      signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(verify(keypair.publicKey, message, signature), false);
    }),
    { numRuns: 50 },
  );
});

test("arbitrary bytes get a verdict, never an exception", () => {
  const any = fc.uint8Array({ maxLength: 70 });
  const sized = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  fc.assert(
    fc.property(fc.oneof(any, sized(32)), any, fc.oneof(any, sized(64)), (key, message, signature) => {
      assert.equal(verify(key, message, signature), false);
    }),
  );
});

test("a seed of another length is refused", () => {
  assert.throws(() => createKeypair(new Uint8Array(31)), RangeError);
});
