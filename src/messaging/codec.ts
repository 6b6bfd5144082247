/** Owns the frames of `/waybill/message/1` (spec/messaging.md). Checks form alone: neither signatures nor digests. */
import { unreachable } from "#base/assert.ts";
import { type ByteReader, ByteWriter, type DecodeFault, decodeWith, fromUtf8, utf8 } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import {
  type Completion,
  type Dispatch,
  decodeCompletion,
  decodeDispatch,
  encodeCompletion,
  encodeDispatch,
  MESSAGE_BYTES_MAX,
} from "#receipts/index.ts";
import { NUMBER_MAX, SIGNED_BYTES_MAX } from "./limits.ts";

export const VERSION = 1;

/** Why a receiver does not take a message. */
export type Refusal =
  /** The dispatch does not fit the text, the sender or the receiver. Sending it again is in vain. */
  | "invalid"
  /** The receiver does not want messages of this sender now. */
  | "blocked"
  /** The receiver cannot store it now. */
  | "storage";

export interface Envelope {
  readonly type: "envelope";
  /** From 1; one more than that of the sender's message before. */
  readonly number: number;
  readonly dispatch: Dispatch;
  readonly text: string;
}

export type Answer =
  | { readonly type: "completed"; readonly completion: Completion }
  /** The envelope was not taken: the receiver waits for this number. */
  | { readonly type: "expected"; readonly number: number }
  | { readonly type: "refused"; readonly refusal: Refusal };

export type Frame = Envelope | Answer;

const TYPES = { envelope: 1, completed: 2, expected: 3, refused: 4 } as const;
const REFUSALS: readonly Refusal[] = ["invalid", "blocked", "storage"];

export function encodeFrame(frame: Frame): Uint8Array {
  const writer = new ByteWriter().u8(VERSION).u8(TYPES[frame.type]);
  switch (frame.type) {
    case "envelope":
      writer.u64(frame.number).short(encodeDispatch(frame.dispatch)).long(utf8(frame.text));
      break;
    case "completed":
      writer.short(encodeCompletion(frame.completion));
      break;
    case "expected":
      writer.u64(frame.number);
      break;
    case "refused":
      writer.u8(REFUSALS.indexOf(frame.refusal) + 1);
      break;
    default:
      unreachable(frame);
  }
  return writer.done();
}

export function decodeFrame(bytes: Uint8Array): Result<Frame, DecodeFault> {
  return decodeWith(bytes, (reader) => {
    if (reader.u8() !== VERSION) reader.refuse("version is not 1");
    const type = reader.u8();
    switch (type) {
      case TYPES.envelope:
        return readEnvelope(reader);
      case TYPES.completed: {
        const completion = decodeCompletion(reader.short(SIGNED_BYTES_MAX, "completion"));
        return completion.ok
          ? { type: "completed", completion: completion.value }
          : reader.refuse(`completion: ${completion.fault.what}`);
      }
      case TYPES.expected:
        return { type: "expected", number: readNumber(reader) };
      case TYPES.refused: {
        const refusal = REFUSALS[reader.u8() - 1] ?? reader.refuse("unknown refusal");
        return { type: "refused", refusal };
      }
      default:
        return reader.refuse(`unknown type ${type}`);
    }
  });
}

function readEnvelope(reader: ByteReader): Envelope {
  const number = readNumber(reader);
  const dispatch = decodeDispatch(reader.short(SIGNED_BYTES_MAX, "dispatch"));
  if (!dispatch.ok) return reader.refuse(`dispatch: ${dispatch.fault.what}`);
  const text = fromUtf8(reader.long(MESSAGE_BYTES_MAX, "text"));
  if (text === null) return reader.refuse("text is not UTF-8");
  if (text === "") return reader.refuse("text is empty");
  return { type: "envelope", number, dispatch: dispatch.value, text };
}

function readNumber(reader: ByteReader): number {
  const number = reader.safeU64("number");
  return number >= 1 && number <= NUMBER_MAX ? number : reader.refuse(`number ${number}`);
}
