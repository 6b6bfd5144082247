/**
 * Owns the part of STUN that Waybill speaks: the Binding request and its answers (RFC 8489 sections 5, 6.3 and 14), by
 * which a computer learns how its address looks from outside. Pure. Not ours alone, so it reads what others write:
 * attributes that may be passed over are passed over. No authentication, no TURN.
 */
import { isIPv4, isIPv6 } from "node:net";
import { crc32 } from "node:zlib";
import { fail, ok, type Result } from "#base/result.ts";
import { STUN_MESSAGE_BYTES_MAX } from "../limits.ts";

const HEADER_BYTES = 20;
const TRANSACTION_ID_BYTES = 12;
/** RFC 8489 section 5. */
const MAGIC_COOKIE = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const BINDING_ERROR = 0x0111;
// RFC 8489 section 14.
const MAPPED_ADDRESS = 0x0001;
const ERROR_CODE = 0x0009;
const UNKNOWN_ATTRIBUTES = 0x000a;
const XOR_MAPPED_ADDRESS = 0x0020;
const FINGERPRINT = 0x8028;
const FINGERPRINT_XOR = 0x5354554e;
/** Below this a receiver must understand an attribute or refuse the request (section 14). */
const COMPREHENSION_OPTIONAL = 0x8000;
/** USERNAME, MESSAGE-INTEGRITY, REALM, NONCE, MESSAGE-INTEGRITY-SHA256: known, and nothing we ask for. */
const PASSED_OVER: ReadonlySet<number> = new Set([0x0006, 0x0008, 0x0014, 0x0015, 0x001c]);
const FAMILY_IP4 = 1;
const FAMILY_IP6 = 2;

/** An address as the other side sees it. */
export interface TransportAddress {
  /** IPv4 dotted, or IPv6 in the form of RFC 5952. */
  readonly host: string;
  readonly port: number;
}

export type StunMessage =
  | {
      readonly type: "request";
      /** 12 bytes. */
      readonly transactionId: Uint8Array;
      /** Attributes that must be understood and are not; a server answers 420 when there are some. */
      readonly unknownAttributes: readonly number[];
    }
  | {
      readonly type: "success";
      readonly transactionId: Uint8Array;
      readonly mapped: TransportAddress;
    }
  | {
      readonly type: "error";
      readonly transactionId: Uint8Array;
      /** 300 to 699. */
      readonly errorCode: number;
    };

export interface StunFault {
  readonly code: "malformed";
  readonly what: string;
}

/** @param transactionId 12 bytes that nobody can guess. */
export function encodeBindingRequest(transactionId: Uint8Array): Uint8Array {
  return message(BINDING_REQUEST, transactionId, []);
}

/** @throws when `mapped.host` is no IP address. */
export function encodeBindingSuccess(transactionId: Uint8Array, mapped: TransportAddress): Uint8Array {
  const address = isIPv4(mapped.host) ? bytesOfIp4(mapped.host) : bytesOfIp6(mapped.host);
  const value = new Uint8Array(4 + address.length);
  const view = new DataView(value.buffer);
  view.setUint8(1, address.length === 4 ? FAMILY_IP4 : FAMILY_IP6);
  view.setUint16(2, mapped.port ^ (MAGIC_COOKIE >>> 16));
  value.set(xor(address, xorKey(transactionId)), 4);
  return message(BINDING_SUCCESS, transactionId, [[XOR_MAPPED_ADDRESS, value]]);
}

/** The refusal of a request that asks for what is not understood (RFC 8489 section 6.3.1: 420). */
export function encodeUnknownAttributes(
  transactionId: Uint8Array,
  attributes: readonly number[],
): Uint8Array {
  const error = Uint8Array.of(0, 0, 4, 20);
  const list = new Uint8Array(attributes.length * 2);
  const view = new DataView(list.buffer);
  for (const [at, attribute] of attributes.entries()) view.setUint16(at * 2, attribute);
  return message(BINDING_ERROR, transactionId, [
    [ERROR_CODE, error],
    [UNKNOWN_ATTRIBUTES, list],
  ]);
}

/** A Binding message; anything else, and a broken one, is refused. */
export function decodeStunMessage(bytes: Uint8Array): Result<StunMessage, StunFault> {
  if (bytes.length < HEADER_BYTES || bytes.length > STUN_MESSAGE_BYTES_MAX) {
    return malformed(`a message of ${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint16(2);
  if (length % 4 !== 0 || length !== bytes.length - HEADER_BYTES) {
    return malformed(`a length of ${length} in ${bytes.length} bytes`);
  }
  if (view.getUint32(4) !== MAGIC_COOKIE) return malformed("no magic cookie");
  const attributes = readAttributes(view, bytes);
  if (!attributes.ok) return attributes;
  const transactionId = bytes.slice(8, HEADER_BYTES);
  switch (view.getUint16(0)) {
    case BINDING_REQUEST:
      return ok({ type: "request", transactionId, unknownAttributes: unknownOf(attributes.value) });
    case BINDING_SUCCESS:
      return readSuccess(transactionId, attributes.value);
    case BINDING_ERROR:
      return readError(transactionId, attributes.value);
    default:
      return malformed("not a Binding message");
  }
}

type Attribute = readonly [type: number, value: Uint8Array];

function message(type: number, transactionId: Uint8Array, attributes: readonly Attribute[]): Uint8Array {
  if (transactionId.length !== TRANSACTION_ID_BYTES) {
    throw new RangeError(`a transaction id of ${transactionId.length} bytes`);
  }
  const length = attributes.reduce((sum, [, value]) => sum + 4 + padded(value.length), 0);
  const bytes = new Uint8Array(HEADER_BYTES + length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, type);
  view.setUint16(2, length);
  view.setUint32(4, MAGIC_COOKIE);
  bytes.set(transactionId, 8);
  let at = HEADER_BYTES;
  for (const [attribute, value] of attributes) {
    view.setUint16(at, attribute);
    view.setUint16(at + 2, value.length);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  return bytes;
}

/** Attributes fill up to four bytes (RFC 8489 section 14). */
function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function readAttributes(view: DataView, bytes: Uint8Array): Result<readonly Attribute[], StunFault> {
  const attributes: Attribute[] = [];
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    const type = view.getUint16(at);
    const length = view.getUint16(at + 2);
    const end = at + 4 + padded(length);
    if (end > bytes.length) return malformed(`an attribute of ${length} bytes at ${at}`);
    const value = bytes.slice(at + 4, at + 4 + length);
    if (type === FINGERPRINT) {
      // It is the last one, and covers all before it (section 14.7).
      const stands =
        length === 4 &&
        end === bytes.length &&
        view.getUint32(at + 4) === (crc32(bytes.subarray(0, at)) ^ FINGERPRINT_XOR) >>> 0;
      return stands ? ok(attributes) : malformed("a fingerprint that does not stand");
    }
    attributes.push([type, value]);
    at = end;
  }
  return ok(attributes);
}

function unknownOf(attributes: readonly Attribute[]): readonly number[] {
  const unknown = attributes
    .map(([type]) => type)
    .filter((type) => type < COMPREHENSION_OPTIONAL && !PASSED_OVER.has(type));
  return [...new Set(unknown)];
}

function readSuccess(
  transactionId: Uint8Array,
  attributes: readonly Attribute[],
): Result<StunMessage, StunFault> {
  const find = (wanted: number) => attributes.find(([type]) => type === wanted)?.[1];
  const hidden = find(XOR_MAPPED_ADDRESS);
  const plain = hidden ?? find(MAPPED_ADDRESS);
  if (plain === undefined) return malformed("an answer without address");
  const mapped = readAddress(plain, hidden === undefined ? null : xorKey(transactionId));
  return mapped === null
    ? malformed("an address that is none")
    : ok({ type: "success", transactionId, mapped });
}

function readError(
  transactionId: Uint8Array,
  attributes: readonly Attribute[],
): Result<StunMessage, StunFault> {
  const value = attributes.find(([type]) => type === ERROR_CODE)?.[1];
  const [hundreds, rest] = [(value?.[2] ?? 0) & 7, value?.[3] ?? 255];
  if (value === undefined || hundreds < 3 || hundreds > 6 || rest > 99) {
    return malformed("an error without code");
  }
  return ok({ type: "error", transactionId, errorCode: hundreds * 100 + rest });
}

/** @param key null for an address in the clear. */
function readAddress(value: Uint8Array, key: Uint8Array | null): TransportAddress | null {
  const family = value[1];
  const length = family === FAMILY_IP4 ? 4 : 16;
  if ((family !== FAMILY_IP4 && family !== FAMILY_IP6) || value.length !== 4 + length) return null;
  const address = key === null ? value.subarray(4) : xor(value.subarray(4), key);
  const given = new DataView(value.buffer, value.byteOffset).getUint16(2);
  const port = key === null ? given : given ^ (MAGIC_COOKIE >>> 16);
  return { host: family === FAMILY_IP4 ? address.join(".") : textOfIp6(address), port };
}

/** The cookie and the transaction id (RFC 8489 section 14.2). */
function xorKey(transactionId: Uint8Array): Uint8Array {
  const key = new Uint8Array(4 + TRANSACTION_ID_BYTES);
  new DataView(key.buffer).setUint32(0, MAGIC_COOKIE);
  key.set(transactionId, 4);
  return key;
}

function xor(bytes: Uint8Array, key: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => byte ^ (key[at] ?? 0));
}

function bytesOfIp4(host: string): Uint8Array {
  return Uint8Array.from(host.split("."), Number);
}

function bytesOfIp6(host: string): Uint8Array {
  if (!isIPv6(host) || host.includes("%")) throw new RangeError(`not an IP address: ${host}`);
  // The URL parser writes every IPv6 address, also one that ends in an IPv4 address, in the form of RFC 5952.
  const [left = "", right] = new URL(`http://[${host}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [head, tail] = [groups(left), groups(right ?? "")];
  const words = [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

function textOfIp6(address: Uint8Array): string {
  const view = new DataView(address.buffer, address.byteOffset);
  const words = Array.from({ length: 8 }, (_, at) => view.getUint16(at * 2).toString(16));
  return new URL(`http://[${words.join(":")}]`).hostname.slice(1, -1);
}

function malformed(what: string): Result<never, StunFault> {
  return fail({ code: "malformed", what });
}
