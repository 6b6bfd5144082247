/** Owns the bytes of undo records (`spec/ledger.md`, "Undo records"). They stay on one disk; no peer sees them. */
import type { AccountId } from "#base/brand.ts";
import { ByteWriter, type DecodeFault, decodeWith, toHex } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import type { Undo } from "./apply.ts";
import { bytesOfId } from "./codec.ts";
import { UNDO_ACCOUNTS_MAX } from "./limits.ts";

const UNDO_VERSION = 1;

export function encodeUndo(undo: Undo): Uint8Array {
  const { before, totals } = undo;
  const writer = new ByteWriter()
    .u8(UNDO_VERSION)
    .u64(totals.issued)
    .u64(totals.held)
    .u64(totals.pending)
    .u32(before.length);
  for (const { id, account } of before) writer.raw(bytesOfId(id)).u64(account.balance).u64(account.nextSeq);
  return writer.done();
}

export function decodeUndo(bytes: Uint8Array): Result<Undo, DecodeFault> {
  return decodeWith(bytes, (reader) => {
    const version = reader.u8();
    if (version !== UNDO_VERSION) reader.refuse(`undo record of version ${version}`);
    const totals = {
      issued: reader.safeU64("issued"),
      held: reader.safeU64("held"),
      pending: reader.safeU64("pending"),
    };
    const count = reader.u32();
    if (count > UNDO_ACCOUNTS_MAX) reader.refuse(`${count} accounts are above ${UNDO_ACCOUNTS_MAX}`);
    const before = [];
    for (let at = 0; at < count; at++) {
      const id = toHex(reader.raw(32)) as AccountId;
      before.push({
        id,
        account: { balance: reader.safeU64("balance"), nextSeq: reader.safeU64("nextSeq") },
      });
    }
    return { before, totals };
  });
}
