/**
 * Owns how rows that we wrote are read back. What does not have the expected shape is a damaged file: a fault of
 * ours, thrown.
 */
import type { DecodeFault } from "#base/bytes.ts";
import type { Problem, Result } from "#base/result.ts";
import type * as receipts from "#receipts/index.ts";

/** The bytes of signed things, given by whoever opens a store: storage knows types of other folders, no code. */
export type ReceiptCodec = Pick<
  typeof receipts,
  "encodeDispatch" | "decodeDispatch" | "encodeCompletion" | "decodeCompletion"
>;

export type Row = Record<string, unknown>;

export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new Error(`column ${column} is not text`);
  return value;
}

export function textOrNullOf(row: Row, column: string): string | null {
  return row[column] === null ? null : textOf(row, column);
}

export function integerOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new Error(`column ${column} is not a number`);
  return value;
}

export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new Error(`column ${column} is not a blob`);
  return value;
}

export function decoded<Value>(result: Result<Value, DecodeFault>): Value {
  if (!result.ok) throw new Error(`stored bytes are damaged: ${result.fault.what} at ${result.fault.at}`);
  return result.value;
}

/** Of JSON that this program wrote. */
export function problemOf(row: Row, column: string): Problem | null {
  return row[column] === null ? null : (JSON.parse(textOf(row, column)) as Problem);
}

export function problemText(reason: Problem | null): string | null {
  return reason === null ? null : JSON.stringify(reason);
}
