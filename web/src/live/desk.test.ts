import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BlockSummaryView, EventView } from "#api/views.ts";
import { block, person, STATUS, slip, transaction } from "#test/kit/view-samples.ts";
import { type Desk, joinBlocks, markedRead, reduceDesk, waitingCount } from "./desk.ts";

function desk(parts: Partial<Desk>): Desk {
  return { status: STATUS, people: [], conversations: [], blocks: [], aside: [], pending: [], ...parts };
}

const bob = person("bob");
const carol = person("carol");

function chainEvent(
  state: Desk,
  connected: readonly BlockSummaryView[],
  disconnected: readonly BlockSummaryView[] = [],
): EventView {
  const tip = connected.toSorted((one, other) => other.height - one.height)[0] ?? block(0);
  const chain = {
    ...state.status.chain,
    tip: { ...state.status.chain.tip, height: tip.height, id: tip.id },
  };
  return { type: "chain", chain, connected: [...connected], disconnected: disconnected.map(({ id }) => id) };
}

test("a slip that comes in moves its conversation to the top and counts as unread", () => {
  const before = desk({ people: [bob, carol], conversations: [conversation(carol), conversation(bob)] });
  const after = reduceDesk(before, { type: "slip", slip: slip(bob, 7) }, null);
  assert.deepEqual(
    after.conversations.map(({ person: { name }, unread }) => [name, unread]),
    [
      ["bob", 1],
      ["carol", 0],
    ],
  );
  const again = reduceDesk(after, { type: "slip", slip: { ...slip(bob, 7), state: "receipted" } }, null);
  assert.equal(again.conversations[0]?.unread, 1);
  assert.equal(again.conversations[0]?.last?.state, "receipted");
});

test("what comes while the conversation is open, and what goes out, is not unread", () => {
  const before = desk({ people: [bob], conversations: [] });
  const read = reduceDesk(before, { type: "slip", slip: slip(bob, 1) }, bob.peerId);
  assert.equal(read.conversations[0]?.unread, 0);
  const sent = reduceDesk(before, { type: "slip", slip: { ...slip(bob, 1), direction: "out" } }, null);
  assert.equal(sent.conversations[0]?.unread, 0);
});

test("an older slip that changes stays where it is", () => {
  const before = desk({
    people: [bob, carol],
    conversations: [
      { ...conversation(carol), last: slip(carol, 9) },
      { ...conversation(bob), last: slip(bob, 8) },
    ],
  });
  const after = reduceDesk(before, { type: "slip", slip: { ...slip(bob, 2), state: "anchored" } }, null);
  assert.deepEqual(after.conversations, before.conversations);
});

test("reading clears the count of that person alone", () => {
  const before = desk({
    people: [bob, carol],
    conversations: [
      { ...conversation(bob), unread: 3 },
      { ...conversation(carol), unread: 2 },
    ],
  });
  assert.deepEqual(
    markedRead(before, bob.peerId).conversations.map(({ unread }) => unread),
    [0, 2],
  );
});

test("a person who comes online is counted, in the list and in the conversation", () => {
  const before = desk({ people: [bob], conversations: [conversation(bob)] });
  const after = reduceDesk(before, { type: "person", person: { ...bob, online: true } }, null);
  assert.equal(after.status.peersOnline, 1);
  assert.equal(after.conversations[0]?.person.online, true);
  assert.equal(reduceDesk(after, { type: "person", person: carol }, null).people.length, 2);
});

test("blocks land on top, and what a reorganisation takes out moves aside", () => {
  const before = desk({ blocks: [block(3, "old"), block(2), block(1)] });
  const event = chainEvent(before, [block(3, "new"), block(4, "new")], [block(3, "old")]);
  const after = reduceDesk(before, event, null);
  assert.deepEqual(
    after.blocks.map(({ id }) => id),
    ["4-new", "3-new", "2-", "1-"],
  );
  assert.deepEqual(
    after.aside.map(({ id }) => id),
    ["3-old"],
  );
  assert.equal(after.status.chain.tip.height, 4);
  const back = reduceDesk(
    after,
    chainEvent(after, [block(3, "old")], [block(4, "new"), block(3, "new")]),
    null,
  );
  assert.deepEqual(
    back.aside.map(({ id }) => id),
    ["4-new", "3-new"],
  );
});

test("blocks that moved aside leave after some more blocks", () => {
  const before = { ...desk({ blocks: [block(40)] }), aside: [block(5, "old"), block(39, "old")] };
  const after = reduceDesk(before, chainEvent(before, [block(41)]), null);
  assert.deepEqual(
    after.aside.map(({ id }) => id),
    ["39-old"],
  );
});

test("joined blocks never have a gap", () => {
  const heights = fc.uniqueArray(fc.nat(60)).map((list) => list.toSorted((one, other) => other - one));
  fc.assert(
    fc.property(heights, heights, (newer, older) => {
      const joined = joinBlocks(
        newer.map((height) => block(height)),
        older.map((height) => block(height)),
      );
      const top = joined[0]?.height ?? 0;
      assert.deepEqual(
        joined.map(({ height }) => height),
        joined.map((_, index) => top - index),
      );
    }),
  );
});

test("the pool holds each transaction once", () => {
  const before = { ...desk({}), pending: [transaction("a"), transaction("b")] };
  const event: EventView = {
    type: "pool",
    added: [transaction("b"), transaction("c")],
    removed: [transaction("a").id],
  };
  assert.deepEqual(
    reduceDesk(before, event, null).pending.map(({ id }) => id),
    ["b", "c"],
  );
});

test("of very many that wait the newest are kept, and all are counted", () => {
  const before = { ...desk({}), pending: [] };
  const many = Array.from({ length: 1_200 }, (_, at) => transaction(`${at}`));
  const after = reduceDesk(before, { type: "pool", added: many, removed: [] }, null);
  assert.deepEqual([after.pending.length, after.pending.at(-1)?.id], [1_000, "1199"]);
  const chain = { ...after.status.chain, pendingCount: 40_000 };
  assert.equal(waitingCount({ ...after, status: { ...after.status, chain } }), 40_000);
  assert.equal(
    waitingCount({ ...before, status: { ...after.status, chain } }),
    0,
    "the list is ahead of the count",
  );
});

test("mining and status replace their part, a reset nothing", () => {
  const before = desk({});
  const mining = { ...before.status.mining, active: true, hashesPerSecond: 5 };
  assert.deepEqual(reduceDesk(before, { type: "mining", mining }, null).status.mining, mining);
  assert.equal(reduceDesk(before, { type: "reset" }, null), before);
});

function conversation(who: typeof bob): Desk["conversations"][number] {
  return { person: who, last: null, unread: 0 };
}
