import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type IncomingEvent,
  type IncomingPhase,
  isEnd,
  type OutgoingEvent,
  type OutgoingPhase,
  stepIncoming,
  stepOutgoing,
} from "./phases.ts";

/** Every row of the tables in spec/transfer.md; what is not listed changes nothing. */
const OUTGOING: Record<OutgoingPhase, Partial<Record<OutgoingEvent, OutgoingPhase>>> = {
  offering: {
    held: "offered",
    accepted: "accepted",
    completed: "receipted",
    declined: "declined",
    cancelled: "cancelled",
    failed: "failed",
  },
  offered: {
    accepted: "accepted",
    completed: "receipted",
    declined: "declined",
    cancelled: "cancelled",
    failed: "failed",
  },
  accepted: { completed: "receipted", declined: "declined", cancelled: "cancelled", failed: "failed" },
  cancelled: { completed: "receipted" },
  failed: { completed: "receipted" },
  declined: {},
  receipted: {},
};
const INCOMING: Record<IncomingPhase, Partial<Record<IncomingEvent, IncomingPhase>>> = {
  asking: { accepted: "fetching", declined: "declined", cancelled: "cancelled", failed: "failed" },
  fetching: { verified: "placing", cancelled: "cancelled", failed: "failed" },
  placing: { placed: "receipted" },
  receipted: {},
  declined: {},
  cancelled: {},
  failed: {},
};
const OUTGOING_EVENTS: readonly OutgoingEvent[] = [
  "held",
  "accepted",
  "completed",
  "declined",
  "cancelled",
  "failed",
];
const INCOMING_EVENTS: readonly IncomingEvent[] = [
  "accepted",
  "verified",
  "placed",
  "declined",
  "cancelled",
  "failed",
];

test("the sender's machine is its table", () => {
  for (const [phase, row] of Object.entries(OUTGOING)) {
    for (const event of OUTGOING_EVENTS) {
      assert.equal(stepOutgoing(phase as OutgoingPhase, event), row[event] ?? null, `${phase} ${event}`);
    }
  }
});

test("the receiver's machine is its table", () => {
  for (const [phase, row] of Object.entries(INCOMING)) {
    for (const event of INCOMING_EVENTS) {
      assert.equal(stepIncoming(phase as IncomingPhase, event), row[event] ?? null, `${phase} ${event}`);
    }
  }
});

test("only the four ends are ends", () => {
  const ends = [...new Set([...Object.keys(OUTGOING), ...Object.keys(INCOMING)])].filter((phase) =>
    isEnd(phase as OutgoingPhase | IncomingPhase),
  );
  assert.deepEqual(ends.sort(), ["cancelled", "declined", "failed", "receipted"]);
});
