/** Owns damage to the files of a ledger: what a power cut leaves, what a failing disk does. */
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SeededRandom } from "#test/kit/random.ts";

/** Layout of a write-ahead log: SQLite's "WAL-mode File Format", a header and frames of a page each. */
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

function ledgerPath(folder: string): string {
  const name = readdirSync(folder).find((one) => /^ledger-[0-9a-f]{16}\.db$/.test(one));
  if (name === undefined) throw new Error(`no ledger in ${folder}`);
  return join(folder, name);
}

/**
 * Behind the last commit of the log nothing was synced: a power cut may leave anything there. Garbles it, or cuts it off
 * in the middle of a frame, or lets it go on with rubbish.
 */
export function garbleUnsynced(folder: string, random: SeededRandom): void {
  if (!readdirSync(folder).some((one) => one.endsWith(".db-wal") && one.startsWith("ledger"))) return;
  const path = `${ledgerPath(folder)}-wal`;
  const log = readFileSync(path);
  if (log.length < WAL_HEADER_BYTES) return;
  const end = lastCommit(log);
  const tail = random.pick(["garbled", "cut", "rubbish"]);
  if (tail === "cut") truncateSync(path, end + random.below(log.length - end + 1));
  else {
    const length = tail === "rubbish" ? 1 + random.below(9_000) : log.length - end;
    writeFileSync(path, Buffer.concat([log.subarray(0, end), random.bytes(length)]));
  }
}

/** Where the frame of the last valid commit of this log ends. */
function lastCommit(log: Buffer): number {
  const frameBytes = FRAME_HEADER_BYTES + log.readUInt32BE(8);
  const salt = log.readBigUInt64BE(16);
  let end = WAL_HEADER_BYTES;
  for (let at = WAL_HEADER_BYTES; at + frameBytes <= log.length; at += frameBytes) {
    // Frames of an earlier round carry another salt: the log is used again from its beginning.
    if (log.readBigUInt64BE(at + 8) !== salt) break;
    if (log.readUInt32BE(at + 4) !== 0) end = at + frameBytes;
  }
  return end;
}

/** Changes what is held on disk to what no block says, as a wrong byte in a page would. Nothing before the first block. */
export function spoilState(folder: string): void {
  const database = new DatabaseSync(ledgerPath(folder));
  try {
    const isBegun = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'state'").get() !== undefined;
    if (isBegun) database.exec("UPDATE state SET value = zeroblob(length(value))");
  } finally {
    database.close();
  }
}

/** Flips one bit of a file. */
export function flipBit(path: string, random: SeededRandom): void {
  const bytes = readFileSync(path);
  if (bytes.length === 0) return;
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  writeFileSync(path, bytes);
}

/** Cuts a file off anywhere. */
export function cutOff(path: string, random: SeededRandom): void {
  if (existsSync(path)) truncateSync(path, random.below(statSync(path).size + 1));
}
