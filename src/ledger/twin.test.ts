/** The state against a slow twin that was written from the specification alone. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { fromHex, toHex } from "#base/bytes.ts";
import { LedgerTwin, type TwinRules } from "#test/kit/ledger-twin.ts";
import { encodeBlock } from "./codec.ts";
import { signTransaction } from "./sign.ts";
import { searchStamp, stampPrefix } from "./stamp.ts";
import { CAROL, TestChain, testNetwork } from "./test-chain.ts";
import { Author, namesNetwork, people } from "./test-names.ts";
import type { SignedTransaction } from "./types.ts";

interface Vectors {
  readonly chain: {
    readonly genesis: TwinRules;
    readonly genesisStateRoot: string;
    readonly blocks: readonly {
      readonly bytes: string;
      readonly stateRoot: string;
      readonly totals: object;
    }[];
  };
}
const file = new URL("../../spec/vectors/ledger.json", import.meta.url);
const { chain: published } = JSON.parse(readFileSync(file, "utf8")) as Vectors;

test("the twin comes to the published state after each published block", () => {
  const twin = new LedgerTwin(published.genesis);
  assert.equal(twin.root(), published.genesisStateRoot);
  for (const { bytes, stateRoot, totals } of published.blocks) {
    twin.apply(fromHex(bytes) ?? new Uint8Array(0));
    assert.equal(twin.root(), stateRoot);
    assert.deepEqual(twin.totals, totals);
  }
});

const network = testNetwork({ ...namesNetwork.params, maxBlockSignatures: 40, maxBlockBytes: 32_768 });
const NAMES = ["one", "two", "three-four"] as const;
const actions = fc.record({
  kind: fc.constantFrom("pay", "pay", "anchor", "free", "commit", "claim", "claim", "renew", "key", "owner"),
  who: fc.nat(3),
  other: fc.nat(3),
  name: fc.nat(2),
  amount: fc.integer({ min: 1, max: 300_000 }),
});
type Action = typeof actions extends fc.Arbitrary<infer Value> ? Value : never;

function act(by: Author, { kind, who, other, name, amount }: Action): SignedTransaction | null {
  const [from, to] = [people[who], people[other]];
  const called = NAMES[name];
  if (from === undefined || to === undefined || called === undefined) return null;
  switch (kind) {
    case "pay": {
      const body = { type: "transfer" as const, ...by.head(from), to: to.account, amount };
      return signTransaction(body, network.chainId, from);
    }
    case "anchor": {
      const body = { type: "anchor" as const, ...by.head(from), root: new Uint8Array(32).fill(amount) };
      return signTransaction(body, network.chainId, from);
    }
    case "free": {
      const subject = { ...by.head(from), root: new Uint8Array(32) };
      const stamp = searchStamp(stampPrefix(subject, network.chainId), 4, 0n, 10_000) ?? 0n;
      const body = { type: "stamped-anchor" as const, ...subject, fee: 0, stamp };
      return signTransaction(body, network.chainId, from);
    }
    case "commit":
      return by.commit(from, called);
    case "claim":
      return by.claim(from, called);
    case "renew":
      return by.update(from, called, { kind: "renew" });
    case "key":
      return by.update(from, called, { kind: "key", key: to.account });
    default:
      return by.update(from, called, { kind: "owner", owner: to.account });
  }
}

test("property: whatever a block is filled with, the twin comes to the same root and the same sums", () => {
  const blocks = fc.array(fc.array(actions, { maxLength: 6 }), { minLength: 10, maxLength: 40 });
  fc.assert(
    fc.property(blocks, (list) => {
      const chain = new TestChain(network);
      const twin = new LedgerTwin(network.params);
      assert.equal(twin.root(), toHex(chain.tip.state.root));
      for (const wanted of list) {
        const signed: SignedTransaction[] = [];
        for (const each of wanted) {
          const tx = act(new Author(chain, signed, network), each);
          // The template leaves out what cannot be carried out; nothing else of its account may follow then.
          if (tx !== null && chain.next([...signed, tx]).transactions.length === signed.length + 2)
            signed.push(tx);
        }
        const { block, state } = chain.grow(signed, people[signed.length % 4] ?? CAROL);
        twin.apply(encodeBlock(block));
        assert.equal(twin.root(), toHex(state.root), `block ${block.header.height}`);
        assert.deepEqual(twin.totals, state.totals);
      }
    }),
    { numRuns: 12 },
  );
});

test("a full block of commitments: lists in several parts, and all gone when their time is over", () => {
  const wide = testNetwork({ ...namesNetwork.params, maxBlockSignatures: 400, maxBlockBytes: 1 << 17 });
  const chain = new TestChain(wide);
  const twin = new LedgerTwin(wide.params);
  const signed: SignedTransaction[] = [];
  for (let at = 0; at < 300; at++) {
    const [who] = people;
    if (who === undefined) continue;
    signed.push(new Author(chain, signed, wide).commit(who, `name-${at}`));
  }
  const grown = chain.grow(signed);
  assert.equal(grown.block.transactions.length, 301);
  twin.apply(encodeBlock(grown.block));
  assert.equal(twin.root(), toHex(grown.state.root));
  for (let height = 2; height <= wide.params.names.claimWithinBlocks + 2; height++) {
    const { block, state } = chain.grow();
    twin.apply(encodeBlock(block));
    assert.equal(twin.root(), toHex(state.root), `block ${height}`);
  }
});
