/**
 * `npm run test:node24 [-- --if-reachable]`: the rules on which all peers must agree (`src/ledger`, `src/crypto`,
 * `src/receipts`, with all their vectors) on the oldest Node that Waybill supports. That Node comes from npm's registry,
 * or from npm's cache once it was there. Exit code 1 when a test fails, when another Node answers, and when none can be fetched: what did not
 * run has shown nothing. With `--if-reachable` the last is said, and ends well.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { npmCommand } from "./setup/install.mjs";

/** As `engines` in package.json has it. */
const MAJOR = 24;
const FETCH_MS_MAX = 60_000;
const TESTS_MS_MAX = 240_000;
const FOLDERS = ["src/ledger", "src/crypto", "src/receipts"];
/** Without a blank or a quote, since a shell may read it. */
const SAY_VERSION_AND_PATH = "process.version.concat(String.fromCharCode(32),process.execPath)";
const root = resolve(import.meta.dirname, "..");

interface Found {
  readonly path: string;
  /** As `process.version` says it. */
  readonly version: string;
}

/** @returns a sentence when it cannot be fetched. */
function findNode(): Found | string {
  const npm = npmCommand();
  const asked = spawnSync(
    npm.file,
    [...npm.args, "exec", "--yes", `--package=node@${MAJOR}`, "--", "node", "-p", SAY_VERSION_AND_PATH],
    { cwd: root, shell: npm.shell, encoding: "utf8", timeout: FETCH_MS_MAX },
  );
  const [version, ...path] = (asked.stdout ?? "").trim().split(" ");
  if (asked.status === 0 && version !== undefined && path.length > 0)
    return { version, path: path.join(" ") };
  const words = asked.error?.message ?? (asked.stderr ?? "").trim().split("\n").at(-1) ?? "npm said nothing";
  return `Node ${MAJOR} could not be fetched (${words}).`;
}

function main(): number {
  const { values } = parseArgs({ options: { "if-reachable": { type: "boolean", default: false } } });
  const node = findNode();
  if (typeof node === "string") {
    console.log(values["if-reachable"] ? `skipped: ${node}` : `${node} Is the npm registry within reach?`);
    return values["if-reachable"] ? 0 : 1;
  }
  if (!node.version.startsWith(`v${MAJOR}.`)) {
    console.log(
      `Node ${MAJOR} was asked for, and ${node.version} answered (${node.path}): nothing was tried.`,
    );
    return 1;
  }
  console.log(`on Node ${node.version}: ${FOLDERS.join(", ")}`);
  const files = FOLDERS.flatMap((folder) => globSync(join(folder, "**/*.test.ts"), { cwd: root }));
  const ran = spawnSync(node.path, ["--test", "--test-reporter=dot", ...files.sort()], {
    cwd: root,
    stdio: "inherit",
    timeout: TESTS_MS_MAX,
  });
  const isGood = ran.status === 0 && files.length > 0;
  console.log(isGood ? `the same verdicts on Node ${node.version}` : `FAILED on Node ${node.version}`);
  return isGood ? 0 : 1;
}

process.exitCode = main();
