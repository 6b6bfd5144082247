/**
 * Owns the crash harness: real processes that carry out a script over a real store and are killed with SIGKILL, again and
 * again, until the script is done. Afterwards the store must be what an undisturbed one is, to the byte of every table
 * that is derived, and nothing that was acknowledged on the way may be missing.
 *
 * Two kinds of death: at the n-th write, chosen by the seed (`kill-switch.ts`), and at any moment, chosen by a timer here,
 * which also falls between the writes that SQLite makes by itself. After some, the end of SQLite's log is garbled as a
 * power cut would leave it: what was not synced yet.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openAlone } from "#chain/test-node.ts";
import { decodeTransaction, isSigned } from "#ledger/index.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { type SeededRandom, seededRandom } from "#test/kit/random.ts";
import { lostOf } from "./acknowledged.ts";
import type { Moment } from "./kill-switch.ts";
import { crashNetwork, drawScript, type Script, type Step, writeSteps } from "./script.ts";
import { garbleUnsynced, spoilState } from "./torn-files.ts";

export const KILL_SWITCH = join(import.meta.dirname, "kill-switch.ts");
const DOOMED = join(import.meta.dirname, "doomed-chain.ts");
/** A life that hangs is a failure. */
const LIFE_MS_MAX = 60_000;

export interface Tally {
  /** Deaths by what they interrupted; "opening", "resuming" and "repairing" are recoveries. */
  readonly killed: Record<Moment | "any moment" | "first start", number>;
  /** Starts that found the state wrong and computed it again. */
  repairs: number;
  lives: number;
}

export function newTally(): Tally {
  const killed = {
    "first start": 0,
    resuming: 0,
    opening: 0,
    repairing: 0,
    connecting: 0,
    reorganising: 0,
    writing: 0,
    "any moment": 0,
  };
  return { killed, repairs: 0, lives: 0 };
}

export function kills({ killed }: Tally): number {
  return Object.values(killed).reduce((sum, count) => sum + count, 0);
}

/** Those at a write; the others were by the clock. */
export function killsAtWrites(tally: Tally): number {
  return kills(tally) - tally.killed["any moment"];
}

interface Life {
  readonly lines: readonly string[];
  readonly errors: string;
  readonly code: number | null;
}

/** One process. @param killAfterMs kills it from here, when it lives so long. */
function live(
  folder: string,
  acknowledged: number,
  killAt: string,
  killAfterMs: number | null,
): Promise<Life> {
  const child = spawn(
    process.execPath,
    ["--import", KILL_SWITCH, DOOMED, folder, join(folder, "script"), String(acknowledged)],
    {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: killAfterMs ?? LIFE_MS_MAX,
      killSignal: "SIGKILL",
      env: { ...process.env, WAYBILL_KILL_AT: killAt },
    },
  );
  let [printed, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ lines: printed.split("\n").slice(0, -1), errors, code });
    });
  });
}

function argumentOf(line: string | undefined, word: string): string | null {
  return line?.startsWith(`${word} `) === true ? line.slice(word.length + 1) : null;
}

/**
 * One folder: lives until its script is done, then the comparison.
 * @param killsMax after so many deaths it is left alone.
 * @throws Error with the seed when anything is not as it must be.
 */
export async function runRound(seed: number, rounds: number, killsMax: number, tally: Tally): Promise<void> {
  const random = seededRandom(seed);
  const script = drawScript(random.fork("script"), rounds);
  const folder = mkdtempSync(join(tmpdir(), "waybill-crash-"));
  writeSteps(join(folder, "script"), script.steps);
  try {
    let acknowledged = 0;
    let deaths = 0;
    for (let isDone = false; !isDone; ) {
      const mayDie = deaths < killsMax;
      const plan = mayDie ? drawDeath(random) : { killAt: "", afterMs: null };
      const isFirst = acknowledged === 0;
      const life = await live(folder, acknowledged, plan.killAt, plan.afterMs);
      tally.lives += 1;
      acknowledged += life.lines.filter((line) => line.startsWith("did ")).length;
      judge(life, isFirst, plan.afterMs !== null, tally);
      isDone = life.lines.at(-1) === "done";
      if (!isDone) deaths += 1;
      if (!isDone && mayDie && random.chance(0.3)) garbleUnsynced(folder, random);
      if (!isDone && mayDie && random.chance(0.12)) spoilState(folder);
    }
    await compare(folder, script);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function drawDeath(random: SeededRandom): {
  readonly killAt: string;
  readonly afterMs: number | null;
} {
  if (random.chance(0.2)) return { killAt: "", afterMs: 150 + random.below(300) };
  // Every third dies early: what the life before left half done is being ended then.
  const at = random.chance(0.35) ? 1 + random.below(40) : 1 + random.below(150);
  return { killAt: `${at}:${random.pick(["before", "after"])}`, afterMs: null };
}

/** @param wasTimed whether this life was to be ended by the clock, if it came so far. */
function judge({ lines, errors, code }: Life, isFirst: boolean, wasTimed: boolean, tally: Tally): void {
  const lost = lines.filter((line) => line.startsWith("lost "));
  if (lost.length > 0) throw new Error(lost.join("; "));
  const repair = argumentOf(
    lines.find((line) => line.startsWith("opened ")),
    "opened",
  );
  if (repair !== null && repair !== "-") tally.repairs += 1;
  const last = lines.at(-1);
  const killed = argumentOf(last, "killed")?.split(" ")[0];
  if (killed !== undefined && isFirst) tally.killed["first start"] += 1;
  else if (killed !== undefined) tally.killed[killed as Moment] += 1;
  else if (code === null && wasTimed) tally.killed["any moment"] += 1;
  else if (code === null) throw new Error(`a life hung, or was ended by somebody else: ${errors}`);
  else if (code !== 0) throw new Error(`a life ended with ${code}: ${errors}`);
}

/** Every table that follows from the blocks, as text; undo records and all. */
export function derived(database: Database): string {
  const tables = database.sql
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()
    .map((row) => String(row["name"]))
    // In these the order of arrival stands, which a repair may change, or what does not follow from blocks.
    .filter(
      (name) =>
        !["blocks", "bodies", "best", "pool", "undone", "sqlite_sequence", "schema_versions"].includes(name),
    );
  const read = (sql: string): string =>
    database.sql
      .prepare(sql)
      .all()
      .map((row) => JSON.stringify(Object.values(row).map((value) => String(value))))
      .join("\n");
  const best = "SELECT height, miner, reward, fees, transactions FROM best ORDER BY height";
  return [...tables.map((name) => `${name}\n${read(`SELECT * FROM ${name}`)}`), read(best)].join("\n\n");
}

async function undisturbed(
  steps: readonly Step[],
): Promise<{ readonly text: string; readonly pool: string[] }> {
  const database = new Database(":memory:", [blockSchema]);
  const node = await openAlone(crashNetwork(), diskBlocks(database));
  for (const step of steps) {
    if (step.kind === "block") await node.chain.submitBlock(step.bytes);
    else await submit(node.chain, step);
  }
  const answer = { text: derived(database), pool: poolOf(node.chain) };
  await node.chain.close();
  database.close();
  return answer;
}

type TestedChain = Awaited<ReturnType<typeof openAlone>>["chain"];

/** By whom and which of theirs: of two that branches hold for one place either may wait, whichever was back first. */
function poolOf(chain: TestedChain): string[] {
  return chain
    .pool()
    .map(({ transaction }) => `${transaction.seq} of ${transaction.from}`)
    .sort();
}

function poolDifferences(pool: readonly string[], expected: readonly string[]): string[] {
  return [
    ...expected.filter((place) => !pool.includes(place)).map((place) => `${place} does not wait`),
    ...pool.filter((place) => !expected.includes(place)).map((place) => `${place} waits, and should not`),
  ];
}

async function submit(chain: TestedChain, { bytes }: Step): Promise<void> {
  const payment = decodeTransaction(bytes);
  if (!payment.ok || !isSigned(payment.value)) throw new Error("the script holds no such payment");
  await chain.submit(payment.value);
}

async function compare(folder: string, { steps, chain }: Script): Promise<void> {
  const network = crashNetwork();
  const path = join(folder, `ledger-${network.chainIdHex.slice(0, 16)}.db`);
  const database = new Database(path, [blockSchema]);
  const store = diskBlocks(database);
  const node = await openAlone(network, store);
  const expected = await undisturbed(steps);
  const problems = [
    ...lostOf(steps, node.chain, store),
    ...(node.repaired === null ? [] : [`needed repair: ${node.repaired.code}`]),
    ...(node.chain.tip().id === chain.tip.block.id ? [] : ["another tip"]),
    ...(derived(database) === expected.text ? [] : ["what follows from the blocks differs"]),
    ...poolDifferences(poolOf(node.chain), expected.pool),
  ];
  await node.chain.close();
  // Written with what waits, at the latest when it closes.
  if (store.undone().length > 0) problems.push("blocks undone that nobody saw to");
  database.close();
  if (problems.length > 0) throw new Error(`it ends with ${problems.join("; ")}`);
}
