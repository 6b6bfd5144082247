/**
 * Owns the comparison of a content with what a verified waybill says was delivered. Reading files and hashing them is
 * the caller's. Names may have been made safe for a disk on receipt, so a file whose name is not in the list counts
 * when its content is.
 */
import { equalBytes, toHex } from "#base/bytes.ts";
import type { Problem } from "#base/result.ts";
import { CONTENT_DIFFERENCES_NAMED_MAX, CONTENT_FILES_MAX } from "./limits.ts";
import type { Manifest, ManifestEntry } from "./types.ts";
import { contentProblem } from "./verdict.ts";
import type { Waybill } from "./waybill.ts";

export interface ContentFile {
  /** Below the folder that the user named, `/` between parts; of a single file: its name. */
  readonly path: string;
  readonly bytes: number;
  /** 32 bytes: BLAKE3 of the content. */
  readonly digest: Uint8Array;
}

export type Content =
  | { readonly kind: "file"; readonly file: ContentFile }
  | { readonly kind: "folder"; readonly files: AsyncIterable<ContentFile> | Iterable<ContentFile> };

/** Lists name at most `CONTENT_DIFFERENCES_NAMED_MAX` paths each. Plain JSON. */
export interface ContentVerdict {
  readonly ok: boolean;
  readonly problem: Problem | null;
  /** What was shown, in sentences. */
  readonly statements: string[];
  readonly filesMatched: number;
  readonly changed: string[];
  readonly missing: string[];
  readonly extra: string[];
  /** Content that was delivered under another name. */
  readonly renamed: string[];
}

const NOTHING: ContentVerdict = {
  ok: false,
  problem: null,
  statements: [],
  filesMatched: 0,
  changed: [],
  missing: [],
  extra: [],
  renamed: [],
};

/** @param waybill one that `verifyWaybill` accepted: nothing is checked here but the content. */
export async function verifyContent(waybill: Waybill, content: Content): Promise<ContentVerdict> {
  if (waybill.manifest === null) return verifyMessage(waybill, content);
  return content.kind === "file"
    ? verifyFile(waybill.manifest, content.file)
    : verifyFolder(waybill.manifest, content.files);
}

function verifyMessage(waybill: Waybill, content: Content): ContentVerdict {
  const { body } = waybill.receipt.dispatch;
  const same =
    content.kind === "file" &&
    content.file.bytes === body.bytes &&
    equalBytes(content.file.digest, body.contentDigest);
  if (!same) return { ...NOTHING, problem: contentProblem("content-differs", "the delivery was a message") };
  return {
    ...NOTHING,
    ok: true,
    filesMatched: 1,
    statements: ["The file holds the text of the message, byte for byte."],
  };
}

function isSame(entry: ManifestEntry, file: ContentFile): boolean {
  return entry.bytes === file.bytes && equalBytes(entry.digest, file.digest);
}

function verifyFile(manifest: Manifest, file: ContentFile): ContentVerdict {
  const entry = manifest.entries.find((candidate) => isSame(candidate, file));
  if (entry === undefined) {
    const [only] = manifest.entries;
    const code = manifest.entries.length === 1 ? "content-differs" : "content-unknown";
    return {
      ...NOTHING,
      problem: contentProblem(code),
      changed: only && code === "content-differs" ? [only.path] : [],
    };
  }
  const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
  return {
    ...NOTHING,
    ok: true,
    filesMatched: 1,
    statements: [`The file is ${quoted(entry.path)} of the delivery, byte for byte.`],
    renamed: name === file.path ? [] : [entry.path],
  };
}

/** Paths in a list may hold anything; in a sentence they stand quoted and without control characters. */
function quoted(path: string): string {
  return JSON.stringify(path);
}

/** The folder that all entries share, with its slash; empty when there is none. */
function sharedFolder(manifest: Manifest): string {
  const first = manifest.entries[0]?.path ?? "";
  const top = first.slice(0, first.indexOf("/") + 1);
  return manifest.entries.every((entry) => entry.path.startsWith(top)) ? top : "";
}

async function verifyFolder(
  manifest: Manifest,
  files: AsyncIterable<ContentFile> | Iterable<ContentFile>,
): Promise<ContentVerdict> {
  const top = sharedFolder(manifest);
  const expected = new Map(manifest.entries.map((entry) => [entry.path, entry]));
  const changed = new Map<string, ContentFile>();
  const unknown: ContentFile[] = [];
  let seen = 0;
  let matched = 0;
  for await (const file of files) {
    seen += 1;
    if (seen > CONTENT_FILES_MAX) return { ...NOTHING, problem: contentProblem("content-too-many-files") };
    const path = expected.has(top + file.path) ? top + file.path : file.path;
    const entry = expected.get(path);
    if (entry === undefined) unknown.push(file);
    else if (isSame(entry, file)) {
      expected.delete(path);
      matched += 1;
    } else changed.set(path, file);
  }
  for (const path of changed.keys()) expected.delete(path);
  const renamed = takeRenamed(expected, unknown);
  return folderVerdict({
    matched: matched + renamed.length,
    changed: [...changed.keys()],
    missing: [...expected.keys()],
    extra: unknown.map((file) => file.path),
    renamed,
  });
}

/** Pairs files of unknown name with entries not found that have the same content, and takes both out. */
function takeRenamed(expected: Map<string, ManifestEntry>, unknown: ContentFile[]): string[] {
  const byDigest = new Map<string, ManifestEntry[]>();
  for (const entry of expected.values()) {
    const key = toHex(entry.digest);
    const same = byDigest.get(key);
    if (same === undefined) byDigest.set(key, [entry]);
    else same.push(entry);
  }
  const renamed: string[] = [];
  const stillUnknown = unknown.filter((file) => {
    const candidates = byDigest.get(toHex(file.digest)) ?? [];
    const at = candidates.findIndex((entry) => entry.bytes === file.bytes);
    const [entry] = at < 0 ? [] : candidates.splice(at, 1);
    if (entry === undefined) return true;
    expected.delete(entry.path);
    renamed.push(entry.path);
    return false;
  });
  unknown.splice(0, unknown.length, ...stillUnknown);
  return renamed;
}

interface Comparison {
  readonly matched: number;
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly renamed: readonly string[];
}

function folderVerdict({ matched, changed, missing, extra, renamed }: Comparison): ContentVerdict {
  const named = (paths: readonly string[]) => paths.slice(0, CONTENT_DIFFERENCES_NAMED_MAX);
  const counts = [
    [changed, "changed"],
    [missing, "missing"],
    [extra, "not part of the delivery"],
  ] as const;
  const detail = counts
    .filter(([paths]) => paths.length > 0)
    .map(([paths, what]) => `${paths.length} ${what}, e.g. ${quoted(paths[0] ?? "")}`)
    .join("; ");
  const code =
    changed.length > 0
      ? "content-differs"
      : missing.length > 0
        ? "content-missing"
        : extra.length > 0
          ? "content-extra"
          : null;
  return {
    ok: code === null,
    problem: code === null ? null : contentProblem(code, detail),
    statements:
      code === null
        ? [`The folder holds all ${matched} files of the delivery, byte for byte, and no others.`]
        : [],
    filesMatched: matched,
    changed: named(changed),
    missing: named(missing),
    extra: named(extra),
    renamed: named(renamed),
  };
}
