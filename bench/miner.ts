/**
 * Owns the figures of the miner: how many hashes its threads try, beside what a core with SHA instructions does by
 * openssl and beside the kernel without SIMD, and how soon old work ends when a new tip comes.
 */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { type NonceSearch, openThreadSearch, type SearchEffort, startSearchThread } from "#mining/index.ts";
import { HeaderSearch, type KernelName, loadKernel } from "#mining/kernel.ts";
import { systemClock } from "#node/system.ts";
import { type Figure, type Findings, type Gap, median, quantile } from "./figures.ts";

const part = "miner";
const ROUND_MS = 1_500;
const ROUNDS = 3;
const CANCELS = 40;
const KERNEL_HASHES = 2_000_000;
/** SHA-256 twice over a header whose first two compressions are done once. */
const COMPRESSIONS_PER_HASH = 2;
const BLOCK_BYTES = 64;
const NATIVE_SHARE_LIMIT = 0.3;
const SIMD_LIMIT = 2.5;
const CANCEL_LIMIT_MS = 50;

/** No hash is below it. */
const ENDLESS = { header: new Uint8Array(176), target: new Uint8Array(32), low: 0 };
/** Every hash is. */
const AT_ONCE = { ...ENDLESS, target: new Uint8Array(32).fill(0xff) };

/** Compressions a second of `openssl speed sha256` on its largest blocks, where nothing but the compression counts. */
function opensslCompressions(): number | null {
  try {
    const text = execFileSync("openssl", ["speed", "-seconds", "2", "-bytes", "16384", "sha256"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const thousands = /^sha256\s+([\d.]+)k/m.exec(text)?.[1];
    return thousands === undefined ? null : (Number(thousands) * 1000) / BLOCK_BYTES;
  } catch {
    return null;
  }
}

async function withSearch<Value>(
  effort: SearchEffort,
  work: (search: NonceSearch) => Promise<Value>,
): Promise<Value> {
  const search = openThreadSearch({ startThread: startSearchThread, clock: systemClock(0) }, effort);
  try {
    return await work(search);
  } finally {
    await search.close();
  }
}

/** Hashes a second, once the threads run and their code is compiled. */
function hashRate(effort: SearchEffort): Promise<readonly number[]> {
  return withSearch(effort, async (search) => {
    const stop = new AbortController();
    const running = search.run(ENDLESS, stop.signal);
    await delay(ROUND_MS);
    const runs: number[] = [];
    for (let at = 0; at < ROUNDS; at++) {
      const [before, startedMs] = [search.hashes(), performance.now()];
      await delay(ROUND_MS);
      runs.push((search.hashes() - before) / ((performance.now() - startedMs) / 1000));
    }
    stop.abort();
    await running;
    return runs;
  });
}

/** From the end of one search until every thread could answer to the next: old work is over by then. */
function cancelMs(threads: number): Promise<readonly number[]> {
  return withSearch({ threads, dutyPercent: 100 }, async (search) => {
    const runs: number[] = [];
    for (let at = 0; at <= CANCELS; at++) {
      const stop = new AbortController();
      const running = search.run(ENDLESS, stop.signal);
      await delay(20 + (at % 7));
      const startedMs = performance.now();
      stop.abort();
      await running;
      await search.run(AT_ONCE, new AbortController().signal);
      // In the first the threads started.
      if (at > 0) runs.push(performance.now() - startedMs);
    }
    return runs;
  });
}

/** On this thread, so that both are measured alike. */
function kernelRate(name: KernelName): readonly number[] {
  const search = new HeaderSearch(ENDLESS.header, ENDLESS.target, loadKernel(name));
  search.search(0, 0, KERNEL_HASHES);
  return Array.from({ length: ROUNDS }, () => {
    const startedMs = performance.now();
    search.search(0, 0, KERNEL_HASHES);
    return (KERNEL_HASHES * 1000) / (performance.now() - startedMs);
  });
}

function rateFigure(what: string, runs: readonly number[]): Figure {
  return { part, what, value: median(runs), unit: "hashes/s", runs };
}

function kernelFigures(): readonly Figure[] {
  const [simd, scalar] = [kernelRate("simd"), kernelRate("scalar")];
  const value = median(simd) / median(scalar);
  return [
    rateFigure("kernel with SIMD", simd),
    rateFigure("the same without SIMD", scalar),
    {
      ...{ part, what: "SIMD against none", value, unit: "times", runs: [] },
      target: { words: `${SIMD_LIMIT} or more`, met: value >= SIMD_LIMIT },
    },
  ];
}

function nativeFigures(ours: number): { readonly figures: readonly Figure[]; readonly gaps: readonly Gap[] } {
  const compressions = opensslCompressions();
  const what = "one core by openssl speed sha256";
  if (compressions === null) return { figures: [], gaps: [{ part, what, why: "openssl is not installed" }] };
  const native = compressions / COMPRESSIONS_PER_HASH;
  const value = ours / native;
  return {
    figures: [
      rateFigure(what, [native]),
      {
        ...{ part, what: "one thread of the miner against that", value, unit: "share", runs: [] },
        target: { words: `${NATIVE_SHARE_LIMIT} or more`, met: value >= NATIVE_SHARE_LIMIT },
      },
    ],
    gaps: [],
  };
}

export async function benchMiner(): Promise<Findings> {
  const cores = availableParallelism();
  const one = await hashRate({ threads: 1, dutyPercent: 100 });
  const native = nativeFigures(median(one));
  const all = await hashRate({ threads: cores, dutyPercent: 100 });
  const half = await hashRate({ threads: 1, dutyPercent: 50 });
  const ends = await cancelMs(cores);
  const latest = quantile(ends, 0.95);
  return {
    figures: [
      rateFigure("hashes tried by one thread", one),
      ...native.figures,
      rateFigure(`by ${cores} threads`, all),
      rateFigure("by one thread at a duty of 50 %", half),
      ...kernelFigures(),
      {
        ...{ part, what: `a new tip until ${cores} threads are at the next work, p95`, unit: "ms" },
        ...{ value: latest, runs: ends },
        target: { words: `under ${CANCEL_LIMIT_MS} ms`, met: latest < CANCEL_LIMIT_MS },
      },
    ],
    gaps: native.gaps,
  };
}
