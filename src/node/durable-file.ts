/** Owns how a small file is replaced so that a crash leaves either the old or the new one, never a torn one. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Written aside, synced, renamed, folder synced. @throws what the file system throws. */
export function writeDurably(path: string, content: string | Uint8Array, mode: number): void {
  const aside = `${path}.new`;
  const file = openSync(aside, "w", mode);
  try {
    if (typeof content === "string") writeSync(file, content);
    else writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(aside, path);
  syncFolder(dirname(path));
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
