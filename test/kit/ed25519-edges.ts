/**
 * Owns edge cases of Ed25519 made by construction, as C2SP/CCTV describes them: every pair of a key and an R that are
 * honest, of small order, or honest with a part of small order, in canonical and other encodings. For every test that
 * asks whether verifiers agree.
 */
import { concat, toHex } from "#base/bytes.ts";
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
} from "#test/kit/ed25519-twin.ts";

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

/** The eight of them. */
export const SMALL_ORDER: readonly Point[] = smallOrderPoints();

/** All encodings of a point that some decoder takes: y or y + p, and either sign where x is 0. */
export function encodingsOf(point: Point): readonly Uint8Array[] {
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
  const small = SMALL_ORDER.flatMap(encodingsOf).map((bytes) => ({ bytes, scalar: 0n }));
  const mixed = SMALL_ORDER.map((point) => ({ bytes: encode(add(times(scalar, BASE), point)), scalar }));
  return [...small, ...mixed];
}

export interface Edge {
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** 1,224 of them. Each holds when multiplied by the cofactor; whether it holds without is chance, so several messages are tried. */
export function edges(): readonly Edge[] {
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
