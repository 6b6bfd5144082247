/**
 * Owns the signed profile: what a peer says of itself, and its bytes (spec/profile.md). Pure.
 * A profile that decodes is signed by the key it names; whether its peer is there, or honest, it does not say.
 */
import type { PeerId } from "#base/brand.ts";
import { type ByteReader, ByteWriter, concat, type DecodeFault, decodeWith, utf8 } from "#base/bytes.ts";
import { isDisplayName } from "#base/display-name.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { type Keypair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, sign, verify } from "#crypto/ed25519.ts";
import { keyOfPeerId, peerIdOfKey } from "#crypto/peer-id.ts";
import { decodeAddress, encodeAddress, isDialable } from "../addresses.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  CAPABILITIES_MAX,
  CAPABILITY_BYTES_MAX,
  MULTIADDR_BYTES_MAX,
  NAME_BYTES_MAX,
  PROFILE_BYTES_MAX,
  VERSION_BYTES_MAX,
} from "../limits.ts";

const FORMAT_VERSION = 1;
const DOMAIN = utf8("waybill-profile-v1\0");
export const CHAIN_ID_BYTES = 32;
/** Printable ASCII without space: versions and capabilities are compared by programs, shown as they are. */
const TOKEN = /^[!-~]+$/;

export interface Profile {
  readonly peer: PeerId;
  readonly name: string;
  readonly version: string;
  /** In ascending order, each once. */
  readonly capabilities: readonly string[];
  /** 32 bytes. */
  readonly chainId: Uint8Array;
  /** By the peer's own clock; of two profiles of one peer the later stands. */
  readonly issuedMs: number;
  /** Multiaddrs without `/p2p`. */
  readonly addresses: readonly string[];
}

/** A profile with the bytes that were signed, so that it can be passed on as it came. */
export interface SignedProfile {
  readonly profile: Profile;
  /** The whole encoding, signature included. */
  readonly bytes: Uint8Array;
}

export type ProfileFault = DecodeFault | { readonly code: "bad-signature" };

/** @throws when a field is out of bounds: what we say of ourselves is ours to get right. */
export function signProfile(fields: Omit<Profile, "peer">, keypair: Keypair): SignedProfile {
  const profile: Profile = { ...fields, peer: keypair.peerId, capabilities: [...fields.capabilities].sort() };
  const body = encodeBody(profile);
  const bytes = concat(body, sign(keypair, concat(DOMAIN, body)));
  const checked = decodeProfile(bytes);
  if (!checked.ok) throw new Error(`a profile of ours does not stand: ${JSON.stringify(checked.fault)}`);
  return checked.value;
}

function encodeBody(profile: Profile): Uint8Array {
  const key = keyOfPeerId(profile.peer);
  if (key === null) throw new Error(`not an Ed25519 peer id: ${profile.peer}`);
  const writer = new ByteWriter()
    .u8(FORMAT_VERSION)
    .raw(key)
    .raw(profile.chainId)
    .u64(profile.issuedMs)
    .short(utf8(profile.name))
    .short(utf8(profile.version))
    .u8(profile.capabilities.length);
  for (const capability of profile.capabilities) writer.short(utf8(capability));
  writer.u8(profile.addresses.length);
  for (const address of profile.addresses) writer.short(encodeAddress(address));
  return writer.done();
}

/** Decodes strictly and checks the signature. */
export function decodeProfile(bytes: Uint8Array): Result<SignedProfile, ProfileFault> {
  if (bytes.length > PROFILE_BYTES_MAX) {
    return fail({ code: "malformed", what: `a profile of ${bytes.length} bytes`, at: 0 });
  }
  const decoded = decodeWith(bytes, readProfile);
  if (!decoded.ok) return decoded;
  const { profile, key, signature } = decoded.value;
  const body = bytes.subarray(0, bytes.length - SIGNATURE_BYTES);
  if (!verify(key, concat(DOMAIN, body), signature)) return fail({ code: "bad-signature" });
  return ok({ profile, bytes: bytes.slice() });
}

function readProfile(reader: ByteReader): { profile: Profile; key: Uint8Array; signature: Uint8Array } {
  const formatVersion = reader.u8();
  if (formatVersion !== FORMAT_VERSION) reader.refuse(`profile format ${formatVersion} is not known`);
  const key = reader.raw(PUBLIC_KEY_BYTES);
  const chainId = reader.raw(CHAIN_ID_BYTES);
  const issuedMs = reader.safeU64("time of issue");
  const name = reader.text(NAME_BYTES_MAX, "name");
  if (!isDisplayName(name)) reader.refuse("the name breaks the rules for names");
  const version = readToken(reader, VERSION_BYTES_MAX, "version");
  const capabilities = reader.list(CAPABILITIES_MAX, "capabilities", () =>
    readToken(reader, CAPABILITY_BYTES_MAX, "capability"),
  );
  if (capabilities.some((value, at) => at > 0 && value <= (capabilities[at - 1] ?? ""))) {
    reader.refuse("capabilities are not in ascending order");
  }
  const addresses = readAddresses(reader, ADDRESSES_PER_PEER_MAX);
  const signature = reader.raw(SIGNATURE_BYTES);
  const peer = peerIdOfKey(key);
  return { profile: { peer, name, version, capabilities, chainId, issuedMs, addresses }, key, signature };
}

function readToken(reader: ByteReader, maxBytes: number, what: string): string {
  const text = reader.text(maxBytes, what);
  return TOKEN.test(text) ? text : reader.refuse(`${what} is not printable ASCII`);
}

/** A counted list of addresses that others could dial, none of them twice. */
export function readAddresses(reader: ByteReader, max: number): string[] {
  const addresses = reader.list(max, "addresses", () => {
    const address = decodeAddress(reader.short(MULTIADDR_BYTES_MAX, "address"));
    if (address === null || !isDialable(address)) return reader.refuse("an address that cannot be dialled");
    return address;
  });
  if (new Set(addresses).size !== addresses.length) reader.refuse("an address twice");
  return addresses;
}
