/** Tests the door into the pool. It is long, since every way in, and every way of dying on it, is one test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AccountId } from "#base/brand.ts";
import { fail } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { inThreadSignatureChecker } from "#crypto/signature-checker.ts";
import {
  commitmentOf,
  encodeBlock,
  encodeTransaction,
  type SignedTransaction,
  searchStamp,
  signTransaction,
  stampPrefix,
  txIdOf,
} from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { BestChain } from "../best-chain.ts";
import { newBlockOf } from "../block-records.ts";
import { POOL_CLAIM_EARLY_MAX_BLOCKS, POOL_SAVE_DELAY_MS } from "../limits.ts";
import { TRANSACTION_STANDING } from "../standing.ts";
import type { BlockStore } from "../store.ts";
import { clockFor, quietLog } from "../test-node.ts";
import { type Move, MovedBlocks, NO_MOVE } from "../trail.ts";
import type { PoolBounds } from "./pool.ts";
import { type PoolChange, TransactionDoor } from "./transaction-door.ts";

const network = testNetwork();

function transfer(seq: number, changed: { readonly fee?: number; readonly validUntil?: number } = {}) {
  const terms = { fee: 200, amount: 10, validUntil: 40, ...changed };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, seq, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

function openDoor(
  of = network,
  store: BlockStore = memoryBlocks(),
  { own, ...bounds }: Partial<PoolBounds> & { readonly own?: AccountId } = {},
) {
  const opened = BestChain.open(of, store);
  assert.ok(opened.ok);
  const { best } = opened.value;
  const clock = clockFor(of);
  const faults: unknown[] = [];
  const changes: PoolChange[] = [];
  const parts = { best, store, clock, log: quietLog(faults), signatures: inThreadSignatureChecker() };
  const onChange = (change: PoolChange) => changes.push(change);
  const door = new TransactionDoor({ ...parts, onChange, ...(own === undefined ? {} : { own }) }, bounds);
  return { door, best, store, clock, changes, faults };
}

/** Which blocks are taken off the list of undone ones from now on, in that order. */
function recordSettled(store: BlockStore): readonly string[] {
  const settled: string[] = [];
  const changePool = store.changePool.bind(store);
  store.changePool = (added, removed, ids) => {
    settled.push(...ids);
    return changePool(added, removed, ids);
  };
  return settled;
}

const moved = (door: TransactionDoor, move: Move) => door.chainMoved(move, async () => undefined);

function codeOf(door: TransactionDoor, bytes: Uint8Array): string {
  const taken = door.submitBytes(bytes);
  return taken.ok ? (taken.value.isNew ? "new" : "known") : taken.fault.code;
}

test("a peer's transaction: form, life, place and signature, each with its own fault and judgement", () => {
  const { door } = openDoor();
  const good = transfer(0);
  const coinbase = new TestChain(network).next().transactions[0];
  assert.ok(coinbase !== undefined);
  const forged = { ...good, signature: transfer(1).signature };
  const elsewhere = signTransaction(good, new Uint8Array(32), ALICE);
  const cases: readonly (readonly [Uint8Array, keyof typeof TRANSACTION_STANDING, "reject" | "ignore"])[] = [
    [Uint8Array.of(1, 2), "malformed", "reject"],
    [encodeTransaction(coinbase), "malformed", "reject"],
    [encodeTransaction(transfer(0, { validUntil: 0 })), "expired", "ignore"],
    [encodeTransaction(transfer(0, { validUntil: 4_000 })), "valid-too-long", "ignore"],
    [encodeTransaction(transfer(30)), "seq-gap", "ignore"],
    [encodeTransaction(transfer(0, { fee: 1 })), "fee-below-minimum", "ignore"],
    [encodeTransaction(forged), "signature-invalid", "reject"],
    [encodeTransaction(elsewhere), "signature-invalid", "reject"],
  ];
  for (const [bytes, code, judgement] of cases) {
    assert.equal(codeOf(door, bytes), code);
    assert.equal(TRANSACTION_STANDING[code], judgement);
  }
  assert.equal(codeOf(door, encodeTransaction(good)), "new");
  assert.equal(codeOf(door, encodeTransaction(good)), "known");
});

test("a signature counts as checked only for the very same bytes", () => {
  const { door } = openDoor();
  const good = transfer(0);
  assert.equal(codeOf(door, encodeTransaction(good)), "new");
  assert.equal(door.isVerified(good), true);
  const forged = { ...good, signature: transfer(1).signature };
  assert.equal(txIdOf(forged), txIdOf(good));
  assert.equal(door.isVerified(forged), false);
  assert.equal(door.isVerified(transfer(1)), false);
});

test("what replaces another is told and kept together with what it replaced going", async () => {
  const { door, store, clock, changes, faults } = openDoor();
  const [first, second] = [transfer(0), transfer(0, { fee: 900 })];
  assert.equal(codeOf(door, encodeTransaction(first)), "new");
  await clock.advance(POOL_SAVE_DELAY_MS);
  assert.deepEqual(
    store.pool().map((row) => row.id),
    [txIdOf(first)],
  );
  assert.equal(codeOf(door, encodeTransaction(second)), "new");
  assert.deepEqual(changes.at(-1)?.removed, [txIdOf(first)]);
  door.close();
  assert.deepEqual(
    store.pool().map((row) => row.id),
    [txIdOf(second)],
  );
  assert.equal(codeOf(door, encodeTransaction(transfer(1))), "unavailable");
  assert.deepEqual(faults, []);
});

test("a block takes up what waits, whoever mined it", async () => {
  const { door, best, changes } = openDoor();
  for (const seq of [0, 1, 2]) assert.equal(codeOf(door, encodeTransaction(transfer(seq))), "new");
  const block = new TestChain(network).next([transfer(0), transfer(1)], BOB);
  assert.ok(best.extend(block).ok);
  await moved(door, { ...NO_MOVE, connected: MovedBlocks.of(block) });
  assert.deepEqual(
    door.pool.entries().map((entry) => entry.transaction.seq),
    [2],
  );
  assert.deepEqual(changes.at(-1), { added: [], removed: [txIdOf(transfer(0)), txIdOf(transfer(1))] });
  assert.equal(codeOf(door, encodeTransaction(transfer(0))), "known");
});

test("arbitrary bytes and changed transactions get a verdict", () => {
  const { door, faults } = openDoor();
  const valid = encodeTransaction(transfer(0));
  const changed = fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, mask]) => {
    const bytes = Uint8Array.from(valid);
    bytes[at] = (bytes[at] ?? 0) ^ mask;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), changed), (bytes) => {
      const taken = door.submitBytes(bytes);
      assert.ok(!taken.ok && typeof taken.fault.code === "string", "no other bytes carry Alice's signature");
    }),
    { numRuns: 300 },
  );
  assert.equal(door.pool.size, 0);
  assert.deepEqual(faults, []);
});

test("a claim of a name that is another's is refused, and let go when it lost while it waited", async () => {
  const allocations = [ALICE, BOB].map(({ account }) => ({ account, amount: 10_000 }));
  const named = testNetwork({ allocations });
  const { door, best, changes } = openDoor(named);
  const chain = new TestChain(named);
  const salt = new Uint8Array(32);
  const head = (who: Keypair, seq: number) => ({ from: who.account, seq, fee: 300, validUntil: 40 });
  const claimOf = (who: Keypair, seq: number) =>
    signTransaction(
      { type: "name-claim", ...head(who, seq), salt, name: "wanted", key: who.account },
      named.chainId,
      who,
    );
  const commitOf = (who: Keypair) => {
    const commitment = commitmentOf({ salt, name: "wanted", key: who.account }, who.account);
    return signTransaction({ type: "name-commit", ...head(who, 0), commitment }, named.chainId, who);
  };
  const move = async (candidates: readonly SignedTransaction[]) => {
    const { block } = chain.grow(candidates, CAROL);
    assert.ok(best.extend(block).ok);
    await moved(door, { ...NO_MOVE, connected: MovedBlocks.of(block) });
  };
  assert.equal(codeOf(door, encodeTransaction(claimOf(BOB, 0))), "commitment-unknown");
  await move([commitOf(ALICE), commitOf(BOB)]);
  assert.equal(codeOf(door, encodeTransaction(claimOf(BOB, 1))), "new", "a block early, it waits");
  await move([]);
  assert.equal(codeOf(door, encodeTransaction(claimOf(ALICE, 1))), "new");
  await move([claimOf(ALICE, 1)]);
  assert.equal(door.pool.size, 0, "Alice has the name by the earlier commitment, so Bob's claim is gone");
  assert.ok(changes.at(-1)?.removed.includes(txIdOf(claimOf(BOB, 1))));
  assert.equal(codeOf(door, encodeTransaction(claimOf(BOB, 1))), "name-taken");
});

test("a commitment made once more is let go when the first one stands", async () => {
  const named = testNetwork({ allocations: [{ account: ALICE.account, amount: 10_000 }] });
  const { door, best } = openDoor(named);
  const chain = new TestChain(named);
  const commit = (seq: number) => {
    const head = { from: ALICE.account, seq, fee: 300, validUntil: 40 };
    const body = { type: "name-commit", ...head, commitment: new Uint8Array(32) } as const;
    return signTransaction(body, named.chainId, ALICE);
  };
  for (const seq of [0, 1]) assert.equal(codeOf(door, encodeTransaction(commit(seq))), "new");
  const { block } = chain.grow([...door.pool.mineable()]);
  assert.equal(block.transactions.length, 2);
  assert.ok(best.extend(block).ok);
  await moved(door, { ...NO_MOVE, connected: MovedBlocks.of(block) });
  assert.equal(door.pool.size, 0);
  assert.equal(codeOf(door, encodeTransaction(commit(1))), "commitment-repeated");
});

test("a claim that is not due for long is refused: it would hold up all behind it", async () => {
  const { names } = network.params;
  const claimAfterBlocks = POOL_CLAIM_EARLY_MAX_BLOCKS + 2;
  const named = testNetwork({
    allocations: [{ account: ALICE.account, amount: 10_000 }],
    names: { ...names, claimAfterBlocks, claimWithinBlocks: 20 },
  });
  const { door, best } = openDoor(named);
  const chain = new TestChain(named);
  const head = (seq: number) => ({ from: ALICE.account, seq, fee: 300, validUntil: 40 });
  const opened = { salt: new Uint8Array(32), name: "wanted", key: ALICE.account };
  const commit = {
    type: "name-commit",
    ...head(0),
    commitment: commitmentOf(opened, ALICE.account),
  } as const;
  const claim = signTransaction({ type: "name-claim", ...head(1), ...opened }, named.chainId, ALICE);
  const move = async (candidates: readonly SignedTransaction[]) => {
    const { block } = chain.grow(candidates, CAROL);
    assert.ok(best.extend(block).ok);
    await moved(door, { ...NO_MOVE, connected: MovedBlocks.of(block) });
  };
  await move([signTransaction(commit, named.chainId, ALICE)]);
  assert.equal(codeOf(door, encodeTransaction(claim)), "claim-too-early");
  await move([]);
  assert.equal(codeOf(door, encodeTransaction(claim)), "new");
});

test("a claim whose commitment is over is let go once it is due: it would hold up all behind it", async () => {
  const { names } = network.params;
  const claimWithinBlocks = 5;
  const named = testNetwork({
    allocations: [{ account: ALICE.account, amount: 10_000 }],
    names: { ...names, claimAfterBlocks: 1, claimWithinBlocks },
  });
  const { door, best } = openDoor(named);
  const chain = new TestChain(named);
  const head = (seq: number) => ({ from: ALICE.account, seq, fee: 300, validUntil: 40 });
  const opened = { salt: new Uint8Array(32), name: "wanted", key: ALICE.account };
  const commitment = commitmentOf(opened, ALICE.account);
  const signed = (body: Parameters<typeof signTransaction>[0]) =>
    signTransaction(body, named.chainId, ALICE) as SignedTransaction;
  const commit = signed({ type: "name-commit", ...head(0), commitment });
  const before = signed({ type: "transfer", ...head(1), to: BOB.account, amount: 1 });
  const claim = signed({ type: "name-claim", ...head(2), ...opened });
  const move = async (candidates: readonly SignedTransaction[]) => {
    const { block } = chain.grow(candidates, CAROL);
    assert.ok(best.extend(block).ok);
    await moved(door, { ...NO_MOVE, connected: MovedBlocks.of(block) });
  };
  await move([commit]);
  for (const each of [before, claim]) assert.equal(codeOf(door, encodeTransaction(each)), "new");
  for (let height = 0; height <= claimWithinBlocks; height++) await move([]);
  assert.equal(door.pool.has(txIdOf(claim)), true, "what stands before it might be its commitment");
  await move([before]);
  assert.equal(door.pool.has(txIdOf(claim)), false);
});

test("a replacement that the disk refuses leaves what it would have replaced waiting, there and here", async () => {
  const store = memoryBlocks();
  let isFull = false;
  const refusing = new Proxy(store, {
    get(target, name) {
      if (name === "changePool" && isFull) return () => fail({ code: "store-unavailable", cause: "full" });
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const { door, clock } = openDoor(network, refusing);
  const [first, second] = [transfer(0), transfer(0, { fee: 900 })];
  assert.ok(door.submitOwn(first).ok);
  isFull = true;
  const refused = door.submitOwn(second);
  assert.equal(refused.ok ? "" : refused.fault.code, "unavailable");
  assert.ok(door.pool.has(txIdOf(first)));
  isFull = false;
  await clock.advance(2 * POOL_SAVE_DELAY_MS);
  door.close();
  assert.deepEqual(
    store.pool().map(({ id }) => id),
    [txIdOf(first)],
  );
});

test("a block that is connected once more is not taken off the list of undone ones by what was to be written before", async () => {
  const store = memoryBlocks();
  const settled = recordSettled(store);
  const { door, clock } = openDoor(network, store);
  const chain = new TestChain(network);
  const [one, other] = [chain.next([transfer(0)], BOB), chain.next([], CAROL)];
  await moved(door, { disconnected: MovedBlocks.of(one), connected: MovedBlocks.of(other) });
  await moved(door, { disconnected: MovedBlocks.of(other), connected: MovedBlocks.of(one) });
  await clock.advance(POOL_SAVE_DELAY_MS);
  assert.deepEqual(settled, [other.id]);
});

test("what is on disk and was given back by a block undone before a death waits once, and stays on disk", async () => {
  const store = memoryBlocks();
  const [waiting, other] = [transfer(0), transfer(1)];
  const undone = new TestChain(network).next([waiting, other], BOB);
  store.changePool([{ id: txIdOf(waiting), bytes: encodeTransaction(waiting), receivedMs: 1 }], [], []);
  store.undone = () => [undone.id];
  store.body = () => encodeBlock(undone);
  const settled = recordSettled(store);
  const { door, clock } = openDoor(network, store);
  await door.restore();
  assert.deepEqual(settled, [], "what it gave back is not on disk yet");
  await clock.advance(POOL_SAVE_DELAY_MS);
  const ids = [waiting, other].map(txIdOf);
  assert.deepEqual(new Set(door.pool.entries().map(({ id }) => id)), new Set(ids));
  assert.deepEqual(new Set(store.pool().map(({ id }) => id)), new Set(ids));
  assert.deepEqual(settled, [undone.id]);
});

test("what is damaged among the waiting on disk is written again where it is known, and goes where it is not", async () => {
  const [known, unknown] = [transfer(0), transfer(1)];
  const damaged = (each: SignedTransaction) => ({
    id: txIdOf(each),
    bytes: encodeTransaction(each).with(-1, 7),
    receivedMs: 1,
  });
  const undone = new TestChain(network).next([known], BOB);
  const store = memoryBlocks();
  store.changePool([damaged(known), damaged(unknown)], [], []);
  store.undone = () => [undone.id];
  store.body = () => encodeBlock(undone);
  const { door, clock } = openDoor(network, store);
  await door.restore();
  await clock.advance(POOL_SAVE_DELAY_MS);
  const right = encodeTransaction(known);
  assert.deepEqual(
    store.pool().map(({ bytes }) => bytes),
    [right],
  );
  // As a repair takes them over: what waits is known in full.
  store.changePool([], [txIdOf(known)], []);
  store.changePool([damaged(known)], [], []);
  door.storeRenewed();
  await clock.advance(POOL_SAVE_DELAY_MS);
  assert.deepEqual(
    store.pool().map(({ bytes }) => bytes),
    [right],
  );
});

test("what waits outlives a repair that leaves the tip far below it: behind a gap, without cover, valid too far ahead", async () => {
  const far = testNetwork({
    validUntilMaxBlocks: 20,
    allocations: [{ account: ALICE.account, amount: 9_000 }],
  });
  const chain = new TestChain(far);
  const pay = (from: Keypair, to: Keypair, seq: number, amount: number, validUntil: number) => {
    const body = { type: "transfer", from: from.account, to: to.account, seq, fee: 200, amount, validUntil };
    return signTransaction({ ...body, type: "transfer" }, far.chainId, from);
  };
  for (let seq = 0; seq < 8; seq++) chain.grow([pay(ALICE, BOB, seq, 500, 20)], CAROL);
  const waiting = [pay(ALICE, CAROL, 8, 1, 20), pay(BOB, CAROL, 0, 700, 20), pay(ALICE, CAROL, 9, 1, 28)];
  const { door, best, store, clock } = openDoor(far);
  const move = async (from: number) => {
    for (let height = from; height <= 8; height++) {
      const { block } = chain.at(height);
      assert.ok(best.extend(block).ok);
      await moved(door, { ...NO_MOVE, connected: MovedBlocks.of(block) });
    }
  };
  await move(1);
  for (const each of waiting) assert.ok(door.submitOwn(each).ok);
  const rows = store.pool();
  assert.ok((await best.recover("a test", async () => undefined)).ok);
  assert.equal(best.tip.header.height, 0);
  door.storeRenewed();
  const early = door.submitOwn(pay(ALICE, CAROL, 0, 1, 20));
  assert.equal(
    early.ok ? "taken" : early.fault.code,
    "unavailable",
    "what was left may be about to come back",
  );
  await clock.advance(POOL_SAVE_DELAY_MS);
  const ids = new Set(rows.map(({ id }) => id));
  assert.deepEqual(new Set(store.pool().map(({ id }) => id)), ids, "in the running peer");
  const restarted = memoryBlocks();
  restarted.changePool(rows, [], []);
  const again = openDoor(far, restarted);
  await again.door.restore();
  const held = [ALICE, BOB].flatMap(({ account }) => again.door.heldBackOf(account));
  assert.deepEqual(
    held.map(({ why }) => why),
    ["order", "tip", "cover"],
  );
  await again.clock.advance(POOL_SAVE_DELAY_MS);
  assert.deepEqual(new Set(restarted.pool().map(({ id }) => id)), ids, "at the next start");
  await move(1);
  assert.deepEqual(new Set(door.pool.entries().map(({ id }) => id)), ids, "and it waits again as before");
});

test("what we signed waits again when its block is undone, though others made the least fee rise", async () => {
  const allocations = [ALICE, BOB, CAROL].map(({ account }) => ({ account, amount: 90_000 }));
  const rich = testNetwork({ allocations });
  const pay = (from: Keypair, seq: number, fee: number) => {
    const body = {
      type: "transfer",
      from: from.account,
      to: BOB.account,
      seq,
      fee,
      amount: 5,
      validUntil: 40,
    };
    return signTransaction({ ...body, type: "transfer" }, rich.chainId, from);
  };
  const own = pay(ALICE, 0, 157);
  const { block } = new TestChain(rich).grow([own], CAROL);
  for (const who of [ALICE.account, CAROL.account]) {
    const { door, store, clock } = openDoor(rich, memoryBlocks(), { own: who, countMax: 1 });
    for (const fee of [400, 500]) door.submitBytes(encodeTransaction(pay(fee === 400 ? CAROL : BOB, 0, fee)));
    const undone = new MovedBlocks([{ id: block.id, header: block.header, block }], () => null);
    await moved(door, { ...NO_MOVE, disconnected: undone });
    await clock.advance(POOL_SAVE_DELAY_MS);
    const isKept = who === ALICE.account;
    // In the pool itself: held back beside it, its seq would be given to another after some blocks.
    assert.deepEqual([door.pool.has(txIdOf(own)), door.heldBackOf(ALICE.account)], [isKept, []]);
    assert.equal(
      store.pool().some(({ id }) => id === txIdOf(own)),
      isKept,
    );
  }
});

test("nothing of ours is taken while the chain changes branch: what comes back in a moment has its place", async () => {
  const { door, best, store } = openDoor(network, memoryBlocks(), { own: ALICE.account });
  const chain = new TestChain(network);
  const blocks = [[transfer(0)], []].map((candidates) => chain.grow(candidates, CAROL).block);
  for (const block of blocks) {
    assert.ok(best.extend(block).ok);
    await moved(door, { ...NO_MOVE, connected: MovedBlocks.of(block) });
  }
  const elsewhere = new TestChain(network);
  for (const miner of [BOB, BOB, BOB]) {
    const { block } = elsewhere.grow([], miner);
    const parent = best.point(block.header.previous);
    assert.ok(parent !== null && parent !== "invalid");
    assert.ok(store.keep(newBlockOf(block, parent), false).ok);
  }
  const move = await best.advance(async () => undefined, true);
  const answers: string[] = [];
  const submitsMeanwhile = async () => {
    const taken = door.submitOwn(transfer(0, { fee: 900 }));
    answers.push(taken.ok ? "taken" : taken.fault.code);
  };
  await door.chainMoved(move, submitsMeanwhile);
  assert.ok(answers.length > 0 && answers.every((code) => code === "unavailable"), answers.join(", "));
  assert.equal(door.pool.has(txIdOf(transfer(0))), true);
  assert.ok(door.submitOwn(transfer(1)).ok, "and after it as ever");
});

test("others get their turn between the blocks of a long way, and one block is followed at once", async () => {
  const { door } = openDoor();
  const chain = new TestChain(network);
  const blocks = [chain.grow([transfer(0)], BOB).block, chain.grow([], BOB).block, chain.grow([], BOB).block];
  let turns = 0;
  const pause = async () => {
    turns += 1;
  };
  const steps = blocks.map((block) => ({ id: block.id, header: block.header, block }));
  await door.chainMoved({ ...NO_MOVE, disconnected: new MovedBlocks(steps.toReversed(), () => null) }, pause);
  assert.equal(turns, 6, "each is looked at, and its transactions taken back");
  assert.ok(door.pool.has(txIdOf(transfer(0))));
  const [first] = blocks;
  assert.ok(first !== undefined);
  void door.chainMoved({ ...NO_MOVE, connected: MovedBlocks.of(first) }, pause);
  assert.equal(turns, 6);
  assert.equal(door.pool.has(txIdOf(transfer(0))), false, "done before the call returns");
});

test("free anchors given back beyond what an account may have waiting are all recorded in the end, also after a restart", async () => {
  const { chainId, params } = network;
  const anchor = (seq: number): SignedTransaction => {
    const subject = { from: ALICE.account, seq, validUntil: 40, root: new Uint8Array(32).fill(seq) };
    const stamp = searchStamp(stampPrefix(subject, chainId), params.freeAnchors.stampBits, 0n, 10_000);
    assert.ok(stamp !== null);
    return signTransaction({ type: "stamped-anchor", ...subject, fee: 0, stamp }, chainId, ALICE);
  };
  const anchors = Array.from({ length: 8 }, (_, seq) => anchor(seq));
  const { door, best, store, clock } = openDoor();
  const ours = new TestChain(network);
  for (const from of [0, 2]) {
    const { block } = ours.grow(anchors.slice(from, from + 2));
    assert.equal(block.transactions.length, 3);
    assert.ok(best.extend(block).ok);
    await moved(door, { ...NO_MOVE, connected: MovedBlocks.of(block) });
  }
  for (const each of anchors.slice(4)) assert.ok(door.submitOwn(each).ok);
  const theirs = new TestChain(network);
  for (let height = 1; height <= 3; height++) {
    const parent = best.point(theirs.tip.block.id);
    assert.ok(parent !== null && parent !== "invalid");
    assert.ok(store.keep(newBlockOf(theirs.grow([], CAROL).block, parent), false).ok);
  }
  await moved(door, await best.advance(async () => undefined));
  assert.equal(best.tip.id, theirs.tip.block.id);
  await clock.advance(POOL_SAVE_DELAY_MS);
  const ids = new Set(anchors.map(txIdOf));
  assert.deepEqual(new Set(store.pool().map(({ id }) => id)), ids);
  const again = openDoor(network, store);
  await again.door.restore();
  for (let blocks = 0; blocks < 4; blocks++) {
    const { block } = theirs.grow([...again.door.pool.mineable()]);
    assert.ok(again.best.extend(block).ok);
    await moved(again.door, { ...NO_MOVE, connected: MovedBlocks.of(block) });
  }
  for (const id of ids) assert.notEqual(store.place(id), null);
});
