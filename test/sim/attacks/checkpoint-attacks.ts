/**
 * Owns what can be said about checkpoints that is not so: by anybody, by a malicious signer, and to whoever asks. Every
 * kind that a strict reader refuses at once is told to one neighbour; what looks sound goes to all.
 */
import type { BlockId } from "#base/brand.ts";
import { concat, fromUtf8, utf8 } from "#base/bytes.ts";
import { decodeCheckpointMessage, encodeCheckpointMessage } from "#chain/checkpoints/checkpoint-codec.ts";
import { CHECKPOINT_NOTES_MAX, COSIGNATURE_AHEAD_BLOCKS_MAX } from "#chain/limits.ts";
import { createKeypair, type Keypair, SIGNATURE_BYTES } from "#crypto/ed25519.ts";
import { type Checkpoint, cosign, decodeCheckpoint, encodeCheckpoint } from "#ledger/checkpoint.ts";
import type { NoteSignature } from "#ledger/signed-note.ts";
import type { CheckpointAttack, CheckpointAttacker, CheckpointManner } from "./checkpoint-attacker.ts";

const PATIENCE_MS = 30_000;
const FLOOD_COUNT = 60;
const HELD_BACK_MS = 60_000;
const STREAMS_AT_ONCE = 8;
/** Above the tip, in heights that will be due. */
const AHEAD_MAX = 3;

function halves<Item>(items: readonly Item[]): readonly [readonly Item[], readonly Item[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

function signerOf({ coalition, random }: CheckpointAttacker): Keypair {
  return random.pick(coalition.signers);
}

/** A height above the tip at which a signature will be due. */
function heightAhead({ node, random, coalition: { everyBlocks } }: CheckpointAttacker): number {
  const { height } = node.chain.tip();
  return height - (height % everyBlocks) + everyBlocks * (1 + random.below(AHEAD_MAX));
}

function noteOf(checkpoint: Checkpoint, signatures: readonly NoteSignature[]): Uint8Array {
  return utf8(encodeCheckpoint({ checkpoint, signatures }));
}

/** A note with a line of some signer; `null` before one was heard. */
function heardNote({ heardNotes, random }: CheckpointAttacker) {
  if (heardNotes.length === 0) return null;
  const text = random.pick(heardNotes);
  const note = decodeCheckpoint(text);
  const [line] = note.ok ? note.value.signatures : [];
  return note.ok && line !== undefined ? { text, checkpoint: note.value.checkpoint, line } : null;
}

/** A line as that signer's, but for the signature. */
function forgedNote(attacker: CheckpointAttacker, checkpoint: Checkpoint): Uint8Array | null {
  const heard = heardNote(attacker);
  if (heard === null) return null;
  const { signature } = heard.line;
  const time = signature.subarray(0, signature.length - SIGNATURE_BYTES);
  const forged = concat(time, attacker.random.bytes(SIGNATURE_BYTES));
  return noteOf(checkpoint, [{ ...heard.line, signature: forged }]);
}

/** After this one its signer counts for nothing: what it signs below is not kept any more. So it comes last. */
export const STUFFING = "votes signed in a flood";

/** Made as soon as it can be: branches do not stand beside each other for long. */
export const BOTH_SIDES = "votes on both sides of a cut";

/** By whoever has nothing to sign with. */
const BY_ANYBODY: Readonly<Record<string, CheckpointAttack>> = {
  "vote forged": (attacker) => {
    const due = attacker.due();
    const note = due === null ? null : forgedNote(attacker, due);
    return note !== null && attacker.say(note, attacker.someone());
  },
  "vote of a stranger": (attacker) => {
    const due = attacker.due();
    if (due === null) return false;
    const stranger = createKeypair(attacker.random.bytes(32));
    return attacker.say(noteOf(due, [cosign(due, attacker.seconds(), stranger)]), attacker.someone());
  },
  "vote put under another block": (attacker) => {
    const heard = heardNote(attacker);
    if (heard === null) return false;
    const other = attacker.invented(heard.checkpoint.height);
    return attacker.say(noteOf(other, [heard.line]), attacker.someone());
  },
  "vote twice in a note": (attacker) => {
    const heard = heardNote(attacker);
    if (heard === null) return false;
    return attacker.say(noteOf(heard.checkpoint, [heard.line, heard.line]), attacker.someone());
  },
  "vote spelt otherwise": (attacker) => {
    const heard = heardNote(attacker);
    if (heard === null) return false;
    const { text } = heard;
    const spelt = attacker.random.pick([text.replaceAll("\n", "\r\n"), `${text}\n`, text.toUpperCase()]);
    return attacker.say(utf8(spelt), attacker.someone());
  },
  "vote replayed": (attacker) => {
    const heard = heardNote(attacker);
    return heard !== null && attacker.say(utf8(heard.text), attacker.neighbours());
  },
  "votes in garbage": (attacker) => {
    const { random, heardNotes } = attacker;
    const bytes = random.bytes(random.pick([0, 1, 300, 1_000, 70_000]));
    const cut =
      heardNotes.length === 0 ? bytes : utf8(random.pick(heardNotes)).subarray(0, random.below(400));
    const to = attacker.someone();
    return attacker.say(bytes, to) && attacker.say(cut, to);
  },
  "votes forged in a flood": (attacker) => {
    const to = attacker.someone();
    let isSaid = false;
    for (let at = 0; at < FLOOD_COUNT; at++) {
      const note = forgedNote(attacker, attacker.invented(heightAhead(attacker)));
      isSaid = note !== null && attacker.say(note, to);
    }
    return isSaid;
  },
  "garbage asked": (attacker) =>
    attacker.open(async (stream) => {
      const sent = await stream.send(attacker.random.bytes(1 + attacker.random.below(500)));
      await stream.receive({ timeoutMs: PATIENCE_MS });
      return sent.ok;
    }),
  "questions without end": async (attacker) => {
    const { chainId } = attacker.world.ledger;
    const question = encodeCheckpointMessage({ type: "get-notes", chainId });
    const asked = Array.from({ length: STREAMS_AT_ONCE }, () =>
      attacker.open(async (stream) => {
        const sent = await stream.send(question);
        for (let at = 0; at < 3; at++) await stream.send(question);
        // Nothing is read of what is answered.
        await new Promise<void>((resolve) => attacker.world.clock.after(PATIENCE_MS, resolve));
        stream.reset("enough");
        return sent.ok;
      }),
    );
    return (await Promise.all(asked)).includes(true);
  },
  "streams held for votes": async (attacker) => {
    const held = Array.from({ length: STREAMS_AT_ONCE }, () =>
      attacker.open(async (stream) => {
        await stream.receive({ timeoutMs: PATIENCE_MS });
        return true;
      }),
    );
    return (await Promise.all(held)).includes(true);
  },
};

/** By keys that the genesis names, fewer than would complete anything. */
const BY_SIGNERS: Readonly<Record<string, CheckpointAttack>> = {
  "vote on another network": (attacker) => {
    const due = attacker.due();
    if (due === null) return false;
    const other = { ...due, chainId: attacker.random.bytes(32) };
    const line = cosign(other, attacker.seconds(), signerOf(attacker));
    return attacker.say(noteOf(other, [line]), attacker.someone());
  },
  "vote for a block that nobody has": (attacker) =>
    attacker.sayVote(attacker.invented(heightAhead(attacker)), signerOf(attacker), attacker.neighbours()),
  "vote at a height that is not due": (attacker) => {
    const odd = attacker.invented(heightAhead(attacker) + 1);
    const line = cosign(odd, attacker.seconds(), signerOf(attacker));
    return attacker.say(noteOf(odd, [line]), attacker.someone());
  },
  "vote far above the tip": (attacker) => {
    const { everyBlocks } = attacker.coalition;
    const height =
      heightAhead(attacker) + everyBlocks * Math.ceil(COSIGNATURE_AHEAD_BLOCKS_MAX / everyBlocks);
    const line = attacker.invented(height);
    return attacker.say(
      noteOf(line, [cosign(line, attacker.seconds(), signerOf(attacker))]),
      attacker.neighbours(),
    );
  },
  [STUFFING]: (attacker) => {
    const { everyBlocks } = attacker.coalition;
    const signer = signerOf(attacker);
    const from = heightAhead(attacker);
    let isSaid = false;
    for (let at = 0; at < FLOOD_COUNT; at++) {
      isSaid = attacker.sayVote(attacker.invented(from + at * everyBlocks), signer, attacker.neighbours());
    }
    return isSaid;
  },
  "two votes at one height": (attacker) => {
    const due = attacker.due();
    const [some, others] = halves(attacker.neighbours());
    if (due === null || others.length === 0) return false;
    const signer = signerOf(attacker);
    return (
      attacker.sayVote(due, signer, some) && attacker.sayVote(attacker.invented(due.height), signer, others)
    );
  },
  "vote high, then low elsewhere": (attacker) => {
    const due = attacker.due();
    if (due === null) return false;
    const signer = signerOf(attacker);
    const high = attacker.invented(due.height + 2 * attacker.coalition.everyBlocks);
    return (
      attacker.sayVote(high, signer, attacker.neighbours()) &&
      attacker.sayVote(due, signer, attacker.neighbours())
    );
  },
  "vote held back, and told late": async (attacker) => {
    const due = attacker.due();
    if (due === null) return false;
    const signer = signerOf(attacker);
    await new Promise<void>((resolve) => attacker.world.clock.after(HELD_BACK_MS, resolve));
    return attacker.node.running && attacker.sayVote(due, signer, attacker.neighbours());
  },
  /** While the network is cut, members of the group sit in all parts: each has its own part's block signed by all keys. */
  [BOTH_SIDES]: ({ coalition }) => {
    const height = coalition.disputed();
    if (height === null) return false;
    const [stood, said] = [new Set<BlockId>(), new Set<BlockId>()];
    for (const member of coalition.members) {
      const checkpoint = member.node.running ? member.node.chain.checkpointAt(height) : null;
      if (checkpoint === null) continue;
      stood.add(checkpoint.blockId);
      for (const signer of coalition.signers) {
        if (member.sayVote(checkpoint, signer, member.neighbours())) said.add(checkpoint.blockId);
      }
    }
    // Also when the cut was healed before both could be said: nothing else would ever be tried.
    if (said.size > 1 || stood.size < 2) coalition.settled(height);
    return said.size > 1;
  },
  "votes for a stale branch": (attacker) => {
    const { coalition, node } = attacker;
    const stale = [...coalition.seen.values()]
      .flatMap((byId) => [...byId.values()])
      .filter(
        ({ height, blockId }) =>
          height < node.chain.tip().height && node.chain.confirmationsOf(blockId) === 0,
      );
    if (stale.length === 0) return false;
    const checkpoint = attacker.random.pick(stale);
    return coalition.signers
      .map((signer) => attacker.sayVote(checkpoint, signer, attacker.neighbours()))
      .includes(true);
  },
};

export const CHECKPOINT_ATTACKS: Readonly<Record<string, CheckpointAttack>> = {
  ...BY_ANYBODY,
  ...BY_SIGNERS,
};

/** What nobody who hears it can hold against its teller. */
export const SOUND_KINDS: readonly string[] = [
  "vote replayed",
  "vote for a block that nobody has",
  "two votes at one height",
  "vote high, then low elsewhere",
  "vote held back, and told late",
  "votes for a stale branch",
];

/** Answers the question with these bytes, once it is one. */
function answering(answer: (attacker: CheckpointAttacker) => Uint8Array | null): CheckpointManner {
  return async (attacker, stream) => {
    const frame = await stream.receive({ timeoutMs: PATIENCE_MS });
    const question = frame.ok && frame.value !== null ? decodeCheckpointMessage(frame.value) : null;
    const bytes = question?.ok === true ? answer(attacker) : null;
    if (bytes === null) return false;
    const sent = await stream.send(bytes);
    await stream.receive({ timeoutMs: PATIENCE_MS });
    return sent.ok;
  };
}

function notes(texts: readonly (Uint8Array | null)[]): Uint8Array | null {
  const known = texts.flatMap((text) => (text === null ? [] : [fromUtf8(text) ?? ""]));
  return known.length === 0 ? null : encodeCheckpointMessage({ type: "notes", notes: known });
}

/** To whoever asks what is known of checkpoints. */
export const CHECKPOINT_MANNERS: Readonly<Record<string, CheckpointManner>> = {
  "answer never given": async (_, stream) => {
    const frame = await stream.receive({ timeoutMs: PATIENCE_MS });
    await stream.receive({ timeoutMs: PATIENCE_MS });
    return frame.ok && frame.value !== null;
  },
  "answer of garbage": answering(({ random }) => random.bytes(1 + random.below(500))),
  "answer that is a question": answering(({ world }) =>
    encodeCheckpointMessage({ type: "get-notes", chainId: world.ledger.chainId }),
  ),
  "answer of too many notes": answering(() =>
    encodeCheckpointMessage({
      type: "notes",
      notes: Array.from({ length: CHECKPOINT_NOTES_MAX + 1 }, () => ""),
    }),
  ),
  "answer of forged votes": answering((attacker) => {
    const due = attacker.due();
    return due === null ? null : notes([forgedNote(attacker, due)]);
  }),
  "answer of another network": answering((attacker) => {
    const other = {
      ...attacker.invented(attacker.coalition.everyBlocks),
      chainId: attacker.random.bytes(32),
    };
    return notes([noteOf(other, [cosign(other, attacker.seconds(), signerOf(attacker))])]);
  }),
  "answer of invented blocks": answering((attacker) => {
    const invented = attacker.invented(heightAhead(attacker));
    const lines = attacker.coalition.signers.map((signer) => {
      attacker.coalition.told(signer.account, invented);
      return cosign(invented, attacker.seconds(), signer);
    });
    return notes([noteOf(invented, lines)]);
  }),
};
