/** Owns the frames of `/waybill/transfer/1` (spec/transfer.md). Checks form alone: neither signatures nor digests. */
import { unreachable } from "#base/assert.ts";
import type { DeliveryId } from "#base/brand.ts";
import { type ByteReader, ByteWriter, type DecodeFault, decodeWith, fromHex, toHex } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import {
  type Completion,
  type Dispatch,
  decodeCompletion,
  decodeDispatch,
  encodeCompletion,
  encodeDispatch,
  MANIFEST_BYTES_MAX,
} from "#receipts/index.ts";
import { PIECE_BYTES, PIECE_HEAD_BYTES, SIGNED_BYTES_MAX } from "./limits.ts";

export const VERSION = 1;

/** Why one side cannot go on, as told to the other. Carries no path and no text. */
export type WireReason =
  | "delivery-unknown"
  | "delivery-ended"
  | "busy"
  | "source-missing"
  | "source-changed"
  | "source-unreadable"
  | "offer-invalid"
  | "names-unusable"
  | "content-mismatch"
  | "no-space"
  | "storage";

/** In the order of their numbers on the wire, from 1. */
export const WIRE_REASONS: readonly WireReason[] = [
  "delivery-unknown",
  "delivery-ended",
  "busy",
  "source-missing",
  "source-changed",
  "source-unreadable",
  "offer-invalid",
  "names-unusable",
  "content-mismatch",
  "no-space",
  "storage",
];

/** What a receiver says to an offer. */
export type OfferAnswer =
  | { readonly is: "send-manifest" }
  | { readonly is: "held" }
  | { readonly is: "accepted" }
  | { readonly is: "declined" }
  | { readonly is: "cancelled" }
  | { readonly is: "failed"; readonly reason: WireReason }
  | { readonly is: "completed"; readonly completion: Completion };

/** What one side tells the other later. */
export type Notice =
  | { readonly is: "completed"; readonly completion: Completion }
  | { readonly is: "declined" }
  | { readonly is: "cancelled" }
  | { readonly is: "failed"; readonly reason: WireReason }
  /** The receiver goes on later, by itself. */
  | { readonly is: "waiting"; readonly reason: WireReason };

export type Frame =
  | { readonly type: "offer"; readonly dispatch: Dispatch; readonly manifestBytes: number }
  | { readonly type: "manifest-part"; readonly bytes: Uint8Array }
  | { readonly type: "offer-answer"; readonly answer: OfferAnswer }
  /** Asks for all pieces from `from` on. */
  | { readonly type: "pull"; readonly deliveryId: DeliveryId; readonly from: number }
  /** `bytes` and `digest` share memory with the frame. */
  | {
      readonly type: "piece";
      readonly index: number;
      readonly digest: Uint8Array;
      readonly bytes: Uint8Array;
    }
  | { readonly type: "stopped"; readonly reason: WireReason }
  | { readonly type: "notice"; readonly deliveryId: DeliveryId; readonly notice: Notice }
  | { readonly type: "noted" };

const TYPES = {
  offer: 1,
  "manifest-part": 2,
  "offer-answer": 3,
  pull: 4,
  piece: 5,
  stopped: 6,
  notice: 7,
  noted: 8,
} as const;
const ANSWERS: readonly OfferAnswer["is"][] = [
  "send-manifest",
  "held",
  "accepted",
  "declined",
  "cancelled",
  "failed",
  "completed",
];
const NOTICES: readonly Notice["is"][] = ["completed", "declined", "cancelled", "failed", "waiting"];

/** A buffer with room for the content, so that content is read from disk straight into its frame. */
export function pieceFrame(bytes: number): { readonly frame: Uint8Array; readonly content: Uint8Array } {
  // Not zeroed: the whole of it is written before it is sent.
  const frame = Buffer.allocUnsafeSlow(PIECE_HEAD_BYTES + bytes);
  return { frame, content: frame.subarray(PIECE_HEAD_BYTES) };
}

/** Writes the heading in front of the content that `pieceFrame` made room for. */
export function sealPiece(frame: Uint8Array, index: number, digest: Uint8Array): void {
  const head = new ByteWriter().u8(VERSION).u8(TYPES.piece).u32(index).raw(digest).done();
  frame.set(head, 0);
}

export function encodeFrame(frame: Frame): Uint8Array {
  const writer = new ByteWriter().u8(VERSION).u8(TYPES[frame.type]);
  switch (frame.type) {
    case "offer":
      writer.short(encodeDispatch(frame.dispatch)).u32(frame.manifestBytes);
      break;
    case "manifest-part":
      writer.raw(frame.bytes);
      break;
    case "offer-answer":
      writer.u8(ANSWERS.indexOf(frame.answer.is) + 1);
      writeDetail(writer, frame.answer);
      break;
    case "pull":
      writer.raw(idBytes(frame.deliveryId)).u32(frame.from);
      break;
    case "piece":
      writer.u32(frame.index).raw(frame.digest).raw(frame.bytes);
      break;
    case "stopped":
      writer.u8(WIRE_REASONS.indexOf(frame.reason) + 1);
      break;
    case "notice":
      writer.raw(idBytes(frame.deliveryId)).u8(NOTICES.indexOf(frame.notice.is) + 1);
      writeDetail(writer, frame.notice);
      break;
    case "noted":
      break;
    default:
      unreachable(frame);
  }
  return writer.done();
}

function writeDetail(writer: ByteWriter, said: OfferAnswer | Notice): void {
  if (said.is === "completed") writer.short(encodeCompletion(said.completion));
  if (said.is === "failed" || said.is === "waiting") writer.u8(WIRE_REASONS.indexOf(said.reason) + 1);
}

function idBytes(id: DeliveryId): Uint8Array {
  const bytes = fromHex(id);
  if (bytes?.length !== 32) throw new RangeError("delivery id is not 64 hex digits");
  return bytes;
}

export function decodeFrame(bytes: Uint8Array): Result<Frame, DecodeFault> {
  if (bytes[0] === VERSION && bytes[1] === TYPES.piece) return decodePiece(bytes);
  return decodeWith(bytes, readFrame);
}

/** Apart from the others, because a copy of each piece would cost as much as hashing it. */
function decodePiece(frame: Uint8Array): Result<Frame, DecodeFault> {
  const bytes = frame.length - PIECE_HEAD_BYTES;
  if (bytes < 1 || bytes > PIECE_BYTES) {
    return fail({ code: "malformed", what: `a piece of ${bytes} bytes`, at: 2 });
  }
  const index = new DataView(frame.buffer, frame.byteOffset).getUint32(2, true);
  const digest = frame.subarray(6, PIECE_HEAD_BYTES);
  return ok({ type: "piece", index, digest, bytes: frame.subarray(PIECE_HEAD_BYTES) });
}

function readFrame(reader: ByteReader): Frame {
  if (reader.u8() !== VERSION) reader.refuse("version is not 1");
  const type = reader.u8();
  switch (type) {
    case TYPES.offer: {
      const dispatch = readDispatch(reader);
      const manifestBytes = reader.u32();
      if (manifestBytes < 1 || manifestBytes > MANIFEST_BYTES_MAX) {
        return reader.refuse(`a manifest of ${manifestBytes} bytes`);
      }
      return { type: "offer", dispatch, manifestBytes };
    }
    case TYPES["manifest-part"]:
      return { type: "manifest-part", bytes: reader.raw(reader.left) };
    case TYPES["offer-answer"]:
      return { type: "offer-answer", answer: readOfferAnswer(reader) };
    case TYPES.pull:
      return { type: "pull", deliveryId: readId(reader), from: reader.u32() };
    case TYPES.stopped:
      return { type: "stopped", reason: readReason(reader) };
    case TYPES.notice:
      return { type: "notice", deliveryId: readId(reader), notice: readNotice(reader) };
    case TYPES.noted:
      return { type: "noted" };
    default:
      return reader.refuse(`unknown type ${type}`);
  }
}

function readId(reader: ByteReader): DeliveryId {
  return toHex(reader.raw(32)) as DeliveryId;
}

function readReason(reader: ByteReader): WireReason {
  return WIRE_REASONS[reader.u8() - 1] ?? reader.refuse("unknown reason");
}

function readOfferAnswer(reader: ByteReader): OfferAnswer {
  const is = ANSWERS[reader.u8() - 1] ?? reader.refuse("unknown answer");
  if (is === "completed") return { is, completion: readCompletion(reader) };
  if (is === "failed") return { is, reason: readReason(reader) };
  return { is };
}

function readNotice(reader: ByteReader): Notice {
  const is = NOTICES[reader.u8() - 1] ?? reader.refuse("unknown notice");
  if (is === "completed") return { is, completion: readCompletion(reader) };
  if (is === "failed" || is === "waiting") return { is, reason: readReason(reader) };
  return { is };
}

function readDispatch(reader: ByteReader): Dispatch {
  const dispatch = decodeDispatch(reader.short(SIGNED_BYTES_MAX, "dispatch"));
  return dispatch.ok ? dispatch.value : reader.refuse(`dispatch: ${dispatch.fault.what}`);
}

function readCompletion(reader: ByteReader): Completion {
  const completion = decodeCompletion(reader.short(SIGNED_BYTES_MAX, "completion"));
  return completion.ok ? completion.value : reader.refuse(`completion: ${completion.fault.what}`);
}
