/**
 * Owns the figures of full blocks as they come in: how many signatures are checked meanwhile, beside what one core does
 * with each library, and how long until a block of 2,000 transfers is connected and durable. The chain is a peer's own:
 * on disk, with its threads; only the network is none.
 */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { openChain } from "#chain/index.ts";
import { quietLog } from "#chain/test-node.ts";
import { createKeypair, type Keypair, sign, verifyOver } from "#crypto/ed25519.ts";
import { nodeBackend, sodiumBackend } from "#crypto/ed25519-backend.ts";
import type { SignatureChecker, SignatureItem } from "#crypto/signature-checker.ts";
import { encodeBlock, type Network, type SignedTransaction, signTransaction } from "#ledger/index.ts";
import { ALICE, BOB, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { openSignatureChecker } from "#node/signatures.ts";
import { systemClock, systemRandom } from "#node/system.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { type Figure, type Findings, type Gap, median, quantile } from "./figures.ts";
import { withFolder } from "./peers.ts";

const TRANSFERS = 2_000;
const BLOCKS = 30;
/** Threads start, statements are prepared and code is compiled: an import of many blocks is not about these. */
const WARM_UP_BLOCKS = 5;
const SHARE_LIMIT = 0.8;
const DURABLE_LIMIT_MS = 300;
const part = "block";

const PEOPLE: readonly Keypair[] = Array.from({ length: TRANSFERS }, (_, number) => {
  const seed = new Uint8Array(32);
  new DataView(seed.buffer).setUint32(0, number + 1_000);
  return createKeypair(seed);
});

function fullNetwork(): Network {
  return testNetwork({
    maxBlockBytes: 1_048_576,
    maxBlockSignatures: TRANSFERS,
    validUntilMaxBlocks: 1_000,
    allocations: PEOPLE.map(({ account }) => ({ account, amount: 1_000_000 })),
  });
}

/** Everybody pays somebody else in each block, another one each time. */
function transfersOf(height: number, network: Network): SignedTransaction[] {
  return PEOPLE.map((from, at) => {
    const to = PEOPLE[(at + height) % TRANSFERS]?.account ?? from.account;
    const terms = { type: "transfer", from: from.account, to, amount: 1, fee: 200 } as const;
    return signTransaction({ ...terms, seq: height - 1, validUntil: 1_000 }, network.chainId, from);
  });
}

/** Says how many signatures passed through it, and how long it had any. */
function timed(checker: SignatureChecker) {
  const measured: { readonly count: number; readonly ms: number }[] = [];
  const check = async (items: readonly SignatureItem[]): Promise<readonly boolean[]> => {
    const startedMs = performance.now();
    const verdicts = await checker.check(items);
    measured.push({ count: items.length, ms: performance.now() - startedMs });
    return verdicts;
  };
  return { check, measured };
}

interface Imported {
  /** Signatures a second, for each block. */
  readonly rates: readonly number[];
  /** From the bytes to connected and durable, for each block. */
  readonly blockMs: readonly number[];
}

async function importBlocks(
  folder: string,
  network: Network,
  blocks: readonly Uint8Array[],
): Promise<Imported> {
  const clock = systemClock(0);
  const faults: unknown[] = [];
  const log = quietLog(faults);
  const database = new Database(join(folder, "ledger.db"), [blockSchema]);
  const checker = openSignatureChecker({ clock, log });
  const signatures = timed(checker);
  const nobody = new SimulatedNetwork({ clock: new SimulatedClock(), random: seededRandom(1) });
  const opened = await openChain(
    { network },
    {
      ...{ clock, log, signatures, random: systemRandom },
      store: diskBlocks(database),
      peers: nobody.addPeer(ALICE.peerId),
    },
  );
  if (!opened.ok) throw new Error(opened.fault.cause);
  const blockMs: number[] = [];
  for (const bytes of blocks) {
    const startedMs = performance.now();
    const taken = await opened.value.chain.submitBlock(bytes);
    blockMs.push(performance.now() - startedMs);
    if (!taken.ok || taken.value.code !== "connected") throw new Error(`refused: ${JSON.stringify(taken)}`);
  }
  await opened.value.chain.close();
  await checker.close();
  database.close();
  if (faults.length > 0) throw faults[0];
  const checked = signatures.measured.reduce((sum, { count }) => sum + count, 0);
  if (checked !== blocks.length * TRANSFERS) throw new Error(`${checked} signatures were checked`);
  const rates = signatures.measured.map(({ count, ms }) => (count * 1000) / ms);
  return { rates: rates.slice(WARM_UP_BLOCKS), blockMs: blockMs.slice(WARM_UP_BLOCKS) };
}

/** Signatures a second on this one thread, under the strict rule, by each library that loads here. */
function singleCore(items: readonly SignatureItem[]): readonly Figure[] {
  const sodium = sodiumBackend();
  return [...(sodium === null ? [] : [sodium]), nodeBackend()].map((backend) => {
    const runs = Array.from({ length: 5 }, () => {
      const startedMs = performance.now();
      const all = items.every((item) => verifyOver(backend, item.publicKey, item.message, item.signature));
      if (!all) throw new Error("a signature was refused");
      return (items.length * 1000) / (performance.now() - startedMs);
    });
    return { part, what: `one core, ${backend.name}`, value: median(runs), unit: "signatures/s", runs };
  });
}

function signedItem(keypair: Keypair): SignatureItem {
  // As long as the preimage of a transfer.
  const message = new Uint8Array(140).fill(keypair.publicKey[0] ?? 0);
  return { publicKey: keypair.publicKey, message, signature: sign(keypair, message) };
}

/** The last number of the line that `openssl speed -seconds 3 ed25519` closes with. */
function opensslVerifiesPerSecond(): number | null {
  try {
    const text = execFileSync("openssl", ["speed", "-seconds", "3", "ed25519"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const last = /Ed25519\S*.*?([\d.]+)\s*$/m.exec(text)?.[1];
    return last === undefined ? null : Number(last);
  } catch {
    return null;
  }
}

function figuresOf({ rates, blockMs }: Imported, single: readonly Figure[]): readonly Figure[] {
  const rate = median(rates);
  const bound = availableParallelism() * Math.max(...single.map(({ value }) => value));
  const durable = quantile(blockMs, 0.95);
  return [
    ...single,
    { part, what: "while full blocks come in, all threads", value: rate, unit: "signatures/s", runs: rates },
    {
      ...{ part, what: `of ${availableParallelism()} cores at the faster library`, unit: "share" },
      ...{ value: rate / bound, runs: rates.map((each) => each / bound) },
      target: { words: `${SHARE_LIMIT} or more`, met: rate / bound >= SHARE_LIMIT },
    },
    {
      ...{ part, what: `block of ${TRANSFERS} connected and durable, p50`, unit: "ms" },
      ...{ value: median(blockMs), runs: blockMs },
    },
    {
      ...{
        part,
        what: `block of ${TRANSFERS} connected and durable, p95`,
        unit: "ms",
        value: durable,
        runs: [],
      },
      target: { words: `under ${DURABLE_LIMIT_MS} ms`, met: durable < DURABLE_LIMIT_MS },
    },
  ];
}

export function benchBlock(): Promise<Findings> {
  return withFolder(async (folder) => {
    // A peer's timers keep no process alive; its sockets do, and there are none here.
    const awake = setInterval(() => undefined, 60_000);
    const network = fullNetwork();
    const source = new TestChain(network);
    const blocks = Array.from({ length: BLOCKS }, (_, at) =>
      encodeBlock(source.grow(transfersOf(at + 1, network), BOB).block),
    );
    const items = PEOPLE.map(signedItem);
    const single = singleCore(items);
    const imported = await importBlocks(folder, network, blocks).finally(() => clearInterval(awake));
    const openssl = opensslVerifiesPerSecond();
    const what = "one core, openssl speed ed25519";
    const gaps: readonly Gap[] = openssl === null ? [{ part, what, why: "openssl is not installed" }] : [];
    const yardstick: readonly Figure[] =
      openssl === null ? [] : [{ part, what, value: openssl, unit: "signatures/s", runs: [] }];
    return { figures: [...yardstick, ...figuresOf(imported, single)], gaps };
  });
}
