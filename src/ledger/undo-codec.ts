/** Owns the bytes of undo records (`spec/ledger.md`, "Undo records"). They stay on one disk; no peer sees them. */
import { ByteWriter, compareBytes, type DecodeFault, decodeWith } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import type { Undo } from "./apply.ts";
import { STATE_VALUE_BYTES_MAX, UNDO_ENTRIES_MAX } from "./limits.ts";
import type { TreeChange } from "./state-tree.ts";

const UNDO_VERSION = 2;
/** No entry of the state is empty, so no bytes stand for none. */
const ABSENT = new Uint8Array(0);

export function encodeUndo({ before }: Undo): Uint8Array {
  const writer = new ByteWriter().u8(UNDO_VERSION).u32(before.length);
  for (const { key, value } of before) writer.raw(key).short(value ?? ABSENT);
  return writer.done();
}

export function decodeUndo(bytes: Uint8Array): Result<Undo, DecodeFault> {
  return decodeWith(bytes, (reader) => {
    const version = reader.u8();
    if (version !== UNDO_VERSION) reader.refuse(`undo record of version ${version}`);
    const count = reader.u32();
    if (count > UNDO_ENTRIES_MAX) reader.refuse(`${count} entries are above ${UNDO_ENTRIES_MAX}`);
    const before: TreeChange[] = [];
    for (let at = 0; at < count; at++) {
      const key = reader.raw(32);
      const last = before.at(-1);
      if (last !== undefined && compareBytes(last.key, key) >= 0) reader.refuse("keys do not ascend");
      const value = reader.short(STATE_VALUE_BYTES_MAX, "state value");
      before.push({ key, value: value.length === 0 ? null : value });
    }
    return { before };
  });
}
