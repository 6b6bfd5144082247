/**
 * Owns a race of four real peers: two mine against each other on targets so easy that both mostly have a block ready
 * at the same second, everybody pays and writes all the while, and a third is killed, started again, cut off to mine
 * on alone, and brought back. In the end all must stand on one tip that holds every transaction exactly once, but for
 * payments out of coins that were never earned on it: of those their senders must tell.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { BlockView, ChainView } from "#api/views.ts";
import { must, type PeerOptions, type RealPeer, startPeer } from "../../tools/real-peer.ts";

export interface RaceOptions {
  readonly blocks: number;
  /** An empty folder of the caller's, who removes it. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

export interface RaceSummary {
  readonly blocks: number;
  readonly seconds: number;
  readonly payments: number;
  /** Payments out of rewards of a branch that lost: their senders still hold them, and say so. */
  readonly uncovered: number;
  /** The same, whose senders have used their place for another since, and say so. */
  readonly ended: number;
  readonly messages: number;
  readonly transactions: number;
  /** Blocks of the best chain by who mined them. */
  readonly minedBy: Readonly<Record<string, number>>;
  /** Seconds from the last block to one tip at all four. */
  readonly settledSeconds: number;
}

/** 2^18 hashes a block that hardly grow dearer within the race: the least gap of a second is what paces it. */
const GENESIS = {
  genesisVersion: 2,
  name: "race",
  coin: { symbol: "R", unitsPerCoin: 1_000_000 },
  genesisTime: 1_793_491_200,
  targetSpacingSeconds: 2,
  tauSeconds: 4_000,
  minGapSeconds: 1,
  maxFutureSeconds: 60,
  easeAfterSeconds: 8,
  powLimitBits: "1e400000",
  initialBits: "1e400000",
  maxBlockBytes: 327_680,
  maxBlockSignatures: 2_000,
  reward: { initial: 50_000_000, halvingBlocks: 2_102_400, tail: 1_000_000 },
  payoutDelayBlocks: 2,
  validUntilMaxBlocks: 5_760,
};
const NAMES = ["ann", "ben", "cleo", "dan"] as const;
const LAST_MINER = "ben";
/** What cleo goes through, as parts of the race; what is left is after it. */
const BEFORE_PART = 0.2;
const KILLED_PART = 0.15;
const BACK_PART = 0.15;
const CUT_PART = 0.2;
const ALONE_MS_MAX = 60_000;
const BLOCK_MS_MAX = 30_000;
const SETTLED_MS_MAX = 90_000;
const TRAFFIC_PAUSE_MS = 700;

class Race {
  readonly #options: RaceOptions;
  readonly #network: string;
  readonly #peers = new Map<string, RealPeer>();
  readonly #payments = new Set<string>();
  /** By whom each was written. */
  readonly #messages = new Map<string, string>();
  #isOver = false;

  constructor(options: RaceOptions, genesis: object) {
    this.#options = options;
    this.#network = join(options.folder, "race.json");
    writeFileSync(this.#network, JSON.stringify(genesis));
  }

  async run(): Promise<RaceSummary> {
    const startedMs = performance.now();
    try {
      for (const name of NAMES) await this.#start(name);
      await this.#meet();
      for (const name of ["ann", "ben"]) await must(this.#peer(name).client.setMining({ mode: "always" }));
      const traffic = this.#traffic();
      await this.#trials();
      await this.#height(this.#options.blocks);
      this.#isOver = true;
      await traffic;
      return await this.#settle(startedMs);
    } finally {
      this.#isOver = true;
      await Promise.all([...this.#peers.values()].map((peer) => peer.kill()));
    }
  }

  #peer(name: string): RealPeer {
    const peer = this.#peers.get(name);
    assert.ok(peer, `${name} was started`);
    return peer;
  }

  async #start(name: string): Promise<void> {
    const options: PeerOptions = {
      name,
      dataDir: join(this.#options.folder, name),
      network: this.#network,
      flags: ["--no-discovery", "--no-mine"],
    };
    this.#peers.set(name, await startPeer(options));
  }

  /** Everybody to everybody, by typed addresses; those who are connected stay so. */
  async #meet(): Promise<void> {
    for (const from of this.#peers.values()) {
      for (const to of this.#peers.values()) {
        if (from === to) continue;
        const { addresses } = await must(to.client.status());
        await must(from.client.connect(addresses[0] ?? ""));
      }
    }
  }

  async #trials(): Promise<void> {
    const { say } = this.#options;
    await this.#grow(BEFORE_PART);
    say("cleo is killed");
    await this.#peer("cleo").kill();
    this.#peers.delete("cleo");
    await this.#grow(KILLED_PART);
    say("cleo is started again");
    await this.#start("cleo");
    await this.#meet();
    await this.#grow(BACK_PART);
    const others = await Promise.all(
      [...this.#peers.values()].map(async ({ client }) => (await must(client.status())).peerId),
    );
    const cleo = this.#peer("cleo");
    say("cleo is cut off, and mines on alone");
    await must(cleo.client.setDoors({ block: others }));
    await must(cleo.client.setMining({ mode: "always" }));
    await this.#grow(CUT_PART);
    const ann = this.#peer("ann");
    const alone = await cleo.until("cleo has a block that nobody else has", ALONE_MS_MAX, async () => {
      const { tip } = await must(cleo.client.chain());
      return (await ann.client.block(tip.id)).ok ? null : tip;
    });
    say(`cleo is let in again, at height ${alone.height}`);
    await must(cleo.client.setDoors({ block: [] }));
    await this.#meet();
  }

  /** Waits until ann's chain has grown by a part of the race, however far it is: a slow start of a peer cuts no trial short. */
  async #grow(part: number): Promise<void> {
    const { tip } = await must(this.#peer("ann").client.chain());
    await this.#height(tip.height + this.#options.blocks * part);
  }

  /** Waits until ann's chain is so high. */
  async #height(wanted: number): Promise<void> {
    let [height, sinceMs] = [-1, performance.now()];
    for (;;) {
      const { tip } = await must(this.#peer("ann").client.chain());
      if (tip.height >= wanted) return;
      if (tip.height > height) [height, sinceMs] = [tip.height, performance.now()];
      assert.ok(performance.now() - sinceMs < BLOCK_MS_MAX, `no block for long at height ${height}`);
      await delay(200);
    }
  }

  /** Somebody pays somebody who has coins, or writes; refusals for want of coins are part of the game. */
  async #traffic(): Promise<void> {
    for (let turn = 0; !this.#isOver; turn++) {
      const present = [...this.#peers.keys()];
      const from = present[turn % present.length] ?? "ann";
      const to = NAMES.filter((name) => name !== from)[turn % 3] ?? "ben";
      const { client } = this.#peer(from);
      const { balance, spendable } = await must(client.wallet()).catch(() => ({ balance: 0, spendable: 0 }));
      if (turn % 3 !== 0 && balance > 0 && spendable > 3_000) {
        const account = await this.#accountOf(to);
        const paid = account === null ? null : await client.pay(account, 1_000 + turn);
        if (paid?.ok === true) this.#payments.add(paid.value.id);
      } else {
        const peer = this.#peers.get(to);
        const id = peer === undefined ? null : await peer.client.status();
        const said = id?.ok === true ? await client.say(id.value.peerId, `${turn} from ${from}`) : null;
        if (said?.ok === true) this.#messages.set(said.value.id, from);
      }
      await delay(TRAFFIC_PAUSE_MS);
    }
  }

  async #accountOf(name: string): Promise<string | null> {
    const wallet = await this.#peers.get(name)?.client.wallet();
    return wallet?.ok === true ? wallet.value.account : null;
  }

  /** What waits is mined, then nobody mines, then all four must agree on everything. */
  async #settle(startedMs: number): Promise<RaceSummary> {
    const endedMs = performance.now();
    const ann = this.#peer("ann");
    const unrecorded = () => this.#unrecorded();
    await this.#until("every receipt is recorded", async () => (await unrecorded()).length === 0, unrecorded);
    const waiting = async () => (await this.#chains()).filter(({ pendingCount }) => pendingCount > 0);
    await this.#until("nothing waits any more", async () => (await waiting()).length === 0, waiting);
    const tips = async () => (await this.#chains()).map(({ tip }) => tip);
    const oneTip = async () => new Set((await tips()).map(({ id }) => id)).size === 1;
    // Two blocks found at the same second have equal work, and only a next one decides: the last to stop makes it.
    for (const { client, options } of this.#peers.values())
      if (options.name !== LAST_MINER) await must(client.setMining({ mode: "off" }));
    await this.#until("one tip while one mines", oneTip, tips);
    await must(this.#peer(LAST_MINER).client.setMining({ mode: "off" }));
    await this.#until("one tip", oneTip, tips);
    const settledSeconds = (performance.now() - endedMs) / 1000;
    const chains = await Promise.all([...this.#peers.values()].map((peer) => wholeChain(peer)));
    const [first = []] = chains;
    for (const chain of chains) {
      assert.deepEqual(
        chain.map(({ id, stateRoot }) => [id, stateRoot]),
        first.map(({ id, stateRoot }) => [id, stateRoot]),
      );
    }
    const uncovered = await this.#uncovered();
    const ended = await this.#ended();
    const recorded = this.#checkOnce(first, uncovered, ended);
    this.#checkAnchored(first, await this.#anchors());
    const miners = (await must(ann.client.chain())).miners;
    assert.ok(miners.filter(({ blocks }) => blocks > 0).length >= 2, "two mined against each other");
    return {
      blocks: first.length - 1,
      seconds: Math.round((endedMs - startedMs) / 1000),
      payments: this.#payments.size,
      uncovered: uncovered.size,
      ended: ended.size,
      messages: this.#messages.size,
      transactions: recorded,
      minedBy: Object.fromEntries(miners.map(({ name, account, blocks }) => [name ?? account, blocks])),
      settledSeconds: Math.round(settledSeconds),
    };
  }

  /** Waits for it; when the time is over, says what stood in the way. */
  async #until(what: string, look: () => Promise<boolean>, why: () => Promise<unknown>): Promise<void> {
    const reached = this.#peer("ann").until(what, SETTLED_MS_MAX, async () => ((await look()) ? true : null));
    await reached.catch(async (cause: unknown) => {
      throw new Error(`${what}: not reached: ${JSON.stringify(await why(), null, 1)}`, { cause });
    });
  }

  /** What the senders say of the messages whose receipts are not recorded. */
  async #unrecorded(): Promise<readonly unknown[]> {
    const waiting = [...(await this.#anchors())].filter(([, anchor]) => anchor === null);
    return await Promise.all(
      waiting.map(async ([id]) => {
        const from = this.#messages.get(id) ?? "";
        return { from, slip: await must(this.#peer(from).client.slip(id)) };
      }),
    );
  }

  async #chains(): Promise<readonly ChainView[]> {
    return await Promise.all([...this.#peers.values()].map(({ client }) => must(client.chain())));
  }

  async #uncovered(): Promise<ReadonlySet<string>> {
    const wallets = await Promise.all([...this.#peers.values()].map(({ client }) => must(client.wallet())));
    return new Set(wallets.flatMap((wallet) => wallet.heldBack.map(({ id }) => id)));
  }

  /** What each sender says of payments that were not made in the end. */
  async #ended(): Promise<ReadonlySet<string>> {
    const all = await Promise.all([...this.#peers.values()].map(({ client }) => must(client.wallet())));
    return new Set(all.flatMap(({ ended }) => ended.map(({ id }) => id)));
  }

  /** The transaction that records the receipt of each message, as its sender has it; `null` while there is none. */
  async #anchors(): Promise<ReadonlyMap<string, string | null>> {
    const entries = [...this.#messages].map(async ([id, from]) => {
      const { state, anchor } = await must(this.#peer(from).client.slip(id));
      return [id, state === "anchored" ? (anchor?.txId ?? null) : null] as const;
    });
    return new Map(await Promise.all(entries));
  }

  #checkAnchored(chain: readonly BlockView[], anchors: ReadonlyMap<string, string | null>): void {
    const recorded = new Set<string>(chain.flatMap(({ transactions }) => transactions.map(({ id }) => id)));
    const missing = [...anchors].filter(([, id]) => id === null || !recorded.has(id));
    assert.deepEqual(missing, [], "messages whose receipts the chain does not have");
  }

  #checkOnce(
    chain: readonly BlockView[],
    uncovered: ReadonlySet<string>,
    ended: ReadonlySet<string>,
  ): number {
    const seen = new Map<string, number>();
    for (const { transactions } of chain) {
      for (const { id, type } of transactions) if (type !== "coinbase") seen.set(id, (seen.get(id) ?? 0) + 1);
    }
    const repeated = [...seen].filter(([, times]) => times > 1);
    assert.deepEqual(repeated, [], "a transaction stands on the chain more than once");
    const isTold = (id: string) => uncovered.has(id) || ended.has(id);
    const missing = [...this.#payments].filter((id) => !seen.has(id) && !isTold(id));
    assert.deepEqual(missing, [], "payments that the chain does not have, and their senders do not tell of");
    const twice = [...uncovered, ...ended].filter((id) => seen.has(id));
    assert.deepEqual(twice, [], "payments that are recorded, and said to lack their cover or not to be made");
    return seen.size;
  }
}

async function wholeChain({ client }: RealPeer): Promise<readonly BlockView[]> {
  const { tip } = await must(client.chain());
  const blocks: BlockView[] = [];
  for (let height = 0; height <= tip.height; height++) blocks.push(await must(client.block(String(height))));
  return blocks;
}

/** @param genesis what {@link GENESIS} leaves open: rules of anchors and names, as the network's defaults have them. */
export async function runRace(options: RaceOptions, genesis: object): Promise<RaceSummary> {
  return new Race(options, { ...genesis, ...GENESIS }).run();
}
