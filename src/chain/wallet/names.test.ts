import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId } from "#base/brand.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { verifyNameProof } from "#ledger/index.ts";
import { decodeTreeProof } from "#ledger/state-tree.ts";
import { ALICE, BOB, CAROL, mine, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { memoryNames } from "#storage/memory/names.ts";
import { seededRandom } from "#test/kit/random.ts";
import { clockFor, openAlone, quietLog, take } from "../test-node.ts";
import type { NameStore } from "./name-store.ts";
import { openNames } from "./names.ts";
import { openWallet } from "./wallet.ts";

const network = testNetwork({
  allocations: [
    { account: ALICE.account, amount: 100_000 },
    { account: CAROL.account, amount: 100_000 },
  ],
});
const { names: rules } = network.params;

async function world(stores = { blocks: memoryBlocks(), names: memoryNames() }, keypair: Keypair = ALICE) {
  const node = await openAlone(network, stores.blocks, clockFor(network));
  const { chain, clock, faults } = node;
  const parts = { chain, keypair, clock, random: seededRandom(4), log: quietLog(faults) };
  const wallet = openWallet(parts);
  const names = openNames({ ...parts, wallet, store: stores.names });
  // Whatever follows from a block has been done when simulated time goes on.
  const settle = () => clock.advance(10);
  const block = async () => {
    const { block: found } = chain.template(BOB.account, 0);
    await take(chain, mine(found.header, found.transactions));
    await settle();
  };
  const end = async () => {
    await names.close();
    await wallet.close();
    await chain.close();
    assert.deepEqual(faults, []);
  };
  await settle();
  return { ...node, wallet, names, stores, block, settle, end };
}

type World = Awaited<ReturnType<typeof world>>;
const stateOf = ({ names }: World, name: string) =>
  names.list().find((each) => each.name === name)?.state.code;

async function registered(node: World, name: string, key: AccountId = ALICE.account): Promise<void> {
  const begun = await node.names.register(name, key);
  assert.ok(begun.ok, begun.ok ? "" : begun.fault.code);
  for (let height = 0; height < 4; height++) await node.block();
  assert.equal(stateOf(node, name), "ours");
}

test("a registration goes from commitment to claim by itself, and the price is burned", async () => {
  const node = await world();
  const before = node.wallet.balance();
  assert.ok((await node.names.register("anna-lee", BOB.account)).ok);
  assert.equal(stateOf(node, "anna-lee"), "committing");
  await node.block();
  assert.equal(stateOf(node, "anna-lee"), "maturing");
  await node.block();
  assert.equal(stateOf(node, "anna-lee"), "claiming");
  await node.block();
  assert.equal(stateOf(node, "anna-lee"), "ours");
  const found = node.names.lookup("anna-lee");
  assert.equal(found?.status?.owner, ALICE.account);
  assert.equal(found?.status?.key, BOB.account);
  assert.ok(before - node.wallet.balance() >= rules.commitPrice + rules.basePrice);
  await node.end();
});

test("what a lookup says is proved under the state root of the tip, also that nobody holds a name", async () => {
  const node = await world();
  await registered(node, "anna-lee");
  for (const name of ["anna-lee", "nobody-yet"]) {
    const found = node.names.lookup(name);
    assert.ok(found !== null);
    const proof = decodeTreeProof(found.proof);
    assert.ok(proof.ok);
    assert.deepEqual(found.stateRoot, node.chain.tip().header.stateRoot);
    const { status } = found;
    const record =
      status === null
        ? null
        : {
            ...{ name, owner: status.owner, key: status.key },
            ...{ since: status.since, commitment: status.commitment },
          };
    assert.ok(verifyNameProof(found.stateRoot, name, record, proof.value), name);
  }
  assert.equal(node.names.lookup("No Name"), null);
  await node.end();
});

test("the salt is kept before the commitment is sent, and a registration that cannot be kept sends nothing", async () => {
  const refusing: NameStore = {
    ...memoryNames(),
    put: () => ({ ok: false, fault: { code: "store-unavailable", cause: "full" } }),
  };
  const node = await world({ blocks: memoryBlocks(), names: refusing });
  const begun = await node.names.register("anna-lee", ALICE.account);
  assert.equal(begun.ok ? "begun" : begun.fault.code, "store-unavailable");
  assert.deepEqual(node.chain.pendingOf(ALICE.account), []);
  await node.end();
});

test("a registration goes on after a restart between commitment and claim", async () => {
  const node = await world();
  assert.ok((await node.names.register("anna-lee", ALICE.account)).ok);
  await node.block();
  await node.end();
  const again = await world(node.stores);
  for (let height = 0; height < 3; height++) await again.block();
  assert.equal(stateOf(again, "anna-lee"), "ours");
  await again.end();
});

test("a commitment that a reorganisation took back is in the ledger again, and the name is claimed all the same", async () => {
  const node = await world();
  assert.ok((await node.names.register("anna-lee", ALICE.account)).ok);
  await node.block();
  await node.block();
  const other = new TestChain(network);
  for (let height = 0; height < 4; height++) other.grow([], CAROL);
  for (let height = 1; height <= 4; height++) await take(node.chain, other.at(height).block);
  await node.settle();
  assert.equal(node.chain.tip().id, other.tip.block.id);
  for (let height = 0; height < 5; height++) await node.block();
  assert.equal(stateOf(node, "anna-lee"), "ours");
  await node.end();
});

test("what cannot be a name, is held, is under way, or costs more than there is, is refused, and nothing is kept of it", async () => {
  const node = await world();
  const code = async (name: string) => {
    const begun = await node.names.register(name, ALICE.account);
    return begun.ok ? "begun" : begun.fault.code;
  };
  assert.equal(await code("Anna"), "name-malformed");
  const nobody = await node.names.register("anna-lee", "00".repeat(32) as AccountId);
  assert.equal(nobody.ok ? "begun" : nobody.fault.code, "key-inadmissible");
  assert.deepEqual(node.names.list(), []);
  assert.equal(await code("anna-lee"), "begun");
  assert.equal(await code("anna-lee"), "name-begun");
  for (let height = 0; height < 4; height++) await node.block();
  assert.equal(await code("anna-lee"), "name-begun");
  assert.ok((await node.names.change("anna-lee", { kind: "owner", owner: BOB.account })).ok);
  await node.block();
  assert.equal(await code("anna-lee"), "name-held");
  assert.ok((await node.wallet.pay(BOB.account, node.wallet.spendable() - 200)).ok);
  assert.equal(await code("berta-lee"), "balance-too-low");
  assert.deepEqual(
    node.names.list().map(({ name }) => name),
    ["anna-lee"],
  );
  await node.end();
});

test("an owner renews, points a name at another key, and hands it over; then it is no longer theirs to change", async () => {
  const node = await world();
  await registered(node, "anna-lee");
  const since = () => node.names.lookup("anna-lee")?.status?.since ?? 0;
  const first = since();
  assert.ok((await node.names.change("anna-lee", { kind: "renew" })).ok);
  await node.block();
  assert.ok(since() > first);
  assert.ok((await node.names.change("anna-lee", { kind: "key", key: CAROL.account })).ok);
  await node.block();
  assert.equal(node.names.lookup("anna-lee")?.status?.key, CAROL.account);
  assert.ok((await node.names.change("anna-lee", { kind: "owner", owner: CAROL.account })).ok);
  await node.block();
  assert.equal(stateOf(node, "anna-lee"), "lost");
  const refused = await node.names.change("anna-lee", { kind: "renew" });
  assert.equal(refused.ok ? "changed" : refused.fault.code, "name-not-ours");
  assert.ok(node.names.forget("anna-lee").ok);
  assert.deepEqual(node.names.list(), []);
  await node.end();
});

test("what waits already is not paid for a second time; another change may follow it, none a handing over", async () => {
  const node = await world();
  await registered(node, "anna-lee");
  const code = async (change: Parameters<World["names"]["change"]>[1]) => {
    const changed = await node.names.change("anna-lee", change);
    return changed.ok ? "changed" : changed.fault.code;
  };
  assert.equal(await code({ kind: "renew" }), "changed");
  assert.equal(await code({ kind: "renew" }), "name-change-waits");
  assert.equal(await code({ kind: "key", key: CAROL.account }), "changed");
  assert.equal(await code({ kind: "key", key: CAROL.account }), "name-change-waits");
  assert.equal(await code({ kind: "key", key: BOB.account }), "changed");
  assert.equal(await code({ kind: "owner", owner: CAROL.account }), "changed");
  assert.equal(await code({ kind: "renew" }), "name-change-waits");
  await node.block();
  assert.equal(node.names.lookup("anna-lee")?.status?.owner, CAROL.account);
  assert.equal(node.names.lookup("anna-lee")?.status?.key, BOB.account);
  await node.end();
});

test("a name that was handed to us is in the list, whether this peer ran then or not", async () => {
  const blocks = memoryBlocks();
  const stores = { blocks, names: memoryNames() };
  const carols = { blocks, names: memoryNames() };
  const giver = await world(stores);
  await registered(giver, "anna-lee");
  await registered(giver, "berta-lee", BOB.account);
  assert.ok((await giver.names.change("berta-lee", { kind: "owner", owner: CAROL.account })).ok);
  await giver.block();
  assert.ok((await giver.names.change("anna-lee", { kind: "owner", owner: CAROL.account })).ok);
  await giver.end();

  const heir = await world(carols, CAROL);
  assert.deepEqual(
    heir.names.list().map(({ name, key, state }) => [name, key, state.code]),
    [["berta-lee", BOB.account, "ours"]],
  );
  await heir.block();
  assert.equal(stateOf(heir, "anna-lee"), "ours");
  assert.equal(heir.names.forget("anna-lee").ok, false);
  await heir.end();
});

test("a name that is ours or under way is not forgotten: its salt may still be needed", async () => {
  const node = await world();
  assert.ok((await node.names.register("anna-lee", ALICE.account)).ok);
  assert.equal(node.names.forget("anna-lee").ok, false);
  for (let height = 0; height < 4; height++) await node.block();
  assert.equal(node.names.forget("anna-lee").ok, false);
  assert.equal(node.names.forget("berta-lee").ok, false);
  await node.end();
});
