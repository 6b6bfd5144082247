/** The contract of the block store, for any implementation. It is long, because each promise of the interface is one test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId, BlockId, TxId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import type { BlockStore, Connection, NewBlock, NewHeader } from "#chain/store.ts";
import type { TreeChange } from "#ledger/index.ts";

/** @param reopen gives a store over the same data, as after a restart; `null` where nothing outlives the process. */
export interface OpenedBlockStore {
  readonly store: BlockStore;
  readonly reopen: (() => BlockStore) | null;
  readonly close: () => void;
}

const NO_BLOCK = "00".repeat(32) as BlockId;
const CHAIN_ID = new Uint8Array(32).fill(7);
const ALICE = "aa".repeat(32) as AccountId;
const BOB = "bb".repeat(32) as AccountId;

function blockId(name: number): BlockId {
  return name.toString(16).padStart(64, "0") as BlockId;
}

function txId(name: number): TxId {
  return name.toString(16).padStart(64, "e") as TxId;
}

function newBlock(name: number, previous: BlockId, height: number, work: bigint): NewBlock {
  return {
    id: blockId(name),
    height,
    previous,
    work,
    header: new Uint8Array(176).fill(name),
    bytes: new Uint8Array(200 + name).fill(name),
    history: Uint8Array.of(name),
  };
}

function connection(block: NewBlock, changes: readonly TreeChange[] = []): Connection {
  return {
    block,
    miner: block.height === 0 ? null : BOB,
    reward: 50,
    fees: 3,
    changes,
    transactions: [
      { id: txId(block.bytes.length), accounts: [BOB] },
      { id: txId(block.bytes.length + 100_000), accounts: [ALICE, BOB] },
    ],
    undo: Uint8Array.of(1, 2, block.height),
    keepFrom: { bodies: 0, undo: 0 },
  };
}

const genesis = connection(newBlock(1, NO_BLOCK, 0, 10n), [entry(0xaa, 100)]);

function headerOnly({ bytes: _bytes, ...header }: NewBlock): NewHeader {
  return header;
}

function keyOf(name: number): Uint8Array {
  return new Uint8Array(32).fill(name);
}

/** Connects blocks 2, 3, … one on the other, up to this height. */
function grow(store: BlockStore, height: number): void {
  for (let at = 1; at <= height; at++) {
    assert.ok(store.connect(connection(newBlock(at + 1, blockId(at), at, BigInt(10 * (at + 1))))).ok);
  }
}

function begun(store: BlockStore): BlockStore {
  assert.deepEqual(store.begin(CHAIN_ID, genesis), { ok: true, value: undefined });
  return store;
}

/** An entry of the state, named by the first byte of its key; `null` takes it out. */
function entry(name: number, value: number | null): TreeChange {
  return { key: new Uint8Array(32).fill(name), value: value === null ? null : Uint8Array.of(value) };
}

/** The state, by the first byte of each key. */
function stateOf(store: BlockStore): Record<string, number | undefined> {
  const entries = [...store.state.range(new Uint8Array(32), null)];
  return Object.fromEntries(entries.map(([key, value]) => [toHex(key).slice(0, 2), value[0]]));
}

export function testBlockStore(name: string, open: () => OpenedBlockStore): void {
  const on = (what: string, run: (opened: OpenedBlockStore) => void): void => {
    test(`${name}: ${what}`, () => {
      const opened = open();
      try {
        run(opened);
      } finally {
        opened.close();
      }
    });
  };

  on("is empty at first, and stands on genesis after begin", ({ store }) => {
    assert.equal(store.chainId(), null);
    assert.equal(store.tip(), null);
    assert.equal(store.heaviest(), null);
    begun(store);
    assert.deepEqual(store.chainId(), CHAIN_ID);
    assert.deepEqual(store.tip(), { id: blockId(1), height: 0 });
    assert.deepEqual(store.body(blockId(1)), genesis.block.bytes);
    assert.equal(store.bestAt(0)?.miner, null);
    assert.deepEqual(stateOf(store), { aa: 100 });
  });

  on("connect and disconnect move tip, state and places together", ({ store }) => {
    begun(store);
    const block = newBlock(2, blockId(1), 1, 20n);
    const changes = [entry(0xaa, 40), entry(0xbb, 60)];
    store.connect(connection(block, changes));
    assert.deepEqual(store.tip(), { id: block.id, height: 1 });
    assert.deepEqual(stateOf(store), { aa: 40, bb: 60 });
    assert.deepEqual(store.place(txId(202)), { height: 1, index: 0 });
    assert.deepEqual(store.undo(block.id), Uint8Array.of(1, 2, 1));
    assert.deepEqual(store.placesOf(ALICE, 10), [
      { height: 1, index: 1 },
      { height: 0, index: 1 },
    ]);
    assert.equal(store.best(block.id)?.transactionCount, 2);

    store.disconnect({
      tip: { id: block.id, height: 1 },
      changes: [entry(0xaa, 100), entry(0xbb, null)],
    });
    assert.deepEqual(store.undone(), [block.id], "listed by the same step");
    assert.deepEqual(store.tip(), { id: blockId(1), height: 0 });
    assert.deepEqual(stateOf(store), { aa: 100 });
    assert.equal(store.place(txId(202)), null);
    assert.equal(store.best(block.id), null);
    assert.equal(store.undo(block.id), null);
    assert.deepEqual(store.placesOf(BOB, 10), [
      { height: 0, index: 1 },
      { height: 0, index: 0 },
    ]);
    assert.deepEqual(store.body(block.id), block.bytes, "a disconnected block stays kept");
  });

  on("a block stays listed as undone until it is settled, or stands on the best chain again", ({ store }) => {
    begun(store);
    grow(store, 3);
    const undo = (at: number) => store.disconnect({ tip: { id: blockId(at), height: at - 1 }, changes: [] });
    assert.ok(undo(4).ok && undo(3).ok && undo(2).ok);
    assert.deepEqual(store.undone(), [blockId(2), blockId(3), blockId(4)].sort());
    store.connect(connection(newBlock(2, blockId(1), 1, 20n)));
    store.changePool([], [], [blockId(4)]);
    assert.deepEqual(store.undone(), [blockId(3)]);
    store.rewind(genesis, [blockId(2)]);
    assert.deepEqual([...store.undone()].sort(), [blockId(2), blockId(3)]);
    store.forget(blockId(3));
    assert.deepEqual(store.undone(), [blockId(2)]);
    begun(store);
    assert.deepEqual(store.undone(), []);
  });

  on("the state is read by key, and by range in the order of keys", ({ store }) => {
    begun(store).connect(
      connection(newBlock(2, blockId(1), 1, 20n), [entry(0xff, 4), entry(0x01, 1), entry(0x80, 3)]),
    );
    assert.deepEqual(store.state.get(new Uint8Array(32).fill(0x80)), Uint8Array.of(3));
    assert.equal(store.state.get(new Uint8Array(32).fill(0x81)), null);
    const read = (from: number, to: number | null) =>
      [
        ...store.state.range(new Uint8Array(32).fill(from), to === null ? null : new Uint8Array(32).fill(to)),
      ].map(([key]) => key[0]);
    assert.deepEqual(read(0, null), [0x01, 0x80, 0xaa, 0xff]);
    assert.deepEqual(read(0x02, 0xff), [0x80, 0xaa]);
    assert.deepEqual(read(0x80, 0x80), []);
  });

  on("only the tip is connected to, and only the tip is disconnected", ({ store }) => {
    begun(store);
    const stray = newBlock(3, blockId(9), 5, 20n);
    assert.throws(() => store.connect(connection(stray)), /not the tip/);
    assert.equal(store.entry(stray.id), null, "a step that failed has changed nothing");
    const genesis = { tip: { id: blockId(1), height: 0 }, changes: [] };
    assert.throws(() => store.disconnect(genesis), /not the tip/);
    assert.deepEqual(store.tip(), { id: blockId(1), height: 0 });
    assert.deepEqual(stateOf(store), { aa: 100 });
  });

  on("the heaviest has most work, and among equals was here first", ({ store }) => {
    begun(store);
    store.keep(newBlock(2, blockId(1), 1, 2n ** 100n), false);
    store.keep(newBlock(3, blockId(1), 1, 2n ** 100n), false);
    store.keep(newBlock(2, blockId(1), 1, 2n ** 100n), false);
    assert.equal(store.heaviest()?.id, blockId(2));
    assert.equal(store.heaviest()?.work, 2n ** 100n);
    assert.equal(store.hasRival(blockId(2), 2n ** 100n), true);
    assert.equal(store.hasRival(blockId(2), 2n ** 100n + 1n), false);
    store.markInvalid(blockId(3));
    assert.equal(store.hasRival(blockId(2), 2n ** 100n), false);
    store.keep(newBlock(4, blockId(1), 1, 2n ** 100n + 1n), false);
    assert.equal(store.heaviest()?.id, blockId(4));
  });

  on("an invalid mark takes all that stands on the block", ({ store }) => {
    begun(store);
    store.keep(newBlock(2, blockId(1), 1, 20n), false);
    store.keep(newBlock(3, blockId(2), 2, 30n), false);
    store.keep(newBlock(4, blockId(3), 3, 40n), false);
    store.keep(newBlock(5, blockId(1), 1, 21n), false);
    store.keep(newBlock(6, blockId(5), 2, 99n), true);
    store.markInvalid(blockId(3));
    assert.deepEqual(
      [2, 3, 4, 5, 6].map((at) => store.entry(blockId(at))?.invalid),
      [false, true, true, false, true],
    );
    assert.equal(store.heaviest()?.id, blockId(5));
    assert.throws(() => store.connect(connection(newBlock(6, blockId(1), 1, 99n))), /marked invalid/);
  });

  on("what is forgotten can be kept again, with all that stood on it", ({ store }) => {
    begun(store);
    for (const at of [2, 3, 4]) store.keep(newBlock(at, blockId(at - 1), at - 1, BigInt(10 * at)), false);
    assert.ok(store.forget(blockId(3)).ok);
    assert.deepEqual(
      [2, 3, 4].map((at) => store.entry(blockId(at)) !== null),
      [true, false, false],
    );
    assert.equal(store.body(blockId(4)), null);
    assert.equal(store.heaviest()?.id, blockId(2));
    store.keep(newBlock(3, blockId(2), 2, 30n), false);
    assert.deepEqual(store.body(blockId(3)), newBlock(3, blockId(2), 2, 30n).bytes);
  });

  on("rewind keeps blocks and drops what was derived", ({ store }) => {
    begun(store);
    const block = newBlock(2, blockId(1), 1, 20n);
    store.connect(connection(block, [entry(0xbb, 1)]));
    store.rewind(genesis, []);
    assert.deepEqual(store.tip(), { id: blockId(1), height: 0 });
    assert.deepEqual(stateOf(store), { aa: 100 });
    assert.deepEqual(store.body(block.id), block.bytes);
    store.connect(connection(block));
    assert.equal(store.tip()?.height, 1);
  });

  on("begin on a used store empties it, but for what waits", ({ store }) => {
    begun(store).connect(connection(newBlock(2, blockId(1), 1, 20n)));
    store.changePool([{ id: txId(1), bytes: Uint8Array.of(1), receivedMs: 5 }], [], []);
    begun(store);
    assert.equal(store.entry(blockId(2)), null);
    assert.equal(store.tip()?.height, 0);
    assert.equal(store.pool().length, 1);
  });

  on("lists of the best chain", ({ store }) => {
    begun(store);
    for (let height = 1; height <= 5; height++) {
      const block = newBlock(height + 1, blockId(height), height, BigInt(10 * (height + 1)));
      store.connect({ ...connection(block), miner: height % 2 === 0 ? ALICE : BOB });
    }
    assert.deepEqual(
      store.bestBefore(5, 3).map((block) => block.height),
      [4, 3, 2],
    );
    assert.deepEqual(store.bestBefore(0, 3), []);
    assert.deepEqual(store.minedSince(2), [
      { miner: ALICE, blocks: 2 },
      { miner: BOB, blocks: 2 },
    ]);
    assert.deepEqual(store.minedSince(1)[0], { miner: BOB, blocks: 3 });
    assert.equal(store.minedBy(ALICE), 2);
    assert.equal(store.bestAt(6), null);
    assert.deepEqual(
      store.placesOf(ALICE, 2).map((place) => place.height),
      [5, 4],
    );
  });

  on("the pool keeps order of arrival", ({ store }) => {
    const row = (at: number) => ({ id: txId(at), bytes: new Uint8Array(at).fill(at), receivedMs: at * 1000 });
    store.changePool([row(3), row(1), row(2)], [], []);
    store.changePool([row(3), row(4)], [txId(1)], []);
    assert.deepEqual(store.pool(), [row(3), row(2), row(4)]);
  });

  on(
    "a header waits for its body: only with it, and with those below, the block is within reach",
    ({ store }) => {
      begun(store);
      const blocks = [2, 3, 4].map((at) => newBlock(at, blockId(at - 1), at - 1, BigInt(10 * at)));
      assert.ok(store.keepHeaders(blocks.map(headerOnly)).ok);
      assert.equal(store.heaviest()?.id, blockId(1));
      assert.equal(store.heaviestHeader()?.id, blockId(4));
      const waiting = store.entry(blockId(3));
      assert.deepEqual(
        [waiting?.hasBody, waiting?.isWithinReach, waiting?.arrival, waiting?.byteCount],
        [false, false, null, 0],
      );
      assert.equal(store.body(blockId(3)), null);
      const [first, second, third] = blocks;
      assert.ok(first !== undefined && second !== undefined && third !== undefined);
      store.keep(second, false);
      store.keep(third, false);
      assert.equal(store.heaviest()?.id, blockId(1), "what lies between is not here");
      assert.equal(store.hasRival(blockId(1), 1n), false);
      store.keep(first, false);
      assert.equal(store.heaviest()?.id, blockId(4));
      assert.deepEqual(store.body(blockId(3)), second.bytes);
      assert.equal(store.entry(blockId(3))?.byteCount, second.bytes.length);
      store.keepHeaders(blocks.map(headerOnly));
      assert.equal(store.entry(blockId(3))?.hasBody, true, "a header that comes again changes nothing");
    },
  );

  on("among equals the first body counts, not the first header", ({ store }) => {
    begun(store);
    const [one, other] = [newBlock(2, blockId(1), 1, 20n), newBlock(3, blockId(1), 1, 20n)];
    store.keepHeaders([headerOnly(one), headerOnly(other)]);
    store.keep(other, false);
    assert.equal(store.heaviestHeader()?.id, other.id);
    store.keep(one, false);
    assert.equal(store.heaviest()?.id, other.id);
    assert.equal(store.heaviestHeader()?.id, other.id);
  });

  on("an invalid mark takes headers without bodies too, and their bodies do not lift it", ({ store }) => {
    begun(store);
    const [below, above] = [newBlock(2, blockId(1), 1, 20n), newBlock(3, blockId(2), 2, 30n)];
    store.keepHeaders([headerOnly(below), headerOnly(above)]);
    store.markInvalid(below.id);
    store.keep(above, false);
    assert.equal(store.entry(above.id)?.invalid, true);
    assert.equal(store.heaviestHeader()?.id, blockId(1));
  });

  on(
    "a body that is dropped puts its block, and all that stand on it, out of reach until it comes again",
    ({ store }) => {
      begun(store);
      for (const at of [2, 3, 4]) store.keep(newBlock(at, blockId(at - 1), at - 1, BigInt(10 * at)), false);
      assert.ok(store.dropBody(blockId(3)).ok);
      assert.equal(store.heaviest()?.id, blockId(2));
      assert.equal(store.heaviestHeader()?.id, blockId(4));
      store.keep(newBlock(3, blockId(2), 2, 30n), false);
      assert.equal(store.heaviest()?.id, blockId(4));
    },
  );

  on(
    "a body dropped from the best chain can be filled in, and until then its block counts as connected",
    ({ store }) => {
      begun(store);
      grow(store, 4);
      store.dropBody(blockId(3));
      assert.deepEqual(store.bodyless(0, 10), [{ id: blockId(3), height: 2 }]);
      assert.equal(store.bodiesFrom(), 3);
      assert.equal(store.heaviest()?.id, blockId(5));
      const {
        changes: _changes,
        undo: _undo,
        keepFrom: _keepFrom,
        ...filling
      } = connection(newBlock(3, blockId(2), 2, 30n));
      assert.ok(store.fillIn(filling).ok);
      assert.deepEqual([store.bodyless(0, 10), store.bodiesFrom()], [[], 0]);
      assert.deepEqual(store.body(blockId(3)), filling.block.bytes);
      assert.throws(
        () => store.fillIn({ ...filling, block: newBlock(9, blockId(2), 2, 30n) }),
        /not on the best/,
      );
    },
  );

  on("what is below the height to keep from goes, but headers and genesis stay", ({ store }) => {
    begun(store);
    grow(store, 5);
    store.keep(newBlock(20, blockId(1), 1, 19n), false);
    const block = newBlock(7, blockId(6), 6, 70n);
    store.connect({ ...connection(block), keepFrom: { bodies: 4, undo: 3 } });
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 6].map((height) => store.body(blockId(height + 1)) !== null),
      [true, false, false, false, true, true, true],
    );
    assert.deepEqual(
      [1, 2, 3, 4].map((height) => store.undo(blockId(height + 1)) !== null),
      [false, false, true, true],
    );
    assert.equal(store.bodiesFrom(), 4);
    assert.equal(store.body(blockId(20)), null, "of branches beside it too");
    assert.equal(store.entry(blockId(20))?.isWithinReach, false);
    assert.deepEqual(store.bestAt(2)?.header, newBlock(3, blockId(2), 2, 30n).header);
    assert.equal(store.bestAt(2)?.byteCount, 203);
    assert.deepEqual(
      store.place(txId(203)),
      { height: 2, index: 0 },
      "whether it was taken up is known for good",
    );
    assert.deepEqual(
      store.placesOf(ALICE, 10).map(({ height }) => height),
      [6, 5, 4, 0],
    );
    const { changes: _changes, undo: _undo, ...again } = connection(newBlock(3, blockId(2), 2, 30n));
    assert.ok(store.fillIn(again).ok);
    assert.deepEqual(
      store.placesOf(ALICE, 10).map(({ height }) => height),
      [6, 5, 4, 2, 0],
      "what was dropped and came again is listed again",
    );
    assert.equal(store.heaviest()?.id, block.id);
    store.rewind(genesis, []);
    assert.equal(store.heaviest()?.id, blockId(1), "what cannot be connected again is out of reach");
  });

  on(
    "a snapshot put aside changes nothing until it is finished, then it is the state of its block",
    ({ store }) => {
      begun(store);
      grow(store, 3);
      const headers = [3, 4, 5, 6].map((at) =>
        newBlock(at + 20, at === 3 ? blockId(3) : blockId(at + 19), at, BigInt(100 * at)),
      );
      store.keepHeaders(headers.map(headerOnly));
      store.putSnapshot([{ key: keyOf(9), value: Uint8Array.of(9) }]);
      store.beginSnapshot();
      assert.deepEqual([...store.snapshot.range(new Uint8Array(32), null)], []);
      store.putSnapshot([
        { key: keyOf(8), value: Uint8Array.of(8) },
        { key: keyOf(7), value: Uint8Array.of(7) },
      ]);
      assert.deepEqual(store.snapshot.get(keyOf(7)), Uint8Array.of(7));
      assert.equal(store.tip()?.height, 3);
      assert.equal(store.state.get(keyOf(7)), null);

      const tip = { id: blockId(25), height: 5 };
      assert.ok(store.finishSnapshot(tip, [blockId(4)]).ok);
      assert.deepEqual(store.undone(), [blockId(4)], "listed by the same step");
      assert.deepEqual(store.tip(), tip);
      assert.deepEqual(
        [...store.state.range(new Uint8Array(32), null)].map(([key]) => key),
        [keyOf(7), keyOf(8)],
      );
      assert.deepEqual([...store.snapshot.range(new Uint8Array(32), null)], []);
      assert.equal(store.bestAt(3)?.id, blockId(23), "the best chain is what the snapshot stands on");
      assert.equal(store.bestAt(2)?.id, blockId(3), "from where both were the same");
      assert.equal(store.bestAt(6), null);
      assert.equal(store.place(txId(204)), null, "what stood above that is not placed any more");
      assert.deepEqual(store.place(txId(203)), { height: 2, index: 0 });
      assert.equal(store.undo(blockId(3)), null);
      assert.deepEqual(
        store.bodyless(0, 10).map(({ height }) => height),
        [3, 4, 5],
      );
      assert.equal(store.heaviest()?.id, tip.id);
      const next = newBlock(26, tip.id, 6, 600n);
      assert.ok(store.connect(connection(next, [{ key: keyOf(7), value: null }])).ok);
      assert.deepEqual(store.tip(), { id: next.id, height: 6 });
      assert.equal(store.state.get(keyOf(7)), null);
    },
  );

  on("where transactions stand at one height, as the index has it", ({ store }) => {
    begun(store);
    grow(store, 2);
    assert.deepEqual(store.indexedAt(1), {
      transactions: [
        { id: txId(202), index: 0 },
        { id: txId(100_202), index: 1 },
      ],
      accounts: [
        { account: ALICE, index: 1 },
        { account: BOB, index: 0 },
        { account: BOB, index: 1 },
      ],
    });
    assert.deepEqual(store.indexedAt(3), { transactions: [], accounts: [] });
  });

  on("what was written is there after a restart", ({ store, reopen }) => {
    if (reopen === null) return;
    begun(store);
    const block = newBlock(2, blockId(1), 1, 20n);
    store.connect(connection(block));
    store.keep(newBlock(3, blockId(1), 1, 20n), false);
    const again = reopen();
    assert.deepEqual(again.tip(), store.tip());
    assert.deepEqual(again.bestAt(1), store.bestAt(1));
    assert.equal(again.heaviest()?.id, block.id, "the first seen of two equals stays the first");
  });
}
