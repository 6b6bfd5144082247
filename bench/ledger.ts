/**
 * Owns the figures of the ledger: how long the check of a full block takes, beside what openssl does with the same
 * signatures on the same core, and how many hashes the miner tries.
 */
import { execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { checkBlock, decodeBlock, encodeBlock, signTransaction } from "#ledger/index.ts";
import { ALICE, BOB, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { openThreadSearch, startSearchThread } from "#mining/index.ts";
import { systemClock } from "#node/system.ts";
import { type Findings, median } from "./figures.ts";

const TRANSFERS = 2_000;
const CHECKS = 7;
const MINING_MS = 5_000;

/** Everything that is checked of a block by itself: form, tree, and 2,000 signatures under the strict rule. */
export async function benchBlock(): Promise<Findings> {
  const network = testNetwork({
    maxBlockBytes: 1_048_576,
    maxBlockSignatures: TRANSFERS,
    allocations: [{ account: ALICE.account, amount: 1_000_000_000 }],
  });
  const transfers = Array.from({ length: TRANSFERS }, (_, seq) =>
    signTransaction(
      { type: "transfer", from: ALICE.account, to: BOB.account, amount: 1, fee: 1, seq, validUntil: 40 },
      network.chainId,
      ALICE,
    ),
  );
  const bytes = encodeBlock(new TestChain(network).next(transfers));
  const runs: number[] = [];
  for (let at = 0; at < CHECKS; at++) {
    const startedMs = performance.now();
    const decoded = decodeBlock(bytes);
    if (!decoded.ok) throw new Error(`the block does not decode: ${JSON.stringify(decoded.fault)}`);
    const fault = checkBlock(decoded.value, network.params, network.chainId);
    if (fault !== null) throw new Error(`the block is refused: ${JSON.stringify(fault)}`);
    if (decoded.value.transactions.length !== TRANSFERS + 1) throw new Error("transfers were left out");
    runs.push(performance.now() - startedMs);
  }
  const value = median(runs);
  const part = "block";
  const figures = [{ part, what: `check of a block of ${TRANSFERS} transfers`, value, unit: "ms", runs }];
  const perSecond = opensslVerifiesPerSecond();
  if (perSecond === null) {
    return { figures, gaps: [{ part, what: "openssl speed ed25519", why: "openssl is not installed" }] };
  }
  const opensslMs = (TRANSFERS / perSecond) * 1000;
  return {
    figures: [
      ...figures,
      { part, what: `${TRANSFERS} verifications by openssl speed`, value: opensslMs, unit: "ms", runs: [] },
      { part, what: "the block's check against openssl", value: value / opensslMs, unit: "times", runs: [] },
    ],
    gaps: [],
  };
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

/** The miner's own thread and loop, on a target that nothing meets. */
export async function benchMiner(): Promise<Findings> {
  const clock = systemClock(0);
  const search = openThreadSearch({ startThread: startSearchThread, clock });
  const stop = new AbortController();
  const job = { header: new Uint8Array(176), target: new Uint8Array(32), low: 0 };
  const running = search.run(job, stop.signal);
  // The thread starts and the compiler warms up.
  await delay(MINING_MS / 5);
  const runs: number[] = [];
  for (let at = 0; at < 3; at++) {
    const [before, startedMs] = [search.hashes(), performance.now()];
    await delay(MINING_MS / 3);
    runs.push((search.hashes() - before) / ((performance.now() - startedMs) / 1000));
  }
  stop.abort();
  await running;
  await search.close();
  const what = "hashes tried by the miner on one thread";
  return { figures: [{ part: "miner", what, value: median(runs), unit: "hashes/s", runs }], gaps: [] };
}
