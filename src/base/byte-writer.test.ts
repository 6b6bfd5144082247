import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "./bytes.ts";

test("every kind of field may be the one at which the writer grows", () => {
  const fields: readonly [string, number, (writer: ByteWriter) => ByteWriter][] = [
    ["u8", 1, (writer) => writer.u8(1)],
    ["u16", 2, (writer) => writer.u16(1)],
    ["u32", 4, (writer) => writer.u32(1)],
    ["i32", 4, (writer) => writer.i32(1)],
    ["u64", 8, (writer) => writer.u64(1)],
    ["u128", 16, (writer) => writer.u128(1n)],
    ["short", 3, (writer) => writer.short(Uint8Array.of(1))],
    ["long", 5, (writer) => writer.long(Uint8Array.of(1))],
  ];
  for (const [what, bytes, write] of fields) {
    for (let before = 230; before <= 260; before++) {
      const written = write(new ByteWriter().raw(new Uint8Array(before))).done();
      assert.equal(written.length, before + bytes, `${what} after ${before} bytes`);
      assert.equal(
        written.subarray(before).some((byte) => byte === 1),
        true,
        `${what} after ${before} bytes`,
      );
    }
  }
});
