/** Owns the decoders of co-signed checkpoints as targets. */
import type { BlockId } from "#base/brand.ts";
import { utf8 } from "#base/bytes.ts";
import { ok } from "#base/result.ts";
import {
  type CheckpointMessage,
  decodeCheckpointMessage,
  encodeCheckpointMessage,
} from "#chain/checkpoints/checkpoint-codec.ts";
import {
  type Checkpoint,
  cosign,
  decodeCheckpoint,
  decodeEquivocation,
  encodeCheckpoint,
  encodeEquivocation,
  verifyCheckpoint,
} from "#ledger/checkpoint.ts";
import { decodeBase64, decodeNote, decodeNoteBytes, encodeBase64, encodeNote } from "#ledger/signed-note.ts";
import { ALICE, BOB, CAROL } from "#ledger/test-chain.ts";
import { readKey } from "#node/network-create.ts";
import { bytesTarget, type FuzzTarget, orNull, textTarget } from "../target.ts";

const NETWORK = {
  chainId: new Uint8Array(32).fill(7),
  params: {
    checkpoints: {
      keys: [ALICE, BOB, CAROL].map(({ account }) => account).sort(),
      needed: 3,
      everyBlocks: 4,
    },
  },
};
const CHECKPOINT: Checkpoint = {
  chainId: NETWORK.chainId,
  height: 8,
  treeHash: new Uint8Array(32).fill(9),
  blockId: "ab".repeat(32) as BlockId,
};
const OTHER: Checkpoint = { ...CHECKPOINT, blockId: "cd".repeat(32) as BlockId };
const noteOf = (checkpoint: Checkpoint, ...signers: readonly (typeof ALICE)[]) => ({
  checkpoint,
  signatures: signers.map((signer) => cosign(checkpoint, 1_800_000_000, signer)),
});
const notes = [noteOf(CHECKPOINT, ALICE), noteOf(CHECKPOINT, CAROL, BOB, ALICE)];
const texts = notes.map(encodeCheckpoint);
const messages: readonly CheckpointMessage[] = [
  { type: "get-notes", chainId: NETWORK.chainId },
  { type: "notes", notes: [] },
  { type: "notes", notes: texts },
];

export const CHECKPOINT_TARGETS: readonly FuzzTarget[] = [
  bytesTarget({
    name: "signed-note",
    functions: ["decodeNoteBytes", "decodeNote"],
    decode: decodeNoteBytes,
    encode: (note) => utf8(encodeNote(note)),
    samples: [...texts, "one\n\n— a AAECAwQFBg==\n"].map(utf8),
  }),
  textTarget({
    name: "signed-note-text",
    functions: ["decodeNote"],
    decode: decodeNote,
    encode: encodeNote,
    samples: texts,
  }),
  textTarget({
    name: "checkpoint",
    functions: ["decodeCheckpoint"],
    decode: (text) => {
      const note = decodeCheckpoint(text);
      if (note.ok) verifyCheckpoint(note.value, NETWORK);
      return note;
    },
    encode: encodeCheckpoint,
    samples: texts,
  }),
  textTarget({
    name: "equivocation",
    functions: ["decodeEquivocation"],
    decode: decodeEquivocation,
    encode: encodeEquivocation,
    samples: [encodeEquivocation({ first: noteOf(CHECKPOINT, BOB), second: noteOf(OTHER, BOB) })],
  }),
  textTarget({
    name: "base64",
    functions: ["decodeBase64"],
    decode: (text) => orNull(decodeBase64(text)),
    encode: encodeBase64,
    samples: ["", "AA==", "AAE=", "AAEC", encodeBase64(new Uint8Array(72).fill(5))],
  }),
  bytesTarget({
    name: "checkpoint-message",
    functions: ["decodeCheckpointMessage"],
    decode: decodeCheckpointMessage,
    encode: encodeCheckpointMessage,
    samples: messages.map(encodeCheckpointMessage),
  }),
  textTarget({
    name: "signer-key",
    functions: ["readKey"],
    decode: (text) => {
      const key = readKey(text);
      return key.ok ? ok(key.value) : key;
    },
    samples: [ALICE.peerId, ALICE.account],
  }),
];
