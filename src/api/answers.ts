/** Owns the form of answers: JSON, refusals with their HTTP status, and saved files with byte ranges. */
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { type Problem, problem } from "#base/result.ts";
import type { SavedFile } from "#node/facade.ts";
import { DATA_HEADERS } from "./gate.ts";

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { ...DATA_HEADERS, "Content-Type": "application/json; charset=utf-8", ...headers },
  });
}

export function refusalAnswer(status: number, refused: Problem): Response {
  const { code, cause, nextStep } = refused;
  return jsonAnswer(status, { error: { code, cause, nextStep } });
}

/** HTTP's word for a refusal of the facade; the code in the body is what scripts compare. */
export function statusOfProblem({ code }: Problem): 403 | 404 | 409 | 422 {
  if (/^(not-found|unknown-.+|.+-unknown|file-missing)$/.test(code)) return 404;
  if (/^(not-waiting-.+|(.+-)?(ambiguous|busy|ended|exists))$/.test(code)) return 409;
  if (/(^|-)(blocked|forbidden)$/.test(code)) return 403;
  return 422;
}

export const INTERNAL = problem(
  "internal",
  "A fault of Waybill itself, not of the request. It is in the log of the peer.",
  "Try again; if it comes back, report it with the log.",
);

/** RFC 6266: an ASCII name for old clients, and the true one percent-encoded (RFC 8187). Holds no line break. */
export function attachment(fileName: string): string {
  const ascii = fileName.replace(/[^ -~]|["\\%]/g, "_");
  const encoded = encodeURIComponent(fileName.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

export function bytesAnswer(fileName: string, bytes: Uint8Array): Response {
  return new Response(new Uint8Array(bytes), {
    headers: {
      ...DATA_HEADERS,
      "Content-Type": "application/octet-stream",
      "Content-Disposition": attachment(fileName),
    },
  });
}

export interface ByteRange {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
}

/**
 * One range of a `Range` header (RFC 9110, 14.2) over a file of `bytes` bytes. `null`: no range, or a form that may
 * be ignored, so that the whole is sent. `"unsatisfiable"`: answer 416.
 */
export function rangeOf(header: string | null, bytes: number): ByteRange | null | "unsatisfiable" {
  const match = header === null ? null : /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header);
  if (match === null) return null;
  const [, from = "", to = ""] = match;
  if (from === "" && to === "") return null;
  if (from === "") {
    const length = Math.min(Number(to), bytes);
    return length === 0 ? "unsatisfiable" : { first: bytes - length, last: bytes - 1 };
  }
  const first = Number(from);
  const last = to === "" ? bytes - 1 : Math.min(Number(to), bytes - 1);
  if (to !== "" && Number(to) < first) return null;
  return first >= bytes ? "unsatisfiable" : { first, last };
}

/** A saved file as an attachment, whole or one range of it. The file may have gone or changed: the disk decides. */
export async function fileAnswer(saved: SavedFile, rangeHeader: string | null): Promise<Response> {
  const file = await open(saved.path, "r").catch(() => null);
  if (file === null) {
    const cause = "The file is no longer where it was saved, or cannot be read.";
    return refusalAnswer(404, problem("file-missing", cause, "Look for it where you moved it."));
  }
  const { size } = await file.stat();
  const range = rangeOf(rangeHeader, size);
  if (range === "unsatisfiable") {
    await file.close();
    const cause = `The range lies outside the file's ${size} bytes.`;
    return refusalAnswer(416, problem("range-unsatisfiable", cause, "Ask for a range inside the file."));
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  const headers: Record<string, string> = {
    ...DATA_HEADERS,
    "Content-Type": "application/octet-stream",
    "Content-Disposition": attachment(saved.name),
    "Content-Length": String(last - first + 1),
    "Accept-Ranges": "bytes",
  };
  if (range !== null) headers["Content-Range"] = `bytes ${first}-${last}/${size}`;
  const status = range === null ? 200 : 206;
  if (size === 0) {
    await file.close();
    return new Response(null, { status, headers });
  }
  const content = file.createReadStream({ start: first, end: last });
  return new Response(Readable.toWeb(content) as ReadableStream<Uint8Array>, { status, headers });
}
