/**
 * Owns what must hold in a simulated world after every minute, whatever has happened: agreement, supply, nothing lost,
 * bounded memory, no faults of ours, and no honest peer turned against another. Each check throws with what it saw.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { BlockId, PeerId, TxId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import { decodeStateValue, isSigned, LedgerState, type Totals, txIdOf } from "#ledger/index.ts";
import { issuedAt } from "#ledger/supply.ts";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import { checkFinality } from "./finality-checks.ts";
import { perWorld } from "./per-world.ts";
import type { SimWorld, Submitted } from "./world.ts";

/** A node that has just come, or come into another part, first has to meet peers and fetch what it lacks. */
const SETTLING_MS = 60_000;
const FIRST_KEY = new Uint8Array(32);

export interface CheckOptions {
  /** How many blocks a node may have to undo to stand where the heaviest of its part stands. */
  readonly behindBlocks: number;
}

export function checkWorld(world: SimWorld, options: CheckOptions): void {
  checkFaults(world);
  checkBlame(world);
  for (const group of world.groups()) checkAgreement(world, group, options.behindBlocks);
  checkSupply(world);
  checkNothingLost(world);
  checkMemory(world);
  checkFinality(world);
}

export function checkFaults(world: SimWorld): void {
  const faults = [...world.honest, ...world.malicious].flatMap((node) => node.faults);
  assert.deepEqual([...faults, ...world.faults], [], "faults of ours");
  for (const node of world.running()) {
    // A disk that keeps what it was given leaves nothing to put right, not even after a power cut.
    assert.deepEqual(node.chain.repairs(), [], `repairs of ${node.name}`);
  }
}

/** Malicious peers may be judged and refused; but nothing that they do may bring an honest one to blame another. */
function checkBlame(world: SimWorld): void {
  const honest = new Set<PeerId>(world.honest.map((node) => node.id));
  const blamed = world.network
    .rejects()
    .filter(({ judge, judged }) => honest.has(judge) && honest.has(judged));
  assert.deepEqual(blamed, [], "honest peers that blame each other");
  const among = world.network.banned().filter(([a, b]) => honest.has(a) && honest.has(b));
  assert.deepEqual(among, [], "honest peers that refuse each other");
}

/** How many blocks `node` would undo to come to the tip of `best`. */
export function blocksApart(node: ChainNode, best: ChainNode): number {
  const tip = node.chain.tip();
  for (let height = tip.height; height > 0; height--) {
    const id = height === tip.height ? tip.id : node.chain.headerAt(height + 1)?.previous;
    if (id !== undefined && best.chain.confirmationsOf(id) > 0) return tip.height - height;
  }
  return tip.height;
}

export function heaviest(nodes: readonly ChainNode[]): ChainNode {
  const [first] = nodes;
  assert.ok(first, "somebody runs");
  return nodes.reduce(
    (best, node) => (node.chain.tip().header.chainWork > best.chain.tip().header.chainWork ? node : best),
    first,
  );
}

function checkAgreement(world: SimWorld, group: readonly ChainNode[], behindMax: number): void {
  const nowMs = world.clock.monotonicMs();
  const settled = group.filter(
    (node) => !world.astray.has(node) && nowMs - (world.movedMs.get(node) ?? 0) >= SETTLING_MS,
  );
  if (settled.length === 0) return;
  const best = heaviest(settled);
  const { height } = best.chain.tip();
  for (const node of settled) {
    const apart = blocksApart(node, best);
    const missing = height - (node.chain.tip().height - apart);
    assert.ok(
      Math.max(apart, missing) <= behindMax,
      `${node.name} at ${node.chain.tip().height} is ${apart} blocks off and ${missing} behind ${best.name} at ${height}`,
    );
  }
}

/** Digests of the entries that were counted, of each world, by the tip whose state they are. */
const countedOf = perWorld(() => new Map<BlockId, string>());

/**
 * The sums of all entries of the state, as a stranger would count them, and their root: once for each tip. That other
 * nodes have the very same entries on their disks is looked at for each of them, every time.
 */
function checkSupply(world: SimWorld): void {
  const counted = countedOf(world);
  for (const node of world.running()) {
    const { id } = node.chain.tip();
    const digest = digestOfEntries(node);
    if (counted.get(id) === digest) continue;
    checkState(world, node);
    counted.set(id, digest);
  }
}

function digestOfEntries(node: ChainNode): string {
  const hash = createHash("sha256");
  // Keys are of one length, and a value tells its own.
  for (const [key, value] of node.content.state.range(FIRST_KEY, null)) hash.update(key).update(value);
  return hash.digest("hex");
}

function checkState(world: SimWorld, node: ChainNode): void {
  const { height, header } = node.chain.tip();
  const counted = countEntries(node);
  const { totals } = counted;
  assert.ok(totals, `the state of ${node.name} has its totals`);
  assert.deepEqual(
    { held: counted.held, pending: counted.pending, issued: totals.held + totals.pending + totals.burned },
    { held: totals.held, pending: totals.pending, issued: totals.issued },
    `sums of ${node.name}`,
  );
  assert.equal(totals.issued, issuedAt(height, world.params), `issued up to ${height}`);
  const root = LedgerState.over(node.content.state).root;
  assert.ok(equalBytes(root, header.stateRoot), `the entries on the disk of ${node.name} are its tip's`);
}

function countEntries(node: ChainNode): { held: number; pending: number; totals: Totals | null } {
  let [held, pending] = [0, 0];
  let totals: Totals | null = null;
  for (const [, value] of node.content.state.range(FIRST_KEY, null)) {
    const decoded = decodeStateValue(value);
    assert.ok(decoded.ok, "an entry of the state is readable");
    if (decoded.value.kind === "account") held += decoded.value.balance;
    else if (decoded.value.kind === "payout") pending += decoded.value.amount;
    else if (decoded.value.kind === "totals") totals = decoded.value;
  }
  return { held, pending, totals };
}

/** What a submitted transaction has become, as its own node sees it. */
export type Fate = "waits" | "recorded" | "expired" | "lost";

export function fateOf({ id, from, validUntil }: Submitted): Fate {
  const { chain } = from;
  const { state } = chain.anchorState(id);
  if (state === "anchored") return "recorded";
  if (state === "pending") return "waits";
  return validUntil <= chain.tip().height ? "expired" : "lost";
}

function checkNothingLost(world: SimWorld): void {
  for (const submitted of world.submitted) {
    if (!submitted.from.running) continue;
    assert.notEqual(fateOf(submitted), "lost", `transaction ${submitted.id} of ${submitted.from.name}`);
  }
}

/** Reads a whole best chain: nothing stands in it twice. */
export function checkRecordedOnce(node: ChainNode): void {
  const seen = new Set<TxId>();
  for (let height = 1; height <= node.chain.tip().height; height++) {
    const block = node.chain.blockAt(height);
    assert.ok(block, `block ${height} of ${node.name}`);
    for (const transaction of block.transactions.filter(isSigned)) {
      const id = txIdOf(transaction);
      assert.ok(!seen.has(id), `transaction ${id} stands twice on the chain of ${node.name}`);
      seen.add(id);
    }
  }
}

/** Whatever anybody sends, nothing grows beyond its limit. Every peer that a node talks with is counted too. */
function checkMemory(world: SimWorld): void {
  for (const node of world.running()) {
    for (const { what, count, limit } of node.holdings) {
      assert.ok(count <= limit, `${node.name} holds ${count} ${what}, and ${limit} are the most`);
    }
  }
}
