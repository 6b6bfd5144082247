import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AccountId } from "#base/brand.ts";
import { concat, equalBytes, toHex } from "#base/bytes.ts";
import { EXPIRY_LIST_KEYS_MAX, STATE_VALUE_BYTES_MAX } from "./limits.ts";
import {
  accountKey,
  commitmentKey,
  decodeStateValue,
  encodeExpiry,
  encodeName,
  encodePayout,
  expiryKey,
  nameKey,
  payoutKey,
  readStateValue,
  TOTALS_KEY,
} from "./state-entries.ts";
import { encodeStateValue, stateValues } from "./test-values.ts";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const names = fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,30}[a-z0-9]$/);

test("state values of every kind are decoded to the same value, and fit the limit", () => {
  fc.assert(
    fc.property(stateValues, (value) => {
      const encoded = encodeStateValue(value);
      assert.ok(encoded.length <= STATE_VALUE_BYTES_MAX);
      assert.deepEqual(decodeStateValue(encoded), { ok: true, value });
    }),
  );
  const full = Array.from({ length: EXPIRY_LIST_KEYS_MAX }, () => new Uint8Array(32));
  assert.equal(encodeExpiry(full).length, STATE_VALUE_BYTES_MAX);
});

test("whatever bytes are taken for a state value are those that would have been written", () => {
  const edited = fc
    .tuple(stateValues, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(2), fc.nat(2))
    .map(([value, at, byte, cut, tail]) => {
      const bytes = encodeStateValue(value);
      bytes[at % bytes.length] = byte;
      return concat(bytes.subarray(0, bytes.length - cut), new Uint8Array(tail));
    });
  fc.assert(
    fc.property(fc.oneof(edited, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      const decoded = decodeStateValue(bytes);
      if (decoded.ok) assert.ok(equalBytes(encodeStateValue(decoded.value), bytes));
    }),
  );
});

test("a list without keys, with too many, or cut, and what is no name, are refused", () => {
  const refused = (bytes: Uint8Array) => !decodeStateValue(bytes).ok;
  assert.ok(refused(Uint8Array.of(6)));
  assert.ok(refused(Uint8Array.of(6, ...new Uint8Array(32 * (EXPIRY_LIST_KEYS_MAX + 1)))));
  assert.ok(refused(Uint8Array.of(6, ...new Uint8Array(33))));
  assert.ok(refused(new Uint8Array(0)));
  const account = "11".repeat(32) as AccountId;
  const commitment = { height: 1, index: 1 };
  const record = { name: "alice", owner: account, key: account, since: 1, commitment };
  assert.ok(!refused(encodeName(record)));
  assert.ok(refused(encodeName({ ...record, name: "Alice" })));
});

test("keys of different kinds, accounts, heights and names never meet", () => {
  fc.assert(
    fc.property(bytes32, bytes32, u32, u32, names, (a, b, height, part, name) => {
      const account = toHex(a) as AccountId;
      const keys = [
        accountKey(account),
        commitmentKey(account, b),
        nameKey(name),
        payoutKey(height),
        expiryKey("names", height, part),
        expiryKey("commitments", height, part),
        expiryKey("names", height ^ 1, part),
        expiryKey("names", height, part ^ 1),
        TOTALS_KEY,
      ];
      assert.equal(new Set(keys.map(toHex)).size, keys.length);
    }),
  );
});

test("a value of another kind than expected is a broken rule of ours", () => {
  const payout = encodePayout({ miner: "11".repeat(32) as AccountId, amount: 1 });
  assert.equal(readStateValue(payout, "payout").amount, 1);
  assert.throws(() => readStateValue(payout, "account"), /no account/);
});
