/**
 * The free share under a flood, simulated with the real pool, template and rules. Hash rates are scaled down together
 * with the least stamp, so that a computer finds one in a quarter of a second as on the default network.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId } from "#base/brand.ts";
import { ByteWriter, toHex } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import {
  encodeTransaction,
  isSigned,
  type SignedTransaction,
  type StampedAnchor,
  type StampSubject,
  searchStamp,
  stampMeets,
  stampPrefix,
  stampStrength,
  txIdOf,
} from "#ledger/index.ts";
import { person, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { seededRandom } from "#test/kit/random.ts";
import { strengthNeeded } from "../wallet/stamping.ts";
import { Pool } from "./pool.ts";

const SPACING_SECONDS = 15;
const HASHES_PER_SECOND = 16;
const HONEST = 5;
const BLOCKS = 24;
const PAYING_EACH_BLOCK = 20;
const payers = Array.from({ length: PAYING_EACH_BLOCK }, (_, at) => person(100 + at).account);
const network = testNetwork({
  freeAnchors: { perBlock: 100, perAccountPerBlock: 2, stampBits: 2 },
  maxBlockSignatures: 2_000,
  maxBlockBytes: 327_680,
  validUntilMaxBlocks: 5_760,
  allocations: payers.map((account) => ({ account, amount: 1_000_000 })),
});
const { chainId } = network;
const NOT_CHECKED_HERE = new Uint8Array(64);

function anchorOf(subject: StampSubject, stamp: bigint): StampedAnchor {
  return { type: "stamped-anchor", ...subject, fee: 0, stamp, signature: NOT_CHECKED_HERE };
}

/** An account that nobody has seen before. */
function freshAccount(name: string): AccountId {
  // The top byte keeps the key below 2^255 - 19.
  return toHex(sha256(new TextEncoder().encode(name)).with(31, 1)) as AccountId;
}

/** A peer without coin that wants one root after the other on the ledger, and works on one stamp at a time. */
class Honest {
  readonly account: AccountId;
  readonly #random = seededRandom(7);
  readonly latencies: number[] = [];
  #wantedSince = 0;
  #root = 0;
  #standing: StampedAnchor | null = null;
  #searching: { readonly anchor: StampedAnchor; readonly doneAt: number } | null = null;

  readonly #bitsOf: (chain: TestChain) => number;

  constructor(number: number, bitsOf: (chain: TestChain) => number) {
    this.account = freshAccount(`honest ${number}`);
    this.#bitsOf = bitsOf;
  }

  /** Looks for a stamp where one is needed. @param now seconds. */
  act(chain: TestChain, now: number): void {
    const bits = this.#bitsOf(chain);
    const standing = this.#standing;
    if (this.#searching !== null || (standing !== null && stampStrength(standing, chainId) >= bits)) return;
    if (standing === null) this.#root += 1;
    const subject = {
      from: this.account,
      seq: chain.tip.state.account(this.account).nextSeq,
      validUntil: 1_000,
      root: new Uint8Array(32).fill(this.#root),
    };
    const from = BigInt(this.#random.below(2 ** 32));
    const stamp = searchStamp(stampPrefix(subject, chainId), bits, from, 10_000_000);
    assert.ok(stamp !== null);
    this.#searching = {
      anchor: anchorOf(subject, stamp),
      doneAt: now + Number(stamp - from) / HASHES_PER_SECOND,
    };
  }

  /** Hands in what was found by now. */
  submit(pool: Pool, now: number): void {
    if (this.#searching === null || this.#searching.doneAt > now) return;
    this.#standing = this.#searching.anchor;
    this.#searching = null;
    admit(pool, this.#standing);
  }

  /** @param now height of the new block. */
  see(taken: ReadonlySet<SignedTransaction>, now: number): void {
    const isTaken = [...taken].some((tx) => tx.from === this.account);
    if (!isTaken) return;
    this.latencies.push(now - this.#wantedSince);
    this.#wantedSince = now;
    this.#standing = null;
    this.#searching = null;
  }
}

function admit(pool: Pool, transaction: SignedTransaction): boolean {
  const bytes = encodeTransaction(transaction);
  return pool.admit({ id: txIdOf(transaction), transaction, bytes, receivedMs: 0 }, 0).ok;
}

/** The strongest of so many tries, from an account never seen: the whole share, anew for every block. */
function flood(pool: Pool, height: number, hashes: number): void {
  const { perBlock, stampBits } = network.params.freeAnchors;
  const each = Math.floor(hashes / perBlock);
  for (let place = 0; place < perBlock; place++) {
    const from = freshAccount(`flood ${height} ${place}`);
    const subject = { from, seq: 0, validUntil: 1_000, root: new Uint8Array(32) };
    const preimage = new ByteWriter().raw(stampPrefix(subject, chainId)).u64(0n).done();
    const view = new DataView(preimage.buffer);
    let [best, strength] = [0n, -1];
    for (let stamp = 0; stamp < each; stamp++) {
      view.setUint32(preimage.length - 8, stamp, true);
      const digest = sha256(preimage);
      while (stampMeets(digest, strength + 1)) [best, strength] = [BigInt(stamp), strength + 1];
    }
    if (strength >= stampBits) admit(pool, anchorOf(subject, best));
  }
}

function payment(chain: TestChain, from: AccountId): SignedTransaction {
  const { nextSeq: seq } = chain.tip.state.account(from);
  const terms = { from, seq, fee: 157, validUntil: 1_000, to: person(1).account, amount: 1 };
  return { type: "transfer", ...terms, signature: NOT_CHECKED_HERE };
}

interface Outcome {
  /** Blocks waited for by each free anchor of an honest peer, ascending. */
  readonly latencies: readonly number[];
  /** Free anchors in all blocks. */
  readonly free: number;
}

/**
 * @param floodRate hash rate of the flood, in honest peers' computers.
 * @param bitsOf how strong honest stamps are made.
 */
function simulate(floodRate: number, bitsOf = asNeeded): Outcome {
  const chain = new TestChain(network);
  const pool = new Pool((id) => chain.tip.state.account(id), network);
  const honest = Array.from({ length: HONEST }, (_, at) => new Honest(at, bitsOf));
  let free = 0;
  for (let height = 1; height <= BLOCKS; height++) {
    const now = height * SPACING_SECONDS;
    flood(pool, height, floodRate * HASHES_PER_SECOND * SPACING_SECONDS);
    const payments = payers.map((payer) => payment(chain, payer));
    for (const each of payments) assert.ok(admit(pool, each));
    for (const each of honest) each.act(chain, now - SPACING_SECONDS);
    for (const each of honest) each.submit(pool, now);
    const { block } = chain.grow([...pool.mineable()]);
    const taken = new Set(block.transactions.filter(isSigned));
    for (const each of payments) assert.ok(taken.has(each), "whoever pays is in the very next block");
    free += [...taken].filter((tx) => tx.type === "stamped-anchor").length;
    for (const tx of taken) pool.remove(txIdOf(tx));
    pool.revalidate(height + 1);
    for (const each of honest) each.see(taken, height);
  }
  return { latencies: honest.flatMap((each) => each.latencies).sort((a, b) => a - b), free };
}

function asNeeded(chain: TestChain): number {
  return strengthNeeded(chain.tip.block, network);
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

test("without a flood, whoever owns nothing is in the next block with the least stamp", () => {
  const { latencies } = simulate(0);
  assert.equal(latencies.length, HONEST * BLOCKS);
  assert.equal(latencies.at(-1), 1);
});

for (const [rate, usual, most] of [
  [10, 1, 3],
  [100, 1, 6],
] as const) {
  test(`a flood of fresh accounts with ${rate} times a peer's hash rate takes neither paying nor honest free anchors their place`, () => {
    const { latencies, free } = simulate(rate);
    const { perBlock } = network.params.freeAnchors;
    assert.equal(free, perBlock * BLOCKS, "the flood fills every block's share");
    assert.equal(percentile(latencies, 0.5), usual);
    assert.ok((latencies.at(-1) ?? 0) <= most, `one waited for ${latencies.at(-1)} blocks`);
    assert.ok(latencies.length >= (HONEST * BLOCKS) / 2, `${latencies.length} anchors`);
  });
}

test("it is the stronger stamp that does it: whoever stays with the least is crowded out", () => {
  const { latencies } = simulate(30, () => network.params.freeAnchors.stampBits);
  assert.ok(latencies.length < (HONEST * BLOCKS) / 4, `${latencies.length} anchors`);
});
