import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toHex } from "#base/bytes.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { merkleRoot, verifyInclusion } from "#crypto/merkle.ts";
import {
  accountKey,
  decodeStateProof,
  encodeBlock,
  encodeHeader,
  encodeStateProof,
  encodeTransaction,
  readProvenValue,
  sealBlock,
  signTransaction,
  txIdOf,
  type UnsignedTransaction,
} from "#ledger/index.ts";
import { ALICE, BOB, CAROL, mine, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { INVALID_IDS_MAX, SIDE_BRANCH_DEPTH_MAX_BLOCKS, TOO_EARLY_KEPT_MS } from "./limits.ts";
import { clockFor, entriesOf, feed, openAlone, refusal, take } from "./test-node.ts";

const network = testNetwork();

function transfer(seq: number, amount = 10, fee = 200, validUntil = 40) {
  const body = {
    type: "transfer",
    from: ALICE.account,
    to: CAROL.account,
    seq,
    fee,
    amount,
    validUntil,
  } as const;
  return signTransaction(body, network.chainId, ALICE);
}

test("a fresh chain stands on genesis, and blocks handed in become the tip", async () => {
  const node = await openAlone(network);
  assert.equal(node.chain.tip().id, network.genesis.id);
  assert.equal(node.repaired, null);
  const source = new TestChain(network);
  source.grow([transfer(0)]);
  source.grow();
  await feed(node.chain, source, 1, 2);
  const tip = node.chain.tip();
  assert.equal(tip.id, source.tip.block.id);
  assert.equal(tip.miner, BOB.account);
  assert.equal(node.chain.account(CAROL.account).balance, 10);
  assert.deepEqual(node.chain.pendingPayouts(BOB.account), [
    { height: 1, paidAtHeight: 3, amount: 1200 },
    { height: 2, paidAtHeight: 4, amount: 1000 },
  ]);
  assert.deepEqual(node.chain.minerShares(10), [{ account: BOB.account, blocks: 2, share: 1 }]);
  assert.equal(node.chain.blocksMinedBy(BOB.account), 2);
  const moves = node.events.filter((event) => event.type === "TipChanged");
  assert.deepEqual(
    moves.map((event) => event.tip.height),
    [1, 2],
  );
  assert.deepEqual(node.faults, []);
  await node.chain.close();
});

test("a transaction of a block is found, with a proof that holds", async () => {
  const node = await openAlone(network);
  const source = new TestChain(network);
  const payment = transfer(0);
  source.grow([payment, transfer(1)]);
  source.grow();
  await feed(node.chain, source, 1, 2);
  const located = node.chain.transaction(txIdOf(payment));
  assert.ok(located?.state === "confirmed");
  assert.deepEqual([located.index, located.confirmations, located.block.height], [1, 2, 1]);
  const inclusion = node.chain.inclusion(txIdOf(payment));
  assert.ok(inclusion !== null);
  const { transactionBytes: leaf, index, count, path } = inclusion;
  assert.ok(verifyInclusion({ leaf, index, count, path }, inclusion.header.txRoot));
  assert.equal(toHex(inclusion.headerBytes), toHex(encodeHeader(source.at(1).block.header)));
  assert.deepEqual(
    node.chain.transactionsOf(ALICE.account, 10).map((found) => found.id),
    [txIdOf(transfer(1)), txIdOf(payment)],
  );
  await node.chain.close();
});

test("what an account holds is shown to whoever has nothing but the tip's header", async () => {
  const node = await openAlone(network);
  const source = new TestChain(network);
  source.grow([transfer(0)]);
  await feed(node.chain, source, 1, 1);
  const sent = encodeStateProof(node.chain.stateProof(accountKey(CAROL.account)));
  const proof = decodeStateProof(sent);
  assert.ok(proof.ok);
  const carol = { kind: "account", balance: 10, nextSeq: 0 } as const;
  const { block } = source.tip;
  assert.deepEqual(readProvenValue(proof.value, accountKey(CAROL.account), block), {
    ok: true,
    value: carol,
  });
  const before = readProvenValue(proof.value, accountKey(CAROL.account), source.at(0).block);
  assert.deepEqual(before, { ok: false, fault: { code: "header-other" } });
  await node.chain.close();
});

for (const depth of [1, 10, 100]) {
  test(`a reorganisation of ${depth} blocks ends with the state of a node that never saw the lost branch`, async () => {
    const lost = new TestChain(network);
    for (let at = 0; at < depth; at++) lost.grow(at < 5 ? [transfer(at, 20 + at)] : [], ALICE);
    const won = new TestChain(network);
    for (let at = 0; at <= depth; at++) won.grow(at < 3 ? [transfer(at, 50)] : [], CAROL);

    const node = await openAlone(network);
    await feed(node.chain, lost, 1, depth);
    node.events.length = 0;
    await feed(node.chain, won, 1, depth + 1);
    const undisturbed = await openAlone(network);
    await feed(undisturbed.chain, won, 1, depth + 1);

    assert.equal(node.chain.tip().id, won.tip.block.id);
    assert.deepEqual(entriesOf(node.store), entriesOf(undisturbed.store));
    assert.equal(toHex(node.chain.tip().header.stateRoot), toHex(won.tip.state.root));
    const moves = node.events.filter((event) => event.type === "TipChanged");
    assert.deepEqual(
      moves.map((event) => [event.disconnected.length, event.connected.length]),
      [[depth, depth + 1]],
    );
    assert.equal(moves[0]?.disconnected[0], lost.tip.block.id, "newest first");
    assert.equal(moves[0]?.connected[0]?.height, 1, "oldest first");

    const again = await openAlone(network, node.store);
    assert.equal(again.repaired, null, "what is on disk agrees with the tip");
    for (const each of [node, undisturbed, again]) {
      assert.deepEqual(each.faults, []);
      await each.chain.close();
    }
  });
}

test("equal work: the first seen stays, over a restart too", async () => {
  const first = new TestChain(network);
  first.grow([], ALICE);
  const second = new TestChain(network);
  second.grow([], CAROL);
  const node = await openAlone(network);
  assert.equal(await take(node.chain, first.tip.block), "connected");
  assert.equal(await take(node.chain, second.tip.block), "side-branch");
  assert.equal(await take(node.chain, second.tip.block), "known");
  assert.equal(node.chain.tip().id, first.tip.block.id);
  assert.equal(node.chain.confirmationsOf(second.tip.block.id), 0);
  await node.chain.close();
  const again = await openAlone(network, node.store);
  assert.equal(again.chain.tip().id, first.tip.block.id);
  await again.chain.close();
});

test("transactions of lost blocks wait again, and those taken up elsewhere do not", async () => {
  const lost = new TestChain(network);
  lost.grow([transfer(0), transfer(1)]);
  lost.grow([transfer(2)]);
  const won = new TestChain(network);
  won.grow([transfer(0)], CAROL);
  won.grow([], CAROL);
  won.grow([], CAROL);
  const node = await openAlone(network);
  await feed(node.chain, lost, 1, 2);
  assert.equal(node.chain.pool().length, 0);
  await feed(node.chain, won, 1, 3);
  assert.deepEqual(
    node.chain.pool().map((entry) => entry.transaction.seq),
    [1, 2],
  );
  const { block, transactionCount } = node.chain.template(BOB.account, 0);
  assert.equal(transactionCount, 2);
  await take(node.chain, mine(block.header, block.transactions));
  assert.equal(node.chain.pool().length, 0);
  assert.deepEqual(node.faults, []);
  await node.chain.close();
});

test("an invalid block in the branch of most work: the next best is chosen, and nothing on it is taken again", async () => {
  const honest = new TestChain(network);
  for (let at = 0; at < 3; at++) honest.grow([], BOB);
  // Claims a state root that its transactions do not give: sound until it is applied.
  const bad = new TestChain(network);
  bad.grow([], CAROL);
  const good = bad.next([], CAROL);
  const wrong = mine({ ...good.header, stateRoot: new Uint8Array(32).fill(1) }, good.transactions);
  const node = await openAlone(network);
  await feed(node.chain, honest, 1, 1);
  await take(node.chain, bad.at(1).block);
  assert.equal(await refusal(node.chain, encodeBlock(wrong)), "branch-invalid");
  assert.equal(node.chain.tip().id, honest.at(1).block.id, "back on the branch that was first");
  assert.equal(await refusal(node.chain, encodeBlock(wrong)), "branch-invalid");
  const child = sealBlock({ ...wrong.header, previous: wrong.id, height: 3 }, wrong.transactions);
  assert.equal(await refusal(node.chain, encodeBlock(child)), "branch-invalid");
  await feed(node.chain, honest, 2, 3);
  assert.equal(node.chain.tip().id, honest.tip.block.id);
  assert.deepEqual(node.faults, []);
  await node.chain.close();
});

test("a block on the tip that breaks the state's rules is refused by its own fault", async () => {
  const node = await openAlone(network);
  const sound = new TestChain(network).next();
  const wrong = mine({ ...sound.header, stateRoot: new Uint8Array(32) }, sound.transactions);
  assert.equal(await refusal(node.chain, encodeBlock(wrong)), "state-root-wrong");
  assert.equal(await refusal(node.chain, encodeBlock(wrong)), "branch-invalid");
  assert.equal(await take(node.chain, sound), "connected");
  await node.chain.close();
});

test("a body that its header commits to and that breaks a rule is not asked for again", async () => {
  const node = await openAlone(network);
  const sound = new TestChain(network).next();
  const [coinbase] = sound.transactions;
  assert.ok(coinbase?.type === "coinbase");
  const transactions = [{ ...coinbase, height: 7 }];
  const txRoot = merkleRoot(transactions.map(encodeTransaction));
  const wrong = mine({ ...sound.header, txRoot }, transactions);
  assert.equal(await refusal(node.chain, encodeBlock(wrong)), "coinbase-height-wrong");
  assert.equal(await refusal(node.chain, encodeBlock(wrong)), "branch-invalid");
  assert.equal(await take(node.chain, sound), "connected");
  await node.chain.close();
});

test("blocks that cost nothing do not make a node forget which ones it found invalid", async () => {
  const node = await openAlone(network);
  const sound = new TestChain(network).next([transfer(0)]);
  const forged = sound.transactions.map((each) =>
    each.type === "transfer" ? { ...each, signature: each.signature.with(0, 1) } : each,
  );
  const bad = mine({ ...sound.header, txRoot: merkleRoot(forged.map(encodeTransaction)) }, forged);
  assert.equal(await refusal(node.chain, encodeBlock(bad)), "transaction-invalid");
  const parent = mine({ ...sound.header, stateRoot: new Uint8Array(32) }, sound.transactions);
  assert.equal(await refusal(node.chain, encodeBlock(parent)), "state-root-wrong");
  for (let nonce = 0n; nonce <= BigInt(INVALID_IDS_MAX); nonce++) {
    const free = sealBlock({ ...sound.header, previous: parent.id, nonce }, []);
    assert.equal(await refusal(node.chain, encodeBlock(free)), "branch-invalid");
  }
  assert.equal(await refusal(node.chain, encodeBlock(bad)), "branch-invalid", "and is not checked again");
  await node.chain.close();
});

test("a body that is not the header's own leaves the header unmarked", async () => {
  const node = await openAlone(network);
  const source = new TestChain(network);
  const block = source.next([transfer(0), transfer(1)]);
  const [coinbase, first, second] = block.transactions;
  assert.ok(coinbase !== undefined && first !== undefined && second !== undefined);
  const bodies = [
    [coinbase, first],
    [coinbase, second, first],
    [coinbase, first, second, second],
    [first, second],
    [coinbase, coinbase],
  ];
  for (const transactions of bodies) {
    assert.equal(await refusal(node.chain, encodeBlock({ ...block, transactions })), "tx-root-wrong");
  }
  const cut = encodeBlock(block).subarray(0, -1);
  assert.equal(await refusal(node.chain, cut), "malformed");
  assert.equal(await take(node.chain, block), "connected");
  await node.chain.close();
});

test("what is refused before it is kept: no parent, no work, too big, far below, wrong header", async () => {
  const node = await openAlone(network);
  const source = new TestChain(network);
  for (let at = 0; at < SIDE_BRANCH_DEPTH_MAX_BLOCKS + 2; at++) source.grow();
  assert.equal(await refusal(node.chain, encodeBlock(source.at(2).block)), "parent-unknown");
  const { header, transactions } = source.at(2).block;
  const free = sealBlock({ ...header, bits: 0x20000001 }, transactions);
  assert.equal(await refusal(node.chain, encodeBlock(free)), "work-too-low");
  assert.equal(await refusal(node.chain, new Uint8Array(network.params.maxBlockBytes + 1)), "block-too-big");
  await feed(node.chain, source, 1, SIDE_BRANCH_DEPTH_MAX_BLOCKS + 2);
  const low = new TestChain(network).next([], CAROL);
  assert.equal(await refusal(node.chain, encodeBlock(low)), "branch-too-low");
  const { block } = node.chain.template(BOB.account, 0);
  const wrongLag = mine({ ...block.header, lag: block.header.lag + 1 }, block.transactions);
  assert.equal(await refusal(node.chain, encodeBlock(wrongLag)), "lag-wrong");
  assert.deepEqual(node.faults, []);
  await node.chain.close();
});

test("arbitrary bytes get a verdict", async () => {
  const node = await openAlone(network);
  const valid = encodeBlock(new TestChain(network).next([transfer(0)]));
  const flipped = fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, mask]) => {
    const bytes = Uint8Array.from(valid);
    bytes[at] = (bytes[at] ?? 0) ^ mask;
    return bytes;
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 600 }), flipped), async (bytes) => {
      const outcome = await node.chain.submitBlock(bytes);
      // A changed nonce may be another valid block; everything else is refused with a code.
      assert.ok(outcome.ok || typeof outcome.fault.code === "string");
    }),
    { numRuns: 300 },
  );
  assert.deepEqual(node.faults, []);
  await node.chain.close();
});

test("a block ahead of our clock is taken when its time has come", async () => {
  const clock = clockFor(network);
  const node = await openAlone(network, memoryBlocks(), clock);
  const { block } = node.chain.template(BOB.account, Math.floor(Math.floor(clock.nowMs() / 1000)) + 100);
  const early = mine(block.header, block.transactions);
  assert.equal(await refusal(node.chain, encodeBlock(early)), "time-too-far-ahead");
  await clock.advance(39_000);
  assert.equal(node.chain.tip().height, 0);
  await clock.advance(2_000);
  assert.equal(node.chain.tip().id, early.id);
  const far = node.chain.template(
    BOB.account,
    Math.floor(Math.floor(clock.nowMs() / 1000)) + TOO_EARLY_KEPT_MS,
  ).block;
  await refusal(node.chain, encodeBlock(mine(far.header, far.transactions)));
  assert.deepEqual(node.faults, []);
  await node.chain.close();
});

test("whoever pays much for what cannot be taken up keeps nobody else out of the blocks", async () => {
  const allocations = [ALICE, CAROL].map(({ account }) => ({ account, amount: 10_000_000 }));
  const few = testNetwork({
    allocations,
    maxBlockSignatures: 4,
    freeAnchors: { ...network.params.freeAnchors, perBlock: 2 },
  });
  const node = await openAlone(few);
  const sent = async (tx: UnsignedTransaction, by: Keypair) => {
    const signed = signTransaction(tx, few.chainId, by);
    assert.ok((await node.chain.submit(signed)).ok);
    return txIdOf(signed);
  };
  const head = (who: Keypair, seq: number, fee: number) => ({ from: who.account, seq, fee, validUntil: 40 });
  const pay = (who: Keypair, seq: number, fee: number) =>
    sent({ type: "transfer", ...head(who, seq, fee), to: BOB.account, amount: 1 }, who);
  // The second commitment is the first once more: as long as that stands, it waits, and all behind it.
  for (const seq of [0, 1]) {
    await sent({ type: "name-commit", ...head(ALICE, seq, 50_000), commitment: new Uint8Array(32) }, ALICE);
  }
  for (let seq = 2; seq < 20; seq++) await pay(ALICE, seq, 50_000);
  const modest = await pay(CAROL, 0, 200);
  const { block } = node.chain.template(BOB.account, 0);
  assert.ok(block.transactions.some((tx) => txIdOf(tx) === modest));
  assert.equal(block.transactions.length, 3);
  await node.chain.close();
});
