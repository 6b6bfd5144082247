/**
 * Owns the first simulation of whole nodes: eight of them talk, pay and mine for some minutes of simulated time over
 * a network that delays, loses and is cut in two and healed; one is killed and started again, one joins late. All
 * that happens follows from the seed. At the end everybody must agree, and nothing may be lost.
 */
import assert from "node:assert/strict";
import type { DeliveryId, TxId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { networkOf } from "#ledger/genesis.ts";
import type { Network as LedgerNetwork } from "#ledger/index.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { type SeededRandom, seededRandom } from "#test/kit/random.ts";
import { SimulatedNode } from "#test/kit/sim-node.ts";
import { simulatedParams } from "#test/kit/sim-params.ts";

const NAMES = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"] as const;
const LATE = "heidi";
const MINUTE_MS = 60_000;
const TRAFFIC_MS = 6 * MINUTE_MS;
/** After the last word: outboxes run empty, branches meet, the last batch is recorded. */
const QUIET_LIMIT_MS = 30 * MINUTE_MS;
const HASHES_PER_SECOND = 20;
const COINS_EACH = 1_000_000;

export interface FirstLightSummary {
  readonly seed: number;
  readonly tip: string;
  readonly height: number;
  readonly messages: number;
  readonly payments: number;
  /** Blocks that some node had on its best chain and that are not on the last one. */
  readonly blocksUndone: number;
  readonly simulatedSeconds: number;
}

interface SentMessage {
  readonly id: DeliveryId;
  readonly from: SimulatedNode;
  readonly to: SimulatedNode;
  readonly text: string;
}

/** @throws an error that names the seed and the command which replays it. */
export async function runFirstLight(seed: number, trace: (line: string) => void = () => undefined) {
  const simulation = new FirstLight(seed, trace);
  try {
    return await simulation.run();
  } catch (error) {
    throw new Error(`seed ${seed} failed; replay it with: npx node test/sim/replay.ts ${seed}`, {
      cause: error,
    });
  }
}

function place(node: SimulatedNode): string {
  const { height, id, header } = node.chain.tip();
  return `${node.name} stands at ${height} (${id.slice(0, 8)}, work ${header.chainWork})`;
}

class FirstLight {
  readonly #seed: number;
  readonly #trace: (line: string) => void;
  readonly #clock = new SimulatedClock();
  readonly #random: SeededRandom;
  readonly #network: SimulatedNetwork;
  readonly #ledger: LedgerNetwork;
  readonly #nodes: readonly SimulatedNode[];
  readonly #messages: SentMessage[] = [];
  readonly #payments = new Set<TxId>();
  readonly #undone = new Set<string>();
  #busy = true;

  constructor(seed: number, trace: (line: string) => void) {
    this.#seed = seed;
    this.#trace = trace;
    this.#random = seededRandom(seed);
    const link = { delayMs: 40, jitterMs: 200, streamLoss: 0.01, gossipLoss: 0.1 };
    this.#network = new SimulatedNetwork({ clock: this.#clock, random: this.#random.fork("network"), link });
    const keypairs = NAMES.map((name) => ({
      name,
      keypair: createKeypair(this.#random.fork(`key of ${name}`).bytes(32)),
    }));
    this.#ledger = networkOf(
      simulatedParams({
        allocations: keypairs.map(({ keypair }) => ({ account: keypair.account, amount: COINS_EACH })),
      }),
    );
    this.#nodes = keypairs.map(
      ({ name, keypair }) =>
        new SimulatedNode({
          name,
          keypair,
          ledger: this.#ledger,
          clock: this.#clock,
          network: this.#network,
          random: this.#random,
          hashesPerSecond: HASHES_PER_SECOND,
          clockOffMs: this.#random.below(10_000) - 5_000,
        }),
    );
  }

  async run(): Promise<FirstLightSummary> {
    for (const node of this.#nodes) if (node.name !== LATE) await this.#start(node);
    const traffic = this.#traffic();
    await this.#clock.advance(2 * MINUTE_MS);
    this.#partition();
    await this.#clock.advance(MINUTE_MS);
    const victim = this.#random.pick(this.#nodes.filter((node) => node.running));
    this.#say(`${victim.name} is killed`);
    victim.crash();
    await this.#clock.advance(MINUTE_MS / 2);
    await this.#start(victim);
    await this.#clock.advance(MINUTE_MS / 2);
    this.#say(
      `the cut is healed: ${this.#nodes
        .filter((node) => node.running)
        .map(place)
        .join("; ")}`,
    );
    this.#network.heal();
    await this.#clock.advance(MINUTE_MS);
    for (const node of this.#nodes) if (!node.running) await this.#start(node);
    await this.#clock.advance(TRAFFIC_MS - 5 * MINUTE_MS);
    this.#busy = false;
    await this.#clock.advanceUntilSettled(traffic, MINUTE_MS, "the last word");
    await this.#untilQuiet();
    this.#check();
    return this.#summary();
  }

  async #start(node: SimulatedNode): Promise<void> {
    this.#say(`${node.name} starts`);
    await this.#clock.advanceUntilSettled(node.start(), MINUTE_MS, `start of ${node.name}`);
    node.chain.subscribe((event) => {
      if (event.type === "TipChanged") for (const id of event.disconnected) this.#undone.add(id);
    });
  }

  #partition(): void {
    const some = this.#nodes.filter(() => this.#random.chance(0.5)).map((node) => node.id);
    const names = this.#nodes.filter((node) => some.includes(node.id)).map((node) => node.name);
    this.#say(`cut off: ${names.join(", ") || "nobody"}`);
    this.#network.partition(some);
  }

  /** Every few seconds somebody writes to somebody, or pays. */
  async #traffic(): Promise<void> {
    const random = this.#random.fork("traffic");
    while (this.#busy) {
      await new Promise<void>((resolve) => this.#clock.after(500 + random.below(5_000), resolve));
      const from = random.pick(this.#nodes);
      const to = random.pick(this.#nodes.filter((node) => node !== from));
      if (!from.running) continue;
      if (random.chance(0.75)) await this.#write(from, to);
      else await this.#pay(from, to, 1 + random.below(500));
    }
  }

  async #write(from: SimulatedNode, to: SimulatedNode): Promise<void> {
    const text = `${this.#messages.length}: ${from.name} to ${to.name}`;
    const said = await from.messaging.say(to.id, text);
    assert.ok(said.ok, `${from.name} cannot write: ${JSON.stringify(said)}`);
    this.#messages.push({ id: said.value.deliveryId, from, to, text });
  }

  async #pay(from: SimulatedNode, to: SimulatedNode, amount: number): Promise<void> {
    const paid = await from.wallet.pay(to.keypair.account, amount);
    assert.ok(paid.ok, `${from.name} cannot pay: ${JSON.stringify(paid)}`);
    this.#payments.add(paid.value);
    this.#say(`${from.name} pays ${to.name} ${amount}`);
  }

  /** Lets time pass until nothing waits any more, or so long that something must be stuck. */
  async #untilQuiet(): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + QUIET_LIMIT_MS;
    while (this.#waiting() !== null && this.#clock.monotonicMs() < untilMs) await this.#clock.advance(1_000);
    const waiting = this.#waiting();
    assert.equal(waiting, null, `still waiting after ${QUIET_LIMIT_MS / MINUTE_MS} minutes: ${waiting}`);
  }

  /** The first thing that is not as it must be in the end; `null` when all is. */
  #waiting(): string | null {
    const [first, ...others] = this.#nodes;
    if (first === undefined) return "nobody is there";
    const tip = first.chain.tip();
    for (const node of others) {
      if (node.chain.tip().id !== tip.id) {
        return `${place(node)}, ${place(first)}`;
      }
    }
    for (const node of this.#nodes) {
      if (node.chain.pool().length > 0)
        return `${node.name} has ${node.chain.pool().length} waiting transactions`;
    }
    for (const { id, from, to, text } of this.#messages) {
      for (const node of [from, to]) {
        const state = node.anchoring.anchor(id)?.state;
        if (state !== "anchored") return `"${text}" is ${state ?? "not receipted"} at ${node.name}`;
      }
    }
    return null;
  }

  #check(): void {
    const [first] = this.#nodes;
    assert.ok(first);
    const tip = first.chain.tip();
    for (const node of this.#nodes) {
      assert.equal(
        toHex(node.chain.tip().header.stateRoot),
        toHex(tip.header.stateRoot),
        `state of ${node.name}`,
      );
      for (const { keypair, name } of this.#nodes) {
        assert.deepEqual(
          node.chain.account(keypair.account),
          first.chain.account(keypair.account),
          `account of ${name} as ${node.name} sees it`,
        );
      }
      for (const id of this.#payments) {
        assert.equal(node.chain.transaction(id)?.state, "confirmed", `payment ${id} at ${node.name}`);
      }
      assert.deepEqual(node.faults, [], `faults of ${node.name}`);
    }
    assert.deepEqual(this.#network.faults, []);
    this.#checkMessages();
  }

  #checkMessages(): void {
    for (const { id, from, to } of this.#messages) {
      for (const node of [from, to]) assert.equal(node.gradeOf(id), "in-my-chain", `proof of ${node.name}`);
    }
    for (const to of this.#nodes) {
      for (const from of this.#nodes) {
        const sent = this.#messages
          .filter((one) => one.from === from && one.to === to)
          .map((one) => one.text);
        const got = to.messaging
          .history({ peer: from.id, limit: 1_000 })
          .filter((one) => one.direction === "in")
          .map((one) => one.text)
          .reverse();
        assert.deepEqual(got, sent, `what ${to.name} has from ${from.name}`);
      }
    }
  }

  #summary(): FirstLightSummary {
    const [first] = this.#nodes;
    assert.ok(first);
    const { id, height } = first.chain.tip();
    const best = new Set(first.chain.blocks({ limit: 500 }).map((block) => block.id as string));
    return {
      seed: this.#seed,
      tip: id,
      height,
      messages: this.#messages.length,
      payments: this.#payments.size,
      blocksUndone: [...this.#undone].filter((block) => !best.has(block)).length,
      simulatedSeconds: Math.round(this.#clock.monotonicMs() / 1000),
    };
  }

  #say(line: string): void {
    this.#trace(`${(this.#clock.monotonicMs() / 1000).toFixed(1).padStart(7)} s  ${line}`);
  }
}
