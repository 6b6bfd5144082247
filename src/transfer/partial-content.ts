/**
 * The files of one incoming transfer while they are not whole: pieces written and journaled as they come, and read
 * back from disk behind them. Owns the partial folder. Does not fetch, name or place.
 *
 * Reading back is one pass in the order of the pieces, and the same pass serves two ends: after a restart it finds
 * how far the content on disk is good, and during a transfer it follows the writing, so that little is left to do
 * when the last piece comes.
 */
import { join } from "node:path";
import { equalBytes } from "#base/bytes.ts";
import { type Blake3Hasher, blake3, createBlake3 } from "#crypto/blake3.ts";
import type { ManifestEntry } from "#receipts/index.ts";
import type { Disk } from "./disk.ts";
import { Journal } from "./journal.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { FILES_CHECKED_AT_ONCE_MAX, PIECE_BYTES, PIECES_PER_CHECK_MAX } from "./limits.ts";
import { OpenFiles } from "./open-files.ts";
import { forEachParallel } from "./parallel.ts";

/** What reading back found. */
export type Checked =
  | { readonly is: "good" }
  /** The disk gives back something else than was written: `forget` this piece and all after it. */
  | { readonly is: "lost"; readonly piece: number }
  /** The pieces are as they were sent, and yet the file is not the one of the manifest. */
  | { readonly is: "other-content"; readonly file: number }
  /** Not looked through to the end, because `stopped` was aborted. */
  | { readonly is: "stopped" };

export class PartialContent {
  readonly layout: Layout;
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #entries: readonly ManifestEntry[];
  /** Relative local paths, in the order of the entries. */
  readonly #paths: readonly string[];
  readonly #files: OpenFiles;
  readonly #made = new Map<string, Promise<void>>();
  readonly #journal: Journal;
  readonly #stopped: AbortSignal;
  #written: Promise<void> = Promise.resolve();
  /** Pieces read back and found good. */
  #checked = 0;
  /** Found once and for all: no fetching again makes the announced file of it. */
  #other: Checked | null = null;
  /** Of the file in which the next piece to check begins. */
  #hasher: Blake3Hasher = createBlake3();
  /**
   * Where pieces are read back to, one while the other is hashed. Kept: a fresh MiB for each piece makes the
   * collector of garbage work as long as the hashing.
   */
  readonly #readBuffers: Uint8Array[] = [];

  private constructor(options: PartialOptions, disk: Disk, journal: Journal) {
    this.#disk = disk;
    this.#folder = options.folder;
    this.#entries = options.entries;
    this.#paths = options.paths;
    this.#journal = journal;
    this.#stopped = options.stopped;
    this.layout = layoutOf(options.entries);
    this.#files = new OpenFiles(disk, "write", (file) => this.#madePath(file));
  }

  static async open(options: PartialOptions, disk: Disk): Promise<PartialContent> {
    await disk.makeFolder(contentFolder(options.folder));
    const { pieceCount } = layoutOf(options.entries);
    const journal = await Journal.open(disk, join(options.folder, "journal"), pieceCount);
    return new PartialContent(options, disk, journal);
  }

  /** Pieces written and journaled: all from 0 to one less. */
  get pieces(): number {
    return this.#journal.length;
  }

  get checkedPieces(): number {
    return this.#checked;
  }

  /**
   * Writes the next piece, whose digest was verified. Pieces come in order; several may be under way. Resolves
   * when this one and all before are journaled.
   */
  write(piece: number, digest: Uint8Array, bytes: Uint8Array): Promise<void> {
    const segments = this.layout.segments(piece);
    const stored = Promise.all(
      segments.map(({ file, fileOffset, pieceOffset, bytes: length }) =>
        this.#files.use(file, (opened) =>
          opened.write(bytes.subarray(pieceOffset, pieceOffset + length), fileOffset),
        ),
      ),
    );
    // Seen through the chain below; this keeps a fault of a later piece from being reported as unhandled.
    stored.catch(() => undefined);
    const before = this.#written;
    this.#written = (async () => {
      await before;
      await stored;
      await this.#journal.append(digest);
    })();
    return this.#written;
  }

  /** Syncs and reads back all that is journaled and not yet checked. One call at a time. */
  async check(): Promise<Checked> {
    if (this.#other !== null) return this.#other;
    while (this.#checked < this.pieces) {
      const end = Math.min(this.pieces, this.#checked + PIECES_PER_CHECK_MAX);
      await this.#sync(this.#checked, end);
      const found = await this.#readBack(end);
      if (found.is !== "good") return found;
    }
    return { is: "good" };
  }

  /** Makes `piece` the next one to be written. Only while no write and no check is under way. */
  forget(piece: number): Promise<void> {
    return this.#journal.cut(piece);
  }

  /** Syncs every file that has bytes in these pieces; those that end there get their size and time first. */
  async #sync(from: number, to: number): Promise<void> {
    const files = new Set<number>();
    for (let piece = from; piece < to; piece++) {
      for (const { file } of this.layout.segments(piece)) files.add(file);
    }
    await forEachParallel(files, FILES_CHECKED_AT_ONCE_MAX, (file) =>
      this.#files.use(file, async (opened) => {
        const entry = this.#entries[file];
        if (entry !== undefined && this.layout.endsBy(file, to - 1)) {
          if ((await opened.entry()).bytes > entry.bytes) await opened.truncate(entry.bytes);
          await opened.setModified(entry.modifiedMs);
        }
        await opened.sync();
      }),
    );
  }

  async #readBack(end: number): Promise<Checked> {
    let ahead: Promise<Uint8Array> | null = this.#read(this.#checked);
    for (let piece = this.#checked; piece < end && ahead !== null; piece++) {
      const content: Uint8Array = await ahead;
      // Gigabytes that were there already take minutes, and nobody waits for them when it is over.
      if (this.#stopped.aborted) return { is: "stopped" };
      // At most one read is under way when this one is looked at, and it is into the other buffer.
      ahead = piece + 1 < end ? this.#read(piece + 1) : null;
      ahead?.catch(() => undefined);
      if (!equalBytes(blake3(content), this.#journal.digest(piece))) {
        await ahead;
        return { is: "lost", piece };
      }
      const other = await this.#hash(piece, content);
      this.#checked = piece + 1;
      if (other === null) continue;
      await ahead;
      this.#other = { is: "other-content", file: other };
      return this.#other;
    }
    return { is: "good" };
  }

  /** The piece as the disk has it, empty where a file is short. Good until the next piece but one is read. */
  async #read(piece: number): Promise<Uint8Array> {
    const buffer = this.#readBuffers[piece % 2] ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
    this.#readBuffers[piece % 2] = buffer;
    const content = buffer.subarray(0, this.layout.pieceBytes(piece));
    const short = { found: false };
    await Promise.all(
      this.layout.segments(piece).map(({ file, fileOffset, pieceOffset, bytes }) =>
        this.#files.use(file, async (opened) => {
          const target = content.subarray(pieceOffset, pieceOffset + bytes);
          if ((await opened.read(target, fileOffset)) < bytes) short.found = true;
        }),
      ),
    );
    return short.found ? new Uint8Array(0) : content;
  }

  /** Carries the digests of files on; the index of one that ended otherwise than the manifest says, or `null`. */
  async #hash(piece: number, content: Uint8Array): Promise<number | null> {
    for (const { file, pieceOffset, bytes } of this.layout.segments(piece)) {
      this.#hasher.update(content.subarray(pieceOffset, pieceOffset + bytes));
      if (!this.layout.endsBy(file, piece)) continue;
      const digest = this.#hasher.digest();
      this.#hasher = createBlake3();
      await this.#files.close(file);
      if (!equalBytes(digest, this.#entries[file]?.digest ?? digest.subarray(1))) return file;
    }
    return null;
  }

  /** When all pieces are checked: makes the files without content and syncs every folder. */
  async finish(): Promise<Checked> {
    const nothing = blake3(new Uint8Array(0));
    const empty = [...this.#entries.entries()].filter(([, { bytes }]) => bytes === 0);
    const other = empty.find(([, { digest }]) => !equalBytes(digest, nothing));
    if (other !== undefined) return { is: "other-content", file: other[0] };
    await forEachParallel(empty, FILES_CHECKED_AT_ONCE_MAX, async ([file, { modifiedMs }]) => {
      await this.#files.use(file, async (opened) => {
        await opened.truncate(0);
        await opened.setModified(modifiedMs);
        await opened.sync();
      });
      await this.#files.close(file);
    });
    const folders = new Set<string>([contentFolder(this.#folder), this.#folder]);
    for (const path of this.#paths) {
      for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
        folders.add(join(contentFolder(this.#folder), path.slice(0, at)));
      }
    }
    await forEachParallel(folders, FILES_CHECKED_AT_ONCE_MAX, (folder) => this.#disk.syncFolder(folder));
    return { is: "good" };
  }

  async close(): Promise<void> {
    await this.#written.catch(() => undefined);
    await this.#files.closeAll();
    await this.#journal.close();
  }

  /** The absolute path of a file, its folder made. */
  async #madePath(file: number): Promise<string> {
    const path = this.#paths[file] ?? "";
    const slash = path.lastIndexOf("/");
    const root = contentFolder(this.#folder);
    if (slash < 0) return join(root, path);
    const folder = join(root, path.slice(0, slash));
    const made = this.#made.get(folder) ?? this.#disk.makeFolder(folder);
    this.#made.set(folder, made);
    await made;
    return join(root, path);
  }
}

export interface PartialOptions {
  /** Absolute; holds the journal and `content/`. */
  readonly folder: string;
  readonly entries: readonly ManifestEntry[];
  readonly paths: readonly string[];
  /** Ends reading back early. */
  readonly stopped: AbortSignal;
}

export function contentFolder(partialFolder: string): string {
  return join(partialFolder, "content");
}

/** Whether a frame's content has just the length that the layout gives this piece, and its digest. */
export function pieceFits(layout: Layout, piece: number, digest: Uint8Array, bytes: Uint8Array): boolean {
  return (
    bytes.length === layout.pieceBytes(piece) &&
    bytes.length <= PIECE_BYTES &&
    equalBytes(blake3(bytes), digest)
  );
}
