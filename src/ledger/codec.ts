/**
 * Owns the bytes of headers, transactions and blocks (`spec/ledger.md`, "Header" to "Block"): little-endian, fixed
 * fields, one encoding per value. Decoding says whether bytes are well formed; whether they are valid is
 * `check.ts` and `apply.ts`.
 */

import { unreachable } from "#base/assert.ts";
import type { AccountId, BlockId, TxId } from "#base/brand.ts";
import {
  type ByteReader,
  ByteWriter,
  type DecodeFault,
  decodeWith,
  fromHex,
  fromUtf8,
  toHex,
  utf8,
} from "#base/bytes.ts";
import { fail, type Result } from "#base/result.ts";
import { sha256, sha256dHex } from "#crypto/sha256.ts";
import {
  ANCHOR_BYTES,
  BLOCK_BYTES_MAX,
  COINBASE_BYTES_MIN,
  COINBASE_EXTRA_BYTES_MAX,
  HEADER_BYTES,
  NAME_CHARS_MAX,
  NAME_CLAIM_BYTES_MIN,
  NAME_COMMIT_BYTES,
  NAME_UPDATE_BYTES_MIN,
  STAMPED_ANCHOR_BYTES,
  TRANSACTION_BYTES_MAX,
  TRANSFER_BYTES,
} from "./limits.ts";
import type {
  Block,
  Coinbase,
  Header,
  NameChange,
  SignedTransaction,
  StampedAnchor,
  Transaction,
  UnsignedTransaction,
} from "./types.ts";

const SIGNATURE_BYTES = 64;
const TX_ID_DOMAIN = utf8("waybill-txid-v1\0");
const TX_SIGNING_DOMAIN = utf8("waybill-tx-v1\0");
/** First byte of each transaction. New kinds take new numbers; unknown ones are refused. */
const TYPE = {
  coinbase: 0,
  transfer: 1,
  anchor: 2,
  "stamped-anchor": 3,
  "name-commit": 4,
  "name-claim": 5,
  "name-update": 6,
} as const;
/** What an update of a name changes. */
const CHANGE = { renew: 0, key: 1, owner: 2 } as const;

/** The 32 bytes of an id or account. Only for values that were checked when they came in. */
export function bytesOfId(id: AccountId | BlockId | TxId): Uint8Array {
  const bytes = fromHex(id);
  if (bytes === null || bytes.length !== 32) throw new Error(`not an id of 32 bytes: ${id}`);
  return bytes;
}

/** 176 bytes. */
export function encodeHeader(header: Header): Uint8Array {
  return new ByteWriter()
    .u32(header.version)
    .u32(header.height)
    .raw(bytesOfId(header.previous))
    .raw(header.txRoot)
    .raw(header.stateRoot)
    .raw(header.historyRoot)
    .u128(header.chainWork)
    .i32(header.lag)
    .u64(header.time)
    .u32(header.bits)
    .u64(header.nonce)
    .done();
}

function readHeader(reader: ByteReader): Header {
  return {
    version: reader.u32(),
    height: reader.u32(),
    previous: toHex(reader.raw(32)) as BlockId,
    txRoot: reader.raw(32),
    stateRoot: reader.raw(32),
    historyRoot: reader.raw(32),
    chainWork: reader.u128(),
    lag: reader.i32(),
    time: reader.safeU64("time"),
    bits: reader.u32(),
    nonce: reader.u64(),
  };
}

export function decodeHeader(bytes: Uint8Array): Result<Header, DecodeFault> {
  return decodeWith(bytes, readHeader);
}

/** SHA-256d of the 176 bytes of a header. */
export function blockIdOfHeader(headerBytes: Uint8Array): BlockId {
  return sha256dHex(headerBytes) as BlockId;
}

/** The block with its id filled in. */
export function sealBlock(header: Header, transactions: readonly Transaction[]): Block {
  return { id: blockIdOfHeader(encodeHeader(header)), header, transactions };
}

function writeBody(writer: ByteWriter, tx: Coinbase | UnsignedTransaction): ByteWriter {
  writer.u8(TYPE[tx.type]);
  if (tx.type === "coinbase") {
    if (tx.extra.length > COINBASE_EXTRA_BYTES_MAX) throw new RangeError(`extra of ${tx.extra.length} bytes`);
    return writer.u32(tx.height).raw(bytesOfId(tx.miner)).u8(tx.extra.length).raw(tx.extra);
  }
  writer.raw(bytesOfId(tx.from)).u64(tx.seq);
  switch (tx.type) {
    case "transfer":
      return writer.u64(tx.fee).u32(tx.validUntil).raw(bytesOfId(tx.to)).u64(tx.amount);
    case "anchor":
      return writer.u64(tx.fee).u32(tx.validUntil).raw(tx.root);
    case "stamped-anchor":
      if (tx.fee !== 0) throw new RangeError(`stamped anchor with a fee of ${tx.fee}`);
      return writer.u32(tx.validUntil).raw(tx.root).u64(tx.stamp);
    case "name-commit":
      return writer.u64(tx.fee).u32(tx.validUntil).raw(tx.commitment);
    case "name-claim":
      writer.u64(tx.fee).u32(tx.validUntil).raw(tx.salt).raw(bytesOfId(tx.key));
      return writeName(writer, tx.name);
    case "name-update":
      return writeChange(writeName(writer.u64(tx.fee).u32(tx.validUntil), tx.name), tx.change);
    default:
      return unreachable(tx);
  }
}

function writeName(writer: ByteWriter, name: string): ByteWriter {
  const bytes = utf8(name);
  if (bytes.length > NAME_CHARS_MAX) throw new RangeError(`name of ${bytes.length} bytes`);
  return writer.u8(bytes.length).raw(bytes);
}

function writeChange(writer: ByteWriter, change: NameChange): ByteWriter {
  writer.u8(CHANGE[change.kind]);
  switch (change.kind) {
    case "renew":
      return writer;
    case "key":
      return writer.raw(bytesOfId(change.key));
    case "owner":
      return writer.raw(bytesOfId(change.owner));
    default:
      return unreachable(change);
  }
}

/** A Merkle leaf of the block: the whole transaction, so that nobody can exchange a signature under a root. */
export function encodeTransaction(tx: Transaction): Uint8Array {
  return writeTransaction(new ByteWriter(), tx).done();
}

function writeTransaction(writer: ByteWriter, tx: Transaction): ByteWriter {
  writeBody(writer, tx);
  return tx.type === "coinbase" ? writer : writer.raw(tx.signature);
}

/** Encoded size in bytes, without encoding. */
export function transactionBytes(tx: Transaction): number {
  switch (tx.type) {
    case "coinbase":
      return COINBASE_BYTES_MIN + tx.extra.length;
    case "transfer":
      return TRANSFER_BYTES;
    case "anchor":
      return ANCHOR_BYTES;
    case "stamped-anchor":
      return STAMPED_ANCHOR_BYTES;
    case "name-commit":
      return NAME_COMMIT_BYTES;
    case "name-claim":
      return NAME_CLAIM_BYTES_MIN + utf8(tx.name).length;
    case "name-update":
      return NAME_UPDATE_BYTES_MIN + utf8(tx.name).length + (tx.change.kind === "renew" ? 0 : 32);
    default:
      return unreachable(tx);
  }
}

function readTransaction(reader: ByteReader): Transaction {
  const type = reader.u8();
  if (type === TYPE.coinbase) return readCoinbase(reader);
  const head = { from: readAccount(reader), seq: reader.safeU64("seq") };
  if (type === TYPE["stamped-anchor"]) return readStampedAnchor(reader, head);
  const paid = () => ({ ...head, fee: reader.safeU64("fee"), validUntil: reader.u32() });
  const signature = () => reader.raw(SIGNATURE_BYTES);
  switch (type) {
    case TYPE.transfer: {
      const terms = { ...paid(), to: readAccount(reader), amount: reader.safeU64("amount") };
      return { type: "transfer", ...terms, signature: signature() };
    }
    case TYPE.anchor:
      return { type: "anchor", ...paid(), root: reader.raw(32), signature: signature() };
    case TYPE["name-commit"]:
      return { type: "name-commit", ...paid(), commitment: reader.raw(32), signature: signature() };
    case TYPE["name-claim"]: {
      const terms = { ...paid(), salt: reader.raw(32), key: readAccount(reader), name: readName(reader) };
      return { type: "name-claim", ...terms, signature: signature() };
    }
    case TYPE["name-update"]: {
      const terms = { ...paid(), name: readName(reader), change: readChange(reader) };
      return { type: "name-update", ...terms, signature: signature() };
    }
    default:
      return reader.refuse(`transaction type ${type} is unknown`);
  }
}

function readAccount(reader: ByteReader): AccountId {
  return toHex(reader.raw(32)) as AccountId;
}

function readStampedAnchor(reader: ByteReader, head: Pick<StampedAnchor, "from" | "seq">): StampedAnchor {
  return {
    type: "stamped-anchor",
    ...head,
    fee: 0,
    validUntil: reader.u32(),
    root: reader.raw(32),
    stamp: reader.u64(),
    signature: reader.raw(SIGNATURE_BYTES),
  };
}

/** Text of at most {@link NAME_CHARS_MAX} bytes; whether it is a name is for the checks to say. */
function readName(reader: ByteReader): string {
  const length = reader.u8();
  if (length > NAME_CHARS_MAX) reader.refuse(`name of ${length} bytes`);
  return fromUtf8(reader.raw(length)) ?? reader.refuse("name is not UTF-8");
}

function readChange(reader: ByteReader): NameChange {
  const kind = reader.u8();
  switch (kind) {
    case CHANGE.renew:
      return { kind: "renew" };
    case CHANGE.key:
      return { kind: "key", key: readAccount(reader) };
    case CHANGE.owner:
      return { kind: "owner", owner: readAccount(reader) };
    default:
      return reader.refuse(`change ${kind} of a name is unknown`);
  }
}

function readCoinbase(reader: ByteReader): Coinbase {
  const height = reader.u32();
  const miner = readAccount(reader);
  const length = reader.u8();
  if (length > COINBASE_EXTRA_BYTES_MAX) reader.refuse(`extra of ${length} bytes`);
  return { type: "coinbase", height, miner, extra: reader.raw(length) };
}

export function decodeTransaction(bytes: Uint8Array): Result<Transaction, DecodeFault> {
  if (bytes.length > TRANSACTION_BYTES_MAX)
    return tooLong("transaction", bytes.length, TRANSACTION_BYTES_MAX);
  return decodeWith(bytes, readTransaction);
}

/** A block's way through checks, store and pool asks for each id four times; values are never changed. */
const txIds = new WeakMap<Coinbase | UnsignedTransaction, TxId>();

/** SHA-256 over the transaction without its signature, behind a domain of its own. */
export function txIdOf(tx: Coinbase | UnsignedTransaction): TxId {
  const known = txIds.get(tx);
  if (known !== undefined) return known;
  const id = toHex(sha256(writeBody(new ByteWriter().raw(TX_ID_DOMAIN), tx).done())) as TxId;
  txIds.set(tx, id);
  return id;
}

/** What a transaction's signature covers: domain, network, and all of the transaction but the signature. */
export function signingPreimage(tx: UnsignedTransaction, chainId: Uint8Array): Uint8Array {
  return writeBody(new ByteWriter().raw(TX_SIGNING_DOMAIN).raw(chainId), tx).done();
}

/** Header, u32 count, then the transactions one after the other: each says by its type how long it is. */
export function encodeBlock(block: Block): Uint8Array {
  const { header, transactions } = block;
  const writer = new ByteWriter().raw(encodeHeader(header)).u32(transactions.length);
  for (const transaction of transactions) writeTransaction(writer, transaction);
  return writer.done();
}

/** Encoded size in bytes, without encoding. */
export function blockBytes(transactions: readonly Transaction[]): number {
  return transactions.reduce((sum, tx) => sum + transactionBytes(tx), HEADER_BYTES + 4);
}

/** The id is computed, never read. What one network allows in size is checked by `checkBlock`. */
export function decodeBlock(bytes: Uint8Array): Result<Block, DecodeFault> {
  if (bytes.length > BLOCK_BYTES_MAX) return tooLong("block", bytes.length, BLOCK_BYTES_MAX);
  return decodeWith(bytes, (reader) => {
    const header = readHeader(reader);
    const count = reader.u32();
    if (count > reader.left / COINBASE_BYTES_MIN) reader.refuse(`${count} transactions cannot fit`);
    const transactions: Transaction[] = [];
    for (let at = 0; at < count; at++) transactions.push(readTransaction(reader));
    return { id: blockIdOfHeader(bytes.subarray(0, HEADER_BYTES)), header, transactions };
  });
}

function tooLong(what: string, length: number, most: number): Result<never, DecodeFault> {
  return fail({ code: "malformed", what: `${what} of ${length} bytes is above ${most}`, at: most });
}

export function isSigned(tx: Transaction): tx is SignedTransaction {
  return tx.type !== "coinbase";
}

/** Whoever else is given something by it: money, or a name; `null` for nobody. */
export function receiverOf(tx: SignedTransaction): AccountId | null {
  if (tx.type === "transfer") return tx.to;
  return tx.type === "name-update" && tx.change.kind === "owner" ? tx.change.owner : null;
}
