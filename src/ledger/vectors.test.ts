import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { AccountId } from "#base/brand.ts";
import { fromHex, toHex } from "#base/bytes.ts";
import { appendLeaf, EMPTY_PEAKS } from "#crypto/merkle.ts";
import { ledgerVectorsText } from "#test/kit/ledger-vectors.ts";
import {
  type Account,
  applyBlock,
  type Block,
  type BlockFault,
  bytesOfId,
  checkBlock,
  checkHeader,
  decodeBlock,
  decodeHeader,
  decodeTransaction,
  encodeHeader,
  encodeTransaction,
  isSigned,
  LedgerState,
  loadNetwork,
  type NameRecord,
  type Network,
  signingPreimage,
  type Totals,
  txIdOf,
} from "./index.ts";

interface Vectors {
  readonly networks: readonly { file: string; chainId: string; genesisId: string; genesisHeader: string }[];
  readonly transactions: readonly { what: string; bytes: string; id: string; preimage?: string }[];
  readonly malformed: readonly { what: "transaction" | "header" | "block"; bytes: string; reason: string }[];
  readonly chain: {
    readonly genesis: object;
    readonly chainId: string;
    readonly genesisId: string;
    readonly genesisStateRoot: string;
    readonly blocks: readonly {
      id: string;
      bytes: string;
      stateRoot: string;
      accounts: Readonly<Record<string, Account>>;
      totals: Totals;
      names: Readonly<Record<string, NameRecord | null>>;
    }[];
  };
  readonly invalid: readonly { bytes: string; fault: string; reason: string }[];
}
const root = new URL("../../", import.meta.url);
const FILE = new URL("spec/vectors/ledger.json", root);
const vectors = JSON.parse(readFileSync(FILE, "utf8")) as Vectors;

function bytes(hex: string): Uint8Array {
  const value = fromHex(hex);
  assert.ok(value);
  return value;
}

function load(text: string): Network {
  const network = loadNetwork(text);
  assert.ok(network.ok, network.ok ? "" : network.fault.cause);
  return network.value;
}

function block(hex: string): Block {
  const decoded = decodeBlock(bytes(hex));
  assert.ok(decoded.ok);
  return decoded.value;
}

test("the published file is what the code of today writes", () => {
  assert.equal(readFileSync(FILE, "utf8"), ledgerVectorsText());
});

test("the shipped networks have the ids that are published", () => {
  for (const { file, chainId, genesisId, genesisHeader } of vectors.networks) {
    const network = load(readFileSync(new URL(file, root), "utf8"));
    assert.equal(network.chainIdHex, chainId, file);
    assert.equal(network.genesis.id, genesisId, file);
    assert.equal(toHex(encodeHeader(network.genesis.header)), genesisHeader, file);
  }
});

test("each kind of transaction: bytes, id and preimage", () => {
  const chainId = bytes(vectors.chain.chainId);
  for (const { what, bytes: hex, id, preimage } of vectors.transactions) {
    const decoded = decodeTransaction(bytes(hex));
    assert.ok(decoded.ok, what);
    const tx = decoded.value;
    assert.equal(tx.type, what);
    assert.equal(toHex(encodeTransaction(tx)), hex, what);
    assert.equal(txIdOf(tx), id, what);
    assert.equal(isSigned(tx) ? toHex(signingPreimage(tx, chainId)) : undefined, preimage, what);
  }
  assert.equal(new Set(vectors.transactions.map(({ what }) => what)).size, 7);
});

test("malformed bytes are refused", () => {
  const decoders = { transaction: decodeTransaction, header: decodeHeader, block: decodeBlock };
  for (const { what, bytes: hex, reason } of vectors.malformed) {
    assert.equal(decoders[what](bytes(hex)).ok, false, `${what}: ${reason}`);
  }
});

/** Everything a peer does with a block whose parent it has; the fault codes, outer then inner. */
function verdict(network: Network, candidate: Block, chain: readonly Block[], state: LedgerState): string {
  const { params, chainId } = network;
  const parent = chain.at(-1) ?? network.genesis;
  const history = chain.reduce((peaks, { id }) => appendLeaf(peaks, bytesOfId(id)), EMPTY_PEAKS);
  const nowSeconds = candidate.header.time;
  const early: BlockFault | null =
    checkHeader(candidate, { parent, history, nowSeconds }, params) ?? checkBlock(candidate, params, chainId);
  if (early !== null) return "fault" in early ? `${early.code} ${early.fault.code}` : early.code;
  const applied = applyBlock(state, candidate, params);
  if (applied.ok) return toHex(applied.value.state.root);
  const { fault } = applied;
  return "fault" in fault ? `${fault.code} ${fault.fault.code}` : fault.code;
}

test("a chain of blocks: ids, verdicts, states", () => {
  const network = load(JSON.stringify(vectors.chain.genesis));
  const { params } = network;
  assert.equal(network.chainIdHex, vectors.chain.chainId);
  assert.equal(network.genesis.id, vectors.chain.genesisId);
  let state = LedgerState.atGenesis(params);
  assert.equal(toHex(state.root), vectors.chain.genesisStateRoot);
  const chain: Block[] = [network.genesis];
  for (const expected of vectors.chain.blocks) {
    const candidate = block(expected.bytes);
    assert.equal(candidate.id, expected.id);
    assert.equal(verdict(network, candidate, chain, state), expected.stateRoot);
    const applied = applyBlock(state, candidate, params);
    assert.ok(applied.ok);
    state = applied.value.state;
    assert.deepEqual(state.totals, expected.totals);
    for (const [account, value] of Object.entries(expected.accounts)) {
      assert.deepEqual(state.account(account as AccountId), value);
    }
    for (const [name, record] of Object.entries(expected.names)) assert.deepEqual(state.name(name), record);
    chain.push(candidate);
  }
});

test("invalid first blocks get their fault", () => {
  const network = load(JSON.stringify(vectors.chain.genesis));
  const state = LedgerState.atGenesis(network.params);
  for (const { bytes: hex, fault, reason } of vectors.invalid) {
    assert.equal(verdict(network, block(hex), [network.genesis], state), fault, reason);
  }
});
