/** Tests the fetching of headers alone, on long chains whose headers are made up: checks against parents are given. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockId, PeerId } from "#base/brand.ts";
import { ok } from "#base/result.ts";
import { EMPTY_PEAKS } from "#crypto/merkle.ts";
import { blockIdOfHeader, decodeHeader, encodeHeader } from "#ledger/index.ts";
import { TestChain } from "#ledger/test-chain.ts";
import type { FrameStream } from "#ports/network.ts";
import type { HeaderPoint } from "../header-point.ts";
import { PRESYNC_BITS_AHEAD, PRESYNC_HEADERS_PER_BIT, SYNC_HEADERS_MAX } from "../limits.ts";
import { decodeSyncMessage, encodeSyncMessage, type Hello } from "./sync-codec.ts";
import { Conversation, type ConversationEnd } from "./sync-conversation.ts";
import { HeaderSync } from "./sync-headers.ts";

const GENESIS = new TestChain().tip.block;

/** Headers 1 to `count`, each worth a unit of work; `branch` makes other ones. */
function madeUp(count: number, branch = 0): readonly Uint8Array[] {
  const headers: Uint8Array[] = [];
  let previous = GENESIS.id;
  for (let height = 1; height <= count; height++) {
    const bytes = encodeHeader({
      ...GENESIS.header,
      height,
      previous,
      chainWork: BigInt(height),
      nonce: BigInt(branch),
    });
    headers.push(bytes);
    previous = blockIdOfHeader(bytes);
  }
  return headers;
}

interface Setting {
  readonly workNeeded: number;
  /** Given the locator's first id and how often headers were asked for before, what is answered. */
  readonly answer: (after: BlockId, round: number) => readonly Uint8Array[];
  readonly claimed: number;
  readonly turnAfter?: number;
  /** What becomes of the headers kept of the first answer, while those of the second are being checked. */
  readonly fate?: "invalid" | "forgotten";
}

function run({ workNeeded, answer, claimed, turnAfter = Number.POSITIVE_INFINITY, fate }: Setting) {
  const kept = new Map<BlockId, HeaderPoint>();
  const invalid = new Set<BlockId>();
  const genesis: HeaderPoint = { id: GENESIS.id, header: GENESIS.header, history: EMPTY_PEAKS };
  kept.set(genesis.id, genesis);
  const seen = { rounds: 0, keptMost: 0, rejects: 0 };
  let asked: BlockId = GENESIS.id;
  const stream: FrameStream = {
    peer: "them" as PeerId,
    send: async (frame) => {
      const question = decodeSyncMessage(frame);
      assert.ok(question.ok && question.value.type === "get-headers");
      asked = question.value.locator[0] ?? GENESIS.id;
      return ok();
    },
    receive: async () => ok(encodeSyncMessage({ type: "headers", headers: answer(asked, seen.rounds++) })),
    close: async () => undefined,
    reset: () => undefined,
  };
  const theirs = { work: BigInt(claimed), height: claimed } as Hello;
  const conversation = new Conversation(stream, () => {
    seen.rejects += 1;
  });
  const sync = new HeaderSync(conversation, theirs, {
    tree: {
      point: (id) => (invalid.has(id) ? "invalid" : (kept.get(id) ?? null)),
      keepHeaders: (points) => {
        for (const point of points) kept.set(point.id, point);
        return ok();
      },
      isWithinReach: () => false,
    },
    locator: () => [GENESIS.id],
    workNeeded: () => BigInt(workNeeded),
    check: (bytes) => {
      const header = decodeHeader(bytes);
      return header.ok
        ? ok({ id: blockIdOfHeader(bytes), header: header.value, history: EMPTY_PEAKS })
        : header;
    },
    salt: () => Uint8Array.of(3, 1, 4, 1, 5),
    progress: () => undefined,
    pause: async () => {
      if (seen.rounds !== 2 || fate === undefined) return;
      for (const id of [...kept.keys()].filter((each) => each !== genesis.id)) {
        kept.delete(id);
        if (fate === "invalid") invalid.add(id);
      }
    },
    isTurnOver: () => seen.rounds >= turnAfter,
  });
  return { result: sync.run(), kept, seen };
}

function endOf(result: Awaited<ReturnType<typeof run>["result"]>): ConversationEnd["code"] | number {
  return result.ok ? (result.value?.header.height ?? 0) : result.fault.code;
}

/** As an honest peer answers. */
function following(headers: readonly Uint8Array[]): Setting["answer"] {
  const places = new Map(headers.map((bytes, at) => [blockIdOfHeader(bytes), at + 1]));
  return (after) => headers.slice(places.get(after) ?? 0).slice(0, SYNC_HEADERS_MAX);
}

const LONG = 19_000;
const long = madeUp(LONG);

test("a long chain whose first answers show little is fetched twice, and then all of it is kept", async () => {
  const { result, kept, seen } = run({ workNeeded: 18_000, claimed: LONG, answer: following(long) });
  assert.equal(endOf(await result), LONG);
  assert.equal(kept.size, LONG + 1);
  assert.ok(seen.rounds >= 19, `${seen.rounds} answers`);
});

test("a chain that shows its work in the first answer is fetched once", async () => {
  const { result, kept, seen } = run({ workNeeded: 1_000, claimed: LONG, answer: following(long) });
  assert.equal(endOf(await result), LONG);
  assert.equal(kept.size, LONG + 1);
  assert.equal(seen.rounds, Math.floor(LONG / SYNC_HEADERS_MAX) + 1);
});

test("low-work header spam: a chain that never shows the work it claims leaves no header at all", async () => {
  const { result, kept } = run({ workNeeded: 1_000_000, claimed: 2_000_000, answer: following(long) });
  assert.equal(endOf(await result), "unanswered");
  assert.equal(kept.size, 1);
});

test("other headers in the second pass than in the first are dropped before any is kept", async () => {
  const other = following(madeUp(LONG, 1));
  const honest = following(long);
  const firstPass = Math.ceil(18_000 / SYNC_HEADERS_MAX);
  const { result, kept } = run({
    workNeeded: 18_000,
    claimed: LONG,
    answer: (after, round) => (round < firstPass ? honest(after, round) : other(after, round)),
  });
  assert.equal(endOf(await result), "unanswered");
  assert.ok(kept.size <= 1 + LONG - PRESYNC_BITS_AHEAD * PRESYNC_HEADERS_PER_BIT);
  assert.equal(kept.size, 1);
});

test("headers that begin again and again are misconduct, and end", async () => {
  const again = long.slice(0, SYNC_HEADERS_MAX);
  const { result, seen } = run({ workNeeded: 1_000_000, claimed: LONG, answer: () => again });
  assert.equal(endOf(await result), "misconduct");
  assert.equal(seen.rejects, 1);
  assert.ok(seen.rounds < 8);
});

test("a slow peer's turn ends while others wait, with what it brought kept", async () => {
  const { result, kept } = run({ workNeeded: 0, claimed: LONG, answer: following(long), turnAfter: 2 });
  assert.equal(endOf(await result), "held-up");
  assert.equal(kept.size, 1 + 2 * SYNC_HEADERS_MAX);
});

test("an answer of nothing, and a header that stands on nothing known, end the conversation", async () => {
  const nothing = run({ workNeeded: 5, claimed: LONG, answer: () => [] });
  assert.equal(endOf(await nothing.result), "unanswered");
  const loose = run({ workNeeded: 5, claimed: LONG, answer: () => long.slice(7, 9) });
  assert.equal(endOf(await loose.result), "misconduct");
  assert.equal(loose.kept.size, 1);
});

test("headers on what was found invalid, or is not kept any more, since they were checked are not kept", async () => {
  const setting = { workNeeded: 0, claimed: LONG, answer: following(long) };
  const late = run({ ...setting, fate: "invalid" });
  assert.equal(endOf(await late.result), "misconduct");
  assert.equal(late.kept.size, 1);
  const anew = run({ ...setting, fate: "forgotten" });
  assert.equal(endOf(await anew.result), "held-up");
  assert.equal(anew.kept.size, 1, "nothing is kept that stands on nothing");
});
