/**
 * Owns the built page: whether `dist/` was made from the sources that are here now, and the vite build when it was
 * not. Runs on Node 20; vite itself runs on the Node that was installed.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { nodeBinary, run } from "./install.mjs";

/** What the page is made of: its own sources, what it shares with the peer, the networks it knows, and its libraries. */
const SOURCES = [
  ...["web", "src/api", "src/base", "src/crypto", "src/ledger", "src/receipts", "networks"],
  ...["package.json", "package-lock.json", "tsconfig.json"],
];

/** @param {string} root */
export function isBuilt(root) {
  try {
    return fs.readFileSync(stampFile(root), "utf8") === sourcesDigest(root);
  } catch {
    return false;
  }
}

/**
 * @param {string} root
 * @param {{ say: (line: string) => void }} dependencies
 * @throws Error with a sentence for the user when vite fails
 */
export async function build(root, { say }) {
  say("building the page (vite); its sources changed or it was never built");
  const digest = sourcesDigest(root);
  const vite = path.join(root, "node_modules", "vite", "bin", "vite.js");
  const code = await run(nodeBinary(root), [vite, "build", "--logLevel", "warn", "web"], root);
  if (code !== 0)
    throw new Error(`the page could not be built: vite ended with code ${code}, its words are above`);
  fs.mkdirSync(path.dirname(stampFile(root)), { recursive: true });
  fs.writeFileSync(stampFile(root), digest);
}

/**
 * SHA-256 over names and contents, in the order of names. Tests do not make the page, so they are left out.
 *
 * @param {string} root
 */
export function sourcesDigest(root) {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    for (const file of filesUnder(path.join(root, source))) {
      const content = fs.readFileSync(file);
      hash.update(`${path.relative(root, file)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest("hex");
}

/**
 * @param {string} start
 * @returns {string[]}
 */
function filesUnder(start) {
  const stat = fs.statSync(start, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [start];
  return fs
    .readdirSync(start)
    .sort()
    .filter((name) => !/\.test\.tsx?$/.test(name) && name !== "node_modules" && name !== "dist")
    .flatMap((name) => filesUnder(path.join(start, name)));
}

/** @param {string} root */
function stampFile(root) {
  return path.join(root, "dist", ".page-sources");
}
