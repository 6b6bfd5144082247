/** Bytes written come back as written; anything else is refused as a value, never by an exception. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  ByteWriter,
  compareBytes,
  concat,
  decodeWith,
  equalBytes,
  fromHex,
  fromUtf8,
  toHex,
  utf8,
} from "./bytes.ts";

const bytes = fc.uint8Array({ maxLength: 80 });

test("hex goes there and back, and has one spelling", () => {
  fc.assert(
    fc.property(bytes, (value) => {
      assert.equal(toHex(value), Buffer.from(value).toString("hex"));
      assert.deepEqual(fromHex(toHex(value)), value);
    }),
  );
  for (const text of ["a", "AB", "0x12", "zz", "1 ", " 1", "é0", "0g"])
    assert.equal(fromHex(text), null, text);
  assert.deepEqual(fromHex(""), new Uint8Array(0));
});

test("text goes there and back; bytes that are no UTF-8 give null", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => assert.equal(fromUtf8(utf8(text)), text)));
  assert.equal(fromUtf8(Uint8Array.of(0xc3, 0x28)), null);
  assert.equal(fromUtf8(Uint8Array.of(0xed, 0xa0, 0x80)), null, "a lone surrogate");
  assert.equal(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "\ufeffa", "a byte order mark is kept");
});

test("comparison is that of the standard library", () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      assert.equal(Math.sign(compareBytes(a, b)), Math.sign(Buffer.compare(a, b)));
      assert.equal(equalBytes(a, b), Buffer.compare(a, b) === 0);
      assert.deepEqual(Buffer.from(concat(a, b)), Buffer.concat([a, b]));
    }),
  );
});

test("every field comes back as it was written", () => {
  const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const u128 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
  fc.assert(
    fc.property(
      fc.nat(255),
      fc.nat(65_535),
      fc.nat(),
      fc.integer(),
      u64,
      u128,
      bytes,
      (a, b, c, d, e, f, g) => {
        const written = new ByteWriter().u8(a).u16(b).u32(c).i32(d).u64(e).u128(f).short(g).long(g).done();
        const read = decodeWith(written, (r) => [
          r.u8(),
          r.u16(),
          r.u32(),
          r.i32(),
          r.u64(),
          r.u128(),
          r.short(80, "g"),
          r.long(80, "g"),
        ]);
        assert.deepEqual(read, { ok: true, value: [a, b, c, d, e, f, g, g] });
      },
    ),
  );
});

test("too short, too long, too large and trailing are refused with the place", () => {
  const refusal = (value: Uint8Array, read: Parameters<typeof decodeWith>[1]) => {
    const outcome = decodeWith(value, read);
    assert.ok(!outcome.ok);
    return outcome.fault;
  };
  assert.equal(refusal(Uint8Array.of(1), (r) => r.u16()).at, 0);
  assert.equal(refusal(Uint8Array.of(1, 2), (r) => r.u8()).at, 1);
  assert.match(refusal(Uint8Array.of(255, 255, 255, 255), (r) => r.long(10, "list")).what, /list/);
  const above = new ByteWriter().u64(2n ** 53n).done();
  assert.match(refusal(above, (r) => r.safeU64("amount")).what, /amount/);
});

test("what was written is its own: neither the same writer nor the next one changes it", () => {
  const writer = new ByteWriter().u32(1);
  const [first, rest] = [writer.done(), writer.u8(9).done()];
  const [one, two] = [new ByteWriter(), new ByteWriter()];
  one.u16(2);
  two.u16(3);
  assert.deepEqual([one.u16(2).done(), two.done()], [Uint8Array.of(2, 0, 2, 0), Uint8Array.of(3, 0)]);
  assert.deepEqual([first, rest], [Uint8Array.of(1, 0, 0, 0), Uint8Array.of(9)]);
  const long = new Uint8Array(200_000).fill(7);
  assert.deepEqual(new ByteWriter().raw(long).done(), long);
  assert.deepEqual(new ByteWriter().u8(1).done(), Uint8Array.of(1), "nothing is left of what was longer");
});

test("what is read is a copy, also out of a Buffer", () => {
  const frame = Buffer.from([1, 2, 3, 4, 5]);
  const read = decodeWith(frame, (r) => [r.raw(2), r.raw(3)]);
  assert.deepEqual(read, { ok: true, value: [Uint8Array.of(1, 2), Uint8Array.of(3, 4, 5)] });
  frame.fill(0);
  assert.deepEqual(read.ok && read.value[1], Uint8Array.of(3, 4, 5));
  assert.ok(read.ok && read.value.every((part) => part.buffer.byteLength === part.length));
});

test("a fault of ours inside a decoder stays an exception", () => {
  assert.throws(
    () =>
      decodeWith(new Uint8Array(0), () => {
        throw new TypeError("ours");
      }),
    TypeError,
  );
});
