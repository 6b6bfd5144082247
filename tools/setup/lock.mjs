/**
 * Owns the lock under which this clone is set up: two `npm start` at once must not both run `npm ci` or the page
 * build. The holder refreshes the file's time while it works, so a lock left behind by a crash is recognised and
 * removed. Knows nothing of what is set up. Runs on Node 20, before anything is installed.
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";

/** A holder refreshes this often; short against `STALE_MS`, so that a busy computer does not lose its lock. */
const REFRESH_MS = 1_000;
/** A lock whose holder has not refreshed it for so long is taken over, even when a process has its number. */
export const STALE_MS = 60_000;
/** How often a waiting process looks again. */
const RETRY_MS = 200;

/**
 * Runs `work` while this process alone holds `file`; waits for another holder first. What `work` throws is passed
 * on, after the lock is given back.
 *
 * @template Value
 * @param {string} file
 * @param {{ say: (line: string) => void }} dependencies
 * @param {() => Promise<Value>} work
 * @returns {Promise<Value>}
 */
export async function withLock(file, { say }, work) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const content = `${process.pid} ${Date.now()}\n`;
  for (let said = false; !take(file, content); said = true) {
    if (!said) say(`another start (process ${holder(file)?.pid ?? "?"}) is setting up this folder; waiting`);
    await wait(RETRY_MS);
  }
  const refresh = setInterval(() => touch(file), REFRESH_MS);
  try {
    return await work();
  } finally {
    clearInterval(refresh);
    if (read(file) === content) fs.rmSync(file, { force: true });
  }
}

/**
 * @param {string} file
 * @param {string} content
 */
function take(file, content) {
  try {
    fs.writeFileSync(file, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  if (isStale(file)) removeStale(file);
  return false;
}

/** @param {string} file */
export function isStale(file) {
  const held = holder(file);
  if (held === null) return false;
  return !isAlive(held.pid) || Date.now() - held.refreshedMs > STALE_MS;
}

/**
 * Moves the lock aside before deleting it: of two processes that saw the same stale lock, one wins the rename. Had a
 * third taken the lock in between, the file moved is not the stale one, and goes back.
 *
 * @param {string} file
 */
function removeStale(file) {
  const aside = `${file}.${process.pid}`;
  try {
    fs.renameSync(file, aside);
    if (!isStale(aside)) fs.linkSync(aside, file);
    fs.rmSync(aside, { force: true });
  } catch (error) {
    const code = codeOf(error);
    if (code !== "ENOENT" && code !== "EEXIST") throw error;
  }
}

/**
 * @param {string} file
 * @returns {{ pid: number, refreshedMs: number } | null}
 */
function holder(file) {
  try {
    const refreshedMs = fs.statSync(file).mtimeMs;
    return { pid: Number.parseInt(fs.readFileSync(file, "utf8"), 10) || 0, refreshedMs };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  // 0 stands for a lock caught between its creation and its first byte: only time can call that one stale.
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** @param {string} file */
function touch(file) {
  try {
    const now = new Date();
    fs.utimesSync(file, now, now);
  } catch {
    // Deleted under us (`git clean`, say): the work goes on, and nothing is left to refresh.
  }
}

/** @param {string} file */
function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && "code" in error ? error.code : null;
}
