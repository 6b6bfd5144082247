import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, equalBytes, toHex, utf8 } from "#base/bytes.ts";
import { sha256d } from "#crypto/sha256.ts";
import {
  blockBytes,
  blockIdOfHeader,
  decodeBlock,
  decodeHeader,
  decodeTransaction,
  encodeBlock,
  encodeHeader,
  encodeTransaction,
  isSigned,
  receiverOf,
  sealBlock,
  signingPreimage,
  transactionBytes,
  txIdOf,
} from "./codec.ts";
import { BLOCK_BYTES_MAX, HEADER_BYTES, TRANSACTION_BYTES_MAX } from "./limits.ts";
import { stampPrefix } from "./stamp.ts";
import { headers, stampedAnchors, transactions, transfers } from "./test-values.ts";
import type { Transfer } from "./types.ts";

test("headers: 176 bytes, decoded to the same value, and the id is over the bytes", () => {
  fc.assert(
    fc.property(headers, (header) => {
      const encoded = encodeHeader(header);
      assert.equal(encoded.length, HEADER_BYTES);
      assert.deepEqual(decodeHeader(encoded), { ok: true, value: header });
      assert.equal(blockIdOfHeader(encoded), toHex(sha256d(encoded)));
    }),
  );
});

test("transactions are decoded to the same value, and have the size that is claimed", () => {
  fc.assert(
    fc.property(transactions, (tx) => {
      const encoded = encodeTransaction(tx);
      assert.equal(encoded.length, transactionBytes(tx));
      assert.ok(encoded.length <= TRANSACTION_BYTES_MAX);
      assert.deepEqual(decodeTransaction(encoded), { ok: true, value: tx });
    }),
  );
});

test("blocks are decoded to the same value, and have the size that is claimed", () => {
  fc.assert(
    fc.property(headers, fc.array(transactions, { maxLength: 8 }), (header, txs) => {
      const block = sealBlock(header, txs);
      const encoded = encodeBlock(block);
      assert.equal(encoded.length, blockBytes(txs));
      assert.deepEqual(decodeBlock(encoded), { ok: true, value: block });
    }),
  );
});

/** Bytes near to valid ones: the interesting places lie there, not among arbitrary bytes. */
function damaged(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const damage = fc.record({
    at: fc.nat(),
    value: fc.integer({ min: 0, max: 255 }),
    cut: fc.nat(3),
    tail: fc.nat(3),
  });
  return fc.tuple(valid, damage).map(([bytes, { at, value, cut, tail }]) => {
    const copy = concat(bytes.subarray(0, bytes.length - cut), new Uint8Array(tail));
    copy[at % copy.length] = value;
    return copy;
  });
}

test("whatever bytes are accepted are those that would have been written", () => {
  const any = fc.uint8Array({ maxLength: 400 });
  const checkAll = <Value>(
    valid: fc.Arbitrary<Uint8Array>,
    decode: (bytes: Uint8Array) => { ok: true; value: Value } | { ok: false },
    encode: (value: Value) => Uint8Array,
  ) =>
    fc.assert(
      fc.property(fc.oneof(any, damaged(valid)), (bytes) => {
        const decoded = decode(bytes);
        if (decoded.ok) assert.ok(equalBytes(encode(decoded.value), bytes));
      }),
    );
  checkAll(headers.map(encodeHeader), decodeHeader, encodeHeader);
  checkAll(transactions.map(encodeTransaction), decodeTransaction, encodeTransaction);
  const blocks = fc.tuple(headers, fc.array(transactions, { maxLength: 3 }));
  checkAll(
    blocks.map(([header, txs]) => encodeBlock(sealBlock(header, txs))),
    decodeBlock,
    encodeBlock,
  );
});

test("a trailing byte, a missing byte, an unknown type and an inexact number are refused with the cause", () => {
  const refusal = (bytes: Uint8Array) => {
    const decoded = decodeTransaction(bytes);
    return decoded.ok ? "accepted" : decoded.fault.what;
  };
  const [tx] = fc.sample(transfers, { numRuns: 1, seed: 1 });
  assert.ok(tx);
  const encoded = encodeTransaction(tx);
  assert.match(refusal(encoded.subarray(1, 40)), /transaction type|bytes/);
  assert.match(refusal(encoded.subarray(0, encoded.length - 1)), /needs 64 bytes, 63 are left/);
  assert.match(refusal(concat(encoded, Uint8Array.of(0))), /above |follow the end/);
  assert.match(refusal(Uint8Array.of(9, ...encoded.subarray(1))), /type 9 is unknown/);
  const inexact = encoded.slice();
  new DataView(inexact.buffer).setBigUint64(33, 2n ** 53n, true);
  assert.match(refusal(inexact), /seq is above 2\^53 - 1/);
});

test("a block that claims more transactions than fit, or is too long, is refused before it is read", () => {
  const [header] = fc.sample(headers, { numRuns: 1, seed: 1 });
  assert.ok(header);
  const encoded = encodeBlock(sealBlock(header, []));
  new DataView(encoded.buffer).setUint32(HEADER_BYTES, 0xffff_ffff, true);
  const decoded = decodeBlock(encoded);
  assert.ok(!decoded.ok && /4294967295 transactions cannot fit/.test(decoded.fault.what));
  const long = decodeBlock(new Uint8Array(BLOCK_BYTES_MAX + 1));
  assert.ok(!long.ok && /above 1048576/.test(long.fault.what));
});

test("the id leaves out the signature and nothing else", () => {
  fc.assert(
    fc.property(transfers, (tx) => {
      const resigned: Transfer = { ...tx, signature: new Uint8Array(64) };
      assert.equal(txIdOf(resigned), txIdOf(tx));
      assert.notEqual(txIdOf({ ...tx, amount: tx.amount === 0 ? 1 : tx.amount - 1 }), txIdOf(tx));
      assert.notEqual(txIdOf({ ...tx, validUntil: tx.validUntil ^ 1 }), txIdOf(tx));
    }),
  );
});

test("no preimage can be taken for what libp2p signs with the same key, nor for another of ours", () => {
  const others = [
    "noise-libp2p-static-key:",
    "libp2p-tls-handshake:",
    "libp2p-pubsub:",
    "libp2p-peer-record",
  ];
  const chainId = new Uint8Array(32).fill(5);
  fc.assert(
    fc.property(transactions, stampedAnchors, (tx, anchor) => {
      const ours = isSigned(tx) ? [signingPreimage(tx, chainId)] : [];
      const domains = others.map(utf8);
      for (const preimage of [...ours, stampPrefix(anchor, chainId)]) {
        for (const domain of domains) assert.ok(!startsAlike(preimage, domain));
        assert.ok(preimage[0] === 0x77);
      }
      for (const preimage of ours) assert.ok(!startsAlike(preimage, utf8("waybill-stamp-v1\0")));
    }),
  );
});

function startsAlike(a: Uint8Array, b: Uint8Array): boolean {
  const shared = Math.min(a.length, b.length);
  return equalBytes(a.subarray(0, shared), b.subarray(0, shared));
}

test("a preimage differs between networks", () => {
  const [tx] = fc.sample(transfers, { numRuns: 1, seed: 2 });
  assert.ok(tx);
  assert.notDeepEqual(
    signingPreimage(tx, new Uint8Array(32)),
    signingPreimage(tx, new Uint8Array(32).fill(1)),
  );
});

test("whoever is given money or a name receives it; nothing else has a receiver", () => {
  const [sample] = fc.sample(transfers, { numRuns: 1, seed: 3 });
  assert.ok(sample);
  const { to } = sample;
  assert.equal(receiverOf(sample), to);
  const update = { ...sample, type: "name-update", name: "ann" } as const;
  assert.equal(receiverOf({ ...update, change: { kind: "owner", owner: to } }), to);
  assert.equal(receiverOf({ ...update, change: { kind: "key", key: to } }), null);
  assert.equal(receiverOf({ ...update, change: { kind: "renew" } }), null);
  assert.equal(receiverOf({ ...sample, type: "anchor", root: new Uint8Array(32) }), null);
});
