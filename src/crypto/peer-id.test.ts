import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromHex } from "#base/bytes.ts";
import {
  accountOfPeer,
  keyOfPeerId,
  parseAccount,
  parsePeerId,
  peerIdOfKey,
  peerOfAccount,
} from "./peer-id.ts";

/** Made with @libp2p/peer-id 6.0.15; the second key is that of the libp2p peer id specification. */
const PUBLISHED = [
  [
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV",
  ],
  [
    "1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e",
    "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq",
  ],
] as const;

test("peer ids are those that libp2p gives the same keys", () => {
  for (const [key, peerId] of PUBLISHED) {
    assert.equal(peerIdOfKey(fromHex(key) ?? new Uint8Array(0)), peerId);
  }
});

test("key, peer id and account lead to each other", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const peer = peerIdOfKey(key);
      assert.deepEqual(keyOfPeerId(peer), key);
      assert.equal(peerOfAccount(accountOfPeer(peer)), peer);
      assert.equal(parsePeerId(peer), peer);
      assert.equal(parseAccount(accountOfPeer(peer)), accountOfPeer(peer));
    }),
  );
});

test("whatever text is accepted is the one spelling of its key", () => {
  const [, [, valid]] = PUBLISHED;
  const edited = fc
    .tuple(fc.nat(valid.length - 1), fc.string({ maxLength: 2 }))
    .map(([at, text]) => valid.slice(0, at) + text + valid.slice(at + 1));
  fc.assert(
    fc.property(fc.oneof(edited, fc.string(), fc.base64String()), (text) => {
      const key = keyOfPeerId(text);
      if (key !== null) assert.equal(peerIdOfKey(key), text);
    }),
    { numRuns: 500 },
  );
});

test("other kinds of peer id, and other texts, are refused", () => {
  const rsa = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
  for (const text of ["", rsa, `1${PUBLISHED[0][1]}`, ` ${PUBLISHED[0][1]}`, "1".repeat(10_000)]) {
    assert.equal(parsePeerId(text), null, text.slice(0, 60));
  }
  assert.equal(parseAccount(PUBLISHED[0][0].toUpperCase()), null);
  assert.equal(parseAccount(PUBLISHED[0][0].slice(2)), null);
  assert.throws(() => peerIdOfKey(new Uint8Array(31)), RangeError);
});

test("a key has one name: digits beyond ASCII are none", () => {
  const peerId = peerIdOfKey(new Uint8Array(32).fill(7));
  for (const digit of ["\u2030", "\u20ac", "\u0130", "\u0410"]) {
    assert.equal(parsePeerId(peerId.slice(0, -1) + digit), null, digit);
  }
});
