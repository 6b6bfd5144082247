/** A relay's quota is told from a peer that is gone, for as long as it holds, and relays are not asked without end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { type Carried, RelayWatch } from "./relay-watch.ts";

const [PEER, ONE, TWO] = ["peer", "one", "two"] as [PeerId, PeerId, PeerId];

function scene(answers: Map<PeerId, Carried | null>) {
  const clock = new SimulatedClock();
  const told: string[] = [];
  const asked: PeerId[] = [];
  const watch = new RelayWatch({
    clock,
    ask: async (relay) => {
      asked.push(relay);
      return answers.get(relay) ?? null;
    },
    onQuota: (_peer, why) => told.push(why.code),
  });
  return { clock, told, asked, watch };
}

function carried(clock: SimulatedClock, bytesLeft: number, renewsInMs: number): Carried {
  // The tracker's clock is an hour ahead: what counts is how long it will be.
  const nowMs = clock.nowMs() + 3_600_000;
  return { relay: { bytesLeft, bytesMax: 9, renewsMs: nowMs + renewsInMs }, name: "t.example", nowMs };
}

test("a quota that is used up is the reason until it renews, or the peer is reached", async () => {
  const answers = new Map<PeerId, Carried | null>();
  const { clock, told, asked, watch } = scene(answers);
  answers.set(ONE, carried(clock, 0, 60_000));
  watch.suspect(PEER, [ONE]);
  watch.suspect(PEER, [ONE]);
  assert.equal(watch.reason(PEER), null, "not known yet");
  assert.equal((await watch.answered(PEER))?.code, "relay-quota");
  await clock.advance(1);
  assert.deepEqual([asked, told], [[ONE], ["relay-quota"]]);
  assert.match(watch.reason(PEER)?.cause ?? "", /t\.example/);
  await clock.advance(59_000);
  assert.equal(watch.reason(PEER)?.code, "relay-quota");
  await clock.advance(2_000);
  assert.equal(watch.reason(PEER), null);
  answers.set(ONE, carried(clock, 0, 60_000));
  watch.suspect(PEER, [ONE]);
  await clock.advance(1);
  watch.reached(PEER);
  assert.equal(watch.reason(PEER), null);
});

test("a relay that still carries, or says nothing, is not the reason", async () => {
  const answers = new Map<PeerId, Carried | null>();
  const { clock, told, asked, watch } = scene(answers);
  answers.set(ONE, carried(clock, 0, 60_000));
  answers.set(TWO, carried(clock, 5, 60_000));
  watch.suspect(PEER, [ONE, TWO]);
  await clock.advance(10_000);
  answers.clear();
  watch.suspect(PEER, [ONE, TWO]);
  watch.suspect(PEER, []);
  await clock.advance(1);
  assert.equal(asked.length, 4);
  assert.deepEqual([told, watch.reason(PEER)], [[], null]);
});
