import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AccountId } from "#base/brand.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import {
  type Account,
  costOfTransaction,
  encodeTransaction,
  type SignedTransaction,
  signTransaction,
  txIdOf,
} from "#ledger/index.ts";
import { ALICE, BOB, CAROL, person, testNetwork } from "#ledger/test-chain.ts";
import {
  POOL_FEE_FLOOR_HALF_LIFE_MS,
  POOL_FREE_PER_ACCOUNT_MAX,
  POOL_GAP_MAX,
  POOL_PER_ACCOUNT_MAX,
} from "./limits.ts";
import { feeRateOf } from "./policy.ts";
import { Pool, type PoolBounds } from "./pool.ts";
import type { PoolEntry } from "./types.ts";

const network = testNetwork();
const { chainId } = network;

function transfer(from: Keypair, seq: number, fee = 200, amount = 10, validUntil = 40): PoolEntry {
  const body = {
    type: "transfer",
    from: from.account,
    to: CAROL.account,
    seq,
    fee,
    amount,
    validUntil,
  } as const;
  return entryOf(signTransaction(body, chainId, from));
}

function freeAnchor(from: Keypair, seq: number): PoolEntry {
  const root = new Uint8Array(32).fill(seq);
  const body = {
    type: "stamped-anchor",
    from: from.account,
    seq,
    fee: 0,
    root,
    stamp: 0n,
    validUntil: 40,
  } as const;
  return entryOf(signTransaction(body, chainId, from));
}

function entryOf(transaction: SignedTransaction): PoolEntry {
  return { id: txIdOf(transaction), transaction, bytes: encodeTransaction(transaction), receivedMs: 0 };
}

/** Accounts that the test sets; everybody else holds a million. */
class Accounts {
  readonly set = new Map<AccountId, Account>();
  readonly of = (id: AccountId): Account => this.set.get(id) ?? { balance: 1_000_000, nextSeq: 0 };
}

function newPool(bounds?: Partial<PoolBounds>): { pool: Pool; accounts: Accounts } {
  const accounts = new Accounts();
  return { pool: new Pool(accounts.of, network, bounds), accounts };
}

/** The code with which an entry is refused; `in` when it is taken. */
function offer(pool: Pool, entry: PoolEntry, nowMs = 0): string {
  const admitted = pool.admit(entry, nowMs);
  return admitted.ok ? "in" : admitted.fault.code;
}

test("one transaction for each (account, seq), a bounded run of them, and a small gap", () => {
  const { pool, accounts } = newPool();
  accounts.set.set(ALICE.account, { balance: 1_000_000, nextSeq: 5 });
  assert.equal(offer(pool, transfer(ALICE, 4)), "seq-wrong");
  assert.equal(offer(pool, transfer(ALICE, 5 + POOL_GAP_MAX + 1)), "seq-gap");
  assert.equal(offer(pool, transfer(ALICE, 5 + POOL_GAP_MAX)), "in");
  assert.deepEqual(pool.mineable(), [], "what stands behind a gap cannot be mined");
  for (let seq = 5; seq < 5 + POOL_PER_ACCOUNT_MAX; seq++) {
    if (seq !== 5 + POOL_GAP_MAX) assert.equal(offer(pool, transfer(ALICE, seq)), "in", `seq ${seq}`);
  }
  assert.equal(offer(pool, transfer(ALICE, 5 + POOL_PER_ACCOUNT_MAX)), "too-many-pending");
  assert.equal(offer(pool, transfer(BOB, 0)), "in");
  assert.equal(pool.mineable().length, POOL_PER_ACCOUNT_MAX + 1);
});

test("the fee covers the minimum, and the balance covers all that waits", () => {
  const { pool, accounts } = newPool();
  accounts.set.set(ALICE.account, { balance: 1_000, nextSeq: 0 });
  assert.equal(offer(pool, transfer(ALICE, 0, 156)), "fee-below-minimum");
  assert.equal(offer(pool, transfer(ALICE, 0, 157, 1_000)), "balance-below-pending");
  assert.equal(offer(pool, transfer(ALICE, 0, 157, 400)), "in");
  assert.equal(offer(pool, transfer(ALICE, 1, 157, 287)), "balance-below-pending");
  assert.equal(offer(pool, transfer(ALICE, 1, 157, 286)), "in");
});

test("a replacement pays an eighth more and its own bytes again", () => {
  const { pool } = newPool();
  const first = transfer(ALICE, 0, 800);
  assert.equal(offer(pool, first), "in");
  assert.equal(offer(pool, transfer(ALICE, 0, 800 + 100 + 156)), "replacement-underpaid");
  const second = transfer(ALICE, 0, 800 + 100 + 157);
  assert.deepEqual(pool.admit(second, 0), { ok: true, value: { removed: [first.id] } });
  assert.deepEqual([pool.size, pool.has(first.id), pool.byteCount], [1, false, second.bytes.length]);
});

test("free anchors: a few for each account, and none takes a paying one's place", () => {
  const { pool, accounts } = newPool();
  accounts.set.set(BOB.account, { balance: 0, nextSeq: 0 });
  for (let seq = 0; seq < POOL_FREE_PER_ACCOUNT_MAX; seq++)
    assert.equal(offer(pool, freeAnchor(BOB, seq)), "in");
  assert.equal(offer(pool, freeAnchor(BOB, POOL_FREE_PER_ACCOUNT_MAX)), "free-share-full");
  assert.equal(offer(pool, transfer(ALICE, 0)), "in");
  assert.equal(offer(pool, freeAnchor(ALICE, 0)), "replacement-underpaid");
});

test("a full pool lets the cheapest tail go, and asks for more until that fades", () => {
  const { pool } = newPool({ countMax: 3, bytesMax: 1_000_000 });
  const [cheap, dear] = [transfer(BOB, 0, 160), transfer(CAROL, 0, 1_570)];
  for (const entry of [cheap, dear, transfer(ALICE, 0, 300)]) assert.equal(offer(pool, entry), "in");
  assert.equal(offer(pool, transfer(person(9), 0, 158)), "pool-full", "the newcomer is the cheapest itself");
  assert.deepEqual(pool.admit(transfer(person(9), 0, 400), 0), { ok: true, value: { removed: [cheap.id] } });
  assert.equal(offer(pool, transfer(BOB, 0, 160)), "fee-below-minimum");
  assert.ok(pool.feePerByte(0) > 2);
  assert.equal(pool.feePerByte(10 * POOL_FEE_FLOOR_HALF_LIFE_MS), 1);
  assert.equal(pool.size, 3);
  assert.ok(pool.has(dear.id));
});

test("the order for miners: dearest first, each account's by seq", () => {
  const { pool } = newPool();
  const entries = [
    transfer(ALICE, 0, 200),
    transfer(ALICE, 1, 900),
    transfer(BOB, 0, 500),
    transfer(CAROL, 0, 300),
    transfer(CAROL, 1, 250),
  ];
  for (const entry of entries) offer(pool, entry);
  assert.deepEqual(
    pool
      .mineable()
      .map(({ from, seq }) => `${from === ALICE.account ? "a" : from === BOB.account ? "b" : "c"}${seq}`),
    ["b0", "c0", "c1", "a0", "a1"],
  );
});

test("a new tip takes out used seqs, ended lives and what no balance covers", () => {
  const { pool, accounts } = newPool();
  const used = transfer(ALICE, 0);
  const [covered, uncovered, expired] = [
    transfer(ALICE, 1, 200, 300),
    transfer(ALICE, 2, 200, 9_000),
    transfer(BOB, 0, 200, 10, 7),
  ];
  for (const entry of [used, covered, uncovered, expired]) assert.equal(offer(pool, entry), "in");
  accounts.set.set(ALICE.account, { balance: 600, nextSeq: 1 });
  const outdated = pool.revalidate(8, [ALICE.account]);
  assert.deepEqual(new Set(outdated.removed), new Set([used.id, uncovered.id, expired.id]));
  assert.deepEqual(outdated.uncovered, [uncovered]);
  assert.deepEqual(
    pool.entries().map((entry) => entry.id),
    [covered.id],
  );
});

test("whatever comes in, the bounds hold and what can be mined can be paid", () => {
  const people = [ALICE, BOB, CAROL];
  const offers = fc.array(
    fc.tuple(fc.nat(2), fc.nat(6), fc.integer({ min: 150, max: 900 }), fc.integer({ min: 1, max: 3_000 })),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(offers, (list) => {
      const { pool, accounts } = newPool({ countMax: 8, bytesMax: 10 * 157 });
      for (const each of people) accounts.set.set(each.account, { balance: 5_000, nextSeq: 0 });
      for (const [who, seq, fee, amount] of list)
        pool.admit(transfer(people[who] ?? ALICE, seq, fee, amount), 0);
      assert.ok(pool.size <= 8 && pool.byteCount <= 10 * 157);
      assert.equal(
        pool.byteCount,
        pool.entries().reduce((sum, entry) => sum + entry.bytes.length, 0),
      );
      for (const each of people) {
        const own = pool.mineable().filter((transaction) => transaction.from === each.account);
        assert.deepEqual(
          own.map((transaction) => transaction.seq),
          own.map((_, at) => at),
        );
        assert.ok(
          own.reduce((sum, transaction) => sum + costOfTransaction(transaction, network.params.names), 0) <=
            5_000,
        );
      }
      assert.ok(pool.entries().every(({ transaction }) => feeRateOf(transaction) >= 1));
    }),
    { numRuns: 60 },
  );
});
