import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { layoutOf } from "./layout.ts";
import { PIECE_BYTES } from "./limits.ts";

const sizes = fc.array(
  fc.oneof(
    fc.constantFrom(0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES),
    fc.integer({ min: 0, max: 2 * PIECE_BYTES }),
  ),
  { maxLength: 12 },
);

test("the pieces hold every byte of every file once, in order", () => {
  fc.assert(
    fc.property(sizes, (all) => {
      const layout = layoutOf(all.map((bytes) => ({ bytes })));
      const held = all.map(() => 0);
      let total = 0;
      for (let piece = 0; piece < layout.pieceCount; piece++) {
        let at = 0;
        for (const segment of layout.segments(piece)) {
          assert.equal(segment.pieceOffset, at);
          assert.equal(segment.fileOffset, held[segment.file]);
          assert.ok(segment.bytes > 0);
          held[segment.file] = segment.fileOffset + segment.bytes;
          at += segment.bytes;
          const ended = held[segment.file] === all[segment.file];
          assert.equal(layout.endsBy(segment.file, piece), ended);
        }
        assert.equal(at, layout.pieceBytes(piece));
        assert.ok(at === PIECE_BYTES || piece === layout.pieceCount - 1);
        assert.equal(layout.bytesBefore(piece), total);
        total += at;
      }
      assert.deepEqual(held, all);
      assert.equal(total, layout.totalBytes);
      assert.equal(layout.bytesBefore(layout.pieceCount), total);
    }),
  );
});

test("nothing but empty files is no piece at all", () => {
  assert.equal(layoutOf([{ bytes: 0 }, { bytes: 0 }]).pieceCount, 0);
  assert.equal(layoutOf([]).pieceCount, 0);
});

test("a piece outside of the layout is a fault of ours", () => {
  assert.throws(() => layoutOf([{ bytes: 1 }]).segments(1));
});
