/**
 * Owns the work stamp that a free anchor carries in place of a fee: a number that makes a hash begin with enough
 * zero bits. It is bound to network, account, sequence, expiry and root, so it can be neither reused, nor taken
 * over by another, nor hoarded longer than a transaction lives. The loop that searches is the caller's.
 */
import { ByteWriter, equalBytes, utf8 } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import { bytesOfId } from "./codec.ts";
import type { StampedAnchor } from "./types.ts";

const STAMP_DOMAIN = utf8("waybill-stamp-v1\0");

/** What the stamp is bound to. */
export type StampSubject = Pick<StampedAnchor, "from" | "seq" | "validUntil" | "root">;

/** The preimage of the stamp hash but for its last eight bytes, which are the stamp. */
export function stampPrefix(subject: StampSubject, chainId: Uint8Array): Uint8Array {
  return new ByteWriter()
    .raw(STAMP_DOMAIN)
    .raw(chainId)
    .raw(bytesOfId(subject.from))
    .u64(subject.seq)
    .u32(subject.validUntil)
    .raw(subject.root)
    .done();
}

/** The largest stamp hash allowed, 32 bytes, big-endian: `stampBits` zero bits, then ones. */
export function stampTarget(stampBits: number): Uint8Array {
  const target = new Uint8Array(32).fill(0xff);
  for (let bit = 0; bit < stampBits; bit++) target[bit >> 3] = (target[bit >> 3] ?? 0) >> 1;
  return target;
}

/** Whether a hash of 32 bytes begins with `stampBits` zero bits. */
export function stampMeets(digest: Uint8Array, stampBits: number): boolean {
  const whole = stampBits >> 3;
  for (let at = 0; at < whole; at++) if (digest[at] !== 0) return false;
  return (digest[whole] ?? 0) >> (8 - (stampBits & 7)) === 0;
}

/** Zero bits at the beginning of a hash: 0 to 256. */
function leadingZeroBits(digest: Uint8Array): number {
  const whole = digest.findIndex((byte) => byte !== 0);
  return whole < 0 ? 8 * digest.length : 8 * whole + Math.clz32(digest[whole] ?? 0) - 24;
}

/** Pool, template and checks ask for each several times; values are never changed. */
const strengths = new WeakMap<StampedAnchor, { readonly chainId: Uint8Array; readonly strength: number }>();

/**
 * Zero bits that the stamp's hash begins with: each one more took twice the search. Of two anchors that do not both
 * find room, the stronger goes first; what lies above the least that the network asks for is the author's choice.
 */
export function stampStrength(anchor: StampedAnchor, chainId: Uint8Array): number {
  const known = strengths.get(anchor);
  if (known !== undefined && equalBytes(known.chainId, chainId)) return known.strength;
  const preimage = new ByteWriter().raw(stampPrefix(anchor, chainId)).u64(anchor.stamp).done();
  const strength = leadingZeroBits(sha256(preimage));
  strengths.set(anchor, { chainId, strength });
  return strength;
}

/** Whether the anchor's stamp is strong enough on this network. */
export function isStampValid(anchor: StampedAnchor, chainId: Uint8Array, stampBits: number): boolean {
  return stampStrength(anchor, chainId) >= stampBits;
}

/**
 * One bounded step of the search: tries `count` stamps from `from` upwards.
 * @returns the first that is strong enough, or `null`; then go on from `from + count`.
 */
export function searchStamp(
  prefix: Uint8Array,
  stampBits: number,
  from: bigint,
  count: number,
): bigint | null {
  const preimage = new ByteWriter().raw(prefix).u64(from).done();
  const view = new DataView(preimage.buffer);
  for (let tried = 0; tried < count; tried++) {
    const stamp = from + BigInt(tried);
    view.setBigUint64(prefix.length, stamp, true);
    if (stampMeets(sha256(preimage), stampBits)) return stamp;
  }
  return null;
}
