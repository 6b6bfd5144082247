/**
 * Owns how a manifest's files are cut into pieces. All files, one after the other in the manifest's order, are one
 * run of bytes; piece `n` is its bytes from `n * PIECE_BYTES`. So small files travel many to a frame and big ones
 * in many frames, by one rule. Pure.
 */
import { assert } from "#base/assert.ts";
import type { ManifestEntry } from "#receipts/index.ts";
import { PIECE_BYTES } from "./limits.ts";

/** A stretch of one file inside a piece. */
export interface Segment {
  /** Index into the manifest's entries. */
  readonly file: number;
  readonly fileOffset: number;
  readonly pieceOffset: number;
  readonly bytes: number;
}

export interface Layout {
  readonly totalBytes: number;
  readonly pieceCount: number;
  /** Bytes of one piece: `PIECE_BYTES`, but for the last. */
  pieceBytes(piece: number): number;
  /** Bytes before a piece; of `pieceCount`, all. */
  bytesBefore(piece: number): number;
  /** In order. Files without content have no segment. */
  segments(piece: number): readonly Segment[];
  /** Whether the file's last byte is in this piece or before. */
  endsBy(file: number, piece: number): boolean;
}

export function layoutOf(entries: readonly Pick<ManifestEntry, "bytes">[]): Layout {
  const starts: number[] = [];
  let totalBytes = 0;
  for (const { bytes } of entries) {
    starts.push(totalBytes);
    totalBytes += bytes;
  }
  const pieceCount = Math.ceil(totalBytes / PIECE_BYTES);
  const bytesBefore = (piece: number) => Math.min(piece * PIECE_BYTES, totalBytes);
  const endOf = (file: number) => (starts[file] ?? 0) + (entries[file]?.bytes ?? 0);

  /** The first file that ends after `offset`. */
  const fileAt = (offset: number): number => {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (endOf(middle) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    totalBytes,
    pieceCount,
    bytesBefore,
    pieceBytes: (piece) => bytesBefore(piece + 1) - bytesBefore(piece),
    segments(piece) {
      assert(piece >= 0 && piece < pieceCount, "a piece of this layout");
      const from = bytesBefore(piece);
      const to = bytesBefore(piece + 1);
      const segments: Segment[] = [];
      for (let file = fileAt(from), at = from; at < to; file++) {
        const bytes = Math.min(endOf(file), to) - at;
        if (bytes === 0) continue;
        segments.push({ file, fileOffset: at - (starts[file] ?? 0), pieceOffset: at - from, bytes });
        at += bytes;
      }
      return segments;
    },
    endsBy: (file, piece) => endOf(file) <= bytesBefore(piece + 1),
  };
}
