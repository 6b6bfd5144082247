/** Owns whole chains for tests: over a memory store or any other, on simulated time and network. */
import assert from "node:assert/strict";
import type { PeerId } from "#base/brand.ts";
import { encodeBlock } from "#ledger/codec.ts";
import type { Block, Network as LedgerNetwork } from "#ledger/index.ts";
import { ALICE, type TestChain } from "#ledger/test-chain.ts";
import type { Log } from "#ports/log.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { openChain } from "./chain.ts";
import type { BlockStore } from "./store.ts";
import type { Chain, ChainEvent, OpenedChain } from "./types.ts";

/** Says nothing; what would be logged as a fault of ours is kept for the test to look at. */
export function quietLog(faults: unknown[]): Log {
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    fault: (_message, error) => {
      faults.push(error);
    },
    child: () => log,
  };
  return log;
}

/** Simulated time that begins well after the blocks of a test chain. */
export function clockFor(network: LedgerNetwork): SimulatedClock {
  return new SimulatedClock((network.params.genesisTime + 1_000_000) * 1000);
}

export interface TestNode extends OpenedChain {
  readonly chain: Chain;
  readonly store: BlockStore;
  readonly clock: SimulatedClock;
  readonly events: ChainEvent[];
  /** Faults of ours; a test asserts that there are none. */
  readonly faults: unknown[];
}

/** The whole state at the tip: keys with their values. */
export function entriesOf(store: BlockStore): (readonly [Uint8Array, Uint8Array])[] {
  return [...store.state.range(new Uint8Array(32), null)];
}

/** One chain without peers. */
export async function openAlone(
  network: LedgerNetwork,
  store: BlockStore = memoryBlocks(),
  clock: SimulatedClock = clockFor(network),
): Promise<TestNode> {
  const random = seededRandom(1);
  const peers = new SimulatedNetwork({ clock, random }).addPeer(ALICE.peerId);
  return openOn(network, peers, store, clock);
}

/** One chain as a peer of a simulated network. */
export async function openOn(
  network: LedgerNetwork,
  peers: ReturnType<SimulatedNetwork["addPeer"]>,
  store: BlockStore,
  clock: SimulatedClock,
): Promise<TestNode> {
  const faults: unknown[] = [];
  const log = quietLog(faults);
  const opened = await openChain({ network }, { store, peers, clock, random: seededRandom(2), log });
  assert.ok(opened.ok, opened.ok ? "" : opened.fault.cause);
  const events: ChainEvent[] = [];
  opened.value.chain.subscribe((event) => events.push(event));
  return { ...opened.value, store, clock, events, faults };
}

/** Hands in blocks of a test chain, heights `from` to `to`; each must be taken. */
export async function feed(chain: Chain, source: TestChain, from: number, to: number): Promise<void> {
  for (let height = from; height <= to; height++) await take(chain, source.at(height).block);
}

export async function take(chain: Chain, block: Block): Promise<string> {
  const outcome = await chain.submitBlock(encodeBlock(block));
  assert.ok(outcome.ok, outcome.ok ? "" : JSON.stringify(outcome.fault));
  return outcome.value.code;
}

/** The code of the fault with which a block is refused. */
export async function refusal(chain: Chain, bytes: Uint8Array): Promise<string> {
  const outcome = await chain.submitBlock(bytes);
  return outcome.ok ? `taken: ${outcome.value.code}` : outcome.fault.code;
}

export type { PeerId };
