/**
 * Owns what a dispatch's `contentDigest` covers: the text of a message, or the manifest of files, and the manifest's
 * bytes (`spec/receipt.md`). Making foreign paths safe for a disk belongs to whoever writes them.
 */
import {
  type ByteReader,
  ByteWriter,
  compareBytes,
  type DecodeFault,
  decodeWith,
  sharedBytes,
  utf8,
} from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import { blake3 } from "#crypto/blake3.ts";
import { merkleRoot } from "#crypto/merkle.ts";
import { MANIFEST_BYTES_MAX, MANIFEST_ENTRIES_MAX, MANIFEST_PATH_BYTES_MAX } from "./limits.ts";
import type { Manifest, ManifestEntry } from "./types.ts";

const VERSION = 1;
const DIGEST_BYTES = 32;
const MANIFEST_HEAD_BYTES = 5;
const ENTRY_FIXED_BYTES = 2 + 8 + 8 + DIGEST_BYTES;
const SLASH = 0x2f;

/** BLAKE3 of the UTF-8 text and nothing else, so that a saved text can be compared by any BLAKE3 tool. */
export function messageDigest(text: string): Uint8Array {
  return blake3(utf8(text));
}

/** An empty, `.` or `..` part, of which a path may have none. */
const UNUSABLE_PART = /(?:^|\/)\.{0,2}(?:\/|$)/;

/** Why a path cannot stand in a manifest, or `null`. Parts are divided by `/`; none is empty, `.` or `..`. */
function manifestPathFault(path: string, bytes: number): string | null {
  if (path === "") return "a path is empty";
  if (!path.isWellFormed()) return "a path is not well-formed text";
  if (bytes > MANIFEST_PATH_BYTES_MAX) return `a path is above ${MANIFEST_PATH_BYTES_MAX} bytes`;
  if (path.includes("\0")) return "a path holds a zero byte";
  return UNUSABLE_PART.test(path) ? "a path has an empty, . or .. part" : null;
}

/** The entries in the one order in which a manifest may hold them. */
export function sortedManifest(entries: readonly ManifestEntry[]): Manifest {
  const keyed = entries.map((entry) => ({ entry, key: utf8(entry.path) }));
  keyed.sort((a, b) => compareBytes(a.key, b.key));
  return { entries: keyed.map(({ entry }) => entry) };
}

/** One entry's bytes: also the leaf under which it can be proven alone. */
export function encodeManifestEntry(entry: ManifestEntry): Uint8Array {
  if (entry.digest.length !== DIGEST_BYTES) throw new RangeError(`digest of ${entry.digest.length} bytes`);
  return new ByteWriter()
    .short(utf8(entry.path))
    .u64(entry.bytes)
    .u64(entry.modifiedMs)
    .raw(entry.digest)
    .done();
}

function readManifestEntry(reader: ByteReader): ManifestEntry {
  return {
    path: reader.text(MANIFEST_PATH_BYTES_MAX, "path"),
    bytes: reader.safeU64("file size"),
    modifiedMs: reader.safeU64("modification time"),
    digest: reader.raw(DIGEST_BYTES),
  };
}

/**
 * Checks one path after the other, each against the one before it alone, so that no manifest costs more than reading
 * it: a stranger's is judged before anybody was asked.
 */
class PathOrder {
  #previous: Uint8Array = new Uint8Array(0);
  /** Lengths of the files so far that the previous path begins with, itself the last; they rise. */
  readonly #begun: number[] = [];

  /** @returns what is wrong with a path here, or `null`. */
  next(path: Uint8Array): string | null {
    const shared = sharedBytes(this.#previous, path);
    const isLater = shared < path.length && (path[shared] ?? 0) > (this.#previous[shared] ?? -1);
    if (!isLater) return "paths are not in order";
    while ((this.#begun.at(-1) ?? 0) > shared) this.#begun.pop();
    // Of the other files that this path begins with, the previous one already showed that no part ends there.
    if (path[shared] === SLASH && this.#begun.at(-1) === shared)
      return "one path is both a file and a folder";
    this.#begun.push(path.length);
    this.#previous = path;
    return null;
  }
}

/** Why these entries are no manifest, or `null`: order, doubles, a file where another entry needs a folder, sum. */
export function manifestFault(manifest: Manifest): string | null {
  const { entries } = manifest;
  if (entries.length < 1 || entries.length > MANIFEST_ENTRIES_MAX) return `${entries.length} files`;
  const order = new PathOrder();
  let total = 0;
  let encoded = MANIFEST_HEAD_BYTES;
  for (const { path, bytes } of entries) {
    const key = utf8(path);
    const fault = manifestPathFault(path, key.length) ?? order.next(key);
    if (fault !== null) return fault;
    total += bytes;
    encoded += ENTRY_FIXED_BYTES + key.length;
    if (encoded > MANIFEST_BYTES_MAX) return `the manifest is above ${MANIFEST_BYTES_MAX} bytes`;
    if (!Number.isSafeInteger(total)) return "the sum of sizes is above 2^53 - 1";
  }
  return null;
}

/** @throws when the manifest breaks a rule of `manifestFault`, which is a fault of ours. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const fault = manifestFault(manifest);
  if (fault !== null) throw new RangeError(`not a manifest: ${fault}`);
  const writer = new ByteWriter().u8(VERSION).u32(manifest.entries.length);
  for (const entry of manifest.entries) writer.raw(encodeManifestEntry(entry));
  return writer.done();
}

/** Reads one manifest out of a larger format. */
export function readManifest(reader: ByteReader): Manifest {
  if (reader.u8() !== VERSION) reader.refuse("manifest version is not 1");
  const count = reader.u32();
  if (count < 1 || count > MANIFEST_ENTRIES_MAX) reader.refuse(`a manifest of ${count} files`);
  const entries: ManifestEntry[] = [];
  for (let at = 0; at < count; at++) entries.push(readManifestEntry(reader));
  const manifest: Manifest = { entries };
  const fault = manifestFault(manifest);
  if (fault !== null) reader.refuse(fault);
  return manifest;
}

export function decodeManifest(bytes: Uint8Array): Result<Manifest, DecodeFault> {
  return decodeWith(bytes, readManifest);
}

/** Sum of the sizes of all files. */
export function manifestBytes(manifest: Manifest): number {
  return manifest.entries.reduce((sum, entry) => sum + entry.bytes, 0);
}

/**
 * Root of the Merkle tree over the entries' bytes, count bound in (`crypto/merkle.ts`): one file of a folder can be
 * proven later without showing the names of the others.
 */
export function manifestDigest(manifest: Manifest): Uint8Array {
  return merkleRoot(manifest.entries.map(encodeManifestEntry));
}
