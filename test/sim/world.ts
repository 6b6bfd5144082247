/**
 * Owns one simulated world: whole ledger nodes on a simulated network, the payments and anchors that people make
 * meanwhile, and the history of all that happened to the chain. Everything follows from the seed. What happens to the
 * nodes is the scenario's (`scenarios/`), what must hold is in `checks.ts`.
 */
import assert from "node:assert/strict";
import type { BlockId, PeerId, TxId } from "#base/brand.ts";
import type { PoolBounds } from "#chain/pool/pool.ts";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import { networkOf } from "#ledger/genesis.ts";
import {
  type BlockRef,
  type ChainParams,
  commitmentOf,
  type Network as LedgerNetwork,
} from "#ledger/index.ts";
import { bitsOfTarget, workOfBits } from "#ledger/target.ts";
import type { Network } from "#ports/network.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { type LinkConditions, SimulatedNetwork } from "#test/kit/network.ts";
import { type SeededRandom, seededRandom } from "#test/kit/random.ts";
import { ChainNode, type ChainNodeOptions } from "#test/kit/sim-chain-node.ts";
import { simulatedParams } from "#test/kit/sim-params.ts";
import { sharedSignatureChecker } from "#test/kit/sim-signatures.ts";
import { isPowerCut } from "#test/kit/sim-store.ts";

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
const START_LIMIT_MS = 10 * MINUTE_MS;
const COINS_EACH = 1_000_000;
/** Each peer dials so many others; others dial it as well. */
const DIALLED_PER_PEER = 4;
const LINK: Partial<LinkConditions> = { delayMs: 50, jitterMs: 50, streamLoss: 0.002, gossipLoss: 0.02 };

export interface WorldOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Expected hashes for one block while the chain is on schedule; the hash rate of all miners together fits it. */
  readonly workPerBlock?: number;
  readonly params?: Partial<ChainParams>;
  /** Mean time between two things that people do, in seconds. */
  readonly trafficSeconds?: number;
  readonly miners?: number;
  /** Whether miners also mine while nothing waits. */
  readonly minesAlways?: boolean;
  readonly link?: Partial<LinkConditions>;
  /** The last so many nodes are not honest: their network is wrapped by this. */
  readonly malicious?: {
    readonly count: number;
    readonly wrap: (network: Network, at: number, world: SimWorld) => Network;
    /** Accounts besides their own among which they have divided what they hold; none when absent. */
    readonly accounts?: number;
  };
  /** How much may wait in the pool of each node; as much as `src/chain/limits.ts` says when absent. */
  readonly poolBounds?: Partial<PoolBounds>;
  /** How a node, by its number, is sparing with its disk. */
  readonly thriftOf?: (at: number) => ChainNodeOptions["thrift"];
  /** Nodes, by their numbers, whose keys co-sign checkpoints; there are none when absent. */
  readonly cosigned?: {
    readonly signers: readonly number[];
    readonly needed: number;
    readonly everyBlocks: number;
  };
  readonly trace: (line: string) => void;
}

/** Something a person did that must not be lost. */
export interface Submitted {
  readonly id: TxId;
  readonly from: ChainNode;
  readonly seq: number;
  readonly validUntil: number;
}

/** What happened to the chain, over all honest nodes. */
export interface ChainHistory {
  /** Every block that stood on some honest node's best chain. */
  readonly seen: Set<BlockId>;
  reorganisations: number;
  deepest: number;
  /** Each block that became final for an honest node, in order. */
  readonly finals: { readonly node: ChainNode; readonly block: BlockRef }[];
}

/** The compact target of so many expected hashes. */
function bitsOfWork(hashes: number): number {
  return bitsOfTarget((1n << 256n) / BigInt(hashes) - 1n);
}

export class SimWorld {
  readonly clock = new SimulatedClock();
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly ledger: LedgerNetwork;
  readonly honest: readonly ChainNode[];
  readonly malicious: readonly ChainNode[];
  /** Keys of accounts that malicious peers hold besides their own. */
  readonly maliciousKeys: readonly Keypair[];
  readonly submitted: Submitted[] = [];
  readonly history: ChainHistory = { seen: new Set(), reorganisations: 0, deepest: 0, finals: [] };
  /** What handlers of the network threw. */
  readonly faults: unknown[] = [];
  /** When each node last began to run, or came into another part of the network. */
  readonly movedMs = new Map<ChainNode, number>();
  /** Honest nodes that cannot follow now, and know it: their clocks are wrong. */
  readonly astray = new Set<ChainNode>();
  /** Honest nodes whose people do nothing. */
  readonly silent = new Set<ChainNode>();
  /** Of one miner, in hashes per second. */
  readonly speedEach: number;
  readonly #trace: (line: string) => void;
  readonly #trafficMs: number;
  readonly #commitments = new Map<ChainNode, { readonly name: string; readonly salt: Uint8Array }>();
  #groups: readonly (readonly ChainNode[])[];
  #busy = false;

  constructor(options: WorldOptions) {
    const { nodes, workPerBlock = 64, malicious, miners = Math.min(nodes, 10) } = options;
    this.#trace = options.trace;
    this.#trafficMs = (options.trafficSeconds ?? 3) * SECOND_MS;
    this.random = seededRandom(options.seed);
    this.network = new SimulatedNetwork({
      clock: this.clock,
      random: this.random.fork("network"),
      link: { ...LINK, ...options.link },
      wiring: "manual",
      onFault: (error) => {
        if (!isPowerCut(error)) this.faults.push(error);
      },
    });
    const people = Array.from({ length: nodes }, (_, at) => ({
      name: `node ${at}`,
      keypair: createKeypair(this.random.fork(`key ${at}`).bytes(32)),
    }));
    this.maliciousKeys = Array.from({ length: malicious?.accounts ?? 0 }, (_, at) =>
      createKeypair(this.random.fork(`malicious key ${at}`).bytes(32)),
    );
    const holders = [...people.map(({ keypair }) => keypair), ...this.maliciousKeys];
    const { cosigned = null } = options;
    const keys = people.flatMap(({ keypair }, at) =>
      cosigned?.signers.includes(at) === true ? [keypair.account] : [],
    );
    const params = simulatedParams({
      initialBits: bitsOfWork(workPerBlock),
      powLimitBits: bitsOfWork(4),
      ...options.params,
      checkpoints:
        cosigned === null
          ? null
          : { keys: keys.sort(), needed: cosigned.needed, everyBlocks: cosigned.everyBlocks },
      allocations: holders.map(({ account }) => ({ account, amount: COINS_EACH })),
    });
    this.ledger = networkOf(params);
    this.speedEach = Number(workOfBits(params.initialBits)) / params.targetSpacingSeconds / miners;
    const signatures = sharedSignatureChecker();
    const thriftOf = (at: number) => {
      const thrift = options.thriftOf?.(at);
      return thrift === undefined ? {} : { thrift };
    };
    const honestCount = nodes - (malicious?.count ?? 0);
    const all = people.map(
      ({ name, keypair }, at) =>
        new ChainNode({
          name,
          keypair,
          ledger: this.ledger,
          clock: this.clock,
          network: this.network,
          random: this.random,
          signatures,
          mode: options.minesAlways === true ? "always" : "on",
          hashesPerSecond: at < miners ? this.speedEach : 0,
          ...thriftOf(at),
          poolBounds: options.poolBounds ?? {},
          ...(malicious !== undefined && at >= honestCount
            ? { wrapNetwork: (network: Network) => malicious.wrap(network, at, this) }
            : {}),
        }),
    );
    this.honest = all.slice(0, honestCount);
    this.malicious = all.slice(honestCount);
    this.#groups = [this.honest];
    this.#wire(all);
  }

  get params(): ChainParams {
    return this.ledger.params;
  }

  get seconds(): number {
    return this.clock.monotonicMs() / SECOND_MS;
  }

  /** Honest nodes that run and can reach each other, part by part. */
  groups(): readonly (readonly ChainNode[])[] {
    return this.#groups
      .map((group) => group.filter((node) => node.running))
      .filter((group) => group.length > 0);
  }

  running(): readonly ChainNode[] {
    return this.honest.filter((node) => node.running);
  }

  say(line: string): void {
    this.#trace(`${this.seconds.toFixed(1).padStart(8)} s  ${line}`);
  }

  // What scenarios do ----------------------------------------------------------------------------------------

  async start(node: ChainNode): Promise<void> {
    await this.clock.advanceUntilSettled(node.start(), START_LIMIT_MS, `start of ${node.name}`);
    this.movedMs.set(node, this.clock.monotonicMs());
    if (!node.running) return;
    if (this.honest.includes(node)) node.chain.subscribe((event) => this.#note(node, event));
  }

  async startAll(nodes: readonly ChainNode[] = [...this.honest, ...this.malicious]): Promise<void> {
    for (const node of nodes) if (!node.running) await this.start(node);
  }

  async stop(node: ChainNode): Promise<void> {
    await this.clock.advanceUntilSettled(node.stop(), START_LIMIT_MS, `end of ${node.name}`);
  }

  /** Splits the honest nodes; malicious ones can reach the first part alone. */
  partition(...groups: readonly (readonly ChainNode[])[]): void {
    this.say(`cut into parts of ${groups.map((group) => group.length).join(", ")}`);
    this.#groups = groups;
    for (const group of groups) this.#ring(group);
    const [first = [], ...others] = groups.map((group) => group.map((node) => node.id));
    this.network.partition([...first, ...this.malicious.map((node) => node.id)], ...others);
    for (const node of this.honest) this.movedMs.set(node, this.clock.monotonicMs());
  }

  heal(): void {
    this.say(`healed; ${this.describeTips()}`);
    this.#groups = [this.honest];
    this.network.heal();
    for (const node of this.honest) this.movedMs.set(node, this.clock.monotonicMs());
  }

  /** Heights of all tips, with how many nodes stand there. */
  describeTips(): string {
    const counts = new Map<string, number>();
    for (const node of this.running()) {
      const { height, id } = node.chain.tip();
      const place = `${height} ${id.slice(-8)}`;
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    return [...counts].map(([place, count]) => `${count} at ${place}`).join(", ");
  }

  // What people do -------------------------------------------------------------------------------------------

  /** From now on somebody pays or anchors something every little while. */
  beginTraffic(): void {
    this.#busy = true;
    const random = this.random.fork("traffic");
    const next = (): void => {
      this.clock.after(-Math.log(1 - random.fraction()) * this.#trafficMs, () => {
        if (!this.#busy) return;
        this.#act(random);
        next();
      });
    };
    next();
  }

  endTraffic(): void {
    this.#busy = false;
  }

  #act(random: SeededRandom): void {
    const from = random.pick(this.honest);
    const to = random.pick(this.honest);
    const what = random.fraction();
    const amount = 1 + random.below(500);
    const bytes = random.bytes(32);
    if (!from.running || this.silent.has(from)) return;
    if (what < 0.65) this.#follow(from, from.wallet.pay(to.account, amount));
    else if (what < 0.9) this.#follow(from, from.wallet.anchor(bytes));
    else this.#actOnName(from, bytes);
  }

  /** Claims the name that this node committed to, or commits to another. */
  #actOnName(from: ChainNode, salt: Uint8Array): void {
    const open = this.#commitments.get(from);
    const { account, wallet } = from;
    if (open === undefined) {
      const name = `name-${this.submitted.length}`;
      this.#commitments.set(from, { name, salt });
      const commitment = commitmentOf({ name, salt, key: account }, account);
      this.#follow(from, wallet.recordName({ type: "name-commit", commitment }));
      return;
    }
    // Given up or too early in another branch, a claim is let go by rule: what becomes of it is not followed.
    wallet.recordName({ type: "name-claim", ...open, key: account }).then(
      (answer) => {
        if (answer.ok) this.#commitments.delete(from);
      },
      (error) => this.#failed(error),
    );
  }

  #failed(error: unknown): void {
    if (!isPowerCut(error)) this.faults.push(error);
  }

  #follow(from: ChainNode, made: ReturnType<ChainNode["wallet"]["pay"]>): void {
    // Held for the answer: by then another run of this node may be there.
    const { chain } = from;
    made.then(
      (answer) => {
        if (!answer.ok) return this.say(`${from.name} is refused: ${answer.fault.code}`);
        const entry = chain.pendingOf(from.account).find(({ id }) => id === answer.value);
        assert.ok(entry, `what ${from.name} was told is in the pool is there`);
        const { seq, validUntil } = entry.transaction;
        this.submitted.push({ id: answer.value, from, seq, validUntil });
      },
      (error) => this.#failed(error),
    );
  }

  #note(node: ChainNode, event: Parameters<Parameters<ChainNode["chain"]["subscribe"]>[0]>[0]): void {
    if (event.type === "FinalBlock" && event.code === "reached") {
      this.history.finals.push({ node, block: event.block });
    }
    if (event.type !== "TipChanged") return;
    for (const { id } of event.connected) this.history.seen.add(id);
    const depth = event.disconnected.length;
    if (depth === 0) return;
    this.history.reorganisations += 1;
    this.history.deepest = Math.max(this.history.deepest, depth);
    if (depth > 1) this.say(`${node.name} undid ${depth} blocks for ${event.connected.length}`);
  }

  /** All miners together are so many times as fast as in the beginning. */
  setRate(factor: number): void {
    this.say(`the hash rate is ${factor} of the first`);
    for (const node of this.honest) if (node.hashesPerSecond > 0) node.setSpeed(this.speedEach * factor);
  }

  // Wiring ---------------------------------------------------------------------------------------------------

  /** Everybody dials some; and a ring, since no peer of a real network is left alone for long. */
  #wire(all: readonly ChainNode[]): void {
    this.#ring(this.honest);
    const random = this.random.fork("wiring");
    for (const node of all) {
      for (let dialled = 0; dialled < Math.min(DIALLED_PER_PEER, all.length - 1); dialled++) {
        this.#connect(node.id, random.pick(all).id);
      }
    }
  }

  #ring(nodes: readonly ChainNode[]): void {
    nodes.forEach((node, at) => {
      const next = nodes[(at + 1) % nodes.length];
      if (next !== undefined) this.#connect(node.id, next.id);
    });
  }

  #connect(a: PeerId, b: PeerId): void {
    if (a !== b) this.network.connect(a, b);
  }
}
