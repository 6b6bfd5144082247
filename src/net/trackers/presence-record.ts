/**
 * Owns the signed presence record by which a peer says "I am online, here": its bytes, and when it is in force
 * (spec/presence.md). Pure. A record that decodes is signed by the key it names; whoever hands it on can keep it back,
 * not change it. Where records are kept, and who may read them, belongs to the tracker.
 */
import type { PeerId } from "#base/brand.ts";
import { type ByteReader, ByteWriter, concat, type DecodeFault, decodeWith, utf8 } from "#base/bytes.ts";
import { isDisplayName } from "#base/display-name.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { type Keypair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, sign, verify } from "#crypto/ed25519.ts";
import { keyOfPeerId, peerIdOfKey } from "#crypto/peer-id.ts";
import { encodeAddress } from "../addresses.ts";
import { CHAIN_ID_BYTES, readAddresses } from "../discovery/profile.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  NAME_BYTES_MAX,
  PRESENCE_BYTES_MAX,
  PRESENCE_CLOCK_TOLERANCE_MS,
  PRESENCE_TTL_SECONDS_MAX,
  PRESENCE_TTL_SECONDS_MIN,
} from "../limits.ts";

const FORMAT_VERSION = 1;
const DOMAIN = utf8("waybill-presence-v1\0");
const FLAG_LISTED = 1;

export interface Presence {
  readonly peer: PeerId;
  /** 32 bytes: the network in which the peer is online. */
  readonly chainId: Uint8Array;
  /** Of two records of one peer the later stands. By the peer's clock, or a tracker's where the two disagree. */
  readonly issuedMs: number;
  /** How long the record is in force after it was issued, seconds. */
  readonly ttlSeconds: number;
  /** Whether strangers may be told. If not, only who asks for the peer by id, or by a rendezvous, is given it. */
  readonly isListed: boolean;
  readonly name: string;
  /** Multiaddrs without `/p2p`; may be empty: then the peer calls others. */
  readonly addresses: readonly string[];
}

/** A record with the bytes that were signed, so that it can be handed on as it came. */
export interface SignedPresence {
  readonly presence: Presence;
  /** The whole encoding, signature included. */
  readonly bytes: Uint8Array;
}

export type PresenceFault = DecodeFault | { readonly code: "bad-signature" };

/** @throws when a field is out of bounds: what we say of ourselves is ours to get right. */
export function signPresence(fields: Omit<Presence, "peer">, keypair: Keypair): SignedPresence {
  const body = encodeBody({ ...fields, peer: keypair.peerId });
  const bytes = concat(body, sign(keypair, concat(DOMAIN, body)));
  const checked = decodePresence(bytes);
  if (!checked.ok)
    throw new Error(`a presence record of ours does not stand: ${JSON.stringify(checked.fault)}`);
  return checked.value;
}

function encodeBody(presence: Presence): Uint8Array {
  const key = keyOfPeerId(presence.peer);
  if (key === null) throw new Error(`not an Ed25519 peer id: ${presence.peer}`);
  const writer = new ByteWriter()
    .u8(FORMAT_VERSION)
    .raw(key)
    .raw(presence.chainId)
    .u64(presence.issuedMs)
    .u16(presence.ttlSeconds)
    .u8(presence.isListed ? FLAG_LISTED : 0)
    .short(utf8(presence.name))
    .u8(presence.addresses.length);
  for (const address of presence.addresses) writer.short(encodeAddress(address));
  return writer.done();
}

/** Decodes strictly and checks the signature; does not ask whether the record is still in force. */
export function decodePresence(bytes: Uint8Array): Result<SignedPresence, PresenceFault> {
  if (bytes.length > PRESENCE_BYTES_MAX) {
    return fail({ code: "malformed", what: `a presence record of ${bytes.length} bytes`, at: 0 });
  }
  const decoded = decodeWith(bytes, readPresence);
  if (!decoded.ok) return decoded;
  const { presence, key, signature } = decoded.value;
  const body = bytes.subarray(0, bytes.length - SIGNATURE_BYTES);
  if (!verify(key, concat(DOMAIN, body), signature)) return fail({ code: "bad-signature" });
  return ok({ presence, bytes: bytes.slice() });
}

function readPresence(reader: ByteReader): { presence: Presence; key: Uint8Array; signature: Uint8Array } {
  const formatVersion = reader.u8();
  if (formatVersion !== FORMAT_VERSION) reader.refuse(`presence format ${formatVersion} is not known`);
  const key = reader.raw(PUBLIC_KEY_BYTES);
  const chainId = reader.raw(CHAIN_ID_BYTES);
  const issuedMs = reader.safeU64("time of issue");
  const ttlSeconds = reader.u16();
  if (ttlSeconds < PRESENCE_TTL_SECONDS_MIN || ttlSeconds > PRESENCE_TTL_SECONDS_MAX) {
    reader.refuse(`a life of ${ttlSeconds} s is out of bounds`);
  }
  const flags = reader.u8();
  if ((flags & ~FLAG_LISTED) !== 0) reader.refuse(`flags ${flags} are not known`);
  const name = reader.text(NAME_BYTES_MAX, "name");
  if (!isDisplayName(name)) reader.refuse("the name breaks the rules for names");
  const addresses = readAddresses(reader, ADDRESSES_PER_PEER_MAX);
  const signature = reader.raw(SIGNATURE_BYTES);
  const isListed = flags === FLAG_LISTED;
  const peer = peerIdOfKey(key);
  return { presence: { peer, chainId, issuedMs, ttlSeconds, isListed, name, addresses }, key, signature };
}

/** Unix time, ms, by the clock that issued the record. */
export function presenceExpiryMs(presence: Presence): number {
  return presence.issuedMs + presence.ttlSeconds * 1000;
}

/** `expired`, or `ahead` when the record's time lies too far in the future; null while it is in force. */
export function presenceLapse(presence: Presence, nowMs: number): "expired" | "ahead" | null {
  if (presence.issuedMs > nowMs + PRESENCE_CLOCK_TOLERANCE_MS) return "ahead";
  return presenceExpiryMs(presence) + PRESENCE_CLOCK_TOLERANCE_MS <= nowMs ? "expired" : null;
}
