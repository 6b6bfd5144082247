import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { concat, fromHex } from "#base/bytes.ts";
import { type Ed25519Backend, verifyOver } from "./ed25519.ts";
import { nodeBackend, sodiumBackend } from "./ed25519-backend.ts";
import { PUBLIC_KEYS_CACHED_MAX } from "./limits.ts";
import { pureBackend } from "./pure/ed25519.ts";

interface Vector {
  readonly source: string;
  readonly key: string;
  readonly message: string;
  readonly signature: string;
  readonly accepted: boolean;
}
const file = new URL("../../spec/vectors/ledger-ed25519.json", import.meta.url);
const { signatures } = JSON.parse(readFileSync(file, "utf8")) as { readonly signatures: readonly Vector[] };

const sodium = sodiumBackend();
const backends: readonly Ed25519Backend[] = [
  nodeBackend(),
  pureBackend(),
  ...(sodium === null ? [] : [sodium]),
];

function bytes(hex: string): Uint8Array {
  const value = fromHex(hex);
  assert.ok(value, hex);
  return value;
}

test("libsodium loads on the platforms that it is built for", () => {
  const built = new Set([
    "linux-x64",
    "linux-arm64",
    "darwin-x64",
    "darwin-arm64",
    "win32-x64",
    "win32-arm64",
  ]);
  assert.equal(sodium !== null, built.has(`${process.platform}-${process.arch}`));
});

test("every backend gives the verdict of ed25519-strict-1 on every published edge case", () => {
  for (const backend of backends) {
    for (const { source, key, message, signature, accepted } of signatures) {
      const verdict = verifyOver(backend, bytes(key), bytes(message), bytes(signature));
      assert.equal(verdict, accepted, `${backend.name}: ${source}`);
    }
  }
});

test("a libsodium that multiplies by the cofactor, accepts all, refuses all or breaks is not used", () => {
  const trial = (holds: (signature: Uint8Array, message: Uint8Array, key: Uint8Array) => boolean) =>
    sodiumBackend(() => ({ crypto_sign_verify_detached: holds }));
  const honest = nodeBackend();
  const isCofactored = (signature: Uint8Array) => [0x16, 0x21].includes(signature[0] ?? 0);
  assert.notEqual(
    trial((signature, message, key) => honest.verify(key, message, signature)),
    null,
  );
  assert.equal(
    trial((signature, message, key) => isCofactored(signature) || honest.verify(key, message, signature)),
    null,
  );
  assert.equal(
    trial(() => true),
    null,
  );
  assert.equal(
    trial(() => false),
    null,
  );
  const broken = trial(() => {
    throw new Error("no such build");
  });
  assert.deepEqual([broken, sodiumBackend(() => ({})), sodiumBackend(() => null)], [null, null, null]);
});

test("more keys than the cache holds are verified alike", () => {
  const ordinary = signatures.find(({ source }) => source.endsWith("TEST 2"));
  assert.ok(ordinary);
  const backend = nodeBackend();
  const holds = () => backend.verify(bytes(ordinary.key), bytes(ordinary.message), bytes(ordinary.signature));
  assert.equal(holds(), true);
  const key = new Uint8Array(32);
  for (let at = 1; at <= PUBLIC_KEYS_CACHED_MAX; at++) {
    new DataView(key.buffer).setUint32(4, at);
    assert.equal(backend.verify(key, bytes(ordinary.message), bytes(ordinary.signature)), false);
  }
  assert.equal(holds(), true);
});

/** The curve in affine coordinates and big integers (RFC 8032 section 5.1): slow, obvious, and in tests alone. */
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * inverse(121666n));
type Point = readonly [x: bigint, y: bigint];
const IDENTITY: Point = [0n, 1n];
const BASE_Y = mod(4n * inverse(5n));
const BASE: Point = [0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an, BASE_Y];
/** A point of order eight. */
const EIGHTH = ((): Point => {
  const y = littleEndian(bytes("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"));
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * power(2n, (P - 1n) / 4n));
  return [x, y];
})();

function mod(value: bigint, by = P): bigint {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function inverse(value: bigint): bigint {
  return power(value, P - 2n);
}

function add([x1, y1]: Point, [x2, y2]: Point): Point {
  const product = mod(D * x1 * x2 * y1 * y2);
  return [mod((x1 * y2 + x2 * y1) * inverse(1n + product)), mod((y1 * y2 + x1 * x2) * inverse(1n - product))];
}

function times(scalar: bigint, point: Point): Point {
  let [result, double] = [IDENTITY, point];
  for (let left = scalar; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = add(result, double);
    double = add(double, double);
  }
  return result;
}

function littleEndian(value: Uint8Array): bigint {
  return value.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function encoded(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

function encodedPoint([x, y]: Point): Uint8Array {
  return encoded(y | ((x & 1n) << 255n));
}

test("a torsion part in key or R is judged without the cofactor, alike by every backend", () => {
  // Small ones: what is judged here is the torsion part, and this arithmetic is slow.
  const scalars = fc.bigInt({ min: 1n, max: 2n ** 20n });
  const eighths = fc.integer({ min: 0, max: 7 }).map(BigInt);
  const message = Uint8Array.of(1, 2, 3);
  const seen = new Set<boolean>();
  const judge = (secret: bigint, nonce: bigint, inKey: bigint, inR: bigint): void => {
    const key = encodedPoint(add(times(secret, BASE), times(inKey, EIGHTH)));
    const r = encodedPoint(add(times(nonce, BASE), times(inR, EIGHTH)));
    const k = mod(
      littleEndian(
        createHash("sha512")
          .update(concat(r, key, message))
          .digest(),
      ),
      L,
    );
    const signature = concat(r, encoded(mod(nonce + k * secret, L)));
    const cancels = (inR + k * inKey) % 8n === 0n;
    seen.add(cancels);
    for (const backend of backends) {
      assert.equal(verifyOver(backend, key, message, signature), cancels, backend.name);
    }
  };
  fc.assert(fc.property(scalars, scalars, eighths, eighths, judge), { numRuns: 40 });
  judge(5n, 7n, 0n, 0n);
  judge(5n, 7n, 0n, 4n);
  assert.equal(seen.size, 2);
});
