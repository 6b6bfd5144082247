/** Tests when a miner mines and on what; long, since each thing that may hold it back is one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fail } from "#base/result.ts";
import { openChain, openWallet } from "#chain/index.ts";
import { encodeBlock } from "#ledger/index.ts";
import { BOB, CAROL, person, TestChain, testNetwork } from "#ledger/test-chain.ts";
import type { Log } from "#ports/log.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import {
  BURST_BLOCKS,
  FUTURE_MARGIN_MS,
  PAUSE_LOOK_MS,
  REFUSED_PAUSE_MS,
  TEMPLATE_LIFE_MS,
} from "./limits.ts";
import { openMiner } from "./miner.ts";
import { type NonceSearch, openInProcessSearch } from "./search.ts";
import { startSearchThread } from "./thread.ts";
import { openThreadSearch } from "./thread-search.ts";
import type { MiningEvent, MiningSettings } from "./types.ts";

const ERIN = person(5);

async function world(
  search?: (clock: SimulatedClock) => NonceSearch,
  settings: Partial<MiningSettings> = {},
) {
  const network = testNetwork({ freeAnchors: { perBlock: 3, perAccountPerBlock: 1, stampBits: 2 } });
  const clock = new SimulatedClock((network.params.genesisTime + 10_000) * 1000);
  const random = seededRandom(1);
  const faults: unknown[] = [];
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    fault: (_message, error) => faults.push(error),
    child: () => log,
  };
  const peers = new SimulatedNetwork({ clock, random }).addPeer(BOB.peerId);
  const opened = await openChain({ network }, { store: memoryBlocks(), peers, clock, random, log });
  assert.ok(opened.ok);
  const { chain } = opened.value;
  const wallet = openWallet({ chain, keypair: ERIN, clock, random, log });
  const nonces = search?.(clock) ?? openInProcessSearch(clock);
  const miner = openMiner(
    { account: BOB.account, afterCount: 1, ...settings },
    { chain, clock, log, random, search: nonces },
  );
  const events: MiningEvent[] = [];
  miner.subscribe((event) => events.push(event));
  const end = async (): Promise<void> => {
    await clock.advanceUntilSettled(miner.close(), 60_000, "miner closed");
    await clock.advanceUntilSettled(chain.close(), 60_000, "chain closed");
    assert.deepEqual(faults, []);
  };
  return { network, clock, chain, wallet, miner, events, faults, end };
}

test("nothing is mined while nothing waits; what waits is mined, and then it is quiet again", async () => {
  const { clock, chain, wallet, miner, events, end } = await world();
  await clock.advance(60_000);
  assert.equal(chain.tip().height, 0);
  assert.deepEqual([miner.status().active, miner.status().reason?.code], [false, "nothing-waits"]);

  assert.ok((await wallet.anchor(new Uint8Array(32).fill(1))).ok);
  await clock.advanceUntil(() => chain.tip().height === 1, 10_000, "mined");
  assert.equal(chain.tip().miner, BOB.account);
  assert.equal(chain.pool().length, 0);
  await clock.advance(60_000);
  assert.equal(chain.tip().height, 1);
  const mined = events.filter((event) => event.type === "BlockMined");
  assert.deepEqual(mined, [{ type: "BlockMined", id: chain.tip().id }]);
  assert.equal(miner.status().reason?.code, "nothing-waits");
  await end();
});

test("off means off, and on again goes on", async () => {
  const { clock, chain, wallet, miner, end } = await world();
  miner.change({ mode: "off" });
  assert.ok((await wallet.anchor(new Uint8Array(32).fill(1))).ok);
  await clock.advance(30_000);
  assert.equal(chain.tip().height, 0);
  assert.equal(miner.status().reason?.code, "mining-off");
  miner.change({ mode: "on" });
  assert.equal(miner.settings().mode, "on");
  await clock.advanceUntil(() => chain.tip().height === 1, 10_000, "mined");
  await end();
});

test("few transactions get some seconds of company, enough of them none", async () => {
  const { clock, chain, wallet, miner, end } = await world(undefined, { afterCount: 3, afterSeconds: 20 });
  assert.ok((await wallet.anchor(new Uint8Array(32).fill(1))).ok);
  await clock.advance(12_000);
  assert.deepEqual([miner.status().active, miner.status().reason?.code], [false, "gathering"]);
  assert.ok((await wallet.anchor(new Uint8Array(32).fill(2))).ok);
  await clock.advance(7_000);
  assert.equal(chain.tip().height, 0, "the wait counts from the first");
  await clock.advanceUntil(() => chain.tip().height === 1, 3_000, "mined after the wait");

  miner.change({ mode: "off" });
  while (chain.pool().length < 3) {
    assert.ok((await wallet.anchor(new Uint8Array(32).fill(3 + chain.pool().length))).ok);
  }
  miner.change({ mode: "on", afterSeconds: 3_600 });
  await clock.advanceUntil(() => chain.tip().height === 2, 8_000, "mined at once");
  await end();
});

test("always means also with nothing to record, and no block sooner than the gap allows", async () => {
  const { network, clock, chain, miner, end } = await world(undefined, { mode: "always" });
  await clock.advanceUntil(() => chain.tip().height >= 3, 60_000, "three empty blocks");
  assert.equal(chain.tip().transactionCount, 1);
  const gap = (chain.headerAt(3)?.time ?? 0) - (chain.headerAt(2)?.time ?? 0);
  assert.ok(gap >= network.params.minGapSeconds);
  miner.change({ mode: "on" });
  await clock.advance(60_000);
  assert.equal(miner.status().reason?.code, "nothing-waits");
  await end();
});

test("on its battery the computer does not mine, unless it was told to", async () => {
  const { clock, chain, wallet, miner, events, end } = await world();
  miner.setPower("battery");
  assert.ok((await wallet.anchor(new Uint8Array(32).fill(1))).ok);
  await clock.advance(30_000);
  assert.deepEqual([chain.tip().height, miner.status().reason?.code], [0, "on-battery"]);
  const told = events.flatMap((event) => (event.type === "StatusChanged" ? [event.status.power] : []));
  assert.ok(told.includes("battery"));
  miner.change({ onBattery: true });
  await clock.advanceUntil(() => chain.tip().height === 1, 10_000, "mined on battery");
  miner.change({ onBattery: false });
  assert.ok((await wallet.anchor(new Uint8Array(32).fill(2))).ok);
  await clock.advance(30_000);
  assert.equal(chain.tip().height, 1);
  miner.setPower("mains");
  await clock.advanceUntil(() => chain.tip().height === 2, 10_000, "mined when plugged in");
  await end();
});

test("threads and duty are the search's from the start, and change while it runs", async () => {
  const tuned: string[] = [];
  const { miner, end } = await world(
    (clock) => ({
      ...openInProcessSearch(clock),
      tune: ({ threads, dutyPercent }) => tuned.push(`${threads} ${dutyPercent}`),
    }),
    { threads: 2 },
  );
  miner.change({ dutyPercent: 40 });
  assert.deepEqual(tuned, ["2 100", "2 40"]);
  assert.equal(miner.settings().dutyPercent, 40);
  await end();
});

test("blocks keep the least gap between their times, and are dated ahead rather than waited for", async () => {
  const { network, clock, chain, wallet, end } = await world();
  const { minGapSeconds, maxFutureSeconds } = network.params;
  // One free anchor of an account goes into a block, so three take three blocks.
  for (let at = 0; at < 3; at++) assert.ok((await wallet.anchor(new Uint8Array(32).fill(at))).ok);
  await clock.advanceUntil(() => chain.tip().height === 3, 2_000, "three blocks");
  const times = [1, 2, 3].map((height) => chain.headerAt(height)?.time ?? 0);
  assert.deepEqual(
    times.map((time) => time - (times[0] ?? 0)),
    [0, minGapSeconds, 2 * minGapSeconds],
  );
  assert.ok((times[2] ?? 0) <= clock.nowMs() / 1000 + maxFutureSeconds);
  await end();
});

test("while blocks come in a burst the gap is waited out, so that not all hold one ready for the same moment", async () => {
  const { network, clock, chain, end } = await world(undefined, { mode: "always" });
  await clock.advanceUntil(() => chain.tip().height > BURST_BLOCKS, 5_000, "a burst");
  const { minGapSeconds } = network.params;
  const { height } = chain.tip();
  // The genesis block is long ago: the burst is seen once the newest blocks alone tell of it.
  assert.ok(height <= BURST_BLOCKS + 2, `${height}`);
  const heights: number[] = [];
  for (let round = 0; round < 3; round++) {
    await clock.advance(minGapSeconds * 1_000);
    heights.push(chain.tip().height - height);
  }
  assert.deepEqual(heights, [1, 2, 3]);
  await end();
});

test("on a tip ahead of our clock it mines at once, with a time that is ahead as well", async () => {
  const { network, clock, chain, wallet, miner, end } = await world();
  miner.change({ mode: "off" });
  assert.ok((await wallet.anchor(new Uint8Array(32).fill(1))).ok);
  const ahead = new TestChain(network).next([], CAROL, 10_000 + 20);
  const taken = await chain.submitBlock(encodeBlock(ahead));
  assert.ok(taken.ok);
  miner.change({ mode: "on" });
  await clock.advanceUntil(() => chain.tip().height === 2, 1_000, "mined");
  assert.equal(chain.tip().header.time, ahead.header.time + network.params.minGapSeconds);
  await end();
});

test("on a tip as far ahead as others allow it waits until its own block is allowed too", async () => {
  const { network, clock, chain, wallet, miner, end } = await world();
  miner.change({ mode: "off" });
  assert.ok((await wallet.anchor(new Uint8Array(32).fill(1))).ok);
  const { minGapSeconds, maxFutureSeconds } = network.params;
  const ahead = new TestChain(network).next([], CAROL, 10_000 + maxFutureSeconds);
  assert.ok((await chain.submitBlock(encodeBlock(ahead))).ok);
  miner.change({ mode: "on" });
  assert.equal(miner.status().reason?.code, "too-soon");
  await clock.advance(minGapSeconds * 1_000);
  assert.equal(chain.tip().height, 1, "a margin is left for clocks a little behind ours");
  await clock.advanceUntil(() => chain.tip().height === 2, FUTURE_MARGIN_MS + 1_000, "mined");
  await end();
});

test("where the clock was put back behind the tip that is said, and a clock set right is soon seen", async () => {
  const { network, clock, chain, wallet, miner, end } = await world();
  miner.change({ mode: "off" });
  assert.ok((await wallet.anchor(new Uint8Array(32).fill(1))).ok);
  const yearsMs = (network.params.genesisTime + 10_000) * 1_000;
  clock.jump(-yearsMs);
  miner.change({ mode: "always" });
  assert.equal(miner.status().reason?.code, "dated-ahead");
  await clock.advance(2 * PAUSE_LOOK_MS);
  assert.deepEqual([chain.tip().height, miner.status().reason?.code], [0, "dated-ahead"]);
  clock.jump(yearsMs);
  await clock.advanceUntil(() => chain.tip().height >= 1, PAUSE_LOOK_MS + 1_000, "mined");
  await end();
});

test("a branch as heavy as ours is decided about by one more block, and then it is quiet again", async () => {
  const { network, clock, chain, miner, end } = await world();
  miner.change({ mode: "off" });
  for (const rival of [BOB, CAROL]) {
    const { block } = new TestChain(network).grow([], rival);
    assert.ok((await chain.submitBlock(encodeBlock(block))).ok);
  }
  assert.equal(chain.isContested(), true);
  miner.change({ mode: "on" });
  await clock.advanceUntil(() => chain.tip().height === 2, 10_000, "decided");
  assert.equal(chain.tip().transactionCount, 1);
  await clock.advance(60_000);
  assert.deepEqual([chain.tip().height, miner.status().reason?.code], [2, "nothing-waits"]);
  await end();
});

/** Finds nothing until told; remembers each search that was begun. */
class HeldSearch implements NonceSearch {
  readonly begun: { readonly times: bigint; readonly signal: AbortSignal }[] = [];
  #finish: ((nonce: bigint | null) => void) | null = null;
  run(job: { readonly header: Uint8Array }, signal: AbortSignal): Promise<bigint | null> {
    const view = new DataView(job.header.buffer, job.header.byteOffset);
    this.begun.push({ times: view.getBigUint64(156, true), signal });
    return new Promise((resolve) => {
      this.#finish = resolve;
      signal.addEventListener("abort", () => resolve(null), { once: true });
    });
  }
  find(nonce: bigint): void {
    this.#finish?.(nonce);
  }
  hashes(): number {
    return 1_000 * this.begun.length;
  }
  async close(): Promise<void> {}
}

test("a new tip ends the search at once; time renews the template; what is found goes in", async () => {
  const held = new HeldSearch();
  const { network, clock, chain, wallet, miner, end } = await world(() => held);
  assert.ok((await wallet.anchor(new Uint8Array(32).fill(1))).ok);
  await clock.advance(10);
  assert.equal(held.begun.length, 1);
  assert.equal(miner.status().active, true);
  await clock.advance(TEMPLATE_LIFE_MS);
  assert.equal(held.begun.length, 2);
  assert.equal(held.begun[0]?.signal.aborted, true);
  assert.equal((held.begun[1]?.times ?? 0n) - (held.begun[0]?.times ?? 0n), BigInt(TEMPLATE_LIFE_MS / 1000));

  assert.ok((await chain.submitBlock(encodeBlock(new TestChain(network).next([], CAROL)))).ok);
  await clock.advance(1);
  assert.equal(held.begun[1]?.signal.aborted, true);
  assert.equal(held.begun.length, 3, "and begins on the new one");

  held.find(0n);
  await clock.advanceUntil(() => miner.status().reason?.code === "nothing-waits", 1_000, "mined");
  assert.equal(chain.tip().height, 2);
  await end();
});

test("what is found in the moment in which mining is switched off is not brought in", async () => {
  const held = new HeldSearch();
  const { clock, chain, wallet, miner, end } = await world(() => held);
  assert.ok((await wallet.anchor(new Uint8Array(32).fill(1))).ok);
  await clock.advance(10);
  held.find(0n);
  miner.change({ mode: "off" });
  await clock.advance(10);
  assert.deepEqual([chain.tip().height, miner.status().reason?.code], [0, "mining-off"]);
  await end();
});

type MinedChain = Parameters<typeof openMiner>[1]["chain"];

/** A miner on a chain with something waiting that answers as the test says, over a search that the test ends. */
function standIn(change: (source: TestChain) => Partial<MinedChain>) {
  const held = new HeldSearch();
  const clock = new SimulatedClock();
  const source = new TestChain(testNetwork());
  const faults: unknown[] = [];
  let heard: Parameters<MinedChain["subscribe"]>[0] = () => undefined;
  const miner = openMiner(
    { account: BOB.account, mode: "on", afterCount: 1 },
    {
      chain: {
        network: source.network,
        tip: () => source.tip.block,
        headerAt: () => null,
        pool: () => [{ receivedMs: 0 }],
        poolSize: () => 1,
        isContested: () => false,
        syncState: () => ({ state: "synced" }),
        template: () => ({ block: source.next(), transactionCount: 1 }),
        submitBlock: async () => fail({ code: "unavailable" }),
        subscribe: (listener) => {
          heard = listener;
          return () => undefined;
        },
        ...change(source),
      },
      clock,
      log: { info: () => undefined, fault: (_message, error) => faults.push(error) },
      random: seededRandom(1),
      search: held,
    },
  );
  const end = async (): Promise<void> => {
    await clock.advanceUntilSettled(miner.close(), 1_000, "closed");
    assert.deepEqual(faults, []);
  };
  return { held, clock, miner, faults, hear: (type: string) => heard({ type }), end };
}

test("a block that cannot be taken is said, and sought again after a pause", async () => {
  let refused = 0;
  const { held, clock, miner, end } = standIn(() => ({
    submitBlock: async () => {
      refused += 1;
      return fail({ code: "unavailable" });
    },
  }));
  await clock.advance(1);
  held.find(0n);
  await clock.advance(1);
  assert.deepEqual(
    [refused, miner.status().active, miner.status().reason?.code],
    [1, false, "block-refused"],
  );
  await clock.advance(REFUSED_PAUSE_MS - 10);
  assert.equal(held.begun.length, 1);
  await clock.advance(20);
  assert.equal(held.begun.length, 2);
  assert.equal(miner.status().reason, null);
  await clock.advance(500);
  assert.ok(miner.status().hashesPerSecond > 0);
  await end();
});

test("a search that cannot run is said, with why, and tried again after a pause", async () => {
  const held = new HeldSearch();
  let isBroken = true;
  const broken: NonceSearch = {
    run: (job, signal) =>
      isBroken ? Promise.reject(new Error("no room for a thread")) : held.run(job, signal),
    hashes: () => 0,
    close: async () => undefined,
  };
  const { miner, clock, faults, end } = await world(() => broken, { mode: "always" });
  await clock.advance(1);
  assert.deepEqual([miner.status().active, miner.status().reason?.code], [false, "search-failed"]);
  isBroken = false;
  await clock.advance(REFUSED_PAUSE_MS);
  assert.deepEqual([miner.status().active, miner.status().reason], [true, null]);
  assert.equal(faults.splice(0).length, 1);
  await end();
});

test("a ledger that cannot be read is told of and waited for: the miner's timer must not take the process down", async () => {
  let isDamaged = true;
  const { held, clock, miner, faults, end } = standIn((source) => ({
    template: () => {
      if (isDamaged) throw new Error("state entries are not those of the state root");
      return { block: source.next(), transactionCount: 1 };
    },
  }));
  await clock.advance(REFUSED_PAUSE_MS + 10);
  assert.equal(miner.status().reason?.code, "ledger-unreadable");
  assert.equal(faults.splice(0).length, 2);
  isDamaged = false;
  await clock.advance(REFUSED_PAUSE_MS);
  assert.deepEqual([held.begun.length, miner.status().reason], [1, null]);
  await end();
});

test("while blocks are being fetched nothing is mined on the old tip", async () => {
  let state: "synced" | "syncing" = "syncing";
  const { held, clock, miner, hear, end } = standIn(() => ({ syncState: () => ({ state }) }));
  await clock.advance(20_000);
  assert.deepEqual([held.begun.length, miner.status().reason?.code], [0, "catching-up"]);
  state = "synced";
  hear("SyncChanged");
  await clock.advance(1);
  assert.equal(held.begun.length, 1);
  await end();
});

test("the thread mines as the process does", async () => {
  const { chain, wallet, miner, end } = await world((clock) =>
    openThreadSearch({ clock, startThread: startSearchThread }),
  );
  const mined = new Promise<void>((resolve) => {
    miner.subscribe((event) => {
      if (event.type === "BlockMined") resolve();
    });
  });
  assert.ok((await wallet.anchor(new Uint8Array(32).fill(1))).ok);
  await mined;
  assert.equal(chain.tip().height, 1);
  await miner.close();
  await end();
});

test("what waits is not listed for each transaction that comes in, however many there are", async () => {
  let listed = 0;
  const { held, clock, hear, end } = standIn(() => ({
    pool: () => {
      listed += 1;
      return [];
    },
    poolSize: () => 50_000,
  }));
  await clock.advance(1);
  for (let came = 0; came < 1_000; came++) hear("PoolChanged");
  assert.deepEqual([listed, held.begun.length], [0, 1]);
  await end();
});
