/**
 * The entry of every npm script: sets this clone up when something is missing, then runs the given script on the
 * Node that came as a package. `node tools/run.mjs [--no-page] SCRIPT [ARGS...]`, or `--build-only`.
 *
 * Runs on Node 20, before anything is installed, so it is plain JavaScript and imports nothing that has to be
 * installed. When all is up to date it costs a few milliseconds.
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { install, isInstalled, nodeBinary } from "./setup/install.mjs";
import { withLock } from "./setup/lock.mjs";
import { NODE_FLAGS, nodeEnvironment } from "./setup/node-flags.mjs";
import { build, isBuilt } from "./setup/page.mjs";

const NODE_MAJOR_MIN = 20;
const REPEAT_MS = 500;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** Standard error, because standard output may be read by a program (`--json`). @param {string} line */
const say = (line) => process.stderr.write(`waybill: ${line}\n`);

/** @param {boolean} withPage */
async function setUp(withPage) {
  const ready = () => isInstalled(root) && (!withPage || isBuilt(root));
  if (ready()) return;
  const startedMs = Date.now();
  await withLock(path.join(root, ".cache", "setup.lock"), { say }, async () => {
    // Asked again: whoever held the lock before us may have done it all.
    if (!isInstalled(root)) await install(root, { say });
    if (withPage && !isBuilt(root)) await build(root, { say });
  });
  say(`set up in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}

/**
 * Whether a Ctrl-C typed now reaches our child from the terminal, because we are in its foreground group. Then it
 * must not be passed on as well: the child would get it twice and take the second for impatience.
 */
function isTerminalForeground() {
  try {
    // proc(5): after the command in parentheses come state, ppid, pgrp, session, tty_nr, tpgid.
    const stat = fs.readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[2] !== undefined && fields[2] === fields[5];
  } catch {
    return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  }
}

/**
 * Runs the script and waits for it, whatever signals come. npm repeats to us at once what it gets, so the same signal
 * within `REPEAT_MS` is one; later ones are a person's impatience, and are passed on.
 *
 * @param {string[]} argv script and its arguments
 * @returns {Promise<number>} its exit code, or 128 + the number of the signal that ended it, as shells have it
 */
function runScript(argv) {
  return new Promise((resolve, reject) => {
    const child = spawn(nodeBinary(root), [...NODE_FLAGS, ...argv], {
      stdio: "inherit",
      env: nodeEnvironment(root, process.env),
    });
    for (const signal of /** @type {const} */ (["SIGINT", "SIGHUP", "SIGTERM"])) {
      let lastMs = Number.NEGATIVE_INFINITY;
      process.on(signal, () => {
        const repeated = performance.now() - lastMs < REPEAT_MS;
        lastMs = performance.now();
        if (!repeated && (signal === "SIGTERM" || !isTerminalForeground())) child.kill(signal);
      });
    }
    child.once("error", reject);
    child.once("close", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : os.constants.signals[signal])),
    );
  });
}

async function main() {
  if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
    throw new Error(
      `this is Node ${process.versions.node}; Waybill needs ${NODE_MAJOR_MIN} or later to set itself up`,
    );
  }
  const argv = process.argv.slice(2);
  const option = argv[0]?.startsWith("--") ? argv.shift() : undefined;
  if (option !== undefined && option !== "--no-page" && option !== "--build-only") {
    throw new Error(`unknown option ${option}; there are --no-page and --build-only`);
  }
  await setUp(option !== "--no-page");
  if (option === "--build-only") return 0;
  const script = argv.shift();
  if (script === undefined) throw new Error("which script is to be run?");
  return runScript([path.resolve(root, script), ...argv]);
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
