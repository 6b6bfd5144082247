/** Whole networks of peers on real sockets of loopback, for tests of discovery and of bad input. */
import assert from "node:assert/strict";
import type { PeerId } from "#base/brand.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import {
  type AddressStore,
  type NetworkOptions,
  openNetwork,
  type PeerEntry,
  type PeerNetwork,
} from "#net/index.ts";
import type { Clock } from "#ports/clock.ts";
import { memoryAddresses } from "#storage/memory/addresses.ts";
import { faultLog, realClock, realRandom } from "./real.ts";

/**
 * Not the usual port, and one for each process: neither a peer that somebody runs on this computer nor another test
 * file may take part.
 */
export const ANNOUNCEMENT_PORT = 29_000 + (process.pid % 1_000);
/** No discovery: peers meet by address alone. */
export const QUIET = { mdns: false, announcements: false } as const;

export interface OpenedPeer {
  readonly net: PeerNetwork;
  readonly faults: unknown[];
  readonly blocked: Set<PeerId>;
  readonly peer: PeerId;
}

async function openPeer(
  seed: number,
  change: Partial<NetworkOptions> = {},
  addresses: AddressStore = memoryAddresses(),
  clock: Clock = realClock,
): Promise<OpenedPeer> {
  const keypair = createKeypair(new Uint8Array(32).fill(seed));
  const { log, faults } = faultLog();
  const blocked = new Set<PeerId>();
  const net = await openNetwork(
    {
      keypair,
      name: `peer ${seed}`,
      chainId: new Uint8Array(32).fill(9),
      version: "0.0.0-test",
      capabilities: ["chat/1"],
      listen: ["127.0.0.1:0"],
      discovery: { mdns: false, announcements: true, announcementPort: ANNOUNCEMENT_PORT },
      ...change,
    },
    {
      clock,
      random: realRandom,
      log,
      addresses,
      isBlocked: (peer) => blocked.has(peer),
    },
  );
  return { net, faults, blocked, peer: keypair.peerId };
}

/** Before a test's own time is over, so that what it opened is closed and the file can end. */
const PATIENCE_MS = 12_000;

/** Resolves with the entry once it is as asked; rejects when it is not in time. */
export function until(
  net: PeerNetwork,
  peer: PeerId,
  isSo: (entry: PeerEntry) => boolean,
): Promise<PeerEntry> {
  const { promise, resolve, reject } = Promise.withResolvers<PeerEntry>();
  const timer = realClock.after(PATIENCE_MS, () =>
    reject(new Error(`${peer} is not as awaited: ${JSON.stringify(net.directory.get(peer))}`)),
  );
  const look = () => {
    const entry = net.directory.get(peer);
    if (entry !== null && isSo(entry)) resolve(entry);
  };
  const stop = net.directory.subscribe(look);
  look();
  return promise.finally(() => {
    timer.cancel();
    stop();
  });
}

/** Runs the body and closes what it opened; no listener may have been at fault. */
export async function withPeers(body: (open: typeof openPeer) => Promise<void>): Promise<void> {
  const all: OpenedPeer[] = [];
  try {
    await body(async (...given) => {
      const one = await openPeer(...given);
      all.push(one);
      return one;
    });
  } finally {
    await Promise.all(all.map(({ net }) => net.close()));
  }
  for (const { faults } of all) assert.deepEqual(faults, []);
}

export function firstAddress(net: PeerNetwork): string {
  const [address] = net.listenAddresses();
  assert.ok(address !== undefined);
  return address;
}
