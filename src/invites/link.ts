/**
 * Owns the link of an invite, `waybill:i/…`: the secret, whose invite it is, and where that peer may be met
 * (spec/invite.md). Pure. Addresses and trackers are hints: whoever uses them checks them.
 */
import type { PeerId } from "#base/brand.ts";
import {
  type ByteReader,
  ByteWriter,
  concat,
  type DecodeFault,
  decodeWith,
  equalBytes,
  utf8,
} from "#base/bytes.ts";
import { fail, type Result } from "#base/result.ts";
import { PUBLIC_KEY_BYTES } from "#crypto/ed25519.ts";
import { keyOfPeerId, peerIdOfKey } from "#crypto/peer-id.ts";
import { sha256 } from "#crypto/sha256.ts";
import { LINK_ADDRESSES_MAX, LINK_TEXT_BYTES_MAX, LINK_TRACKERS_MAX, TEXT_CHARACTERS_MAX } from "./limits.ts";
import { SECRET_BYTES } from "./secret.ts";

export const LINK_PREFIX = "waybill:i/";
const FORMAT = 1;
/** Finds a link that was cut short or mistyped; against people it protects nothing. */
const CHECKSUM_BYTES = 4;
/** What multiaddrs, host names and URLs are made of. */
const PRINTABLE = /^[!-~]+$/;

export interface InviteLink {
  /** 11 bytes. */
  readonly secret: Uint8Array;
  readonly inviter: PeerId;
  /** Multiaddrs without `/p2p`, most promising first. */
  readonly addresses: readonly string[];
  /** As `InviteReach.addTracker` takes them. */
  readonly trackers: readonly string[];
}

export function encodeLink(link: InviteLink): string {
  const key = keyOfPeerId(link.inviter);
  if (key === null) throw new Error(`not the peer id of an Ed25519 key: ${link.inviter}`);
  const writer = new ByteWriter().u8(FORMAT).raw(link.secret).raw(key);
  for (const texts of [link.addresses, link.trackers]) {
    writer.u8(texts.length);
    for (const text of texts) writer.short(utf8(text));
  }
  const body = writer.done();
  return LINK_PREFIX + Buffer.from(concat(body, checksum(body))).toString("base64url");
}

/** Refuses what {@link encodeLink} would not have written. */
export function decodeLink(text: string): Result<InviteLink, DecodeFault> {
  const refuse = (what: string) => fail<DecodeFault>({ code: "malformed", what, at: 0 });
  if (text.length > TEXT_CHARACTERS_MAX) return refuse("it is too long");
  if (!text.startsWith(LINK_PREFIX)) return refuse(`it does not begin with ${LINK_PREFIX}`);
  const payload = text.slice(LINK_PREFIX.length);
  const bytes = new Uint8Array(Buffer.from(payload, "base64url"));
  if (Buffer.from(bytes).toString("base64url") !== payload) return refuse("it is not base64url");
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  if (bytes.length < CHECKSUM_BYTES || !equalBytes(bytes.subarray(-CHECKSUM_BYTES), checksum(body))) {
    return refuse("its end does not fit the rest");
  }
  return decodeWith(body, readLink);
}

function readLink(reader: ByteReader): InviteLink {
  const format = reader.u8();
  if (format !== FORMAT) reader.refuse(`format ${format} is not known`);
  const secret = reader.raw(SECRET_BYTES);
  const inviter = peerIdOfKey(reader.raw(PUBLIC_KEY_BYTES));
  return {
    secret,
    inviter,
    addresses: readTexts(reader, LINK_ADDRESSES_MAX, "addresses"),
    trackers: readTexts(reader, LINK_TRACKERS_MAX, "trackers"),
  };
}

function readTexts(reader: ByteReader, max: number, what: string): readonly string[] {
  return reader.list(max, what, () => {
    const text = reader.text(LINK_TEXT_BYTES_MAX, what);
    return PRINTABLE.test(text) ? text : reader.refuse(`one of the ${what} has characters that do not show`);
  });
}

/** Whether a text fits into a link as an address or tracker. */
export function fitsLink(text: string): boolean {
  return text.length <= LINK_TEXT_BYTES_MAX && PRINTABLE.test(text);
}

function checksum(body: Uint8Array): Uint8Array {
  return sha256(concat(utf8(LINK_PREFIX), body)).subarray(0, CHECKSUM_BYTES);
}
