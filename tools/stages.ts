/**
 * Owns which test file belongs to which stage of `npm test`, in the order in which stages run: the quick ones first,
 * those with real processes last. A file that no stage claims is an error, so that no test is forgotten.
 */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";

export interface Stage {
  readonly name: string;
  readonly what: string;
  readonly claims: (file: string) => boolean;
  /** Files run at once. */
  readonly concurrency: number;
  /** For one test, in milliseconds. */
  readonly timeoutMs: number;
}

const under =
  (...starts: readonly string[]) =>
  (file: string) =>
    starts.some((start) => file.startsWith(start));

/** They time what they see, or leave no core to another: two of them at once would tell of each other. */
const ALONE = /\/(?:[a-z-]*(?:flood|load|strangers|nat|lan)|crash|kill)\.test\.ts$/;

/** The first stage that claims a file has it. */
export const STAGES: readonly Stage[] = [
  {
    name: "tidy",
    what: "import table, house rules, tools",
    claims: under("test/tidy", "tools/"),
    concurrency: 2,
    timeoutMs: 60_000,
  },
  {
    name: "contract",
    what: "every port, on each of its implementations",
    claims: (file) => under("test/contract/")(file) || /^src\/storage\/[^/]+\.test\.ts$/.test(file),
    concurrency: 2,
    timeoutMs: 60_000,
  },
  {
    name: "unit",
    what: "beside the code",
    claims: under("src/", "web/", "test/kit/", "test/fuzz/", "bench/", "bin/"),
    concurrency: 2,
    timeoutMs: 60_000,
  },
  {
    name: "sim",
    what: "whole nodes on simulated time and network",
    claims: under("test/sim/"),
    concurrency: 2,
    timeoutMs: 120_000,
  },
  {
    name: "page",
    what: "the page in a real browser",
    claims: under("test/page/", "test/functional/page"),
    concurrency: 1,
    timeoutMs: 180_000,
  },
  {
    name: "demo",
    what: "npm run demo -- --once",
    claims: under("test/functional/demo"),
    concurrency: 1,
    timeoutMs: 180_000,
  },
  {
    name: "functional",
    what: "real processes, two files at once",
    claims: (file) => under("test/functional/")(file) && !ALONE.test(file),
    concurrency: 2,
    timeoutMs: 120_000,
  },
  {
    name: "alone",
    what: "real processes that measure, flood, or are killed",
    claims: under("test/functional/"),
    concurrency: 1,
    timeoutMs: 120_000,
  },
];

/** Files of each stage by its name, and those that no stage claims. */
export function assignStages(files: readonly string[]): {
  readonly byStage: ReadonlyMap<string, readonly string[]>;
  readonly unclaimed: readonly string[];
} {
  const byStage = new Map<string, string[]>(STAGES.map((stage) => [stage.name, []]));
  const unclaimed: string[] = [];
  for (const file of files) {
    const stage = STAGES.find((candidate) => candidate.claims(file));
    if (stage === undefined) unclaimed.push(file);
    else byStage.get(stage.name)?.push(file);
  }
  return { byStage, unclaimed };
}

const NOT_OURS = new Set(["node_modules", "dist", ".git", ".cache"]);

/** All files below `root` that are ours, as paths with slashes relative to it, sorted. */
export function filesOf(root: string, folder = root): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesOf(root, path);
      return entry.isFile() ? [relative(root, path).replaceAll("\\", "/")] : [];
    })
    .sort();
}

export function testFilesOf(root: string): readonly string[] {
  return filesOf(root).filter((file) => /\.test\.(ts|tsx|mjs)$/.test(file));
}
