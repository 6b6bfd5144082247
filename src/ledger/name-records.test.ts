import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "#base/bytes.ts";
import { applyBlock } from "./apply.ts";
import { checkBlock } from "./check.ts";
import { type NameStatus, nameRecord } from "./name-records.ts";
import { commitmentOf } from "./names.ts";
import { signTransaction } from "./sign.ts";
import { verifyNameProof } from "./state.ts";
import { decodeStateValue, type NameRecord } from "./state-entries.ts";
import { ALICE, BOB, CAROL, mine, TestChain } from "./test-chain.ts";
import { Author, GRACE_ENDS, namesNetwork as network, saltOf } from "./test-names.ts";
import type { SignedTransaction } from "./types.ts";

const { params, chainId } = network;
const { names } = params;

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
