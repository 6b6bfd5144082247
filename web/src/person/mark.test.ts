import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { IDENTICON_CELLS, identicon, SIGNATURE_HEIGHT, SIGNATURE_WIDTH, signaturePath } from "./mark.ts";

test("the same key gives the same marks, another key others", () => {
  assert.deepEqual(identicon("12D3KooWa"), identicon("12D3KooWa"));
  assert.equal(signaturePath("12D3KooWa"), signaturePath("12D3KooWa"));
  assert.notEqual(signaturePath("12D3KooWa"), signaturePath("12D3KooWb"));
  const drawings = new Set<string>();
  for (let number = 0; number < 500; number += 1) {
    const { hue, cells } = identicon(`12D3KooW${number}`);
    drawings.add(JSON.stringify([Math.floor(hue / 30), cells]));
  }
  assert.ok(drawings.size > 490, `500 keys gave only ${drawings.size} drawings`);
});

test("an identicon is mirrored and stays in its grid", () => {
  fc.assert(
    fc.property(fc.string(), (key) => {
      const { hue, cells } = identicon(key);
      assert.ok(hue >= 0 && hue < 360);
      const filled = new Set(cells.map(String));
      assert.equal(filled.size, cells.length);
      for (const [column, row] of cells) {
        assert.ok(column >= 0 && column < IDENTICON_CELLS && row >= 0 && row < IDENTICON_CELLS);
        assert.ok(filled.has(String([IDENTICON_CELLS - 1 - column, row])));
      }
    }),
  );
});

test("a signature is a path of finite numbers near its box", () => {
  fc.assert(
    fc.property(fc.string(), (key) => {
      const path = signaturePath(key);
      assert.match(path, /^M[-\d. MCSq]+$/);
      const numbers = path.match(/-?\d+(\.\d+)?/g)?.map(Number) ?? [];
      const reach = Math.max(SIGNATURE_WIDTH, SIGNATURE_HEIGHT);
      for (const value of numbers) assert.ok(value > -reach && value < reach * 1.2, String(value));
    }),
  );
});
