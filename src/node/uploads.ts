/**
 * Owns the folders into which a page puts the files that a person drops on it, until they are sent. A page has no
 * paths of this computer to give, so its bytes come here first; a transfer then reads them like any other files.
 */
import { createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { DeliveryId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { Random } from "#ports/random.ts";
import { UPLOAD_FILES_MAX, UPLOAD_IDLE_MS_MAX, UPLOADS_OPEN_MAX } from "./limits.ts";

interface Upload {
  readonly folder: string;
  readonly paths: Set<string>;
  lastUsedMs: number;
}

export interface Uploads {
  begin(): Promise<Result<{ readonly uploadId: string }, Problem>>;
  add(
    uploadId: string,
    path: string,
    body: ReadableStream<Uint8Array>,
  ): Promise<Result<{ readonly bytes: number }, Problem>>;
  /** Hands the upload over: the top-level files and folders to send. From now on it is not dropped by time. */
  take(uploadId: string): Promise<Result<{ readonly paths: readonly string[] }, Problem>>;
  /** Removes an upload that was taken and of which no delivery came. */
  drop(uploadId: string): Promise<void>;
  /** Notes which delivery reads the upload, for after a restart too. */
  bind(uploadId: string, delivery: DeliveryId): Promise<void>;
  /** The bytes of this delivery are not needed any more. One that came from no upload is no fault. */
  release(delivery: DeliveryId): Promise<void>;
  /**
   * Takes up what an earlier run left: keeps what unfinished deliveries read, removes the rest. An upload that was
   * being sent when that run was killed may be read by any of them: it stays while `anyUnfinished`.
   */
  recover(unfinished: {
    readonly anyUnfinished: boolean;
    readonly isUnfinished: (delivery: DeliveryId) => boolean;
  }): Promise<void>;
}

/** Beside the folder of an upload: holds the id of the delivery that reads it. */
const MARK_SUFFIX = ".delivery";
/** What the mark holds while the delivery has no id yet. */
const BEING_SENT = "being-sent";

const UNKNOWN = problem(
  "upload-unknown",
  "This upload is not open any more.",
  "Choose the files again: an upload is dropped an hour after its last file.",
);

const PATH_REFUSED = problem(
  "upload-path-refused",
  "The path of a file is empty, leads out of its folder, came twice, or is one too many.",
  "Send the folder in parts, or with the send command.",
);

/** A relative path with no way out of the folder; `null` otherwise. What names mean elsewhere is the receiver's rule. */
function pathInside(path: string): string | null {
  const parts = path.split("/");
  const bad = (part: string) => part === "" || part === "." || part === ".." || /[\\\0]/.test(part);
  return path.length > 4_096 || parts.some(bad) ? null : join(...parts);
}

export function openUploads(root: string, edge: { readonly clock: Clock; readonly random: Random }): Uploads {
  return new UploadFolders(root, edge.clock, edge.random);
}

class UploadFolders implements Uploads {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #open = new Map<string, Upload>();
  readonly #bound = new Map<DeliveryId, string>();

  constructor(root: string, clock: Clock, random: Random) {
    this.#root = root;
    this.#clock = clock;
    this.#random = random;
  }

  async begin(): ReturnType<Uploads["begin"]> {
    await this.#dropIdle();
    if (this.#open.size >= UPLOADS_OPEN_MAX) {
      return fail(
        problem(
          "uploads-busy",
          `${UPLOADS_OPEN_MAX} uploads are open already.`,
          "Let one of them finish first.",
        ),
      );
    }
    const uploadId = toHex(this.#random.bytes(16));
    const folder = join(this.#root, uploadId);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    this.#open.set(uploadId, { folder, paths: new Set(), lastUsedMs: this.#clock.monotonicMs() });
    return ok({ uploadId });
  }

  async add(
    uploadId: string,
    path: string,
    body: ReadableStream<Uint8Array>,
  ): Promise<Result<{ readonly bytes: number }, Problem>> {
    const upload = this.#open.get(uploadId);
    if (upload === undefined) return fail(UNKNOWN);
    const inside = pathInside(path);
    if (inside === null || upload.paths.has(inside) || upload.paths.size >= UPLOAD_FILES_MAX) {
      return fail(PATH_REFUSED);
    }
    upload.paths.add(inside);
    const target = join(upload.folder, inside);
    try {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await pipeline(Readable.fromWeb(body), createWriteStream(target, { flags: "wx", mode: 0o600 }));
      upload.lastUsedMs = this.#clock.monotonicMs();
      return ok({ bytes: (await stat(target)).size });
    } catch (error) {
      upload.paths.delete(inside);
      await rm(target, { force: true });
      return fail(
        problem(
          "upload-failed",
          `The file could not be kept (${error instanceof Error ? error.message : String(error)}).`,
          "See that the disk has space for a copy, or use the send command, which needs none.",
        ),
      );
    }
  }

  async take(uploadId: string): Promise<Result<{ readonly paths: readonly string[] }, Problem>> {
    const upload = this.#open.get(uploadId);
    if (upload === undefined || upload.paths.size === 0) return fail(UNKNOWN);
    this.#open.delete(uploadId);
    await this.#mark(uploadId, BEING_SENT);
    const names = await readdir(upload.folder);
    return ok({ paths: names.toSorted().map((name) => join(upload.folder, name)) });
  }

  drop(uploadId: string): Promise<void> {
    return this.#remove(uploadId);
  }

  async bind(uploadId: string, delivery: DeliveryId): Promise<void> {
    this.#bound.set(delivery, uploadId);
    await this.#mark(uploadId, delivery);
  }

  async release(delivery: DeliveryId): Promise<void> {
    const uploadId = this.#bound.get(delivery);
    if (uploadId === undefined) return;
    this.#bound.delete(delivery);
    await this.#remove(uploadId);
  }

  async recover({ anyUnfinished, isUnfinished }: Parameters<Uploads["recover"]>[0]): Promise<void> {
    const names = await readdir(this.#root).catch(() => []);
    for (const uploadId of new Set(names.map((name) => name.replace(MARK_SUFFIX, "")))) {
      if (this.#open.has(uploadId)) continue;
      const mark = await readFile(join(this.#root, uploadId + MARK_SUFFIX), "utf8").catch(() => "");
      const delivery = mark as DeliveryId;
      if (mark === BEING_SENT && anyUnfinished) continue;
      if (mark !== "" && isUnfinished(delivery)) this.#bound.set(delivery, uploadId);
      else await this.#remove(uploadId);
    }
  }

  async #mark(uploadId: string, content: string): Promise<void> {
    await writeFile(join(this.#root, uploadId + MARK_SUFFIX), content, { mode: 0o600 });
  }

  async #dropIdle(): Promise<void> {
    for (const [id, upload] of this.#open) {
      if (this.#clock.monotonicMs() - upload.lastUsedMs < UPLOAD_IDLE_MS_MAX) continue;
      this.#open.delete(id);
      await this.#remove(id);
    }
  }

  async #remove(uploadId: string): Promise<void> {
    await rm(join(this.#root, uploadId), { recursive: true, force: true });
    await rm(join(this.#root, uploadId + MARK_SUFFIX), { force: true });
  }
}
