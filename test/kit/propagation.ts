/**
 * Owns the measurement of how a block spreads: whole chains on a simulated network of slow links, with a block found
 * at one of them. Time on the links is simulated; the work of each chain is measured on this computer.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { openChain } from "#chain/chain.ts";
import { compactOf, encodeCompactBlock } from "#chain/relay/compact-block.ts";
import type { PoolRow } from "#chain/store.ts";
import { quietLog } from "#chain/test-node.ts";
import type { Chain } from "#chain/types.ts";
import type { SignatureChecker } from "#crypto/signature-checker.ts";
import {
  type Block,
  encodeBlock,
  encodeTransaction,
  type Network,
  type SignedTransaction,
  signTransaction,
  txIdOf,
} from "#ledger/index.ts";
import { BOB, person, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { SimulatedClock } from "./clock.ts";
import { SimulatedNetwork } from "./network.ts";
import { seededRandom } from "./random.ts";

export interface PropagationOptions {
  readonly nodes: number;
  readonly transactions: number;
  /** One way, of every link. */
  readonly delayMs: number;
  /** Beside the links of a ring, so many to others by chance from each node. */
  readonly chords: number;
  /** The newest transactions of the block, which wait in no pool. */
  readonly unknown: number;
  readonly seed: number;
}

export interface Propagation {
  /** From the announcement until the block is the tip, on the links alone: one for each node but the finder's, ms. */
  readonly linkMs: readonly number[];
  /** This computer's work on the block, mean of all nodes, ms of processor time. */
  readonly workMs: number;
  readonly announcementBytes: number;
  readonly blockBytes: number;
}

/** A pool takes 32 of one account. */
const PER_ACCOUNT = 32;
/** Older than what an announcement sends whole, and connected; the next comparison of pools is not due. */
const SETTLING_MS = 5_000;

/** What was signed here needs no check: the same pool is loaded into every node. */
const TRUSTING: Pick<SignatureChecker, "check"> = { check: async (items) => items.map(() => true) };

export async function measurePropagation(options: PropagationOptions): Promise<Propagation> {
  const { nodes, delayMs, chords, seed } = options;
  const { network, transfers } = ledgerWith(options.transactions);
  const block = new TestChain(network).next(transfers);
  const clock = new SimulatedClock((network.params.genesisTime + 1_000_000) * 1000);
  const random = seededRandom(seed);
  const world = new SimulatedNetwork({ clock, random, link: { delayMs }, wiring: "manual" });
  const keys = Array.from({ length: nodes }, (_, at) => person(at + 100).peerId);
  const faults: unknown[] = [];
  const chains: Chain[] = [];
  // The same in all of them: what one lacks of another's it would ask for on connecting.
  const waiting = transfers.slice(0, transfers.length - options.unknown);
  for (const key of keys) {
    const store = memoryBlocks();
    store.changePool(waiting.map(rowOf), [], []);
    const parts = { peers: world.addPeer(key), clock, random, log: quietLog(faults) };
    const opened = await openChain({ network }, { store, ...parts, signatures: TRUSTING });
    assert.ok(opened.ok);
    assert.equal(opened.value.chain.pool().length, waiting.length);
    chains.push(opened.value.chain);
  }
  for (const [at, key] of keys.entries()) {
    for (const other of [(at + 1) % nodes, ...Array.from({ length: chords }, () => random.below(nodes))]) {
      const peer = keys[other];
      if (peer !== undefined && peer !== key) world.connect(key, peer);
    }
  }
  // Connected, and tips compared; nobody has asked for a pool again when the block is found.
  await clock.advance(SETTLING_MS);
  const spread = await spreadOf(block, chains, clock);
  await clock.advanceUntilSettled(Promise.all(chains.map((chain) => chain.close())), 60_000, "closed");
  assert.deepEqual([faults, world.faults], [[], []]);
  return { ...spread, announcementBytes: announcementBytes(block), blockBytes: encodeBlock(block).length };
}

function ledgerWith(transactions: number): { network: Network; transfers: SignedTransaction[] } {
  const payers = Array.from({ length: Math.ceil(transactions / PER_ACCOUNT) }, (_, at) => person(at + 4));
  const network = testNetwork({
    maxBlockBytes: 1 << 20,
    maxBlockSignatures: Math.max(transactions, 1),
    allocations: payers.map(({ account }) => ({ account, amount: 1_000_000 })),
  });
  const transfers = Array.from({ length: transactions }, (_, at) => {
    const payer = payers[at % payers.length] ?? BOB;
    const terms = { fee: 200, amount: 1, validUntil: 40, seq: Math.floor(at / payers.length) };
    const body = { type: "transfer", from: payer.account, to: BOB.account, ...terms } as const;
    return signTransaction(body, network.chainId, payer);
  });
  return { network, transfers };
}

function rowOf(transaction: SignedTransaction): PoolRow {
  return { id: txIdOf(transaction), bytes: encodeTransaction(transaction), receivedMs: 0 };
}

async function spreadOf(
  block: Block,
  chains: readonly Chain[],
  clock: SimulatedClock,
): Promise<Pick<Propagation, "linkMs" | "workMs">> {
  const [finder, ...others] = chains;
  assert.ok(finder !== undefined);
  const linkMs: number[] = [];
  let sinceMs = 0;
  for (const chain of others) {
    chain.subscribe((event) => {
      if (event.type === "TipChanged" && event.tip.id === block.id)
        linkMs.push(clock.monotonicMs() - sinceMs);
    });
  }
  sinceMs = clock.monotonicMs();
  const before = process.cpuUsage();
  const found = await finder.submitBlock(encodeBlock(block));
  assert.ok(found.ok && found.value.code === "connected", JSON.stringify(found));
  await clock.advanceUntil(() => linkMs.length === others.length, 60_000, "the block is everybody's tip");
  const { user, system } = process.cpuUsage(before);
  return { linkMs, workMs: (user + system) / 1000 / chains.length };
}

function announcementBytes(block: Block): number {
  return encodeCompactBlock(compactOf(block, 1n, () => false)).length;
}
