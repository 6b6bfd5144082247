/** Whoever came and went is forgotten by libp2p too, and nobody who is there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { peerIdFromString } from "@libp2p/peer-id";
import { createKeypair } from "#crypto/ed25519.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { faultLog } from "#test/kit/real.ts";
import { PEER_MEMORY_MS } from "../limits.ts";
import { forgetTheAbsent, type RememberingHost } from "./peer-memory.ts";

test("made-up keys that came and went leave nothing behind; whoever is connected stays", async () => {
  const clock = new SimulatedClock();
  const { log, faults } = faultLog();
  const [there, gone, told] = [1, 2, 3].map((seed) =>
    peerIdFromString(createKeypair(new Uint8Array(32).fill(seed)).peerId),
  );
  assert.ok(there && gone && told);
  const remembered = new Set([there, gone, told].map(String));
  const connected = new Set([String(there), String(gone)]);
  const events = new EventTarget();
  const host = {
    addEventListener: events.addEventListener.bind(events),
    getConnections: (peer: unknown) => (connected.has(String(peer)) ? [{}] : []),
    peerStore: { delete: async (peer: unknown) => remembered.delete(String(peer)) },
  } as unknown as RememberingHost;
  const stop = forgetTheAbsent(host, clock, log);
  for (const id of [there, gone, told]) {
    events.dispatchEvent(new CustomEvent("peer:discovery", { detail: { id, multiaddrs: [] } }));
  }
  await clock.advance(2 * PEER_MEMORY_MS);
  assert.deepEqual([...remembered].sort(), [String(there), String(gone)].sort());
  connected.delete(String(gone));
  events.dispatchEvent(new CustomEvent("peer:disconnect", { detail: gone }));
  await clock.advance(PEER_MEMORY_MS - 1);
  assert.ok(remembered.has(String(gone)), "what is told of its end still finds it");
  await clock.advance(2 * PEER_MEMORY_MS);
  assert.deepEqual([...remembered], [String(there)]);
  assert.deepEqual(faults, []);
  stop();
});
