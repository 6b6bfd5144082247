/**
 * Owns the two spellings of one identity: the libp2p peer id and the ledger account, both of the same Ed25519 key.
 * libp2p peer id specification, "Ed25519": identity multihash of the protobuf-encoded public key, base58btc.
 */
import { base58btc } from "multiformats/bases/base58";
import type { AccountId, PeerId } from "#base/brand.ts";
import { concat, equalBytes, fromHex, toHex } from "#base/bytes.ts";

/** The Bitcoin alphabet; a peer id has 52 digits of it. */
const BASE58 = /^[1-9A-HJ-NP-Za-km-z]{1,64}$/;
/** Multihash code identity, 36 bytes; protobuf KeyType = Ed25519, Data = 32 bytes. */
const PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);
const PUBLIC_KEY_BYTES = 32;

/** @param publicKey 32 bytes. */
export function peerIdOfKey(publicKey: Uint8Array): PeerId {
  if (publicKey.length !== PUBLIC_KEY_BYTES) throw new RangeError(`public key of ${publicKey.length} bytes`);
  return base58btc.baseEncode(concat(PREFIX, publicKey)) as PeerId;
}

/** The 32-byte key inside a peer id; `null` when the text is not the peer id of an Ed25519 key. */
export function keyOfPeerId(text: string): Uint8Array | null {
  // The library takes some characters beyond ASCII for digits: one key would have several names.
  if (!BASE58.test(text)) return null;
  let bytes: Uint8Array;
  try {
    bytes = base58btc.baseDecode(text);
  } catch {
    return null;
  }
  if (bytes.length !== PREFIX.length + PUBLIC_KEY_BYTES) return null;
  return equalBytes(bytes.subarray(0, PREFIX.length), PREFIX) ? bytes.slice(PREFIX.length) : null;
}

/** The text as a peer id, when it is one. */
export function parsePeerId(text: string): PeerId | null {
  return keyOfPeerId(text) === null ? null : (text as PeerId);
}

export function accountOfPeer(peer: PeerId): AccountId {
  const key = keyOfPeerId(peer);
  if (key === null) throw new Error(`not the peer id of an Ed25519 key: ${peer}`);
  return toHex(key) as AccountId;
}

export function peerOfAccount(account: AccountId): PeerId {
  const key = fromHex(account);
  if (key === null) throw new Error(`not an account: ${account}`);
  return peerIdOfKey(key);
}

/** The text as an account, when it is 64 lower-case hex digits. Whether the key is admissible is the ledger's rule. */
export function parseAccount(text: string): AccountId | null {
  return fromHex(text)?.length === PUBLIC_KEY_BYTES ? (text as AccountId) : null;
}
