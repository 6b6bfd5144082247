import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toHex } from "#base/bytes.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { applyBlock, undoBlock } from "./apply.ts";
import { checkBlock } from "./check.ts";
import { type NameStatus, nameRecord } from "./name-records.ts";
import { commitmentOf } from "./names.ts";
import { signTransaction } from "./sign.ts";
import { LedgerState, verifyNameProof } from "./state.ts";
import { type Commitment, decodeStateValue, type NameRecord } from "./state-entries.ts";
import { ALICE, BOB, CAROL, mine, person, TestChain, testNetwork } from "./test-chain.ts";
import type { AccountId, NameChange, NameClaim, SignedTransaction } from "./types.ts";

const people: readonly Keypair[] = [ALICE, BOB, CAROL, person(4)];
const allocations = people.map(({ account }) => ({ account, amount: 1_000_000 }));
const network = testNetwork({
  allocations,
  payoutDelayBlocks: 1,
  names: { ...testNetwork().params.names, claimsPerAccountPerBlock: 3 },
});
const { params, chainId } = network;
const { names } = params;
const GRACE_ENDS = names.lifeBlocks + names.graceBlocks;

function saltOf(salt: number): Uint8Array {
  return new Uint8Array(32).fill(salt);
}

/** Signs on top of what stands in the chain, and what was signed for the same block before. */
class Author {
  readonly chain: TestChain;
  readonly #used = new Map<AccountId, number>();

  /** @param signed what will stand before in the same block. */
  constructor(chain: TestChain, signed: readonly SignedTransaction[] = []) {
    this.chain = chain;
    for (const { from } of signed) this.#used.set(from, (this.#used.get(from) ?? 0) + 1);
  }

  #head(who: Keypair) {
    const state = this.chain.tip.state.account(who.account);
    const used = this.#used.get(who.account) ?? 0;
    this.#used.set(who.account, used + 1);
    const validUntil = this.chain.tip.block.header.height + 40;
    return { from: who.account, seq: state.nextSeq + used, fee: 2, validUntil };
  }

  commit(who: Keypair, name: string, key: AccountId = who.account, salt = 1): SignedTransaction {
    const commitment = commitmentOf({ salt: saltOf(salt), name, key }, who.account);
    return signTransaction({ type: "name-commit", ...this.#head(who), commitment }, chainId, who);
  }

  claim(who: Keypair, name: string, key: AccountId = who.account, salt = 1): NameClaim {
    const terms = { salt: saltOf(salt), name, key };
    return signTransaction({ type: "name-claim", ...this.#head(who), ...terms }, chainId, who);
  }

  update(who: Keypair, name: string, change: NameChange): SignedTransaction {
    return signTransaction({ type: "name-update", ...this.#head(who), name, change }, chainId, who);
  }
}

/** Mines one block with what `write` signs, in this order. */
function grow(chain: TestChain, write: (author: Author) => readonly SignedTransaction[] = () => []): void {
  const candidates = write(new Author(chain));
  const { block } = chain.grow(candidates, CAROL);
  assert.equal(block.transactions.length - 1, candidates.length, "each could be carried out");
  assert.equal(checkBlock(block, params, chainId), null);
}

function growTo(chain: TestChain, height: number): void {
  while (chain.tip.block.header.height < height) grow(chain);
}

function height(chain: TestChain): number {
  return chain.tip.block.header.height;
}

function status(chain: TestChain, name: string): NameStatus | null {
  return nameRecord(chain.tip.state, name, names, height(chain));
}

/** Why the next block cannot carry this transaction; `null` when it can. */
function refusal(chain: TestChain, write: (author: Author) => SignedTransaction): string | null {
  const { header, transactions } = chain.next([], CAROL);
  const block = mine(header, [...transactions, write(new Author(chain))]);
  const applied = applyBlock(chain.tip.state, block, params);
  if (applied.ok || applied.fault.code === "state-root-wrong") return null;
  return applied.fault.fault.code;
}

/** A chain on which Alice claimed "alice" for her key: committed to in block 1, claimed in block 3. */
function claimed(): TestChain {
  const chain = new TestChain(network);
  grow(chain, (by) => [by.commit(ALICE, "alice")]);
  grow(chain);
  grow(chain, (by) => [by.claim(ALICE, "alice")]);
  return chain;
}

test("a name is committed to, claimed after two blocks, and stands in the state with its key", () => {
  const chain = claimed();
  const record: NameRecord = {
    name: "alice",
    owner: ALICE.account,
    key: ALICE.account,
    since: 3,
    commitment: { height: 1, index: 1 },
  };
  assert.deepEqual(chain.tip.state.name("alice"), record);
  assert.deepEqual(status(chain, "alice"), {
    ...record,
    state: "contestable",
    contestableUntil: 7,
    heldUntil: 15,
    graceUntil: 19,
  });
  growTo(chain, 8);
  assert.equal(status(chain, "alice")?.state, "held");
  assert.equal(chain.tip.state.totals.burned, 1 + 20);
  assert.equal(chain.tip.state.account(ALICE.account).balance, 1_000_000 - 21 - 4);
});

test("whoever holds headers alone can check what a name stands for, and that a name is free", () => {
  const chain = claimed();
  const { state, block } = chain.tip;
  const root = block.header.stateRoot;
  const record = state.name("alice");
  assert.ok(verifyNameProof(root, "alice", record, state.proveName("alice")));
  assert.ok(verifyNameProof(root, "bob", null, state.proveName("bob")));
  assert.ok(record);
  const forged = { ...record, key: BOB.account };
  assert.ok(!verifyNameProof(root, "alice", forged, state.proveName("alice")));
  assert.ok(!verifyNameProof(root, "alice", null, state.proveName("alice")));
  assert.ok(!verifyNameProof(root, "bob", record, state.proveName("alice")));
});

test("a claim too early, too late, of another's commitment, or changed on the way is refused", () => {
  const chain = new TestChain(network);
  grow(chain, (by) => [by.commit(ALICE, "alice")]);
  assert.equal(
    refusal(chain, (by) => by.claim(ALICE, "alice")),
    "claim-too-early",
  );
  grow(chain);
  assert.equal(
    refusal(chain, (by) => by.claim(ALICE, "alice")),
    null,
  );
  assert.equal(
    refusal(chain, (by) => by.claim(BOB, "alice", ALICE.account)),
    "commitment-unknown",
  );
  assert.equal(
    refusal(chain, (by) => by.claim(ALICE, "alice", BOB.account)),
    "commitment-unknown",
  );
  assert.equal(
    refusal(chain, (by) => by.claim(ALICE, "alicia")),
    "commitment-unknown",
  );
  assert.equal(
    refusal(chain, (by) => by.claim(ALICE, "alice", ALICE.account, 2)),
    "commitment-unknown",
  );
  growTo(chain, 6);
  assert.equal(
    refusal(chain, (by) => by.claim(ALICE, "alice")),
    null,
    "block 7: six after its commitment",
  );
  growTo(chain, 7);
  assert.equal(
    refusal(chain, (by) => by.claim(ALICE, "alice")),
    "commitment-unknown",
  );
});

test("front-running: whoever sees a claim and commits then comes too late, also as the miner", () => {
  const chain = new TestChain(network);
  grow(chain, (by) => [by.commit(ALICE, "alice")]);
  grow(chain);
  grow(chain, (by) => [by.commit(BOB, "alice")]);
  grow(chain);
  // Bob mines: Alice's claim is left out, his own goes in.
  grow(chain, (by) => [by.claim(BOB, "alice")]);
  assert.equal(status(chain, "alice")?.owner, BOB.account);
  // Hers still wins, until her commitment is forgotten.
  grow(chain, (by) => [by.claim(ALICE, "alice")]);
  assert.equal(status(chain, "alice")?.owner, ALICE.account);
  assert.equal(
    refusal(chain, (by) => by.claim(BOB, "alice")),
    "name-taken",
  );
});

test("copying a commitment gives nothing, and is in nobody's way", () => {
  const chain = new TestChain(network);
  const copied = commitmentOf({ salt: saltOf(1), name: "alice", key: ALICE.account }, ALICE.account);
  const terms = { type: "name-commit", from: BOB.account, seq: 0, fee: 9, validUntil: 20 } as const;
  const copy = signTransaction({ ...terms, commitment: copied }, chainId, BOB);
  grow(chain, (by) => [copy, by.commit(ALICE, "alice")]);
  grow(chain);
  assert.equal(
    refusal(chain, (by) => by.claim(BOB, "alice", ALICE.account)),
    "commitment-unknown",
  );
  grow(chain, (by) => [by.claim(ALICE, "alice")]);
  assert.equal(status(chain, "alice")?.owner, ALICE.account);
});

test("a commitment stands once, and can be made again when it is forgotten", () => {
  const chain = new TestChain(network);
  grow(chain, (by) => [by.commit(ALICE, "alice")]);
  assert.equal(
    refusal(chain, (by) => by.commit(ALICE, "alice")),
    "commitment-repeated",
  );
  growTo(chain, 6);
  assert.equal(
    refusal(chain, (by) => by.commit(ALICE, "alice")),
    "commitment-repeated",
  );
  growTo(chain, 7);
  grow(chain, (by) => [by.commit(ALICE, "alice")]);
});

test("the owner changes the key, hands the name over and renews it; nobody else does", () => {
  const chain = claimed();
  const renew = { kind: "renew" } as const;
  assert.equal(
    refusal(chain, (by) => by.update(BOB, "alice", renew)),
    "name-of-another",
  );
  assert.equal(
    refusal(chain, (by) => by.update(BOB, "nobody", renew)),
    "name-unknown",
  );
  grow(chain, (by) => [by.update(ALICE, "alice", { kind: "key", key: CAROL.account })]);
  grow(chain, (by) => [by.update(ALICE, "alice", { kind: "owner", owner: BOB.account })]);
  const record = chain.tip.state.name("alice");
  assert.deepEqual([record?.owner, record?.key, record?.since], [BOB.account, CAROL.account, 3]);
  assert.equal(
    refusal(chain, (by) => by.update(ALICE, "alice", renew)),
    "name-of-another",
  );
  grow(chain, (by) => [by.update(BOB, "alice", renew)]);
  assert.equal(status(chain, "alice")?.heldUntil, height(chain) + names.lifeBlocks);
});

test("after its life a name can only be renewed by its owner; after the grace anybody may claim it", () => {
  const chain = claimed();
  growTo(chain, 3 + names.lifeBlocks);
  assert.equal(status(chain, "alice")?.state, "held");
  const change = { kind: "key", key: BOB.account } as const;
  assert.equal(
    refusal(chain, (by) => by.update(ALICE, "alice", change)),
    "name-expired",
  );
  assert.equal(
    refusal(chain, (by) => by.update(BOB, "alice", { kind: "renew" })),
    "name-of-another",
  );
  assert.equal(
    refusal(chain, (by) => by.update(ALICE, "alice", { kind: "renew" })),
    null,
  );
  grow(chain, (by) => [by.commit(BOB, "alice")]);
  growTo(chain, 3 + GRACE_ENDS - 1);
  assert.equal(status(chain, "alice")?.state, "grace");
  assert.equal(
    refusal(chain, (by) => by.claim(BOB, "alice")),
    "name-taken",
    "the last block of grace",
  );
  grow(chain);
  assert.equal(
    refusal(chain, (by) => by.update(ALICE, "alice", { kind: "renew" })),
    "name-unknown",
  );
  grow(chain, (by) => [by.claim(BOB, "alice")]);
  assert.equal(status(chain, "alice")?.owner, BOB.account);
});

test("a renewal counts from its block, and keeps the name past its first end", () => {
  const chain = claimed();
  growTo(chain, 17);
  grow(chain, (by) => [by.update(ALICE, "alice", { kind: "renew" })]);
  growTo(chain, 18 + GRACE_ENDS);
  assert.equal(status(chain, "alice")?.state, "grace");
  grow(chain);
  assert.equal(chain.tip.state.name("alice"), null);
});

test("one account claims only so many names in a block", () => {
  const chain = new TestChain(network);
  const wanted = ["one", "two", "three", "four"];
  grow(chain, (by) => wanted.map((name) => by.commit(ALICE, name)));
  grow(chain);
  const author = new Author(chain);
  const block = chain.next(
    wanted.map((name) => author.claim(ALICE, name)),
    CAROL,
  );
  assert.equal(block.transactions.length, 1 + names.claimsPerAccountPerBlock);
  const again = new Author(chain);
  const all = mine(block.header, [
    ...block.transactions.slice(0, 1),
    ...wanted.map((name) => again.claim(ALICE, name)),
  ]);
  const fault = checkBlock(all, params, chainId);
  assert.equal(fault?.code, "tx-root-wrong", "another body under this header");
});

interface Contender {
  readonly who: Keypair;
  readonly commitAt: number;
  readonly claimAt: number;
}

test("property: the earliest commitment wins among all who claim in their time, in whatever order", () => {
  const contender = fc.record({
    commitAt: fc.integer({ min: 1, max: 5 }),
    wait: fc.integer({ min: 2, max: 6 }),
  });
  const all = fc.tuple(fc.array(contender, { minLength: 2, maxLength: 4 }), fc.infiniteStream(fc.nat()));
  fc.assert(
    fc.property(all, ([list, chance]) => {
      const contenders = list.map(({ commitAt, wait }, at): Contender => {
        return { who: people[at] ?? ALICE, commitAt, claimAt: commitAt + wait };
      });
      const shuffled = (at: "commitAt" | "claimAt", now: number) =>
        contenders
          .filter((each) => each[at] === now)
          .map((each) => ({ each, order: chance.next().value ?? 0 }))
          .sort((a, b) => a.order - b.order)
          .map(({ each }) => each);
      const chain = new TestChain(network);
      const committed: Contender[] = [];
      for (let now = 1; now <= 11; now++) {
        const author = new Author(chain);
        const commits = shuffled("commitAt", now);
        committed.push(...commits);
        const candidates = [
          ...commits.map(({ who }) => author.commit(who, "wanted")),
          // What comes behind a better claim cannot be carried out, and is left out of the block.
          ...shuffled("claimAt", now).map(({ who }) => author.claim(who, "wanted")),
        ];
        chain.grow(candidates, CAROL);
      }
      assert.equal(status(chain, "wanted")?.owner, committed[0]?.who.account);
    }),
    { numRuns: 60 },
  );
});

/** What a slow and obvious reader of the whole history says. */
class Model {
  readonly #commitments: { who: AccountId; commitment: string; at: Commitment }[] = [];
  readonly #records = new Map<string, NameRecord>();

  #commitment(who: AccountId, commitment: string, now: number): Commitment | null {
    const isOpen = ({ at }: { at: Commitment }) => now - at.height <= names.claimWithinBlocks;
    return (
      this.#commitments.find((each) => each.who === who && each.commitment === commitment && isOpen(each))
        ?.at ?? null
    );
  }

  record(name: string, now: number): NameRecord | null {
    const record = this.#records.get(name);
    return record === undefined || now > record.since + GRACE_ENDS ? null : record;
  }

  /** Whether it can be carried out; if so, it is. */
  take(tx: SignedTransaction, height: number, index: number): boolean {
    if (tx.type === "name-commit") {
      const commitment = toHex(tx.commitment);
      if (this.#commitment(tx.from, commitment, height) !== null) return false;
      this.#commitments.push({ who: tx.from, commitment, at: { height, index } });
      return true;
    }
    if (tx.type === "name-claim") {
      const at = this.#commitment(tx.from, toHex(commitmentOf(tx, tx.from)), height);
      if (at === null || height - at.height < names.claimAfterBlocks) return false;
      const holder = this.record(tx.name, height);
      const order = (each: Commitment) => each.height * 1000 + each.index;
      if (holder !== null && order(holder.commitment) <= order(at)) return false;
      this.#records.set(tx.name, {
        name: tx.name,
        owner: tx.from,
        key: tx.key,
        since: height,
        commitment: at,
      });
      return true;
    }
    if (tx.type !== "name-update") return true;
    const record = this.record(tx.name, height);
    if (record === null || record.owner !== tx.from) return false;
    if (height > record.since + names.lifeBlocks && tx.change.kind !== "renew") return false;
    const { change } = tx;
    const since = change.kind === "renew" ? height : record.since;
    const owner = change.kind === "owner" ? change.owner : record.owner;
    const key = change.kind === "key" ? change.key : record.key;
    this.#records.set(tx.name, { ...record, since, owner, key });
    return true;
  }
}

const NAMES = ["one", "two", "three"] as const;
const actions = fc.record({
  kind: fc.constantFrom("commit", "claim", "claim", "renew", "key", "owner", "pause"),
  who: fc.nat(3),
  other: fc.nat(3),
  name: fc.nat(2),
});

function act(
  author: Author,
  { kind, who, other, name }: { kind: string; who: number; other: number; name: number },
) {
  const [by, to] = [people[who] ?? ALICE, people[other] ?? ALICE];
  const called = NAMES[name] ?? "one";
  switch (kind) {
    case "commit":
      return author.commit(by, called);
    case "claim":
      return author.claim(by, called);
    case "renew":
      return author.update(by, called, { kind: "renew" });
    case "key":
      return author.update(by, called, { kind: "key", key: to.account });
    case "owner":
      return author.update(by, called, { kind: "owner", owner: to.account });
    default:
      return null;
  }
}

test("property: names are as a slow reader of the history says; undo across claims and expiries restores each root", () => {
  const blocks = fc.array(fc.array(actions, { maxLength: 3 }), { minLength: 20, maxLength: 60 });
  fc.assert(
    fc.property(blocks, (list) => {
      const chain = new TestChain(network);
      const model = new Model();
      for (const wanted of list) {
        const now = height(chain) + 1;
        const taken: SignedTransaction[] = [];
        for (const each of wanted) {
          const tx = act(new Author(chain, taken), each);
          if (tx !== null && model.take(tx, now, taken.length + 1)) taken.push(tx);
        }
        const { block } = chain.grow(taken, CAROL);
        assert.equal(block.transactions.length, taken.length + 1, "the rules allow what the model allows");
        for (const name of NAMES) assert.deepEqual(chain.tip.state.name(name), model.record(name, now));
      }
      let undone = chain.tip.state;
      for (let at = height(chain); at > 0; at--) {
        const { undo } = chain.at(at);
        assert.ok(undo);
        undone = undoBlock(undone, undo);
        assert.deepEqual(undone.root, chain.at(at - 1).state.root);
      }
      assert.deepEqual(undone.root, LedgerState.atGenesis(params).root);
    }),
    { numRuns: 25 },
  );
});

test("the state is bounded: when names and commitments are over, nothing of them is left", () => {
  const chain = new TestChain(network);
  grow(chain, (by) => [
    by.commit(ALICE, "one"),
    by.commit(ALICE, "two"),
    by.commit(BOB, "three", BOB.account, 9),
  ]);
  grow(chain);
  grow(chain, (by) => [by.claim(ALICE, "one"), by.claim(ALICE, "two")]);
  grow(chain, (by) => [by.update(ALICE, "two", { kind: "renew" })]);
  const left = () => kindsIn(chain).filter((kind) => kind !== "account");
  assert.deepEqual(left(), [
    ...["commitment", "commitment", "commitment", "expiry", "expiry", "expiry", "name", "name"],
    ...["payout", "totals"],
  ]);
  growTo(chain, 4 + GRACE_ENDS);
  assert.deepEqual(left(), ["expiry", "name", "payout", "totals"]);
  grow(chain);
  assert.deepEqual(left(), ["payout", "totals"]);
});

/** The kinds of all entries that the blocks of the chain left in the state, in alphabetical order. */
function kindsIn(chain: TestChain): string[] {
  const keys = new Map<string, Uint8Array>();
  for (let at = 1; at <= height(chain); at++) {
    for (const { key } of chain.at(at).undo?.before ?? []) keys.set(toHex(key), key);
  }
  const values = [...keys.values()].map((key) => chain.tip.state.get(key));
  const read = values.filter((value) => value !== null).map((value) => decodeStateValue(value));
  return read.map((value) => (value.ok ? value.value.kind : value.fault.what)).sort();
}
