/**
 * Owns blocks that no honest miner makes: each begins as a true template, is spoilt in one way, and gets real work, so
 * that only the rule which it breaks can refuse it.
 */
import type { BlockId } from "#base/brand.ts";
import { merkleRoot } from "#crypto/merkle.ts";
import { encodeHeader, encodeTransaction, sealBlock } from "#ledger/codec.ts";
import type { Block, Header, SignedTransaction, Transaction } from "#ledger/index.ts";
import { targetBytes, targetOfBits } from "#ledger/target.ts";
import { searchNonce } from "#mining/index.ts";
import type { SeededRandom } from "#test/kit/random.ts";

const HASHES_MAX = 1 << 22;

/**
 * The header as it stands, with a nonce that its own bits ask for; without one when they ask for nonsense.
 * @param target 32 bytes, where the id is to be smaller than the rules ask for.
 */
export function workedOut(header: Header, random: SeededRandom, target?: Uint8Array): Header {
  if (targetOfBits(header.bits) === null) return header;
  const low = random.below(2 ** 32);
  const job = { header: encodeHeader(header), target: target ?? targetBytes(header.bits), low };
  const nonce = searchNonce(job, HASHES_MAX);
  return nonce === null ? header : { ...header, nonce };
}

export function forged(
  template: Block,
  spoil: { readonly header?: Partial<Header>; readonly transactions?: readonly Transaction[] },
  random: SeededRandom,
): Block {
  const transactions = spoil.transactions ?? template.transactions;
  const txRoot = merkleRoot(transactions.map(encodeTransaction));
  return sealBlock(workedOut({ ...template.header, txRoot, ...spoil.header }, random), transactions);
}

/** What breaks one rule of headers each, by name. */
export const HEADER_FAULTS: Readonly<
  Record<string, (header: Header, random: SeededRandom) => Partial<Header>>
> = {
  "version-unknown": ({ version }) => ({ version: version + 1 }),
  "height-wrong": ({ height }) => ({ height: height + 1 }),
  "parent-unknown": (_, random) => ({ previous: Buffer.from(random.bytes(32)).toString("hex") as BlockId }),
  "time-too-early": ({ time }) => ({ time: time - 3_600 }),
  "time-far-ahead": ({ time }) => ({ time: time + 7_200 }),
  "bits-easier": () => ({ bits: 0x207fffff }),
  "bits-nonsense": () => ({ bits: 0xffffffff }),
  "lag-wrong": ({ lag }) => ({ lag: lag + 1 }),
  "chain-work-wrong": ({ chainWork }) => ({ chainWork: chainWork + 2n ** 100n }),
  "history-root-wrong": (_, random) => ({ historyRoot: random.bytes(32) }),
  "state-root-wrong": (_, random) => ({ stateRoot: random.bytes(32) }),
  "tx-root-wrong": (_, random) => ({ txRoot: random.bytes(32) }),
};

/** Transactions that a spoilt body may be given. */
export interface Spare {
  /** Valid next. */
  readonly valid: readonly SignedTransaction[];
  /** Signed for a seq that is far from due. */
  readonly ahead: readonly SignedTransaction[];
  /** Of the past; none while there is none. */
  readonly recorded: readonly SignedTransaction[];
  /** Signed and stamped as they must be, more than a block takes of one account. */
  readonly free: readonly SignedTransaction[];
  /** Of a name that nobody committed to. */
  readonly claim: SignedTransaction;
}

/** What breaks one rule of bodies each, by name; `null` when it cannot be done now. */
export const BODY_FAULTS: Readonly<
  Record<string, (block: Block, spare: Spare, random: SeededRandom) => readonly Transaction[] | null>
> = {
  "coinbase-missing": ({ transactions }) => transactions.slice(1),
  "coinbase-twice": ({ transactions }) => [...transactions, ...transactions.slice(0, 1)],
  "coinbase-of-other-height": ({ transactions: [coinbase, ...others] }) =>
    coinbase?.type === "coinbase" ? [{ ...coinbase, height: coinbase.height + 1 }, ...others] : others,
  "transaction-repeated": ({ transactions }, { valid }) => [...transactions, ...valid, ...valid],
  "last-transaction-doubled": ({ transactions }) => [...transactions, ...transactions.slice(-1)],
  "signature-spoilt": ({ transactions }, { valid }, random) => [
    ...transactions,
    ...valid.map((transaction) => ({ ...transaction, signature: random.bytes(64) })),
  ],
  "seq-skipped": ({ transactions }, { ahead }) => [...transactions, ...ahead],
  "transaction-of-the-past": ({ transactions }, { recorded }) =>
    recorded.length === 0 ? null : [...transactions, ...recorded],
  "free-share-exceeded": ({ transactions }, { free }) => [...transactions, ...free],
  "claim-of-nothing": ({ transactions }, { claim }) => [...transactions, claim],
};
