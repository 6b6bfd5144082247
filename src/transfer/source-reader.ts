/**
 * Reads the pieces of an outgoing transfer from the user's own files and sends them, a few ahead of the wire. Owns
 * the watch over the sources: a file that is not as it was when it was offered stops the transfer.
 */
import { join } from "node:path";
import type { Problem } from "#base/result.ts";
import { blake3 } from "#crypto/blake3.ts";
import type { FrameStream } from "#ports/network.ts";
import type { ManifestEntry } from "#receipts/index.ts";
import { pieceFrame, sealPiece, type WireReason } from "./codec.ts";
import type { Disk, DiskFile } from "./disk.ts";
import type { Layout } from "./layout.ts";
import { PIECES_READ_AHEAD_MAX } from "./limits.ts";
import { OpenFiles } from "./open-files.ts";
import { SOURCE_CHANGED, sourceMissing, sourceUnreadable, systemCode } from "./problems.ts";
import type { Source } from "./store.ts";

export type SourceFault = Problem & { readonly wire: WireReason };

class SourceFailed extends Error {
  readonly fault: SourceFault;
  constructor(fault: SourceFault) {
    super(fault.code);
    this.fault = fault;
  }
}

export class SourceReader {
  readonly #entries: readonly ManifestEntry[];
  readonly #layout: Layout;
  readonly #files: OpenFiles;
  readonly #paths: ReadonlyMap<string, string>;

  constructor(
    disk: Pick<Disk, "open">,
    sources: readonly Source[],
    entries: readonly ManifestEntry[],
    layout: Layout,
  ) {
    this.#entries = entries;
    this.#layout = layout;
    this.#paths = new Map(sources.map(({ name, path }) => [name, path]));
    this.#files = new OpenFiles(disk, "read", async (file) => this.#path(file));
  }

  /**
   * Sends every piece from `from` on and closes the stream. Ends early, without a fault, when the stream breaks.
   *
   * @param onSent given the bytes up to and with the piece just sent.
   * @returns what is wrong with the sources, or `null`.
   */
  async sendAll(
    stream: FrameStream,
    from: number,
    onSent: (bytes: number) => void,
  ): Promise<SourceFault | null> {
    const ahead: Promise<Uint8Array>[] = [];
    let next = from;
    try {
      for (let piece = from; piece < this.#layout.pieceCount; piece++) {
        while (next < this.#layout.pieceCount && ahead.length < PIECES_READ_AHEAD_MAX) {
          const read = this.#read(next++);
          read.catch(() => undefined);
          ahead.push(read);
        }
        const frame = await ahead.shift();
        if (frame === undefined) break;
        const sent = await stream.send(frame);
        if (!sent.ok) return null;
        onSent(this.#layout.bytesBefore(piece + 1));
      }
      await stream.close();
      return null;
    } catch (error) {
      if (error instanceof SourceFailed) return error.fault;
      throw error;
    } finally {
      await Promise.allSettled(ahead);
    }
  }

  close(): Promise<void> {
    return this.#files.closeAll();
  }

  /** One piece in its frame, read straight into place. */
  async #read(piece: number): Promise<Uint8Array> {
    const { frame, content } = pieceFrame(this.#layout.pieceBytes(piece));
    await Promise.all(
      this.#layout.segments(piece).map(async ({ file, fileOffset, pieceOffset, bytes }) => {
        const target = content.subarray(pieceOffset, pieceOffset + bytes);
        const ends = this.#layout.endsBy(file, piece);
        try {
          await this.#files.use(file, async (opened) => {
            if (fileOffset === 0) await this.#check(opened, file);
            const read = await opened.read(target, fileOffset);
            // Looked at after its last byte too: it may have been written to in between.
            if (read < bytes || ends) await this.#check(opened, file);
          });
          if (ends) await this.#files.close(file);
        } catch (error) {
          throw error instanceof SourceFailed ? error : new SourceFailed(this.#faultOf(file, error));
        }
      }),
    );
    sealPiece(frame, piece, blake3(content));
    return frame;
  }

  async #check(opened: DiskFile, file: number): Promise<void> {
    const now = await opened.entry();
    const then = this.#entries[file];
    if (now.bytes !== then?.bytes || now.modifiedMs !== then.modifiedMs) {
      throw new SourceFailed({ ...SOURCE_CHANGED, wire: "source-changed" });
    }
  }

  #faultOf(file: number, error: unknown): SourceFault {
    const path = this.#path(file);
    if (systemCode(error) === "ENOENT") return { ...sourceMissing(path), wire: "source-missing" };
    return { ...sourceUnreadable(path, error), wire: "source-unreadable" };
  }

  #path(file: number): string {
    const [top = "", ...rest] = (this.#entries[file]?.path ?? "").split("/");
    return join(this.#paths.get(top) ?? top, ...rest);
  }
}
