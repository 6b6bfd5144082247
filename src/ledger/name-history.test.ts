import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toHex } from "#base/bytes.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { undoBlock } from "./apply.ts";
import { commitmentOf } from "./names.ts";
import { LedgerState } from "./state.ts";
import type { Commitment, NameRecord } from "./state-entries.ts";
import { ALICE, CAROL, TestChain } from "./test-chain.ts";
import { Author, GRACE_ENDS, namesNetwork as network, people } from "./test-names.ts";
import type { AccountId, SignedTransaction } from "./types.ts";

const { params } = network;
const { names } = params;

function height(chain: TestChain): number {
  return chain.tip.block.header.height;
}

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
      assert.equal(chain.tip.state.name("wanted")?.owner, committed[0]?.who.account);
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
