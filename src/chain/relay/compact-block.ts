/**
 * Owns what a block looks like when it is announced: its header, a short id for each transaction, and whole the few
 * that others can hardly have (`spec/chain.md`, "Compact blocks"). Encodes, decodes, and puts a block together again
 * from what waits here. Knows no peers, and whether a block is valid is said elsewhere.
 */
import type { BlockId } from "#base/brand.ts";
import { ByteWriter, type DecodeFault, decodeWith, equalBytes, utf8 } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import { merkleRoot } from "#crypto/merkle.ts";
import { sha256 } from "#crypto/sha256.ts";
import { SipHash } from "#crypto/siphash.ts";
import {
  type Block,
  blockIdOfHeader,
  decodeHeader,
  decodeTransaction,
  encodeHeader,
  encodeTransaction,
  HEADER_BYTES,
  type Header,
  type Transaction,
} from "#ledger/index.ts";
import { BLOCK_SIGNATURES_MAX, TRANSACTION_BYTES_MAX } from "#ledger/limits.ts";
import { PREFILLED_COUNT_MAX } from "../limits.ts";

const SHORT_ID_BYTES = 6;
const SHORT_ID_DOMAIN = utf8("waybill-short-id-v1\0");

export interface Prefilled {
  /** Position in the block; 0 is the coinbase. */
  readonly index: number;
  readonly transaction: Transaction;
}

export interface CompactBlock {
  readonly id: BlockId;
  readonly header: Header;
  /** The 176 bytes. */
  readonly headerBytes: Uint8Array;
  /** Chosen by whoever announces: with the header's id it is the key of the short ids. */
  readonly nonce: bigint;
  /** Of all transactions that are not prefilled, in the order of the block; below 2^48. */
  readonly shortIds: readonly number[];
  /** In the order of the block; the coinbase first. */
  readonly prefilled: readonly Prefilled[];
}

/** Hashes whole encoded transactions: of two signatures under one transaction, only the right one matches. */
function shortIdHash(headerBytes: Uint8Array, nonce: bigint): SipHash {
  const preimage = new ByteWriter().raw(SHORT_ID_DOMAIN).raw(headerBytes).u64(nonce).done();
  return new SipHash(sha256(preimage).subarray(0, 16));
}

/**
 * @param isScarce whether others can hardly have a transaction yet; the first of them are sent whole,
 * {@link PREFILLED_COUNT_MAX} with the coinbase.
 */
export function compactOf(
  block: Block,
  nonce: bigint,
  isScarce: (transaction: Transaction) => boolean,
): CompactBlock {
  const headerBytes = encodeHeader(block.header);
  const hash = shortIdHash(headerBytes, nonce);
  const prefilled: Prefilled[] = [];
  const shortIds: number[] = [];
  for (const [index, transaction] of block.transactions.entries()) {
    const hasRoom = prefilled.length < PREFILLED_COUNT_MAX;
    if (index === 0 || (hasRoom && isScarce(transaction))) prefilled.push({ index, transaction });
    else shortIds.push(hash.low48(encodeTransaction(transaction)));
  }
  return { id: block.id, header: block.header, headerBytes, nonce, shortIds, prefilled };
}

export function encodeCompactBlock({ headerBytes, nonce, shortIds, prefilled }: CompactBlock): Uint8Array {
  const writer = new ByteWriter().raw(headerBytes).u64(nonce).u16(shortIds.length);
  for (const shortId of shortIds) writer.u32(shortId % 2 ** 32).u16(Math.floor(shortId / 2 ** 32));
  writer.u16(prefilled.length);
  for (const { index, transaction } of prefilled) writer.u16(index).short(encodeTransaction(transaction));
  return writer.done();
}

export function decodeCompactBlock(bytes: Uint8Array): Result<CompactBlock, DecodeFault> {
  return decodeWith(bytes, (reader) => {
    const headerBytes = reader.raw(HEADER_BYTES);
    const header = decodeHeader(headerBytes);
    if (!header.ok) return reader.refuse(header.fault.what);
    const nonce = reader.u64();
    const shortCount = reader.u16();
    if (shortCount > BLOCK_SIGNATURES_MAX) reader.refuse(`${shortCount} short ids`);
    const shortIds: number[] = [];
    for (let at = 0; at < shortCount; at++) shortIds.push(reader.u32() + reader.u16() * 2 ** 32);
    const prefilledCount = reader.u16();
    if (prefilledCount > PREFILLED_COUNT_MAX) reader.refuse(`${prefilledCount} whole transactions`);
    const prefilled: Prefilled[] = [];
    for (let at = 0; at < prefilledCount; at++) {
      const index = reader.u16();
      const isInOrder = at === 0 ? index === 0 : index > (prefilled.at(-1)?.index ?? 0);
      if (!isInOrder || index >= shortCount + prefilledCount) reader.refuse(`position ${index} out of order`);
      const transaction = decodeTransaction(reader.short(TRANSACTION_BYTES_MAX, "transaction"));
      if (!transaction.ok) return reader.refuse(transaction.fault.what);
      if ((transaction.value.type === "coinbase") !== (index === 0)) reader.refuse("a coinbase out of place");
      prefilled.push({ index, transaction: transaction.value });
    }
    if (prefilled.length === 0) reader.refuse("no coinbase");
    const id = blockIdOfHeader(headerBytes);
    return { id, header: header.value, headerBytes, nonce, shortIds, prefilled };
  });
}

/** Of a transaction that waits. */
export interface Candidate {
  readonly transaction: Transaction;
  readonly bytes: Uint8Array;
}

/** A block being put together: what is there, and which positions are not. */
export class Filling {
  readonly compact: CompactBlock;
  readonly #hash: Pick<SipHash, "low48">;
  readonly #slots: (Candidate | null)[];
  /** Position of each short id that stands once. */
  readonly #places = new Map<number, number>();
  /** Positions that two different candidates fit: only the block itself can tell. */
  readonly #ambiguous = new Set<number>();
  /** Two positions share a short id: nothing can tell which is which. */
  readonly collides: boolean;

  /** @param hash of short ids: a weak one in tests, where two transactions must share one. */
  constructor(
    compact: CompactBlock,
    hash: Pick<SipHash, "low48"> = shortIdHash(compact.headerBytes, compact.nonce),
  ) {
    const { shortIds, prefilled } = compact;
    this.compact = compact;
    this.#hash = hash;
    this.#slots = new Array<Candidate | null>(shortIds.length + prefilled.length).fill(null);
    for (const { index, transaction } of prefilled) {
      this.#slots[index] = { transaction, bytes: encodeTransaction(transaction) };
    }
    let position = 0;
    for (const shortId of shortIds) {
      while (this.#slots[position] !== null) position += 1;
      this.#places.set(shortId, position);
      position += 1;
    }
    this.collides = this.#places.size < shortIds.length;
  }

  /** Puts a transaction where its short id stands, if anywhere. */
  offer(candidate: Candidate): void {
    const place = this.#places.get(this.#hash.low48(candidate.bytes));
    if (place === undefined || this.#ambiguous.has(place)) return;
    const there = this.#slots[place] ?? null;
    if (there !== null && !equalBytes(there.bytes, candidate.bytes)) {
      this.#slots[place] = null;
      this.#ambiguous.add(place);
      return;
    }
    this.#slots[place] = candidate;
  }

  /** Positions that nothing was found for, ascending. */
  missing(): number[] {
    return this.#slots.flatMap((slot, position) => (slot === null ? [position] : []));
  }

  /**
   * Puts in what was asked for.
   * @returns `false` when one of them does not have the short id announced for its position.
   */
  supply(positions: readonly number[], candidates: readonly Candidate[]): boolean {
    for (const [at, position] of positions.entries()) {
      const candidate = candidates[at];
      if (candidate === undefined || this.#places.get(this.#hash.low48(candidate.bytes)) !== position)
        return false;
      this.#slots[position] = candidate;
    }
    return true;
  }

  /** The whole block; `null` while something is missing, and when it is not the block that the header commits to. */
  block(): Block | null {
    const { id, header } = this.compact;
    const slots = this.#slots.filter((slot) => slot !== null);
    if (slots.length < this.#slots.length) return null;
    if (!equalBytes(merkleRoot(slots.map((slot) => slot.bytes)), header.txRoot)) return null;
    return { id, header, transactions: slots.map((slot) => slot.transaction) };
  }
}

/** The largest announcement of any network: a short id for each transaction, and the prefilled ones with their framing. */
export const COMPACT_BYTES_MAX =
  HEADER_BYTES +
  8 +
  2 +
  BLOCK_SIGNATURES_MAX * SHORT_ID_BYTES +
  2 +
  PREFILLED_COUNT_MAX * (4 + TRANSACTION_BYTES_MAX);
