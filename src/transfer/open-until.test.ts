import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { ok, type Result } from "#base/result.ts";
import type { DialFault, FrameStream } from "#ports/network.ts";
import { openUntil } from "./open-until.ts";

const peer = "12D3KooW" as PeerId;
const options = { frameBytesMax: 1, streamsPerPeerMax: 1, timeoutMs: 1 };

function stream(resets: string[]): FrameStream {
  return {
    peer,
    send: async () => ok(),
    receive: async () => ok(null),
    close: async () => undefined,
    reset: (cause) => {
      resets.push(cause);
    },
  };
}

test("dialling ends with the closing, and a stream that comes later is reset", async () => {
  const closing = Promise.withResolvers<void>();
  const dialled = Promise.withResolvers<Result<FrameStream, DialFault>>();
  const resets: string[] = [];
  const opening = openUntil({ open: () => dialled.promise }, closing.promise).open(peer, "/p", options);
  closing.resolve();
  const opened = await opening;
  assert.deepEqual(opened, { ok: false, fault: { code: "failed", cause: "closing" } });
  dialled.resolve(ok(stream(resets)));
  await dialled.promise;
  await Promise.resolve();
  assert.deepEqual(resets, ["closing"]);
});

test("a stream that comes in time is handed on", async () => {
  const closing = Promise.withResolvers<void>();
  const resets: string[] = [];
  const given = stream(resets);
  const opened = await openUntil({ open: async () => ok(given) }, closing.promise).open(peer, "/p", options);
  assert.ok(opened.ok && opened.value === given);
  closing.resolve();
  await closing.promise;
  assert.deepEqual(resets, []);
});
