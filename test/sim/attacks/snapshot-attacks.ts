/**
 * Owns what can be said to a newcomer about snapshots that is not so: offers of what is not there, and chunks that are
 * not of the state that was asked for, or that never come.
 */
import type { BlockId } from "#base/brand.ts";
import { compareBytes, concat, toHex } from "#base/bytes.ts";
import { ok } from "#base/result.ts";
import { SNAPSHOT_ENTRIES_BYTES_MAX } from "#chain/limits.ts";
import type { SnapshotChunk, SnapshotEntry } from "#chain/snapshots/snapshot-chunk.ts";
import { encodeSyncMessage, type Hello } from "#chain/sync/sync-codec.ts";
import { sha256 } from "#crypto/sha256.ts";
import type { BlockRef } from "#ledger/index.ts";
import type { FrameStream } from "#ports/network.ts";
import type { ChunkQuestion, SnapshotAttacker } from "./snapshot-attacker.ts";

/** Longer than any answer may take. */
const SILENCE_MS = 60_000;
/** Just below the time that an answer may take. */
const SLOW_MS = 13_000;
const FIRST_KEY = new Uint8Array(32);
const UPPER_HALF = Uint8Array.of(0x80, ...new Uint8Array(31));

/** Offers in the place of the true ones; `null` when there is nothing to lie about yet. */
export type OfferAttack = (attacker: SnapshotAttacker, hello: Hello) => readonly BlockRef[] | null;

export interface ChunkAsked {
  readonly attacker: SnapshotAttacker;
  readonly stream: FrameStream;
  /** The right answer. */
  readonly chunk: SnapshotChunk;
  readonly asked: ChunkQuestion;
}

/** What came of sending; `null` when nothing false could be sent. */
export type ChunkAttack = (asked: ChunkAsked) => Promise<Awaited<ReturnType<FrameStream["send"]>> | null>;

function randomId({ random }: SnapshotAttacker): BlockId {
  return toHex(random.bytes(32)) as BlockId;
}

function trueRef({ node }: SnapshotAttacker, height: number): BlockRef | null {
  const [block] = node.chain.blocks({ before: height + 1, limit: 1 });
  return block === undefined || height < 1 ? null : { id: block.id, height: block.height };
}

export const OFFER_ATTACKS: Readonly<Record<string, OfferAttack>> = {
  "offer of a height that nobody has any more": (attacker, { snapshots }) => {
    const ref = trueRef(attacker, Math.min(...snapshots.map(({ height }) => height)) - 10);
    return snapshots.length === 0 || ref === null ? null : [ref];
  },
  "offer of a height that has no snapshot": (attacker, { snapshots: [newest] }) => {
    const ref = newest === undefined ? null : trueRef(attacker, newest.height + 1);
    return ref === null ? null : [ref];
  },
  "offer near the tip": (attacker, { height }) => {
    const ref = trueRef(attacker, height - (height % 10));
    return ref === null ? null : [ref];
  },
  "offer under a false height": (_, { snapshots: [newest] }) =>
    newest === undefined ? null : [{ ...newest, height: newest.height + 10 }, newest],
  "offer of an unknown block": (attacker, { snapshots: [newest] }) =>
    newest === undefined ? null : [{ height: newest.height, id: randomId(attacker) }],
  "offer of something else each time": (attacker, { height }) => [
    { height: 10 * attacker.random.below(Math.ceil(height / 5)), id: randomId(attacker) },
    { height: attacker.random.below(2 ** 32), id: randomId(attacker) },
  ],
  "offer of too many": (_, { snapshots: [newest] }) =>
    newest === undefined ? null : [newest, newest, newest],
};

/** Sends another chunk in the place of the right one. */
function changed(change: (chunk: SnapshotChunk, asked: ChunkAsked) => SnapshotChunk | null): ChunkAttack {
  return async (asked) => {
    const chunk = change(asked.chunk, asked);
    return chunk === null ? null : await asked.stream.send(encodeSyncMessage({ type: "chunk", chunk }));
  };
}

function after(asked: ChunkAsked, delayMs: number): Promise<void> {
  return new Promise((resolve) => asked.attacker.world.clock.after(delayMs, resolve));
}

function randomEntry({ random }: SnapshotAttacker): SnapshotEntry {
  return { key: random.bytes(32), value: random.bytes(40) };
}

function sorted(entries: readonly SnapshotEntry[]): readonly SnapshotEntry[] {
  return entries.toSorted((a, b) => compareBytes(a.key, b.key));
}

/** The state as it is now, not as it was at the height that was asked for. */
function stateOfNow({ node }: SnapshotAttacker): SnapshotChunk {
  const entries = [...node.content.state.range(FIRST_KEY, null)].map(([key, value]) => ({ key, value }));
  return { start: FIRST_KEY, siblings: [], entries };
}

/** The hash of a subtree so many levels down (`spec/ledger.md`, "State"), in the slow and obvious way. */
function hashOf(entries: readonly SnapshotEntry[], depth: number): Uint8Array {
  const [first, ...others] = entries;
  if (first === undefined) return new Uint8Array(32);
  if (others.length === 0) return sha256(concat(Uint8Array.of(0), first.key, sha256(first.value)));
  const isRight = ({ key }: SnapshotEntry): boolean => ((key[depth >> 3] ?? 0) & (0x80 >> (depth & 7))) !== 0;
  const halves = [entries.filter((entry) => !isRight(entry)), entries.filter(isRight)];
  return sha256(concat(Uint8Array.of(1), ...halves.map((half) => hashOf(half, depth + 1))));
}

/** A true chunk, and only half of what a chunk has room for. */
function half({ start, siblings, entries }: SnapshotChunk, { key }: ChunkQuestion): SnapshotChunk | null {
  if (siblings.length > 0) return null;
  const isUpper = (each: Uint8Array): boolean => compareBytes(each, UPPER_HALF) >= 0;
  const [lower, upper] = [
    entries.filter((each) => !isUpper(each.key)),
    entries.filter((each) => isUpper(each.key)),
  ];
  return isUpper(key)
    ? { start: UPPER_HALF, siblings: [hashOf(lower, 1)], entries: upper }
    : { start, siblings: [hashOf(upper, 1)], entries: lower };
}

/** More than one chunk may hold. */
function tooLarge(attacker: SnapshotAttacker): SnapshotChunk {
  const count = Math.ceil(SNAPSHOT_ENTRIES_BYTES_MAX / 70);
  const entries = sorted(Array.from({ length: count }, () => randomEntry(attacker)));
  return { start: FIRST_KEY, siblings: [], entries };
}

export const CHUNK_ATTACKS: Readonly<Record<string, ChunkAttack>> = {
  "chunk denied": ({ stream }) => stream.send(encodeSyncMessage({ type: "chunk", chunk: null })),
  "chunk never brought": async (asked) => {
    await after(asked, SILENCE_MS);
    return ok(undefined);
  },
  "chunk brought late": async (asked) => {
    await after(asked, SLOW_MS);
    return await asked.stream.send(encodeSyncMessage({ type: "chunk", chunk: asked.chunk }));
  },
  "chunk of garbage": ({ attacker, stream }) =>
    stream.send(attacker.random.bytes(1 + attacker.random.below(2_000))),
  "chunk that is something else": ({ stream }) =>
    stream.send(encodeSyncMessage({ type: "headers", headers: [] })),
  "chunk of another height": changed((_, { attacker }) => stateOfNow(attacker)),
  "chunk with an entry changed": changed(({ entries, ...rest }, { attacker }) => {
    const at = attacker.random.below(Math.max(1, entries.length));
    const value = attacker.random.bytes(entries[at]?.value.length ?? 1);
    return { ...rest, entries: entries.map((entry, index) => (index === at ? { ...entry, value } : entry)) };
  }),
  "chunk with an entry left out": changed(({ entries, ...rest }, { attacker }) => {
    const at = attacker.random.below(Math.max(1, entries.length));
    return { ...rest, entries: entries.filter((_, index) => index !== at) };
  }),
  "chunk with an entry put in": changed(({ entries, ...rest }, { attacker }) => ({
    ...rest,
    entries: sorted([...entries, randomEntry(attacker)]),
  })),
  "chunk out of order": changed(({ entries, ...rest }) => ({ ...rest, entries: entries.toReversed() })),
  "chunk of nothing": changed((chunk) => ({ ...chunk, entries: [] })),
  "chunk at another place": changed((chunk) => ({ ...chunk, start: UPPER_HALF })),
  "chunk with siblings invented": changed((chunk, { attacker: { random } }) => ({
    ...chunk,
    siblings: [...chunk.siblings, random.bytes(32)],
  })),
  "chunk too large": changed((_, { attacker }) => tooLarge(attacker)),
  "chunk cut too fine": changed((chunk, { asked }) => half(chunk, asked)),
};
