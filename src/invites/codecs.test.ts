/** One encoding per value: what was encoded decodes to itself, what decodes was encoded so, and no bytes are too odd. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createKeypair } from "#crypto/ed25519.ts";
import { spell } from "#crypto/words.ts";
import { decodeFrame, encodeFrame, type InviteFrame } from "./codec.ts";
import { parseEntered } from "./entered.ts";
import { FRAME_BYTES_MAX, LINK_ADDRESSES_MAX, LINK_TRACKERS_MAX } from "./limits.ts";
import { decodeLink, encodeLink, type InviteLink, LINK_PREFIX } from "./link.ts";

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const hash = bytesOf(32);
const frame: fc.Arbitrary<InviteFrame> = fc.oneof(
  hash.map((meetingPoint): InviteFrame => ({ type: "ask", meetingPoint })),
  fc.constant<InviteFrame>({ type: "here" }),
  hash.map((proof): InviteFrame => ({ type: "prove", proof })),
  hash.map((proof): InviteFrame => ({ type: "welcome", proof })),
  fc
    .tuple(fc.constantFrom("used", "expired", "revoked"), hash)
    .map(([end, proof]): InviteFrame => ({ type: "over", end, proof })),
  fc
    .constantFrom("unknown", "wrong-proof", "busy", "storage")
    .map((refusal): InviteFrame => ({ type: "refused", refusal })),
);

const printable = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 60,
});
const link: fc.Arbitrary<InviteLink> = fc.record(
  {
    secret: bytesOf(11),
    inviter: hash.map((seed) => createKeypair(seed).peerId),
    addresses: fc.array(printable, { maxLength: LINK_ADDRESSES_MAX }),
    trackers: fc.array(printable, { maxLength: LINK_TRACKERS_MAX }),
  },
  { noNullPrototype: true },
);

test("frames: there and back, within the limit", () => {
  fc.assert(
    fc.property(frame, (value) => {
      const bytes = encodeFrame(value);
      assert.ok(bytes.length <= FRAME_BYTES_MAX);
      assert.deepEqual(decodeFrame(bytes), { ok: true, value });
    }),
  );
});

test("frames: any bytes get a verdict, and what is taken is the one encoding", () => {
  const nearly = frame.chain((value) =>
    fc.tuple(fc.nat(40), fc.nat(255)).map(([at, byte]) => {
      const bytes = encodeFrame(value);
      return at < bytes.length ? bytes.with(at, byte) : Uint8Array.of(...bytes, byte);
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), nearly), (bytes) => {
      const decoded = decodeFrame(bytes);
      if (decoded.ok) assert.deepEqual(encodeFrame(decoded.value), bytes);
    }),
    { numRuns: 1_000 },
  );
});

test("links: there and back", () => {
  fc.assert(
    fc.property(link, (value) => assert.deepEqual(decodeLink(encodeLink(value)), { ok: true, value })),
    { numRuns: 50 },
  );
});

test("links: any text gets a verdict; one changed letter, or a cut, is noticed", () => {
  fc.assert(
    fc.property(link, fc.nat(), fc.constantFrom("A", "b", "-", "_", "=", "é"), (value, place, letter) => {
      const text = encodeLink(value);
      const at = LINK_PREFIX.length + (place % (text.length - LINK_PREFIX.length));
      const changed = text.slice(0, at) + letter + text.slice(at + 1);
      assert.equal(decodeLink(changed).ok, changed === text);
      assert.equal(decodeLink(text.slice(0, at)).ok, false);
    }),
    { numRuns: 50 },
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const decoded = decodeLink(LINK_PREFIX + text);
      if (decoded.ok) assert.equal(encodeLink(decoded.value), LINK_PREFIX + text);
      assert.equal(typeof parseEntered(text).ok, "boolean");
    }),
  );
});

test("words and link of one secret mean the same secret", () => {
  fc.assert(
    fc.property(link, (value) => {
      const [byLink, byWords] = [parseEntered(encodeLink(value)), parseEntered(spell(value.secret))];
      assert.ok(byLink.ok && byWords.ok);
      assert.deepEqual(byLink.value.secret, byWords.value.secret);
      assert.deepEqual([byLink.value.inviter, byWords.value.inviter], [value.inviter, null]);
    }),
    { numRuns: 20 },
  );
});
