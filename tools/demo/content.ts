/**
 * Owns the files that the demo sends: made on the spot from a fixed seed, so that every run sends the same bytes and
 * none of them comes from a person.
 */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const SMALL_FILES = 200;
export const BIG_FILE_BYTES = 64 * 1024 * 1024;
export const BIG_FILE = "scan.bin";
const CHUNK_BYTES = 1024 * 1024;
/** Small files grow from 0 bytes (an empty file is a file) by this much each, to about 80 kB. */
const SMALL_STEP_BYTES = 400;

export interface Content {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

/** Makes `folder` with 200 small files in ten subfolders, and one of 64 MiB. */
export function makeContent(folder: string): Content {
  let bytes = 0;
  for (let at = 0; at < SMALL_FILES; at++) {
    const series = join(folder, `series-${Math.floor(at / 20) + 1}`);
    mkdirSync(series, { recursive: true });
    const size = at * SMALL_STEP_BYTES;
    writeFileSync(
      join(series, `image-${String(at + 1).padStart(3, "0")}.bin`),
      pseudoRandom(`small ${at}`, size),
    );
    bytes += size;
  }
  const big = openSync(join(folder, BIG_FILE), "w");
  try {
    for (let at = 0; at < BIG_FILE_BYTES; at += CHUNK_BYTES) {
      writeSync(big, pseudoRandom(`big ${at}`, CHUNK_BYTES));
    }
  } finally {
    closeSync(big);
  }
  return { folder, files: SMALL_FILES + 1, bytes: bytes + BIG_FILE_BYTES };
}

/** `count` bytes that do not compress and are always the same for one `seed` (SHAKE128 as a stream). */
function pseudoRandom(seed: string, count: number): Uint8Array {
  if (count === 0) return new Uint8Array(0);
  return createHash("shake128", { outputLength: count }).update(seed).digest();
}
