/**
 * Turns paths of this computer into a manifest: walks folders, follows no link, hashes every file. Owns what is
 * left out and why. Reads in pieces and gives way between them, so that nothing else stands still.
 */
import { basename, join } from "node:path";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import { createBlake3 } from "#crypto/blake3.ts";
import {
  MANIFEST_ENTRIES_MAX,
  type Manifest,
  type ManifestEntry,
  manifestFault,
  sortedManifest,
} from "#receipts/index.ts";
import type { Disk, DiskEntry } from "./disk.ts";
import { FILES_HASHED_AT_ONCE_MAX, FOLDER_DEPTH_MAX, HASH_READ_BYTES, SKIPPED_LISTED_MAX } from "./limits.ts";
import { forEachParallel } from "./parallel.ts";
import {
  manifestProblem,
  NOTHING_TO_SEND,
  SOURCE_CHANGED,
  sourceMissing,
  sourceUnreadable,
  TOO_MANY_FILES,
} from "./problems.ts";
import { numberedName } from "./safe-name.ts";
import type { Source } from "./store.ts";
import type { SkippedSource } from "./types.ts";

export interface Scanned {
  readonly manifest: Manifest;
  readonly sources: readonly Source[];
  readonly skipped: readonly SkippedSource[];
}

interface Found {
  readonly manifestPath: string;
  readonly path: string;
}

type Walked = Result<undefined, Problem>;

/** @param paths absolute. @param stopped asked between reads; true ends the scan. */
export async function scan(
  disk: Disk,
  paths: readonly string[],
  stopped: () => boolean,
): Promise<Result<Scanned, Problem>> {
  const found: Found[] = [];
  const skipped: SkippedSource[] = [];
  const sources: Source[] = [];
  const names = new Set<string>();
  for (const path of paths) {
    let name = basename(path);
    for (let number = 2; names.has(name); number++) name = numberedName(basename(path), number);
    names.add(name);
    sources.push({ name, path });
    const walked = await walk(disk, { manifestPath: name, path }, 0, found, skipped);
    if (!walked.ok) return walked;
  }
  if (found.length === 0) return fail(NOTHING_TO_SEND);

  const entries: ManifestEntry[] = [];
  const problems: Problem[] = [];
  await forEachParallel(found, FILES_HASHED_AT_ONCE_MAX, async (file) => {
    if (problems.length > 0) return;
    const entry = await hashFile(disk, file, stopped);
    if (entry.ok) entries.push(entry.value);
    else problems.push(entry.fault);
  });
  const [first] = problems;
  if (first !== undefined) return fail(first);
  const manifest = sortedManifest(entries);
  const fault = manifestFault(manifest);
  return fault === null ? ok({ manifest, sources, skipped }) : fail(manifestProblem(fault));
}

async function walk(
  disk: Disk,
  at: Found,
  depth: number,
  found: Found[],
  skipped: SkippedSource[],
): Promise<Walked> {
  const skip = (why: SkippedSource["why"]): Walked => {
    if (skipped.length < SKIPPED_LISTED_MAX) skipped.push({ path: at.manifestPath, why });
    return ok();
  };
  let entry: DiskEntry | null;
  let names: readonly string[] = [];
  try {
    entry = await disk.entry(at.path);
    if (entry?.kind === "folder") names = await disk.list(at.path);
  } catch (error) {
    return fail(sourceUnreadable(at.path, error));
  }
  if (entry === null) return fail(sourceMissing(at.path));
  if (entry.kind === "file") {
    if (found.length >= MANIFEST_ENTRIES_MAX) return fail(TOO_MANY_FILES);
    found.push(at);
    return ok();
  }
  if (entry.kind !== "folder") return skip(entry.kind);
  if (names.length === 0) return skip("empty-folder");
  if (depth >= FOLDER_DEPTH_MAX) return fail(manifestProblem("folders are nested too deep"));
  for (const name of names) {
    const inner = { manifestPath: `${at.manifestPath}/${name}`, path: join(at.path, name) };
    const walked = await walk(disk, inner, depth + 1, found, skipped);
    if (!walked.ok) return walked;
  }
  return ok();
}

/** Size and time are taken before and after: a file that is being written gets no digest that fits nothing. */
async function hashFile(
  disk: Disk,
  { manifestPath, path }: Found,
  stopped: () => boolean,
): Promise<Result<ManifestEntry, Problem>> {
  try {
    const file = await disk.open(path, "read");
    try {
      const before = await file.entry();
      const hasher = createBlake3();
      const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(HASH_READ_BYTES, before.bytes)));
      for (let at = 0; at < before.bytes; at += buffer.length) {
        if (stopped()) return fail(SOURCE_CHANGED);
        const read = await file.read(buffer, at);
        hasher.update(buffer.subarray(0, read));
        if (read < buffer.length) break;
      }
      const after = await file.entry();
      if (after.bytes !== before.bytes || after.modifiedMs !== before.modifiedMs) return fail(SOURCE_CHANGED);
      const { bytes, modifiedMs } = before;
      return ok({ path: manifestPath, bytes, modifiedMs, digest: hasher.digest() });
    } finally {
      await file.close();
    }
  } catch (error) {
    return fail(sourceUnreadable(path, error));
  }
}
