import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  HEARTBEAT,
  type StreamEvent,
  StreamEventReader,
  writePosition,
  writeStreamEvent,
} from "./event-stream.ts";

const event = fc.record<StreamEvent>(
  {
    id: fc.stringMatching(/^[a-z0-9]{1,8}-[0-9]{1,4}$/),
    type: fc.stringMatching(/^[a-z]{1,8}$/),
    // The stream's line breaks are all one; JSON, which is what we send, has none.
    data: fc.string({ unit: "binary" }).map((text) => text.replace(/\r\n?/g, "\n")),
  },
  { noNullPrototype: true },
);

/** The text in pieces at the given places. */
function pieces(text: string, cuts: readonly number[]): readonly string[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  return places.slice(1).map((end, at) => text.slice(places[at] ?? 0, end));
}

test("events are read as they were written, however the stream is cut, heartbeats between", () => {
  fc.assert(
    fc.property(fc.array(event), fc.array(fc.nat()), (events, cuts) => {
      const reader = new StreamEventReader(1_000_000);
      const text = events.map((one) => HEARTBEAT + writeStreamEvent(one)).join("");
      const read = pieces(text, cuts).flatMap((piece) => reader.feed(piece) ?? []);
      assert.deepEqual(read, events);
    }),
  );
});

test("the other line ends of the standard are understood", () => {
  for (const end of ["\r\n", "\r", "\n"]) {
    const reader = new StreamEventReader(1_000);
    const text = ["event: slip", "id: e-1", "data: a", "data: b", "", ": note", ""].join(end);
    assert.deepEqual(
      reader.feed(`${text}${end}`),
      [{ id: "e-1", type: "slip", data: "a\nb" }],
      JSON.stringify(end),
    );
  }
});

test("a place alone dispatches nothing and is remembered", () => {
  const reader = new StreamEventReader(1_000);
  assert.deepEqual(reader.feed(writePosition("e-7")), []);
  assert.equal(reader.lastId, "e-7");
});

test("an event without end is refused at the limit", () => {
  const reader = new StreamEventReader(100);
  assert.deepEqual(reader.feed(`data: ${"x".repeat(60)}\n`), []);
  assert.equal(reader.feed(`data: ${"x".repeat(60)}`), null);
});

test("any text is read without a throw", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (texts) => {
      const reader = new StreamEventReader(10_000);
      for (const text of texts) reader.feed(text);
    }),
  );
});
