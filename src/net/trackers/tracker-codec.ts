/**
 * Owns the requests and answers of `/waybill/tracker/1`: one request frame and one answer frame a stream
 * (spec/tracker.md). Pure. Records inside answers are handed out as bytes: checking each costs a signature, and is the
 * reader's choice.
 */
import type { PeerId } from "#base/brand.ts";
import { type ByteReader, ByteWriter, type DecodeFault, decodeWith, utf8 } from "#base/bytes.ts";
import { fail, type Result } from "#base/result.ts";
import { PUBLIC_KEY_BYTES } from "#crypto/ed25519.ts";
import { keyOfPeerId, peerIdOfKey } from "#crypto/peer-id.ts";
import { CHAIN_ID_BYTES } from "../discovery/profile.ts";
import {
  ADDRESS_TEXT_CHARS_MAX,
  OBSERVED_ADDRESS_CHARS_MAX,
  PRESENCE_BYTES_MAX,
  RENDEZVOUS_PER_PEER_MAX,
  TRACKER_ANSWER_BYTES_MAX,
  TRACKER_ANSWER_RECORDS_MAX,
  TRACKER_ANSWER_STUN_PORTS_MAX,
  TRACKER_ANSWER_TRACKERS_MAX,
  TRACKER_FIND_PEERS_MAX,
  TRACKER_REQUEST_BYTES_MAX,
} from "../limits.ts";
import type { RelayState } from "../reach.ts";

export const TRACKER_PROTOCOL = "/waybill/tracker/1";
const FORMAT_VERSION = 1;
const RENDEZVOUS_BYTES = 32;
/** Addresses are compared by programs and shown as they are. */
const PRINTABLE = /^[!-~]*$/;

export type TrackerRequest =
  /** "I am online": the record must be of the key of this connection. Replaces what was said before. */
  | {
      readonly type: "announce";
      /** An encoded `SignedPresence`. */
      readonly record: Uint8Array;
      /** 32 bytes each, in ascending order, none twice: where those who know the same secret find this peer. */
      readonly rendezvous: readonly Uint8Array[];
    }
  /** "I go": forgets this connection's peer. */
  | { readonly type: "leave" }
  /** The records of these peers, listed or not. */
  | { readonly type: "find"; readonly peers: readonly PeerId[] }
  /** Peers who announced this rendezvous id (32 bytes). */
  | { readonly type: "meet"; readonly rendezvous: Uint8Array }
  /** Listed peers of a network, by ascending key, those after `after`. */
  | { readonly type: "online"; readonly chainId: Uint8Array; readonly after: PeerId | null }
  /**
   * What is left of the relay quota of this connection's peer; with `other`, of a relayed connection between the two:
   * nothing where either has used up its own.
   */
  | { readonly type: "relay"; readonly other: PeerId | null };

export type TrackerRefusalCode =
  /** The request does not decode, or is of a version that is not known. */
  | "malformed"
  /** The record's form or signature does not stand. */
  | "bad-record"
  /** The record is of another key than the connection's. */
  | "not-yours"
  /** The record's time does not fit the tracker's clock; sign again by `nowMs` of this answer. */
  | "clock"
  /** A record of the same or a later time is kept. */
  | "older"
  /** No room: in all, or for this network or address. */
  | "full"
  /** Too many requests; wait. */
  | "busy";

interface Answered {
  /** The tracker's clock, Unix time. */
  readonly nowMs: number;
}

export type TrackerAnswer = Answered &
  (
    | {
        readonly type: "announced";
        /** Until when the record is kept, by the tracker's clock. */
        readonly expiresMs: number;
        /** `host:port` as the tracker sees this connection; null when it cannot tell. */
        readonly observed: string | null;
        /** Null when this tracker carries nothing for others. */
        readonly relay: RelayState | null;
        /** Peers of the announced network that the tracker knows, this one left out. */
        readonly peersOnline: number;
        /** Some listed peers of the same network; encoded records. */
        readonly introductions: readonly Uint8Array[];
        /** Other trackers, as a user would type them. */
        readonly trackers: readonly string[];
        /** UDP ports at which this tracker answers STUN, in ascending order; empty where it answers none. */
        readonly stunPorts: readonly number[];
      }
    | { readonly type: "left" }
    | { readonly type: "found"; readonly records: readonly Uint8Array[] }
    | { readonly type: "met"; readonly records: readonly Uint8Array[] }
    | {
        readonly type: "online";
        /** Listed peers of the network, all pages together. */
        readonly total: number;
        readonly records: readonly Uint8Array[];
        /** What to give as `after` for the next page; null at the end. */
        readonly next: PeerId | null;
      }
    | { readonly type: "relay"; readonly relay: RelayState | null }
    | {
        readonly type: "refused";
        readonly code: TrackerRefusalCode;
        /** 0: at once, once the cause is mended. */
        readonly retryAfterSeconds: number;
      }
  );

const REQUEST_TYPES = ["announce", "leave", "find", "meet", "online", "relay"] as const;
const ANSWER_TYPES = ["announced", "left", "found", "met", "online", "relay", "refused"] as const;
const REFUSALS: readonly TrackerRefusalCode[] = [
  ...(["malformed", "bad-record", "not-yours", "clock", "older", "full", "busy"] as const),
];

/** @throws when a list is longer than its limit: what we ask is ours to get right. */
export function encodeTrackerRequest(request: TrackerRequest): Uint8Array {
  const writer = new ByteWriter().u8(FORMAT_VERSION).u8(REQUEST_TYPES.indexOf(request.type));
  switch (request.type) {
    case "announce":
      writer.short(request.record).u8(bounded(request.rendezvous, RENDEZVOUS_PER_PEER_MAX).length);
      for (const id of request.rendezvous) writer.raw(id);
      break;
    case "find":
      writer.u8(bounded(request.peers, TRACKER_FIND_PEERS_MAX).length);
      for (const peer of request.peers) writer.raw(keyOf(peer));
      break;
    case "meet":
      writer.raw(request.rendezvous);
      break;
    case "online":
      writer.raw(request.chainId);
      writePeer(writer, request.after);
      break;
    case "relay":
      writePeer(writer, request.other);
      break;
    case "leave":
      break;
  }
  return writer.done();
}

export function decodeTrackerRequest(bytes: Uint8Array): Result<TrackerRequest, DecodeFault> {
  if (bytes.length > TRACKER_REQUEST_BYTES_MAX) return tooLong("a request", bytes.length);
  return decodeWith(bytes, (reader): TrackerRequest => {
    const type = readType(reader, REQUEST_TYPES);
    switch (type) {
      case "announce":
        return {
          type,
          record: reader.short(PRESENCE_BYTES_MAX, "record"),
          rendezvous: readRendezvous(reader),
        };
      case "find":
        return { type, peers: readPeers(reader) };
      case "meet":
        return { type, rendezvous: reader.raw(RENDEZVOUS_BYTES) };
      case "online":
        return { type, chainId: reader.raw(CHAIN_ID_BYTES), after: readPeer(reader) };
      case "relay":
        return { type, other: readPeer(reader) };
      case "leave":
        return { type };
    }
  });
}

/** @throws when a list is longer than its limit: what we answer is ours to get right. */
export function encodeTrackerAnswer(answer: TrackerAnswer): Uint8Array {
  const writer = new ByteWriter().u8(FORMAT_VERSION).u8(ANSWER_TYPES.indexOf(answer.type)).u64(answer.nowMs);
  switch (answer.type) {
    case "announced":
      writer.u64(answer.expiresMs).short(utf8(answer.observed ?? ""));
      writeRelay(writer, answer.relay);
      writer.u32(answer.peersOnline);
      writeRecords(writer, answer.introductions);
      writer.u8(bounded(answer.trackers, TRACKER_ANSWER_TRACKERS_MAX).length);
      for (const tracker of answer.trackers) writer.short(utf8(tracker));
      writer.u8(bounded(answer.stunPorts, TRACKER_ANSWER_STUN_PORTS_MAX).length);
      for (const port of answer.stunPorts) writer.u16(port);
      break;
    case "found":
    case "met":
      writeRecords(writer, answer.records);
      break;
    case "online":
      writer.u32(answer.total);
      writeRecords(writer, answer.records);
      writePeer(writer, answer.next);
      break;
    case "relay":
      writeRelay(writer, answer.relay);
      break;
    case "refused":
      writer.u8(REFUSALS.indexOf(answer.code)).u32(answer.retryAfterSeconds);
      break;
    case "left":
      break;
  }
  return writer.done();
}

export function decodeTrackerAnswer(bytes: Uint8Array): Result<TrackerAnswer, DecodeFault> {
  if (bytes.length > TRACKER_ANSWER_BYTES_MAX) return tooLong("an answer", bytes.length);
  return decodeWith(bytes, (reader): TrackerAnswer => {
    const type = readType(reader, ANSWER_TYPES);
    const nowMs = reader.safeU64("the tracker's clock");
    switch (type) {
      case "announced":
        return readAnnounced(reader, nowMs);
      case "found":
      case "met":
        return { type, nowMs, records: readRecords(reader) };
      case "online":
        return { type, nowMs, total: reader.u32(), records: readRecords(reader), next: readPeer(reader) };
      case "relay":
        return { type, nowMs, relay: readRelay(reader) };
      case "refused": {
        const code = REFUSALS[reader.u8()] ?? reader.refuse("a refusal that is not known");
        return { type, nowMs, code, retryAfterSeconds: reader.u32() };
      }
      case "left":
        return { type, nowMs };
    }
  });
}

function readAnnounced(reader: ByteReader, nowMs: number): TrackerAnswer {
  const expiresMs = reader.safeU64("expiry");
  const observed = readPrintable(reader, OBSERVED_ADDRESS_CHARS_MAX, "observed address");
  const relay = readRelay(reader);
  const peersOnline = reader.u32();
  const introductions = readRecords(reader);
  const trackers = reader.list(TRACKER_ANSWER_TRACKERS_MAX, "trackers", () =>
    readPrintable(reader, ADDRESS_TEXT_CHARS_MAX, "tracker"),
  );
  if (trackers.includes("")) reader.refuse("a tracker without address");
  const stunPorts = reader.list(TRACKER_ANSWER_STUN_PORTS_MAX, "STUN ports", () => reader.u16());
  if (stunPorts.some((port, at) => port <= (stunPorts[at - 1] ?? 0))) {
    reader.refuse("STUN ports are not in ascending order, above 0");
  }
  return {
    type: "announced",
    nowMs,
    expiresMs,
    observed: observed === "" ? null : observed,
    relay,
    peersOnline,
    introductions,
    trackers,
    stunPorts,
  };
}

function readType<Type extends string>(reader: ByteReader, types: readonly Type[]): Type {
  const formatVersion = reader.u8();
  if (formatVersion !== FORMAT_VERSION) reader.refuse(`tracker format ${formatVersion} is not known`);
  return types[reader.u8()] ?? reader.refuse("a type that is not known");
}

function readRendezvous(reader: ByteReader): Uint8Array[] {
  const ids = reader.list(RENDEZVOUS_PER_PEER_MAX, "rendezvous ids", () => reader.raw(RENDEZVOUS_BYTES));
  if (ids.some((id, at) => at > 0 && Buffer.compare(id, ids[at - 1] ?? id) <= 0)) {
    reader.refuse("rendezvous ids are not in ascending order");
  }
  return ids;
}

function readPeers(reader: ByteReader): PeerId[] {
  const peers = reader.list(TRACKER_FIND_PEERS_MAX, "peers", () => peerIdOfKey(reader.raw(PUBLIC_KEY_BYTES)));
  if (new Set(peers).size !== peers.length) reader.refuse("a peer twice");
  return peers;
}

function writePeer(writer: ByteWriter, peer: PeerId | null): void {
  writer.u8(peer === null ? 0 : 1);
  if (peer !== null) writer.raw(keyOf(peer));
}

function readPeer(reader: ByteReader): PeerId | null {
  const present = reader.u8();
  if (present > 1) reader.refuse(`${present} peers where one may stand`);
  return present === 0 ? null : peerIdOfKey(reader.raw(PUBLIC_KEY_BYTES));
}

function writeRecords(writer: ByteWriter, records: readonly Uint8Array[]): void {
  writer.u8(bounded(records, TRACKER_ANSWER_RECORDS_MAX).length);
  for (const record of records) writer.short(record);
}

function readRecords(reader: ByteReader): Uint8Array[] {
  return reader.list(TRACKER_ANSWER_RECORDS_MAX, "records", () => reader.short(PRESENCE_BYTES_MAX, "record"));
}

const NO_RELAY = 0;
const UNLIMITED_RELAY = 1;
const LIMITED_RELAY = 2;

function writeRelay(writer: ByteWriter, relay: RelayState | null): void {
  if (relay === null) {
    writer.u8(NO_RELAY);
  } else if (relay.bytesMax === null || relay.bytesLeft === null || relay.renewsMs === null) {
    writer.u8(UNLIMITED_RELAY);
  } else {
    writer.u8(LIMITED_RELAY).u64(relay.bytesMax).u64(relay.bytesLeft).u64(relay.renewsMs);
  }
}

function readRelay(reader: ByteReader): RelayState | null {
  const kind = reader.u8();
  if (kind === NO_RELAY) return null;
  if (kind === UNLIMITED_RELAY) return { bytesMax: null, bytesLeft: null, renewsMs: null };
  if (kind !== LIMITED_RELAY) return reader.refuse(`relay kind ${kind} is not known`);
  const bytesMax = reader.safeU64("relay quota");
  const bytesLeft = reader.safeU64("rest of the relay quota");
  if (bytesLeft > bytesMax) reader.refuse("more is left than there was");
  return { bytesMax, bytesLeft, renewsMs: reader.safeU64("renewal of the relay quota") };
}

function readPrintable(reader: ByteReader, max: number, what: string): string {
  const text = reader.text(max, what);
  return PRINTABLE.test(text) ? text : reader.refuse(`${what} is not printable ASCII`);
}

function bounded<Item>(items: readonly Item[], max: number): readonly Item[] {
  if (items.length > max) throw new RangeError(`${items.length} items, ${max} are allowed`);
  return items;
}

function keyOf(peer: PeerId): Uint8Array {
  const key = keyOfPeerId(peer);
  if (key === null) throw new Error(`not an Ed25519 peer id: ${peer}`);
  return key;
}

function tooLong(what: string, bytes: number): Result<never, DecodeFault> {
  return fail({ code: "malformed", what: `${what} of ${bytes} bytes`, at: 0 });
}
