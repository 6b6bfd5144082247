/**
 * Owns how a small file is written so that nothing but the whole of it is ever seen under its name: a crash or a full
 * disk leaves the file that was there, or none.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Written aside, synced, renamed, folder synced. @throws what the file system throws; the old file stays then. */
export function writeDurably(path: string, content: string | Uint8Array, mode: number): void {
  const aside = `${path}.new`;
  writeWhole(aside, "w", content, mode, () => renameSync(aside, path));
  syncFolder(dirname(path));
}

/** The same for a file that must not be there yet. @throws `EEXIST` and what else the file system throws. */
export function writeNewDurably(path: string, content: string | Uint8Array, mode: number): void {
  writeWhole(path, "wx", content, mode);
  syncFolder(dirname(path));
}

function writeWhole(
  path: string,
  flag: "w" | "wx",
  content: string | Uint8Array,
  mode: number,
  then?: () => void,
): void {
  const file = openSync(path, flag, mode);
  try {
    try {
      // Not writeSync: on a disk that fills up it may take a part without a word.
      writeFileSync(file, typeof content === "string" ? Buffer.from(content) : content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    then?.();
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

function syncFolder(path: string): void {
  // Windows has no way to sync a folder, and does not need one: the rename itself is journaled.
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
