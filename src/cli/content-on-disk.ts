/**
 * Owns reading a file or folder for comparison with a receipt: every file below it with its size and BLAKE3. Follows
 * no links, so that a folder's content is what lies in it.
 */
import { createReadStream } from "node:fs";
import { opendir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { createBlake3 } from "#crypto/blake3.ts";
import type { Content, ContentFile } from "#receipts/index.ts";
import { HASH_READ_BYTES } from "./limits.ts";

/** @param onBytes told how many bytes have been read in all. */
async function hashFile(file: string, path: string, onBytes: (bytes: number) => void): Promise<ContentFile> {
  const hasher = createBlake3();
  let bytes = 0;
  for await (const piece of createReadStream(file, { highWaterMark: HASH_READ_BYTES })) {
    const part: Uint8Array = piece;
    hasher.update(part);
    bytes += part.length;
    onBytes(part.length);
  }
  return { path, bytes, digest: hasher.digest() };
}

async function* filesBelow(
  folder: string,
  prefix: string,
  onBytes: (bytes: number) => void,
): AsyncGenerator<ContentFile, void, undefined> {
  for await (const entry of await opendir(folder)) {
    const path = prefix + entry.name;
    const full = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(full, `${path}/`, onBytes);
    else if (entry.isFile()) yield await hashFile(full, path, onBytes);
  }
}

/** @throws what the file system throws; the caller words it. */
export async function readContent(path: string, onProgress: (bytesRead: number) => void): Promise<Content> {
  let total = 0;
  const onBytes = (bytes: number) => {
    total += bytes;
    onProgress(total);
  };
  // What the user named may be a link; what lies in it may not.
  const found = await stat(path);
  if (found.isDirectory()) return { kind: "folder", files: filesBelow(path, "", onBytes) };
  // A device or a pipe has no end of its own.
  if (!found.isFile()) throw new Error(`${path} is neither a file nor a folder`);
  return { kind: "file", file: await hashFile(path, basename(path), onBytes) };
}
