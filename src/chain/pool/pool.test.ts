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
  stampStrength,
  txIdOf,
} from "#ledger/index.ts";
import { ALICE, BOB, CAROL, person, testNetwork } from "#ledger/test-chain.ts";
import {
  POOL_FEE_FLOOR_HALF_LIFE_MS,
  POOL_FREE_PER_ACCOUNT_MAX,
  POOL_GAP_MAX,
  POOL_HELD_COUNT_MAX,
  POOL_PER_ACCOUNT_MAX,
} from "../limits.ts";
import type { PoolEntry } from "../types.ts";
import { feeRateOf } from "./policy.ts";
import { Pool, type PoolBounds } from "./pool.ts";

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

/** @param strength of its stamp, in bits: exactly this; any when absent. */
function freeAnchor(from: Keypair, seq: number, strength?: number): PoolEntry {
  const root = new Uint8Array(32).fill(seq);
  for (let stamp = 0n; ; stamp++) {
    const body = {
      type: "stamped-anchor",
      from: from.account,
      seq,
      fee: 0,
      root,
      stamp,
      validUntil: 40,
    } as const;
    const signed = { ...body, signature: new Uint8Array(64) };
    if (strength === undefined || stampStrength(signed, chainId) === strength) {
      return entryOf(signTransaction(body, chainId, from));
    }
  }
}

/** Of an account that nobody holds a key of: the pool asks for no signature, and these are made quickly. */
function unsigned(account: number, seq: number, fee: number): PoolEntry {
  const from = account.toString(16).padStart(64, "0") as AccountId;
  const body = { type: "transfer", from, to: CAROL.account, seq, fee, amount: 1, validUntil: 40 } as const;
  return entryOf({ ...body, signature: new Uint8Array(64) });
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
  assert.deepEqual([...pool.mineable()], [], "what stands behind a gap cannot be mined");
  for (let seq = 5; seq < 5 + POOL_PER_ACCOUNT_MAX; seq++) {
    if (seq !== 5 + POOL_GAP_MAX) assert.equal(offer(pool, transfer(ALICE, seq)), "in", `seq ${seq}`);
  }
  assert.equal(offer(pool, transfer(ALICE, 5 + POOL_PER_ACCOUNT_MAX)), "too-many-pending");
  assert.equal(offer(pool, transfer(BOB, 0)), "in");
  assert.equal([...pool.mineable()].length, POOL_PER_ACCOUNT_MAX + 1);
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
    [...pool.mineable()].map(
      ({ from, seq }) => `${from === ALICE.account ? "a" : from === BOB.account ? "b" : "c"}${seq}`,
    ),
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
        const own = [...pool.mineable()].filter((transaction) => transaction.from === each.account);
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

test("a flood at the least fee: the memory bound holds, the least fee rises, and an honest higher fee enters", () => {
  const bytesMax = 200 * 157;
  const { pool } = newPool({ bytesMax });
  for (let account = 1; account <= 2_000; account++) {
    pool.admit(unsigned(account, 0, 157 + (account % 50)), 0);
    assert.ok(pool.byteCount <= bytesMax);
  }
  assert.equal(pool.size, 200);
  assert.equal(offer(pool, unsigned(9_000, 0, 157)), "fee-below-minimum");
  assert.equal(offer(pool, transfer(ALICE, 0, 1_570)), "in");
  assert.equal(offer(pool, transfer(ALICE, 1, 1_570)), "in");
  assert.ok(pool.feePerByte(0) >= 2);
  assert.equal(pool.feePerByte(20 * POOL_FEE_FLOOR_HALF_LIFE_MS), 1);
});

test("a flood costs the same for each transaction, however many wait: no walk over all accounts", () => {
  let looks = 0;
  const look = (): Account => {
    looks += 1;
    return { balance: 1_000_000, nextSeq: 0 };
  };
  const pool = new Pool(look, network, { countMax: 1_000 });
  for (let account = 1; account <= 3_000; account++) pool.admit(unsigned(account, 0, 200 + account), 0);
  assert.equal(pool.size, 1_000);
  assert.ok(looks <= 3 * 3_000, `${looks} looks at accounts for 3,000 transactions`);
  looks = 0;
  pool.revalidate(1, [unsigned(2_500, 0, 0).transaction.from]);
  assert.equal(looks, 1);
});

test("our own makes room for nobody else's, in a full pool or behind gaps", () => {
  const own = unsigned(1, 0, 157);
  const pool = new Pool(new Accounts().of, network, { countMax: 3 }, own.transaction.from);
  assert.equal(offer(pool, own), "in");
  for (let account = 2; account <= 100; account++) pool.admit(unsigned(account, 0, 200 * account), 0);
  assert.equal(pool.size, 3);
  assert.equal(pool.has(own.id), true);
  const wide = new Pool(new Accounts().of, network, {}, own.transaction.from);
  assert.equal(offer(wide, own), "in");
  for (let account = 2; account <= POOL_HELD_COUNT_MAX + 2; account++) {
    for (const seq of [0, 1]) assert.equal(offer(wide, unsigned(account, seq, 200)), "in");
  }
  const behind = unsigned(1, 1, 157);
  assert.equal(offer(wide, behind), "in");
  for (const { id, transaction } of wide.entries()) if (transaction.seq === 0) wide.remove(id);
  assert.equal(wide.boundHeld().length, 2);
  assert.equal(wide.has(behind.id), true);
});

test("one account with 100,000 transactions in a row: 32 of them wait", () => {
  const { pool } = newPool();
  const { transaction } = unsigned(1, 0, 200);
  let taken = 0;
  for (let seq = 0; seq < 100_000; seq++) if (pool.check({ ...transaction, seq }, 157, 0).ok) taken += 1;
  assert.ok(taken <= POOL_GAP_MAX + 1, "by themselves only the first few are not too far ahead");
  for (let seq = 0; seq < 1_000; seq++) pool.admit(unsigned(1, seq, 200), 0);
  assert.equal(pool.size, POOL_PER_ACCOUNT_MAX);
});

test("what stands behind gaps is bounded over all accounts, and room comes back when gaps are filled", () => {
  const { pool } = newPool();
  for (let account = 1; account <= POOL_HELD_COUNT_MAX; account++) {
    assert.equal(offer(pool, unsigned(account, 1, 200)), "in");
  }
  assert.equal(offer(pool, transfer(ALICE, 1)), "seq-gap");
  assert.equal(offer(pool, transfer(ALICE, 0)), "in");
  assert.equal(offer(pool, unsigned(1, 0, 200)), "in");
  assert.equal(pool.counts.held, POOL_HELD_COUNT_MAX - 1);
  assert.equal(offer(pool, transfer(BOB, 2)), "in");
});

test("replacement churn: each one pays an eighth more and its bytes, so a thousand tries come to few", () => {
  const { pool } = newPool();
  let taken = 0;
  for (let fee = 200; fee < 5_200; fee += 5) if (offer(pool, unsigned(1, 0, fee)) === "in") taken += 1;
  assert.ok(taken < 15, `${taken} replacements`);
  assert.equal(pool.size, 1);
});

test("free anchors: one more bit replaces, and of a full share the weakest stamp goes for a stronger one", () => {
  const { pool } = newPool({ freeCountMax: 3 });
  const [weak, middle, strong] = [freeAnchor(ALICE, 0, 4), freeAnchor(BOB, 0, 5), freeAnchor(CAROL, 0, 7)];
  for (const entry of [strong, weak, middle]) assert.equal(offer(pool, entry), "in");
  assert.deepEqual(
    [...pool.mineable()].map(({ from }) => from),
    [CAROL.account, BOB.account, ALICE.account],
  );
  assert.equal(offer(pool, freeAnchor(person(8), 0, 4)), "free-share-full");
  assert.deepEqual(pool.admit(freeAnchor(person(8), 0, 6), 0), { ok: true, value: { removed: [weak.id] } });
  assert.equal(offer(pool, freeAnchor(BOB, 0, 4)), "replacement-weaker");
  assert.deepEqual(pool.admit(freeAnchor(BOB, 0, 6), 0), { ok: true, value: { removed: [middle.id] } });
  assert.equal(pool.counts.free, 3);
});

test("a fresh account's flood of free anchors crowds out neither who pays nor a stronger stamp", () => {
  const { pool } = newPool({ freeCountMax: 20 });
  const honest = freeAnchor(ALICE, 0, 8);
  assert.equal(offer(pool, honest), "in");
  assert.equal(offer(pool, transfer(BOB, 0)), "in");
  for (let number = 20; number < 80; number++) offer(pool, freeAnchor(person(number), 0, 4));
  assert.deepEqual([pool.counts.free, pool.has(honest.id)], [20, true]);
  const [first] = pool.mineable();
  assert.equal(first?.from, ALICE.account);
  assert.ok([...pool.mineable()].slice(0, 10).some(({ from }) => from === BOB.account));
});

test("a network without a free share takes no free anchors to wait", () => {
  for (const none of [{ perBlock: 0, perAccountPerBlock: 0 }, { perAccountPerBlock: 0 }]) {
    const params = { ...network.params, freeAnchors: { ...network.params.freeAnchors, ...none } };
    const pool = new Pool(new Accounts().of, { params, chainId });
    assert.equal(offer(pool, freeAnchor(ALICE, 0)), "free-share-full");
    assert.equal(offer(pool, transfer(ALICE, 0)), "in");
  }
});

test("what lost the one before it keeps no more room than what comes behind a gap", () => {
  const { pool } = newPool();
  const accounts = Array.from(
    { length: POOL_HELD_COUNT_MAX / (POOL_PER_ACCOUNT_MAX - 1) + 20 },
    (_, at) => at + 1,
  );
  const firsts = accounts.map((account) => unsigned(account, 0, 200));
  for (const first of firsts) assert.equal(offer(pool, first), "in");
  for (const account of accounts) {
    for (let seq = 1; seq < POOL_PER_ACCOUNT_MAX; seq++) {
      assert.equal(offer(pool, unsigned(account, seq, 5_000)), "in");
    }
  }
  assert.equal(offer(pool, transfer(ALICE, 0)), "in");
  assert.deepEqual(pool.boundHeld(), []);
  for (const { id } of firsts) pool.remove(id);
  const before = pool.size;
  const gone = pool.boundHeld();
  assert.equal(pool.counts.held, POOL_HELD_COUNT_MAX);
  assert.equal(pool.size, before - gone.length);
  assert.deepEqual(
    [...pool.mineable()].map(({ from }) => from),
    [ALICE.account],
  );
});

test("what an account cannot have in one block takes no place of others' free anchors", () => {
  const { perBlock, perAccountPerBlock } = network.params.freeAnchors;
  const { pool } = newPool();
  const greedy = [ALICE, BOB, CAROL];
  for (const who of greedy) {
    for (let seq = 0; seq < POOL_FREE_PER_ACCOUNT_MAX; seq++) offer(pool, freeAnchor(who, seq, 9));
  }
  for (let number = 20; number < 20 + perBlock; number++) offer(pool, freeAnchor(person(number), 0, 4));
  const first = [...pool.mineable()].slice(0, perBlock);
  assert.ok(POOL_FREE_PER_ACCOUNT_MAX > perAccountPerBlock && first.length === perBlock);
  for (const who of greedy) {
    const own = first.filter(({ from }) => from === who.account);
    assert.ok(own.length <= perAccountPerBlock, `${own.length} of one account`);
  }
});
