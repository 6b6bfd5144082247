/**
 * Owns what follows from the secret of an invite: the meeting point, which may be told to anybody, and the proofs by
 * which two peers show each other that they hold it (spec/invite.md). Pure. The primitives are HKDF (RFC 5869) and HMAC
 * (RFC 2104) with SHA-256, as Node has them.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { PeerId } from "#base/brand.ts";
import { concat, utf8 } from "#base/bytes.ts";
import { keyOfPeerId } from "#crypto/peer-id.ts";
import { SPELLED_BYTES } from "#crypto/words.ts";

/** 88 bits, as many as eight words hold. */
export const SECRET_BYTES = SPELLED_BYTES;
export const MEETING_POINT_BYTES = 32;
export const PROOF_BYTES = 32;

const DOMAIN = "waybill-invite-v1";
/** By role, so that neither side's proof can be handed back to it as the other's. */
const ROLES = { guest: 1, inviter: 2 } as const;
export type Role = keyof typeof ROLES;

/** 32 bytes that lead those who hold the secret to each other. The secret does not follow from it. */
export function meetingPointOf(secret: Uint8Array): Uint8Array {
  return derived(secret, "meeting point", MEETING_POINT_BYTES);
}

/**
 * What `role` shows to prove that it holds the secret. Bound to both keys: on a connection of other keys, which is what
 * anybody in between would have, it proves nothing.
 */
export function proofOf(
  secret: Uint8Array,
  role: Role,
  peers: { readonly inviter: PeerId; readonly guest: PeerId },
): Uint8Array {
  const key = derived(secret, "proof", PROOF_BYTES);
  const preimage = concat(
    utf8(`${DOMAIN}\0`),
    Uint8Array.of(ROLES[role]),
    publicKeyOf(peers.inviter),
    publicKeyOf(peers.guest),
  );
  return new Uint8Array(createHmac("sha256", key).update(preimage).digest());
}

/** In constant time. */
export function isProof(shown: Uint8Array, expected: Uint8Array): boolean {
  return shown.length === expected.length && timingSafeEqual(shown, expected);
}

function derived(secret: Uint8Array, what: string, length: number): Uint8Array {
  if (secret.length !== SECRET_BYTES) throw new RangeError(`secret of ${secret.length} bytes`);
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), `${DOMAIN} ${what}`, length));
}

function publicKeyOf(peer: PeerId): Uint8Array {
  const key = keyOfPeerId(peer);
  if (key === null) throw new Error(`not the peer id of an Ed25519 key: ${peer}`);
  return key;
}
