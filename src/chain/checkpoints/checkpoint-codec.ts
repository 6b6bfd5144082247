/**
 * Owns the bytes of the checkpoint protocol: one question, one answer. The notes in it are read by
 * `ledger/checkpoint.ts`. Format: `spec/checkpoint.md`.
 */
import { ByteWriter, type DecodeFault, decodeWith, fromUtf8, utf8 } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import { CHECKPOINT_FRAME_BYTES_MAX, CHECKPOINT_NOTES_MAX } from "../limits.ts";

export const CHECKPOINT_PROTOCOL = "/waybill/checkpoint/1";

export type CheckpointMessage =
  /** `chainId` is 32 bytes. */
  | { readonly type: "get-notes"; readonly chainId: Uint8Array }
  /** Final ones first. */
  | { readonly type: "notes"; readonly notes: readonly string[] };

const KIND = { "get-notes": 1, notes: 2 } as const;
const FRAME_HEAD_BYTES = 3;
const NOTE_HEAD_BYTES = 2;

export function encodeCheckpointMessage(message: CheckpointMessage): Uint8Array {
  const writer = new ByteWriter().u8(KIND[message.type]);
  if (message.type === "get-notes") return writer.raw(message.chainId).done();
  writer.u16(message.notes.length);
  for (const note of message.notes) writer.short(utf8(note));
  return writer.done();
}

/** A refusal for anything that {@link encodeCheckpointMessage} would not have written. Never throws. */
export function decodeCheckpointMessage(bytes: Uint8Array): Result<CheckpointMessage, DecodeFault> {
  return decodeWith(bytes, (reader): CheckpointMessage => {
    const kind = reader.u8();
    if (kind === KIND["get-notes"]) return { type: "get-notes", chainId: reader.raw(32) };
    if (kind !== KIND.notes) return reader.refuse(`message kind ${kind} is unknown`);
    const count = reader.u16();
    if (count > CHECKPOINT_NOTES_MAX)
      return reader.refuse(`${count} notes are above ${CHECKPOINT_NOTES_MAX}`);
    const notes: string[] = [];
    for (let at = 0; at < count; at++) {
      const text = fromUtf8(reader.short(0xffff, "note"));
      notes.push(text ?? reader.refuse("note is not UTF-8"));
    }
    return { type: "notes", notes };
  });
}

/** The first of these notes that one answer has room for. */
export function asManyNotesAsFit(notes: Iterable<string>): readonly string[] {
  const fitting: string[] = [];
  let room = CHECKPOINT_FRAME_BYTES_MAX - FRAME_HEAD_BYTES;
  for (const note of notes) {
    room -= NOTE_HEAD_BYTES + utf8(note).length;
    if (room < 0 || fitting.length === CHECKPOINT_NOTES_MAX) break;
    fitting.push(note);
  }
  return fitting;
}
