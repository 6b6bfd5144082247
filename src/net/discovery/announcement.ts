/**
 * Owns the signed announcement that peers call into their own network: its bytes (spec/announcement.md). Pure.
 * Small enough never to be fragmented, and checked cheapest first: a stranger's bytes reach the signature check
 * only when everything else is in order.
 */
import type { PeerId } from "#base/brand.ts";
import { type ByteReader, ByteWriter, concat, type DecodeFault, decodeWith, utf8 } from "#base/bytes.ts";
import { isDisplayName } from "#base/display-name.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { type Keypair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, sign, verify } from "#crypto/ed25519.ts";
import { peerIdOfKey } from "#crypto/peer-id.ts";
import { encodeAddress } from "../addresses.ts";
import { ANNOUNCEMENT_ADDRESSES_MAX, ANNOUNCEMENT_BYTES_MAX, NAME_BYTES_MAX } from "../limits.ts";
import { readAddresses } from "./profile.ts";

/** Lets a packet of another program on the same port be told apart by its first bytes. */
const MAGIC = utf8("WBAN");
const FORMAT_VERSION = 1;
const DOMAIN = utf8("waybill-announcement-v1\0");
const CHAIN_PREFIX_BYTES = 8;
const FLAG_NEWCOMER = 1;

export interface Announcement {
  readonly peer: PeerId;
  readonly name: string;
  /** First 8 bytes of the chain id: enough to tell networks apart, not to prove one. */
  readonly chainPrefix: Uint8Array;
  /** Start of the announcing run by its own clock, and a count within the run: later ones are greater. */
  readonly runMs: number;
  readonly counter: number;
  /** Asks those who hear it to announce themselves soon. */
  readonly isNewcomer: boolean;
  /** TCP port that goes with the address the packet came from; 0 when only `addresses` count. */
  readonly port: number;
  /** Multiaddrs without `/p2p`. */
  readonly addresses: readonly string[];
}

/** What can be said of a packet before its signature is checked. */
export interface UncheckedAnnouncement {
  readonly announcement: Announcement;
  readonly bytes: Uint8Array;
  readonly key: Uint8Array;
  readonly signature: Uint8Array;
}

export function chainPrefixOf(chainId: Uint8Array): Uint8Array {
  return chainId.slice(0, CHAIN_PREFIX_BYTES);
}

/** @throws when a field is out of bounds: what we say of ourselves is ours to get right. */
export function signAnnouncement(fields: Omit<Announcement, "peer">, keypair: Keypair): Uint8Array {
  const writer = new ByteWriter()
    .raw(MAGIC)
    .u8(FORMAT_VERSION)
    .u8(fields.isNewcomer ? FLAG_NEWCOMER : 0)
    .raw(keypair.publicKey)
    .raw(fields.chainPrefix)
    .u64(fields.runMs)
    .u32(fields.counter)
    .u16(fields.port)
    .short(utf8(fields.name))
    .u8(fields.addresses.length);
  for (const address of fields.addresses) writer.short(encodeAddress(address));
  const body = writer.done();
  const bytes = concat(body, sign(keypair, concat(DOMAIN, body)));
  const checked = decodeAnnouncement(bytes);
  if (!checked.ok)
    throw new Error(`an announcement of ours does not stand: ${JSON.stringify(checked.fault)}`);
  return bytes;
}

/** Everything but the signature. */
export function decodeAnnouncement(bytes: Uint8Array): Result<UncheckedAnnouncement, DecodeFault> {
  if (bytes.length > ANNOUNCEMENT_BYTES_MAX) {
    return fail({ code: "malformed", what: `an announcement of ${bytes.length} bytes`, at: 0 });
  }
  const decoded = decodeWith(bytes, readAnnouncement);
  return decoded.ok ? ok({ ...decoded.value, bytes }) : decoded;
}

/** The announcement, once its signature stands. */
export function checkAnnouncement(
  unchecked: UncheckedAnnouncement,
): Result<Announcement, { readonly code: "bad-signature" }> {
  const body = unchecked.bytes.subarray(0, unchecked.bytes.length - SIGNATURE_BYTES);
  const stands = verify(unchecked.key, concat(DOMAIN, body), unchecked.signature);
  return stands ? ok(unchecked.announcement) : fail({ code: "bad-signature" });
}

function readAnnouncement(reader: ByteReader): Omit<UncheckedAnnouncement, "bytes"> {
  if (Buffer.compare(reader.raw(MAGIC.length), MAGIC) !== 0) reader.refuse("not an announcement");
  const formatVersion = reader.u8();
  if (formatVersion !== FORMAT_VERSION) reader.refuse(`announcement format ${formatVersion} is not known`);
  const flags = reader.u8();
  if ((flags & ~FLAG_NEWCOMER) !== 0) reader.refuse(`flags ${flags} are not known`);
  const key = reader.raw(PUBLIC_KEY_BYTES);
  const chainPrefix = reader.raw(CHAIN_PREFIX_BYTES);
  const runMs = reader.safeU64("start of the run");
  const counter = reader.u32();
  const port = reader.u16();
  const name = reader.text(NAME_BYTES_MAX, "name");
  if (!isDisplayName(name)) reader.refuse("the name breaks the rules for names");
  const addresses = readAddresses(reader, ANNOUNCEMENT_ADDRESSES_MAX);
  const signature = reader.raw(SIGNATURE_BYTES);
  const isNewcomer = flags === FLAG_NEWCOMER;
  const peer = peerIdOfKey(key);
  return {
    announcement: { peer, name, chainPrefix, runMs, counter, isNewcomer, port, addresses },
    key,
    signature,
  };
}
