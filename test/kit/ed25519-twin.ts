/**
 * Owns Ed25519 under `ed25519-strict-1` a second time: slow, obvious, in plain JavaScript, from RFC 8032 alone. For
 * tests: whatever verifies fast must agree with it on every edge. Shares no code with `src/crypto`.
 */
import { createHash } from "node:crypto";

const P = 2n ** 255n - 19n;
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;

function modulo(value: bigint, by: bigint): bigint {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base % P];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const inverse = (value: bigint) => power(modulo(value, P), P - 2n);
const D = modulo(-121665n * inverse(121666n), P);
const SQRT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

/** Extended coordinates: x = X/Z, y = Y/Z, xy = T/Z. */
export interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
  readonly t: bigint;
}

export const NEUTRAL: Point = { x: 0n, y: 1n, z: 1n, t: 0n };

function affine(x: bigint, y: bigint): Point {
  return { x, y, z: 1n, t: (x * y) % P };
}

/** RFC 8032 section 5.1.4: complete, so that no point is a special case. */
export function add(a: Point, b: Point): Point {
  const A = ((a.y - a.x) * (b.y - b.x)) % P;
  const B = ((a.y + a.x) * (b.y + b.x)) % P;
  const C = (((2n * a.t * D) % P) * b.t) % P;
  const Z = (2n * a.z * b.z) % P;
  const [E, F, G, H] = [B - A, Z - C, Z + C, B + A];
  return {
    x: modulo(E * F, P),
    y: modulo(G * H, P),
    z: modulo(F * G, P),
    t: modulo(E * H, P),
  };
}

export function times(scalar: bigint, point: Point): Point {
  let [result, doubled] = [NEUTRAL, point];
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = add(result, doubled);
    doubled = add(doubled, doubled);
  }
  return result;
}

/** A square root of a ratio, if there is one: RFC 8032 section 5.1.3. */
function recoverX(y: bigint, sign: bigint): bigint | null {
  const square = modulo((y * y - 1n) * inverse(D * y * y + 1n), P);
  let x = power(square, (P + 3n) / 8n);
  if ((x * x - square) % P !== 0n) x = (x * SQRT_OF_MINUS_ONE) % P;
  if ((x * x - square) % P !== 0n) return null;
  return (x & 1n) === sign ? x : modulo(-x, P);
}

export function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

export function toBytes(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

export function encode({ x, y, z }: Point): Uint8Array {
  const scale = inverse(z);
  const [X, Y] = [(x * scale) % P, (y * scale) % P];
  return toBytes(Y | ((X & 1n) << 255n));
}

/** `null` for what is not canonical, or no point. */
export function decode(bytes: Uint8Array): Point | null {
  const value = littleEndian(bytes);
  const y = value & (2n ** 255n - 1n);
  if (bytes.length !== 32 || y >= P) return null;
  const x = recoverX(y, value >> 255n);
  if (x === null || (x === 0n && value >> 255n === 1n)) return null;
  return affine(x, y);
}

/** The point of RFC 8032 section 5.1 that every key is a multiple of. */
export const BASE: Point = decode(toBytes((4n * inverse(5n)) % P)) ?? NEUTRAL;

function isNeutral({ x, y, z }: Point): boolean {
  return x === 0n && (y - z) % P === 0n;
}

/** k of RFC 8032 section 5.1.7, below L. */
export function challenge(r: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  const digest = createHash("sha512").update(r).update(key).update(message).digest();
  return littleEndian(digest) % L;
}

/** The verdict of the rule, one sentence of it after the other. */
export function verifySlowly(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false;
  const [r, s] = [signature.subarray(0, 32), littleEndian(signature.subarray(32))];
  const [A, R] = [decode(key), decode(r)];
  if (s >= L || A === null || R === null) return false;
  if (isNeutral(times(8n, A)) || isNeutral(times(8n, R))) return false;
  const [left, right] = [times(s, BASE), add(R, times(challenge(r, key, message), A))];
  return (left.x * right.z - right.x * left.z) % P === 0n && (left.y * right.z - right.y * left.z) % P === 0n;
}
