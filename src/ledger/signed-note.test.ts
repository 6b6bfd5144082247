import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toHex, utf8 } from "#base/bytes.ts";
import { decodeBase64, decodeNote, decodeNoteBytes, encodeNote, noteKeyId } from "./signed-note.ts";

const LINE = "— somebody AAAAAA==\n".replace("AAAAAA==", "AAECAwQFBg==");
const NOTE = `one\ntwo\n\n${LINE}`;

test("the key id is that of the published example of signed notes", () => {
  // golang.org/x/mod/sumdb/note: PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW
  const key = decodeBase64("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  assert.ok(key !== null);
  assert.equal(key[0], 0x01);
  assert.equal(toHex(noteKeyId("PeterNeumann", 0x01, key.subarray(1))), "c74f20a3");
});

test("a note is read and written back as it was", () => {
  const note = decodeNote(NOTE);
  assert.ok(note.ok);
  assert.equal(note.value.text, "one\ntwo\n");
  const [line] = note.value.signatures;
  assert.equal(line?.keyName, "somebody");
  assert.deepEqual([...(line?.keyId ?? [])], [0, 1, 2, 3]);
  assert.deepEqual([...(line?.signature ?? [])], [4, 5, 6]);
  assert.equal(encodeNote(note.value), NOTE);
});

test("a note in another spelling is refused", () => {
  const others = [
    "",
    "one\n",
    `\n${LINE}`,
    NOTE.slice(0, -1),
    `${NOTE}\n`,
    `${NOTE}x`,
    NOTE.replaceAll("\n", "\r\n"),
    NOTE.replace("— ", "- "),
    NOTE.replace("— ", "—  "),
    NOTE.replace("somebody", "some+body"),
    NOTE.replace("somebody", "some\u00a0body"),
    NOTE.replace("somebody", "s".repeat(129)),
    NOTE.replace("Bg==", "Bh=="),
    NOTE.replace("Bg==", "Bg="),
    NOTE.replace("Bg==", "Bg"),
    NOTE.replace("AAECAwQFBg==", "AAECAw=="),
    NOTE.replace("one", "o\u0000e"),
    NOTE.replace("one", "o\ud800e"),
    `${"a".repeat(16 * 1024)}${NOTE}`,
    `one\n\n${LINE.repeat(65)}`,
  ];
  for (const text of others) assert.equal(decodeNote(text).ok, false, JSON.stringify(text.slice(0, 60)));
});

test("whatever is read is written back byte for byte", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom("\n", "\n\n", "— ", " ", "a", "=", LINE, NOTE, "\u00e9"),
      fc.string({ maxLength: 12 }),
      fc.base64String({ maxLength: 24 }),
    ),
    { maxLength: 12 },
  );
  let taken = 0;
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join("");
      const note = decodeNote(text);
      if (!note.ok) return;
      taken += 1;
      assert.equal(encodeNote(note.value), text);
    }),
    { numRuns: 500 },
  );
  assert.ok(taken > 0, "some were notes");
});

test("arbitrary bytes get a verdict, and long ones at once", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.equal(typeof decodeNoteBytes(bytes).ok, "boolean");
    }),
  );
  assert.equal(decodeNoteBytes(new Uint8Array(100_000)).ok, false);
  assert.ok(decodeNoteBytes(utf8(NOTE)).ok);
});
