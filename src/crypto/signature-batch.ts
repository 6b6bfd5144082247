/**
 * Owns how a batch of signatures travels to a thread and its verdicts back: one buffer each way, handed over and not
 * copied. Between threads of one process only, so it carries no version and is not checked against strangers.
 *
 *     items:    (key 32 | signature 64 | message length u32 | message) …
 *     verdicts: one byte each, 1 or 0
 */
import { verify } from "#crypto/ed25519.ts";
import type { SignatureItem } from "./signature-checker.ts";

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const LENGTH_BYTES = 4;
const FIXED_BYTES = KEY_BYTES + SIGNATURE_BYTES + LENGTH_BYTES;

/** Whether an item has the lengths that a batch carries. No other could be a signature. */
export function isPackable({ publicKey, signature }: SignatureItem): boolean {
  return publicKey.length === KEY_BYTES && signature.length === SIGNATURE_BYTES;
}

/** @param items all of them packable. */
export function packItems(items: readonly SignatureItem[]): Uint8Array<ArrayBuffer> {
  const size = items.reduce((sum, { message }) => sum + FIXED_BYTES + message.length, 0);
  const packed = new Uint8Array(size);
  const view = new DataView(packed.buffer);
  let at = 0;
  for (const { publicKey, message, signature } of items) {
    packed.set(publicKey, at);
    packed.set(signature, at + KEY_BYTES);
    view.setUint32(at + KEY_BYTES + SIGNATURE_BYTES, message.length);
    packed.set(message, at + FIXED_BYTES);
    at += FIXED_BYTES + message.length;
  }
  return packed;
}

export function unpackItems(packed: Uint8Array): readonly SignatureItem[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const items: SignatureItem[] = [];
  let at = 0;
  while (at < packed.length) {
    const messageAt = at + FIXED_BYTES;
    const end = messageAt + view.getUint32(at + KEY_BYTES + SIGNATURE_BYTES);
    items.push({
      publicKey: packed.subarray(at, at + KEY_BYTES),
      signature: packed.subarray(at + KEY_BYTES, at + KEY_BYTES + SIGNATURE_BYTES),
      message: packed.subarray(messageAt, end),
    });
    at = end;
  }
  return items;
}

/** What a thread does with a batch. */
export function verdictsOf(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(unpackItems(packed), ({ publicKey, message, signature }) =>
    verify(publicKey, message, signature) ? 1 : 0,
  );
}
