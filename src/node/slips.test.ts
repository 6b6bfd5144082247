/** One history over messages and transfers: in order, page by page, nothing twice, nothing missing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AccountId, DeliveryId, PeerId } from "#base/brand.ts";
import type { Message } from "#messaging/index.ts";
import { memoryReadMarks } from "#storage/memory/read-marks.ts";
import type { Transfer } from "#transfer/index.ts";
import type { Persons } from "./person-view.ts";
import { createSlips, type SlipQuery, type SlipSources } from "./slips.ts";

const BOB = "bob" as PeerId;
const CAROL = "carol" as PeerId;

interface Row {
  readonly order: number;
  readonly kind: "message" | "files";
  readonly direction: "in" | "out";
  readonly peer: PeerId;
}

function dispatchOf(row: Row): Message["dispatch"] {
  return {
    signature: new Uint8Array(64),
    body: {
      version: 1,
      kind: row.kind,
      deliveryId: String(row.order) as DeliveryId,
      sender: "a" as AccountId,
      receiver: "b" as AccountId,
      contentDigest: new Uint8Array(32),
      bytes: 3,
      fileCount: row.kind === "files" ? 1 : 0,
      dispatchedMs: 0,
    },
  };
}

function common(row: Row) {
  return {
    deliveryId: String(row.order) as DeliveryId,
    peer: row.peer,
    direction: row.direction,
    order: row.order,
    state: "receipted" as const,
    reason: null,
    createdMs: row.order,
    dispatch: dispatchOf(row),
    completion: null,
  };
}

const messageOf = (row: Row): Message => ({ ...common(row), text: `text ${row.order}` });
const transferOf = (row: Row): Transfer => ({
  ...common(row),
  title: "folder",
  fileCount: 1,
  bytes: 3,
  progress: { bytesDone: 3, bytesTotal: 3, resumedFromBytes: 0, bytesPerSecond: 0 },
  savedTo: null,
  skipped: [],
});

function pageOf<Record extends { readonly order: number; readonly peer: PeerId }>(
  records: readonly Record[],
  query: SlipQuery,
): Record[] {
  return records
    .filter((record) => query.peer === undefined || record.peer === query.peer)
    .filter((record) => query.before === undefined || record.order < query.before)
    .toSorted((a, b) => b.order - a.order)
    .slice(0, query.limit);
}

function incoming(rows: readonly Row[], peer: PeerId, after: number): number {
  return rows.filter((row) => row.peer === peer && row.direction === "in" && row.order > after).length;
}

function sourcesOf(rows: readonly Row[]): SlipSources {
  const messages = rows.filter((row) => row.kind === "message");
  const files = rows.filter((row) => row.kind === "files");
  const persons: Pick<Persons, "nameOf" | "view" | "list"> = {
    nameOf: (peer) => peer,
    view: (peer) => ({ peerId: peer }) as ReturnType<Persons["view"]>,
    list: () => [],
  };
  return {
    persons,
    readMarks: memoryReadMarks(),
    stampOf: () => ({ anchor: null, reason: null }),
    messaging: {
      history: (query) => pageOf(messages, query).map(messageOf),
      get: (id) => messages.filter((row) => String(row.order) === id).map(messageOf)[0] ?? null,
      peers: () => [...new Set(messages.map((row) => row.peer))],
      countIncoming: (peer, after) => incoming(messages, peer, after),
    },
    transfers: {
      history: (query) => pageOf(files, query).map(transferOf),
      get: (id) => files.filter((row) => String(row.order) === id).map(transferOf)[0] ?? null,
      peers: () => [...new Set(files.map((row) => row.peer))],
      countIncoming: (peer, after) => incoming(files, peer, after),
    },
  };
}

const rowsArbitrary = fc
  .array(
    fc.record({
      kind: fc.constantFrom("message" as const, "files" as const),
      direction: fc.constantFrom("in" as const, "out" as const),
      peer: fc.constantFrom(BOB, CAROL),
    }),
    { maxLength: 40 },
  )
  .map((rows) => rows.map((row, at): Row => ({ ...row, order: at + 1 })));

test("pages of any size, filtered or not, put together are the whole history newest first", () => {
  fc.assert(
    fc.property(
      rowsArbitrary,
      fc.integer({ min: 1, max: 7 }),
      fc.option(fc.constantFrom("in" as const, "out" as const), { nil: undefined }),
      (rows, limit, direction) => {
        const slips = createSlips(sourcesOf(rows));
        const read: number[] = [];
        for (let before: number | undefined; ; ) {
          const page = slips.history({
            limit,
            ...(before === undefined ? {} : { before }),
            ...(direction === undefined ? {} : { direction }),
          });
          read.push(...page.map((slip) => slip.order));
          before = page.at(-1)?.order;
          if (page.length < limit) break;
        }
        const expected = rows.filter((row) => direction === undefined || row.direction === direction);
        assert.deepEqual(read, expected.map((row) => row.order).toReversed());
      },
    ),
  );
});

test("unread counts what came in after the mark, of both kinds", () => {
  const row = (order: number, kind: Row["kind"], direction: Row["direction"]): Row => ({
    order,
    kind,
    direction,
    peer: BOB,
  });
  const slips = createSlips(
    sourcesOf([row(1, "message", "in"), row(2, "files", "in"), row(3, "message", "out")]),
  );
  assert.equal(slips.conversations()[0]?.unread, 2);
  slips.markRead(BOB);
  assert.equal(slips.conversations()[0]?.unread, 0);
});

test("what waits for somebody says so when another key looks like theirs", () => {
  const away = { code: "unreachable", cause: "Nothing listens there.", nextStep: "Wait." };
  const changed = { code: "key-changed", cause: "Another key looks like bob.", nextStep: "Compare." };
  for (const kind of ["message", "files"] as const) {
    const sources = sourcesOf([{ order: 1, kind, direction: "out", peer: BOB }]);
    const { messaging, transfers } = sources;
    const waiting = { state: "queued", reason: away } as const;
    const slips = (problem: typeof changed | null) =>
      createSlips({
        ...sources,
        persons: {
          ...sources.persons,
          view: (peer) => ({ peerId: peer, path: null, via: null, problem }) as ReturnType<Persons["view"]>,
        },
        messaging: {
          ...messaging,
          history: (query) => messaging.history(query).map((each) => ({ ...each, ...waiting })),
        },
        transfers: {
          ...transfers,
          history: (query) => transfers.history(query).map((each) => ({ ...each, ...waiting })),
        },
      }).history({ limit: 1 })[0]?.reason;
    assert.deepEqual(slips(null), away);
    const cause = "Nothing listens there. Another key looks like bob.";
    assert.deepEqual(slips(changed), { ...changed, cause }, kind);
  }
});
