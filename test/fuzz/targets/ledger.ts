/** Owns the decoders of the ledger and of the chain as targets. */

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { concat, utf8 } from "#base/bytes.ts";
import { decodeSyncMessage, encodeSyncMessage, type SyncMessage } from "#chain/sync/sync-codec.ts";
import { sha256 } from "#crypto/sha256.ts";
import {
  accountKey,
  decodeBlock,
  decodeHeader,
  decodeStateValue,
  decodeTransaction,
  decodeUndo,
  encodeBlock,
  encodeHeader,
  encodeTransaction,
  encodeUndo,
  loadNetwork,
  nameKey,
  TOTALS_KEY,
} from "#ledger/index.ts";
import {
  decodeStateFile,
  encodeStateFile,
  keyOfSubject,
  type StateSubject,
  verifyStateFile,
} from "#ledger/state-file.ts";
import { decodeStateProof, encodeStateProof, readProvenValue } from "#ledger/state-proof.ts";
import { decodeTreeProof, encodeTreeProof } from "#ledger/state-tree.ts";
import { parseStrictJson } from "#ledger/strict-json.ts";
import { ALICE, BOB, TestChain } from "#ledger/test-chain.ts";
import { Author, namesNetwork } from "#ledger/test-names.ts";
import { encodeStateValue, headers, stateValues, transactions } from "#ledger/test-values.ts";
import { bytesTarget, type FuzzTarget, textTarget } from "../target.ts";

const SEED = 1;
const some = <Value>(values: fc.Arbitrary<Value>, count: number): Value[] =>
  fc.sample(values, { seed: SEED, numRuns: count });

const headerSamples = some(headers, 4).map(encodeHeader);
const transactionSamples = some(transactions, 24).map(encodeTransaction);

const count32 = (count: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, count, true);
  return bytes;
};

/** Of blocks in which names come and go, so that every kind of entry is among them. */
const named = new TestChain(namesNetwork);
named.grow([new Author(named).commit(ALICE, "alice")]);
named.grow();
named.grow([new Author(named).claim(ALICE, "alice")]);
const undoSamples = [1, 2, 3].map((height) => encodeUndo(named.at(height).undo ?? { before: [] }));

const stateProofSamples = [
  accountKey(ALICE.account),
  accountKey(BOB.account),
  TOTALS_KEY,
  nameKey("nobody"),
].map((key) => {
  const { block, state } = named.tip;
  return { header: encodeHeader(block.header), value: state.get(key), path: state.prove(key) };
});

const subjects: readonly StateSubject[] = [
  { kind: "account", account: ALICE.account },
  { kind: "name", name: "alice" },
];
const stateFileSamples = subjects.map((subject) => {
  const { block, state } = named.tip;
  const key = keyOfSubject(subject);
  const proof = { header: encodeHeader(block.header), value: state.get(key), path: state.prove(key) };
  return { chainId: namesNetwork.chainId, subject, proof };
});

const genesisSamples = ["default", "classroom", "internet"].map((name) =>
  readFileSync(new URL(`../../../networks/${name}.json`, import.meta.url), "utf8"),
);

const ids = some(headers, 3).map((header) => header.previous);
const syncSamples: readonly SyncMessage[] = [
  { type: "get-headers", locator: ids },
  { type: "headers", headers: headerSamples },
  { type: "get-blocks", ids },
  { type: "block", bytes: utf8("a block") },
  { type: "block", bytes: null },
  ...ids.map((at): SyncMessage => ({ type: "get-chunk", at, key: new Uint8Array(32) })),
  {
    type: "chunk",
    chunk: {
      start: new Uint8Array(32),
      siblings: [new Uint8Array(32).fill(1)],
      entries: [{ key: new Uint8Array(32).fill(2), value: utf8("a value") }],
    },
  },
];

export const LEDGER_TARGETS: readonly FuzzTarget[] = [
  bytesTarget({
    name: "header",
    functions: ["decodeHeader", "encodeHeader"],
    decode: decodeHeader,
    encode: encodeHeader,
    samples: headerSamples,
  }),
  bytesTarget({
    name: "transaction",
    functions: ["decodeTransaction"],
    decode: decodeTransaction,
    encode: encodeTransaction,
    samples: transactionSamples,
  }),
  bytesTarget({
    name: "block",
    functions: ["decodeBlock"],
    decode: decodeBlock,
    encode: encodeBlock,
    samples: headerSamples.map((header, at) =>
      concat(header, count32(at), ...transactionSamples.slice(0, at)),
    ),
  }),
  bytesTarget({
    name: "undo-record",
    functions: ["decodeUndo"],
    decode: decodeUndo,
    encode: encodeUndo,
    samples: undoSamples,
  }),
  bytesTarget({
    name: "state-value",
    functions: ["decodeStateValue", "readStateValue"],
    decode: decodeStateValue,
    encode: encodeStateValue,
    samples: some(stateValues, 24).map(encodeStateValue),
  }),
  bytesTarget({
    name: "tree-proof",
    functions: ["decodeTreeProof"],
    decode: decodeTreeProof,
    encode: encodeTreeProof,
    samples: stateProofSamples.map(({ path }) => encodeTreeProof(path)),
  }),
  bytesTarget({
    name: "state-proof",
    functions: ["decodeStateProof", "readProvenValue"],
    decode: (bytes) => {
      const decoded = decodeStateProof(bytes);
      if (decoded.ok) readProvenValue(decoded.value, TOTALS_KEY, named.tip.block);
      return decoded;
    },
    encode: encodeStateProof,
    samples: stateProofSamples.map(encodeStateProof),
  }),
  bytesTarget({
    name: "state-file",
    functions: ["decodeStateFile"],
    decode: (bytes) => {
      const decoded = decodeStateFile(bytes);
      if (decoded.ok) verifyStateFile(decoded.value, namesNetwork);
      return decoded;
    },
    encode: encodeStateFile,
    samples: stateFileSamples.map(encodeStateFile),
    mend: (bytes) => concat(bytes.subarray(0, -32), sha256(bytes.subarray(0, -32))),
  }),
  textTarget({
    name: "genesis",
    functions: ["loadNetwork"],
    decode: loadNetwork,
    samples: genesisSamples,
  }),
  textTarget({
    name: "strict-json",
    functions: ["parseStrictJson"],
    decode: parseStrictJson,
    samples: [...genesisSamples, '{"a":[1,true,null,"\\u00e9"],"b":{"c":[]}}'],
  }),
  bytesTarget({
    name: "sync-message",
    functions: ["decodeSyncMessage"],
    decode: decodeSyncMessage,
    encode: encodeSyncMessage,
    samples: syncSamples.map(encodeSyncMessage),
  }),
];
