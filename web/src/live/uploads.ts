/**
 * Owns the files that this page is handing to its own peer, which then sends them on. Each becomes a slip of the
 * conversation as soon as the peer has all of it. Keeps progress for the page; retries nothing by itself.
 */
import type { PeerId } from "#base/brand.ts";
import type { Problem } from "#base/result.ts";
import { clientWith, wait } from "./session.ts";

/** Files on their way at once: on loopback more only costs memory. */
const PARALLEL_FILES = 4;
/** Bytes of the past that the rate is taken over, in milliseconds of time. */
const RATE_WINDOW_MS = 3_000;

export interface ChosenFile {
  /** With `/` between folders, as the receiver shall see it. */
  readonly path: string;
  readonly file: File;
}

export interface Upload {
  readonly key: number;
  readonly peerId: PeerId;
  readonly title: string;
  readonly fileCount: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly bytesPerSecond: number;
  readonly problem: Problem | null;
}

interface Running {
  readonly files: readonly ChosenFile[];
  readonly abort: AbortController;
}

let uploads: readonly Upload[] = [];
const running = new Map<number, Running>();
const listeners = new Set<() => void>();
let lastKey = 0;

export function currentUploads(): readonly Upload[] {
  return uploads;
}

export function subscribeUploads(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function set(next: readonly Upload[]): void {
  uploads = next;
  for (const listener of listeners) listener();
}

function change(key: number, part: Partial<Upload>): void {
  set(uploads.map((upload) => (upload.key === key ? { ...upload, ...part } : upload)));
}

/** The name of the only file or folder, or `first and 3 more`. */
export function titleOf(files: readonly ChosenFile[]): string {
  const tops = [...new Set(files.map(({ path }) => path.split("/")[0] ?? path))];
  const [first = "nothing"] = tops;
  return tops.length > 1 ? `${first} and ${tops.length - 1} more` : first;
}

export function startUpload(peerId: PeerId, files: readonly ChosenFile[]): void {
  if (files.length === 0) return;
  lastKey += 1;
  const upload: Upload = {
    key: lastKey,
    peerId,
    title: titleOf(files),
    fileCount: files.length,
    bytesDone: 0,
    bytesTotal: files.reduce((sum, { file }) => sum + file.size, 0),
    bytesPerSecond: 0,
    problem: null,
  };
  set([...uploads, upload]);
  run(upload, files);
}

export function retryUpload(key: number): void {
  const upload = uploads.find((each) => each.key === key);
  const files = running.get(key)?.files;
  if (upload === undefined || files === undefined) return;
  change(key, { bytesDone: 0, bytesPerSecond: 0, problem: null });
  run(upload, files);
}

export function dropUpload(key: number): void {
  running.get(key)?.abort.abort();
  running.delete(key);
  set(uploads.filter((upload) => upload.key !== key));
}

function run(upload: Upload, files: readonly ChosenFile[]): void {
  const abort = new AbortController();
  running.set(upload.key, { files, abort });
  void handOver(upload, files, abort.signal).then((problem) => {
    if (abort.signal.aborted) return;
    if (problem === null) dropUpload(upload.key);
    else change(upload.key, { problem });
  });
}

async function handOver(
  upload: Upload,
  files: readonly ChosenFile[],
  signal: AbortSignal,
): Promise<Problem | null> {
  const meter = meterOf(upload.key);
  const open = await clientWith({ fetch: window.fetch.bind(window), wait }).beginUpload();
  if (!open.ok) return open.fault;
  const { uploadId } = open.value;
  let next = 0;
  let problem: Problem | null = null;
  const worker = async (): Promise<void> => {
    for (let at = next; at < files.length && problem === null && !signal.aborted; at = next) {
      next += 1;
      const chosen = files[at];
      if (chosen === undefined) return;
      const fetchWithProgress = progressFetch((bytes) => meter.at(at, bytes));
      const answer = await clientWith({ fetch: fetchWithProgress, wait }).addUploadFile(
        uploadId,
        chosen.path,
        chosen.file,
        signal,
      );
      if (answer.ok) meter.at(at, chosen.file.size);
      else problem = answer.fault;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_FILES }, worker));
  if (problem !== null || signal.aborted) return problem;
  const sent = await clientWith({ fetch: window.fetch.bind(window), wait }).sendUpload(
    upload.peerId,
    uploadId,
  );
  return sent.ok ? null : sent.fault;
}

/** Adds up what each file reports and tells the page at most once per frame. */
function meterOf(key: number): { at(file: number, bytes: number): void } {
  const done = new Map<number, number>();
  const past: { timeMs: number; bytes: number }[] = [];
  let total = 0;
  let scheduled = false;
  const tell = () => {
    scheduled = false;
    const nowMs = performance.now();
    past.push({ timeMs: nowMs, bytes: total });
    while ((past[0]?.timeMs ?? nowMs) < nowMs - RATE_WINDOW_MS) past.shift();
    const first = past[0] ?? { timeMs: nowMs, bytes: total };
    const span = nowMs - first.timeMs;
    change(key, {
      bytesDone: total,
      bytesPerSecond: span === 0 ? 0 : ((total - first.bytes) * 1000) / span,
    });
  };
  return {
    at(file, bytes) {
      total += bytes - (done.get(file) ?? 0);
      done.set(file, bytes);
      if (!scheduled) requestAnimationFrame(tell);
      scheduled = true;
    },
  };
}

/** `fetch` does not say how much of a body has left; XMLHttpRequest does. */
function progressFetch(onBytes: (bytes: number) => void) {
  return (url: string, init: RequestInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(init.method ?? "GET", url);
      for (const [name, value] of new Headers(init.headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded }) => onBytes(loaded);
      request.onload = () => {
        const noBody = request.status === 204;
        resolve(new Response(noBody ? null : request.responseText, { status: request.status }));
      };
      request.onerror = () => reject(new TypeError("the connection broke"));
      request.onabort = () => reject(new DOMException("given up", "AbortError"));
      init.signal?.addEventListener("abort", () => request.abort(), { once: true });
      request.send(init.body instanceof Blob ? init.body : null);
    });
}
