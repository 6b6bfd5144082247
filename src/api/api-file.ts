/**
 * Owns `api.json` in the data folder: how programs of the same user find the running peer and prove that they may
 * speak to it. Written at start, read by every command. Beside it lies `api-token`, so that a page that is open
 * when a peer is started again may stay. Formats: docs/api.md.
 */
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { toHex } from "#base/bytes.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Random } from "#ports/random.ts";
import { API_FILE_BYTES_MAX } from "./limits.ts";

export interface ApiFile {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly origin: string;
  readonly token: string;
  /** Process id of the peer. */
  readonly pid: number;
}

const FILE_NAME = "api.json";
const TOKEN_FILE_NAME = "api-token";
const ORIGIN = /^http:\/\/(127\.0\.0\.1|\[::1\]):([1-9][0-9]{0,4})$/;
const TOKEN = /^[A-Za-z0-9_-]{32,128}$/;

/** Written aside with mode 0600, synced, renamed. @throws what the file system throws. */
export async function writeApiFile(dataDir: string, content: ApiFile): Promise<void> {
  await writePrivate(join(dataDir, FILE_NAME), `${JSON.stringify({ version: 1, ...content }, null, 2)}\n`);
}

/** The token of this data folder, made when there is none yet or none that is usable. */
export async function readApiToken(dataDir: string, random: Random): Promise<string> {
  const path = join(dataDir, TOKEN_FILE_NAME);
  const kept = await readFile(path, "utf8").catch(() => "");
  if (TOKEN.test(kept.trim())) return kept.trim();
  const token = toHex(random.bytes(32));
  await writePrivate(path, `${token}\n`);
  return token;
}

async function writePrivate(path: string, content: string): Promise<void> {
  const aside = `${path}.new`;
  // A leftover of an earlier process might be readable by others.
  await rm(aside, { force: true });
  const file = await open(aside, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
}

/** Removes the file if it is still that of `pid`: a peer started since keeps its own. */
export async function removeApiFile(dataDir: string, pid: number): Promise<void> {
  const current = await readApiFile(dataDir);
  if (current.ok && current.value?.pid === pid) await rm(join(dataDir, FILE_NAME), { force: true });
}

function refused(cause: string): Result<never, Problem> {
  return fail(
    problem(
      "api-file-corrupt",
      `The file ${FILE_NAME} in the data folder ${cause}.`,
      "Stop the peer that uses this folder and start it again: it writes the file anew.",
    ),
  );
}

/** `null` when there is none: no peer was started with this folder, or it ended in order. */
export async function readApiFile(dataDir: string): Promise<Result<ApiFile | null, Problem>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(join(dataDir, FILE_NAME));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT" || code === "ENOTDIR") return ok(null);
    return refused(`cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
  if (bytes.length > API_FILE_BYTES_MAX) return refused(`is larger than ${API_FILE_BYTES_MAX} bytes`);
  return decodeApiFile(new TextDecoder().decode(bytes));
}

export function decodeApiFile(text: string): Result<ApiFile, Problem> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused("is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refused("is not an object");
  const { version, origin, token, pid, ...unknown }: Record<string, unknown> = { ...value };
  if (Object.keys(unknown).length > 0) return refused("has unknown fields");
  if (version !== 1) return refused("is of another version");
  const port = typeof origin === "string" ? Number(ORIGIN.exec(origin)?.[2] ?? 0) : 0;
  if (typeof origin !== "string" || port === 0 || port > 65_535) return refused("names no loopback address");
  if (typeof token !== "string" || !TOKEN.test(token)) return refused("has no usable token");
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return refused("has no process id");
  return ok({ origin, token, pid });
}
