/** Whoever is wanted and away is looked for, at trackers first, and nobody is asked too often. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { faultLog } from "#test/kit/real.ts";
import { LOOKUP_WANTED_MAX } from "../limits.ts";
import { PeerDirectory } from "./directory.ts";
import { Lookups } from "./lookups.ts";

const NEVER = new AbortController().signal;
const ADDRESS = "/ip4/10.0.0.9/tcp/28411";

function peer(seed: number): PeerId {
  return createKeypair(new Uint8Array(32).fill(seed)).peerId;
}

function scene() {
  const clock = new SimulatedClock();
  const { log } = faultLog();
  const directory = new PeerDirectory({ clock, log, isKept: () => true });
  const asked: (readonly PeerId[])[] = [];
  const byKademlia: PeerId[] = [];
  const state = { known: new Set<PeerId>(), hasKademlia: true, addresses: [ADDRESS] as readonly string[] };
  const lookups = new Lookups({
    directory,
    clock,
    isWanted: () => true,
    atTrackers: async (peers) => {
      asked.push(peers);
      return peers.filter((each) => state.known.has(each));
    },
    byKademlia: async (each) => {
      byKademlia.push(each);
      return state.addresses;
    },
    hasKademlia: () => state.hasKademlia,
    onFault: (error) => assert.fail(String(error)),
  });
  return { clock, directory, asked, byKademlia, state, lookups };
}

test("one who is wanted is asked for at trackers every ten seconds, by Kademlia every minute", async () => {
  const { clock, directory, asked, byKademlia, state, lookups } = scene();
  directory.heard(peer(1), "typed", ["/ip4/10.0.0.1/tcp/1"]);
  directory.heard(peer(2), "typed", []);
  state.known.add(peer(2));
  await clock.advance(60_000);
  assert.equal(asked.length, 6);
  assert.deepEqual(byKademlia, [peer(1)], "trackers know the other");
  assert.deepEqual(directory.get(peer(1))?.foundBy, ["typed", "kademlia"]);
  assert.deepEqual(
    directory.get(peer(1))?.addresses,
    ["/ip4/10.0.0.1/tcp/1", ADDRESS],
    "hearsay stands behind",
  );
  await clock.advance(60_000);
  assert.equal(byKademlia.length, 2);
  directory.connected({ peer: peer(1), path: "lan", address: ADDRESS, via: null }, false);
  directory.connected({ peer: peer(2), path: "lan", address: ADDRESS, via: null }, false);
  await clock.advance(60_000);
  assert.equal(asked.length, 12, "who is here is not looked for");
  await lookups.close();
  assert.equal(clock.pending, 0);
});

test("who is asked for now is looked for at once, and not again within a moment", async () => {
  const { clock, asked, byKademlia, directory, state, lookups } = scene();
  state.hasKademlia = false;
  await Promise.all([lookups.seek(peer(3), NEVER), lookups.seek(peer(3), NEVER)]);
  assert.equal(asked.length, 1);
  assert.equal(byKademlia.length, 0);
  await clock.advance(3_000);
  state.hasKademlia = true;
  await lookups.seek(peer(3), NEVER);
  assert.deepEqual(byKademlia, [peer(3)]);
  assert.deepEqual(directory.get(peer(3))?.addresses, [ADDRESS]);
  await clock.advance(3_000);
  await lookups.seek(peer(3), AbortSignal.abort());
  assert.equal(byKademlia.length, 1);
  await lookups.close();
});

test("of very many who are wanted each has a turn, and no round is larger than its bound", async () => {
  const { clock, asked, directory, state, lookups } = scene();
  state.hasKademlia = false;
  const count = 2 * LOOKUP_WANTED_MAX + 10;
  for (let at = 0; at < count; at++) directory.heard(`peer ${at}` as PeerId, "typed", []);
  await clock.advance(50_000);
  assert.ok(asked.every((peers) => peers.length <= LOOKUP_WANTED_MAX));
  assert.equal(new Set(asked.flat()).size, count);
  await lookups.close();
});
