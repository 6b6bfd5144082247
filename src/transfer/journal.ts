/**
 * Owns the journal of one incoming transfer: the digests of the pieces that were verified and written, in their
 * order (format: spec/transfer.md). A record says where to look, not what to believe: after a restart every piece
 * is read back from disk and compared. So a record needs no sync of its own; it survives the end of the process,
 * and what a power cut takes is fetched again.
 */
import { concat, equalBytes, utf8 } from "#base/bytes.ts";
import type { Disk, DiskFile } from "./disk.ts";

const HEAD = utf8("waybill-journal\x00\x01");
const DIGEST_BYTES = 32;

export class Journal {
  readonly #file: DiskFile;
  readonly #digests: Uint8Array[];

  private constructor(file: DiskFile, digests: Uint8Array[]) {
    this.#file = file;
    this.#digests = digests;
  }

  /**
   * Opens or begins a journal. A torn last record is dropped; a file that is no journal, or of another version, is
   * begun anew.
   */
  static async open(disk: Pick<Disk, "open">, path: string, pieceCount: number): Promise<Journal> {
    const file = await disk.open(path, "write");
    try {
      return new Journal(file, await readDigests(file, pieceCount));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Pieces recorded: all from 0 to one less. */
  get length(): number {
    return this.#digests.length;
  }

  /** Digest of a recorded piece. */
  digest(piece: number): Uint8Array {
    const digest = this.#digests[piece];
    if (digest === undefined) throw new RangeError(`piece ${piece} is not recorded`);
    return digest;
  }

  /** Records the next piece. Survives the end of the process once resolved. */
  async append(digest: Uint8Array): Promise<void> {
    const own = concat(digest);
    await this.#file.write(own, HEAD.length + this.#digests.length * DIGEST_BYTES);
    this.#digests.push(own);
  }

  /** Forgets pieces from `length` on. */
  async cut(length: number): Promise<void> {
    await this.#file.truncate(HEAD.length + length * DIGEST_BYTES);
    this.#digests.length = length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** What is recorded; the file then holds just that. */
async function readDigests(file: DiskFile, pieceCount: number): Promise<Uint8Array[]> {
  const { bytes } = await file.entry();
  const content = new Uint8Array(Math.min(bytes, HEAD.length + pieceCount * DIGEST_BYTES));
  const read = await file.read(content, 0);
  const digests: Uint8Array[] = [];
  if (read < HEAD.length || !equalBytes(content.subarray(0, HEAD.length), HEAD)) {
    await file.truncate(0);
    await file.write(HEAD, 0);
    return digests;
  }
  for (let at = HEAD.length; at + DIGEST_BYTES <= read; at += DIGEST_BYTES) {
    digests.push(content.slice(at, at + DIGEST_BYTES));
  }
  await file.truncate(HEAD.length + digests.length * DIGEST_BYTES);
  return digests;
}
