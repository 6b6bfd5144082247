/**
 * Owns the vectors of the ledger's formats and rules: ids of the shipped networks, one of each encoding, a chain with
 * the state after each block, and first blocks that must be refused. Run as a program it prints `spec/vectors/ledger.json`.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { AccountId } from "#base/brand.ts";
import { concat, toHex } from "#base/bytes.ts";
import { EMPTY_PEAKS, merkleRoot, rootOfPeaks } from "#crypto/merkle.ts";
import {
  type Block,
  type BlockFault,
  commitmentOf,
  encodeBlock,
  encodeHeader,
  encodeTransaction,
  genesisText,
  type Header,
  isSigned,
  loadNetwork,
  type Network,
  presetParams,
  type SignedTransaction,
  searchStamp,
  signingPreimage,
  signTransaction,
  stampPrefix,
  type Transaction,
  txIdOf,
  type UnsignedTransaction,
} from "#ledger/index.ts";
import { ALICE, BOB, CAROL, mine, TestChain } from "#ledger/test-chain.ts";

const ROOT = new URL("../../", import.meta.url);
const NETWORKS = ["default", "classroom", "internet"] as const;
const NAMES = ["alice", "bob"] as const;
const PEOPLE = [ALICE, BOB, CAROL];

const vectorParams = {
  ...presetParams("default", { name: "vectors", symbol: "V", genesisTime: 1_000_000 }),
  coin: { symbol: "V", unitsPerCoin: 100 },
  powLimitBits: 0x2100_ffff,
  initialBits: 0x2100_ffff,
  maxBlockBytes: 8192,
  maxBlockSignatures: 40,
  reward: { initial: 1000, halvingBlocks: 2, tail: 10 },
  payoutDelayBlocks: 1,
  validUntilMaxBlocks: 50,
  freeAnchors: { perBlock: 2, perAccountPerBlock: 1, stampBits: 8 },
  names: {
    commitPrice: 1,
    basePrice: 10,
    cheapFromChars: 6,
    claimAfterBlocks: 2,
    claimWithinBlocks: 4,
    lifeBlocks: 5,
    graceBlocks: 1,
    claimsPerAccountPerBlock: 1,
  },
  checkpoints: { keys: PEOPLE.map(({ account }) => account).sort(), needed: 3, everyBlocks: 10 },
  allocations: [{ account: ALICE.account, amount: 10_000 }],
};

function load(text: string): Network {
  const network = loadNetwork(text);
  assert.ok(network.ok, network.ok ? "" : network.fault.cause);
  return network.value;
}

const network = load(genesisText(vectorParams));
const { chainId } = network;
const SALT = new Uint8Array(32).fill(0x51);
const ROOT_OF_RECEIPTS = new Uint8Array(32).fill(0x0a);

function signed<Tx extends UnsignedTransaction>(tx: Tx, who = ALICE): Tx & { signature: Uint8Array } {
  return signTransaction(tx, chainId, who);
}

function head(seq: number, who = ALICE, validUntil = 40) {
  return { from: who.account, seq, fee: 2, validUntil };
}

function pay(seq: number, changed: { amount?: number; validUntil?: number; to?: AccountId } = {}) {
  return signed({ type: "transfer", ...head(seq), to: CAROL.account, amount: 500, ...changed });
}

function stamped(seq: number, who = CAROL, root = ROOT_OF_RECEIPTS) {
  const subject = { from: who.account, seq, validUntil: 40, root };
  const stamp = searchStamp(stampPrefix(subject, chainId), 8, 0n, 1_000_000);
  assert.ok(stamp !== null);
  return signed({ type: "stamped-anchor", ...subject, fee: 0, stamp }, who);
}

function commit(seq: number, name: string) {
  const commitment = commitmentOf({ salt: SALT, name, key: BOB.account }, ALICE.account);
  return signed({ type: "name-commit", ...head(seq), commitment });
}

function claim(seq: number, name: string, key = BOB.account) {
  return signed({ type: "name-claim", ...head(seq), salt: SALT, name, key });
}

const renewal = (seq: number) =>
  signed({ type: "name-update", ...head(seq), name: "alice", change: { kind: "renew" } });

function transactionVectors() {
  const list: readonly Transaction[] = [
    pay(0),
    signed({ type: "anchor", ...head(1), root: ROOT_OF_RECEIPTS }),
    stamped(0),
    commit(2, "alice"),
    claim(3, "alice"),
    renewal(4),
    signed({ type: "name-update", ...head(5), name: "alice", change: { kind: "key", key: CAROL.account } }),
    signed({
      type: "name-update",
      ...head(6),
      name: "alice",
      change: { kind: "owner", owner: CAROL.account },
    }),
    { type: "coinbase", height: 1, miner: BOB.account, extra: Uint8Array.of() },
  ];
  return list.map((tx) => ({
    what: tx.type,
    bytes: toHex(encodeTransaction(tx)),
    id: txIdOf(tx),
    ...(isSigned(tx) ? { preimage: toHex(signingPreimage(tx, chainId)) } : {}),
  }));
}

function edited(bytes: Uint8Array, at: number, ...values: number[]): string {
  const copy = bytes.slice();
  copy.set(values, at);
  return toHex(copy);
}

function malformedVectors(first: Block) {
  const payment = encodeTransaction(pay(0));
  const claimed = encodeTransaction(claim(3, "alice"));
  const renewed = encodeTransaction(renewal(4));
  const header = encodeHeader(first.header);
  const block = encodeBlock(first);
  const count = first.transactions.length;
  const coinbase = concat(
    Uint8Array.of(0, 1, 0, 0, 0),
    ALICE.publicKey,
    Uint8Array.of(33),
    new Uint8Array(33),
  );
  return [
    { what: "transaction", bytes: edited(payment, 0, 7), reason: "type 7 is unknown" },
    { what: "transaction", bytes: toHex(payment.subarray(0, -1)), reason: "a byte is missing" },
    { what: "transaction", bytes: `${toHex(payment)}00`, reason: "a byte follows the end" },
    { what: "transaction", bytes: edited(payment, 33, 0, 0, 0, 0, 0, 0, 0x20, 0), reason: "seq is 2^53" },
    { what: "transaction", bytes: edited(payment, 48, 0xff), reason: "fee is 2^53 or more" },
    { what: "transaction", bytes: toHex(coinbase), reason: "coinbase with 33 extra bytes" },
    { what: "transaction", bytes: edited(claimed, 117, 33), reason: "a name of 33 bytes" },
    { what: "transaction", bytes: edited(claimed, 118, 0xff), reason: "a name that is not UTF-8" },
    { what: "transaction", bytes: edited(renewed, 59, 3), reason: "an unknown change of a name" },
    { what: "transaction", bytes: edited(renewed, 59, 1), reason: "a new key, and none there" },
    { what: "header", bytes: toHex(header.subarray(0, -1)), reason: "175 bytes" },
    { what: "header", bytes: edited(header, 163, 1), reason: "time is 2^56 or more" },
    {
      what: "block",
      bytes: edited(block, 176, count + 1),
      reason: "claims one transaction more than there is",
    },
    {
      what: "block",
      bytes: edited(block, 176, count - 1),
      reason: "claims one transaction less than there is",
    },
  ];
}

function chainVectors() {
  const chain = new TestChain(network);
  const bodies: readonly (readonly SignedTransaction[])[] = [
    [pay(0), commit(1, "alice")],
    [stamped(0), signed({ type: "anchor", ...head(2), root: ROOT_OF_RECEIPTS })],
    [claim(3, "alice"), signed({ ...head(0, BOB), type: "transfer", to: CAROL.account, amount: 1 }, BOB)],
    [
      signed({
        type: "name-update",
        ...head(4),
        name: "alice",
        change: { kind: "owner", owner: CAROL.account },
      }),
    ],
    ...[[], [], [], [], [], [], []],
  ];
  return bodies.map((candidates) => {
    const { block, state } = chain.grow(candidates, BOB);
    assert.equal(block.transactions.length, candidates.length + 1);
    const accounts = PEOPLE.map(({ account }) => [account, state.account(account)] as const);
    return {
      id: block.id,
      bytes: toHex(encodeBlock(block)),
      stateRoot: toHex(state.root),
      accounts: Object.fromEntries(accounts),
      totals: state.totals,
      names: Object.fromEntries(NAMES.map((name) => [name, state.name(name)])),
    };
  });
}

/** The first block with a header changed before, or after, its commitments were computed. */
function craft(transactions: readonly Transaction[], changed: Partial<Header> = {}): Block {
  const { header } = new TestChain(network).next([], BOB);
  return mine(
    { ...header, txRoot: merkleRoot(transactions.map(encodeTransaction)), ...changed },
    transactions,
  );
}

function invalidVectors() {
  const chain = new TestChain(network);
  const { header, transactions } = chain.next([], BOB);
  const [coinbase] = transactions;
  assert.ok(coinbase?.type === "coinbase");
  const small = "01".padEnd(64, "0") as AccountId;
  const other = new Uint8Array(32);
  const weak = { ...stamped(0), stamp: 3n };
  const claims = [claim(0, "alice"), claim(1, "bobby")];
  const with1 = (...signed: readonly SignedTransaction[]) => craft([coinbase, ...signed]);
  const cases: readonly (readonly [Block, string, string])[] = [
    [craft(transactions, { version: 2 }), "version-unknown", "version 2"],
    [craft(transactions, { previous: chain.next([], BOB).id }), "previous-wrong", "on another parent"],
    [craft(transactions, { height: 2 }), "height-wrong", "height 2"],
    [craft(transactions, { time: header.time - 13 }), "time-too-early", "two seconds after its parent"],
    [craft(transactions, { bits: 0x2100_fffe }), "bits-wrong", "a harder target than the schedule asks"],
    [craft(transactions, { lag: header.lag - 1 }), "lag-wrong", "lag one too low"],
    [
      craft(transactions, { chainWork: header.chainWork + 1n }),
      "chain-work-wrong",
      "one unit of work too many",
    ],
    [
      craft(transactions, { historyRoot: rootOfPeaks(EMPTY_PEAKS) }),
      "history-root-wrong",
      "root of an empty history",
    ],
    [craft([]), "coinbase-missing", "no transactions"],
    [craft([coinbase, coinbase]), "coinbase-misplaced", "a second coinbase"],
    [craft([{ ...coinbase, height: 2 }]), "coinbase-height-wrong", "coinbase of another height"],
    [craft([{ ...coinbase, miner: small }]), "miner-key-inadmissible", "key of small order"],
    [craft(transactions, { txRoot: other }), "tx-root-wrong", "root of something else"],
    [with1(pay(0), pay(0)), "transaction-repeated", "the same payment twice"],
    [with1(stamped(0), stamped(1)), "free-share-of-account-exceeded", "two free anchors of one account"],
    [with1(stamped(0), stamped(0, BOB), stamped(0, ALICE)), "free-share-exceeded", "three free anchors"],
    [with1(...claims), "claims-of-account-exceeded", "two claims of one account"],
    [
      with1({ ...pay(0), amount: 501 }),
      "transaction-invalid signature-invalid",
      "amount changed after signing",
    ],
    [with1(pay(0, { validUntil: 0 })), "transaction-invalid expired", "valid until block 0"],
    [with1(pay(0, { validUntil: 52 })), "transaction-invalid valid-too-long", "valid for 51 blocks more"],
    [with1(pay(0, { amount: 0 })), "transaction-invalid amount-out-of-range", "pays nothing"],
    [with1(pay(0, { to: small })), "transaction-invalid key-inadmissible", "paid to a key of small order"],
    [with1(claim(0, "Alice")), "transaction-invalid name-malformed", "a name with a capital"],
    [with1(weak), "transaction-invalid stamp-too-weak", "another stamp"],
    [with1(pay(1)), "transaction-inapplicable seq-wrong", "seq 1 before seq 0"],
    [
      with1(pay(0, { amount: 9999 })),
      "transaction-inapplicable balance-too-low",
      "amount and fee are one above the balance",
    ],
    [with1(claim(0, "alice")), "transaction-inapplicable commitment-unknown", "a claim without commitment"],
    [
      with1(commit(0, "alice"), commit(1, "alice")),
      "transaction-inapplicable commitment-repeated",
      "one commitment twice",
    ],
    [
      with1(commit(0, "alice"), claim(1, "alice")),
      "transaction-inapplicable claim-too-early",
      "a claim in the block of its commitment",
    ],
    [with1(renewal(0)), "transaction-inapplicable name-unknown", "renewal of a name that nobody holds"],
    [craft(transactions, { stateRoot: other }), "state-root-wrong", "root of another state"],
  ] satisfies readonly (readonly [Block, BlockFault["code"] | `${string} ${string}`, string])[];
  return cases.map(([block, fault, reason]) => ({ bytes: toHex(encodeBlock(block)), fault, reason }));
}

function ledgerVectors() {
  const [first] = chainVectors();
  assert.ok(first);
  const firstBlock = new TestChain(network).next([pay(0)], BOB);
  return {
    about:
      "Ids of the shipped networks; one of each encoding; a chain on a network of its own with the state after each block; and first blocks that are invalid, each with its fault. Keys come from seeds of 32 equal bytes: alice 01, bob 02, carol 03.",
    networks: NETWORKS.map((name) => {
      const file = `networks/${name}.json`;
      const { chainIdHex, genesis } = load(readFileSync(new URL(file, ROOT), "utf8"));
      const genesisHeader = toHex(encodeHeader(genesis.header));
      return { file, chainId: chainIdHex, genesisId: genesis.id, genesisHeader };
    }),
    transactions: transactionVectors(),
    malformed: malformedVectors(firstBlock),
    chain: {
      genesis: JSON.parse(genesisText(vectorParams)) as object,
      chainId: network.chainIdHex,
      genesisId: network.genesis.id,
      genesisStateRoot: toHex(network.genesis.header.stateRoot),
      blocks: chainVectors(),
    },
    invalid: invalidVectors(),
  };
}

/** The text of the published file. */
export function ledgerVectorsText(): string {
  return `${JSON.stringify(ledgerVectors(), null, 2)}\n`;
}

if (import.meta.main) process.stdout.write(ledgerVectorsText());
