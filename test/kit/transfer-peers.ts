/**
 * Owns two peers for tests of transfer, over the simulated network with disks in memory, whose writes can be made to
 * fail and who can be killed and started anew.
 */
import assert from "node:assert/strict";
import type { PeerId } from "#base/brand.ts";
import type { Problem } from "#base/result.ts";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import { orderSeries } from "#storage/memory/slip-order.ts";
import { memoryTransfers } from "#storage/memory/transfers.ts";
import {
  type OfferDecision,
  openTransfers,
  type Transfer,
  type TransferEvent,
  type TransferState,
  type TransferStore,
  type Transfers,
} from "#transfer/index.ts";
import { PIECE_BYTES } from "#transfer/limits.ts";
import { SimulatedClock } from "./clock.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { type LinkConditions, SimulatedNetwork } from "./network.ts";
import { seededRandom } from "./random.ts";

const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  fault: () => undefined,
  child: () => quiet,
};

export const alice = createKeypair(new Uint8Array(32).fill(1));
export const bob = createKeypair(new Uint8Array(32).fill(2));

export class World {
  readonly clock = new SimulatedClock();
  readonly random = seededRandom(7);
  readonly network: SimulatedNetwork;

  constructor(link: Partial<LinkConditions> = {}) {
    this.network = new SimulatedNetwork({ clock: this.clock, random: this.random, link });
  }
}

export class Peer {
  readonly world: World;
  readonly keypair: Keypair;
  readonly disk = new MemoryDisk();
  readonly store: TransferStore = memoryTransfers(orderSeries());
  readonly events: TransferEvent[] = [];
  network: Network;
  decision: OfferDecision = "accept";
  readonly held = new Map<PeerId, Problem>();
  /** Writes of store and disk that succeed before all following ones fail; `null` for all. */
  writesLeft: number | null = null;
  writes = 0;
  transfers: Transfers | null = null;

  constructor(world: World, keypair: Keypair) {
    this.world = world;
    this.keypair = keypair;
    this.network = world.network.addPeer(keypair.peerId);
    this.disk.beforeWrite = (what) => this.#countWrite(what);
    this.disk.putFolder("/data");
  }

  #countWrite(what: string): void {
    this.writes += 1;
    if (this.writesLeft === null) return;
    this.writesLeft -= 1;
    if (this.writesLeft < 0) throw new Error(`crashed before: ${what}`);
  }

  async start(): Promise<void> {
    const { store } = this;
    this.transfers = await openTransfers(
      { keypair: this.keypair, dataDir: "/data" },
      {
        network: this.network,
        clock: this.world.clock,
        random: this.world.random,
        log: quiet,
        store: {
          ...store,
          add: (...given) => {
            this.#countWrite("add");
            return store.add(...given);
          },
          change: (...given) => {
            this.#countWrite("change");
            return store.change(...given);
          },
        },
        disk: this.disk,
        decide: () => this.decision,
        folderOf: () => "Alice",
        holds: (peer) => this.held.get(peer) ?? null,
      },
    );
    this.transfers.subscribe((event) => this.events.push(event));
  }

  /** The process ends at once: no write of it succeeds any more. */
  async kill(): Promise<void> {
    this.writesLeft = 0;
    this.world.network.stop(this.keypair.peerId);
    const closed = this.transfers?.close() ?? Promise.resolve();
    await this.world.clock.advanceUntilSettled(closed, 120_000, "closed");
    this.transfers = null;
  }

  async restart(): Promise<void> {
    await this.kill();
    this.writesLeft = null;
    this.network = this.world.network.start(this.keypair.peerId);
    await this.start();
  }

  get open(): Transfers {
    assert.ok(this.transfers !== null);
    return this.transfers;
  }

  only(): Transfer | null {
    return this.transfers?.history({ limit: 1 })[0] ?? null;
  }

  is(state: TransferState): () => boolean {
    return () => this.only()?.state === state;
  }

  reason(): string | null {
    return this.only()?.reason?.code ?? null;
  }
}

export async function pair(link: Partial<LinkConditions> = {}) {
  const world = new World(link);
  const [a, b] = [new Peer(world, alice), new Peer(world, bob)];
  await a.start();
  await b.start();
  await world.clock.advanceUntil(() => a.network.connected().length === 1, 5_000, "connected");
  return { world, a, b };
}

export function noise(seed: number, bytes: number): Uint8Array {
  const content = new Uint8Array(bytes);
  let state = seed * 2654435761 + 1;
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    content[at] = state >>> 24;
  }
  return content;
}

/** Boundaries of the format, each with its reason. */
export const TREE: readonly (readonly [string, number])[] = [
  ["empty", 0],
  ["one-byte", 1],
  ["deep/a/b/c/small", 1_000],
  ["exactly-one-piece", PIECE_BYTES],
  ["one-more-than-a-piece", PIECE_BYTES + 1],
  ["several-pieces", 3 * PIECE_BYTES + 17],
  ["z-last-and-empty", 0],
];

/** The same kinds in fewer bytes, where a test runs many times. */
export const SMALL_TREE: typeof TREE = [
  ["deep/a/small", 1_000],
  ["empty", 0],
  ["one-more-than-a-piece", PIECE_BYTES + 1],
];

export function putTree(disk: MemoryDisk, root: string, tree = TREE): void {
  for (const [at, [path, bytes]] of tree.entries()) disk.put(`${root}/${path}`, noise(at, bytes));
}

export function assertTree(disk: MemoryDisk, root: string, hint = "", tree = TREE): void {
  for (const [at, [path, bytes]] of tree.entries()) {
    const saved = disk.get(`${root}/${path}`);
    assert.ok(saved !== null, `${hint} ${path} is missing`);
    assert.equal(Buffer.compare(saved, noise(at, bytes)), 0, `${hint} ${path} differs`);
    assert.ok(disk.isSynced(`${root}/${path}`), `${hint} ${path} is not synced`);
  }
}

export async function sendTree(world: World, a: Peer, to: PeerId = bob.peerId): Promise<Transfer> {
  putTree(a.disk, "/home/tree");
  const sent = await world.clock.advanceUntilSettled(a.open.send(to, ["/home/tree"]), 1_000, "offered");
  assert.ok(sent.ok, JSON.stringify(sent));
  return sent.value;
}

export const TREE_BYTES = TREE.reduce((sum, [, bytes]) => sum + bytes, 0);
export const bothReceipted = (a: Peer, b: Peer) => () => a.is("receipted")() && b.is("receipted")();
