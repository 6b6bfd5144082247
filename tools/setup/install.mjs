/**
 * Owns the packages of this clone: whether what is installed is what `package-lock.json` names, and `npm ci` when it
 * is not. Also makes sure of `node_modules/node/bin/node`, the Node on which everything else runs. Runs on Node 20.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, peer?: boolean,
 *   link?: boolean }} LockEntry
 * @typedef {{ packages?: Record<string, LockEntry> }} Lockfile
 */

/** @param {string} root folder of the clone */
export function nodeBinary(root) {
  return path.join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
}

/**
 * Whether nothing has to be done, told from a stamp in a few milliseconds, or from npm's own record of the install.
 *
 * @param {string} root
 */
export function isInstalled(root) {
  const wanted = stamp(root);
  if (!fs.existsSync(nodeBinary(root))) return false;
  if (readText(stampFile(root)) === wanted) return true;
  const difference = firstDifference(
    /** @type {Lockfile} */ (readJson(path.join(root, "package-lock.json")) ?? {}),
    /** @type {Lockfile | null} */ (readJson(path.join(root, "node_modules", ".package-lock.json"))),
  );
  if (difference === null && readText(stampFile(root)) === null) {
    fs.writeFileSync(stampFile(root), wanted);
    return true;
  }
  return false;
}

/**
 * The first package in which an install differs from the lockfile, in words; `null` when they agree. Packages that
 * the lockfile calls optional may be absent: they belong to other systems.
 *
 * @param {Lockfile} lockfile
 * @param {Lockfile | null} installed npm's `node_modules/.package-lock.json`
 */
export function firstDifference(lockfile, installed) {
  if (installed === null) return "nothing is installed";
  const wanted = lockfile.packages ?? {};
  const present = installed.packages ?? {};
  for (const [name, entry] of Object.entries(wanted)) {
    if (name === "") continue;
    const found = present[name];
    if (found === undefined) {
      if (entry.optional || entry.devOptional || entry.peer) continue;
      return `${name} is missing`;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity)
      return `${name} is another version`;
  }
  for (const name of Object.keys(present)) {
    if (wanted[name] === undefined) return `${name} is not in the lockfile`;
  }
  return null;
}

/**
 * Runs `npm ci`, and what npm left out of it.
 *
 * @param {string} root
 * @param {{ say: (line: string) => void }} dependencies
 * @throws Error with a sentence for the user when it cannot be done
 */
export async function install(root, { say }) {
  say("installing the packages that package-lock.json names (npm ci); this takes a minute the first time");
  fs.rmSync(stampFile(root), { force: true });
  const npm = npmCommand();
  const code = await run(
    npm.file,
    [...npm.args, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
    root,
    npm.shell,
  );
  if (code !== 0) {
    throw new Error(
      `npm ci ended with code ${code}. Its own words are above; most often the registry is out of reach.`,
    );
  }
  if (!fs.existsSync(nodeBinary(root))) await installNodeBinary(root, say);
  fs.writeFileSync(stampFile(root), stamp(root));
}

/**
 * npm may refuse to run install scripts (`ignore-scripts`, `allow-scripts`); the package `node` fetches its binary in
 * one.
 *
 * @param {string} root
 * @param {(line: string) => void} say
 */
async function installNodeBinary(root, say) {
  say(
    "npm did not run the install script of the package `node`; running it, since it fetches the Node we run on",
  );
  const folder = path.join(root, "node_modules", "node");
  const script = path.join(folder, "installArchSpecificPackage.js");
  const code = fs.existsSync(script) ? await run(process.execPath, [script], folder, false) : -1;
  if (code === 0 && fs.existsSync(nodeBinary(root))) return;
  throw new Error(
    `the package \`node\` has no binary for ${process.platform}-${process.arch} (code ${code}). ` +
      "Look at npm's words above, then try again.",
  );
}

/** Npm as it called us, so that the person's npm is used; else the one on the path. */
export function npmCommand() {
  const called = process.env["npm_execpath"];
  if (called?.endsWith("npm-cli.js") && fs.existsSync(called)) {
    return { file: process.execPath, args: [called], shell: false };
  }
  return { file: "npm", args: [], shell: process.platform === "win32" };
}

/**
 * Everything goes to standard error: standard output belongs to the script that runs afterwards.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {string} cwd
 * @param {boolean} shell
 * @returns {Promise<number>}
 */
export function run(file, args, cwd, shell = false) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, shell, stdio: ["ignore", 2, 2] });
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? -1));
  });
}

/** @param {string} root */
function stampFile(root) {
  return path.join(root, "node_modules", ".waybill-installed");
}

/**
 * The lockfile, and the system it was installed for: a folder carried to another computer is installed anew.
 *
 * @param {string} root
 */
function stamp(root) {
  const lockfile = fs.readFileSync(path.join(root, "package-lock.json"));
  return `${process.platform}-${process.arch} ${createHash("sha256").update(lockfile).digest("hex")}\n`;
}

/** @param {string} file */
function readText(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

/**
 * @param {string} file
 * @returns {unknown} null when it is absent or no JSON: then it is as good as not installed
 */
function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}
