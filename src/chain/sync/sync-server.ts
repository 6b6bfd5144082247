/**
 * Owns the answering side of the sync protocol: what peers may ask of our chain, pool and snapshots, in bounds.
 * Reads only; what a peer's hello tells about its own tip is handed on.
 */
import type { BlockId, PeerId, TxId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import type { Clock } from "#ports/clock.ts";
import type { FrameStream, Judgement } from "#ports/network.ts";
import {
  SYNC_FRAME_BYTES_MAX,
  SYNC_HEADERS_MAX,
  SYNC_POOL_IDS_MAX,
  SYNC_QUESTIONS_MAX,
  SYNC_SEND_TIMEOUT_MS,
  SYNC_SERVE_IDLE_MS,
} from "../limits.ts";
import type { SnapshotChunk } from "../snapshots/snapshot-chunk.ts";
import { decodeSyncMessage, encodeSyncMessage, type Hello, type SyncMessage } from "./sync-codec.ts";

/** What can be asked for. */
export interface SyncSource {
  readonly chainId: Uint8Array;
  hello(): Hello;
  /** Height on the best chain; `null` when the block is not there. */
  bestHeight(id: BlockId): number | null;
  headerBytesFrom(height: number, limit: number): readonly Uint8Array[];
  blockBytes(id: BlockId): Uint8Array | null;
  poolIds(limit: number): readonly TxId[];
  transactionBytes(id: TxId): Uint8Array | null;
  /** The chunk in which the key lies; `null` when that snapshot is not offered. */
  chunk(at: BlockId, key: Uint8Array): SnapshotChunk | null;
}

export interface SyncServerDependencies {
  readonly source: SyncSource;
  readonly clock: Clock;
  readonly judge: (peer: PeerId, judgement: Judgement) => void;
  /** A peer said hello; it may stand on another network. */
  readonly heard: (peer: PeerId, hello: Hello) => void;
}

type Question = Extract<SyncMessage, { type: `get-${string}` }>;

/** Room in a frame for the kind, the count and the lengths. */
const FRAME_OVERHEAD_BYTES = 1024;

/** Serves one stream until the other side is done, silent for too long, or out of order. */
export async function serveSync(stream: FrameStream, dependencies: SyncServerDependencies): Promise<void> {
  const { source, judge, heard, clock } = dependencies;
  let greeted = false;
  for (let questions = 0; questions < SYNC_QUESTIONS_MAX; questions++) {
    const frame = await stream.receive({ timeoutMs: SYNC_SERVE_IDLE_MS });
    if (!frame.ok || frame.value === null) return;
    const decoded = decodeSyncMessage(frame.value);
    const answers = decoded.ok ? answersTo(decoded.value, greeted, source) : null;
    if (!decoded.ok || answers === null) {
      judge(stream.peer, "reject");
      stream.reset("message malformed or out of order");
      return;
    }
    for (const answer of answers) {
      if (!(await sendInTime(stream, encodeSyncMessage(answer), clock))) return;
    }
    if (decoded.value.type !== "hello") continue;
    greeted = true;
    heard(stream.peer, decoded.value);
    // Another network: it was told ours, and there is nothing more to say.
    if (!equalBytes(decoded.value.chainId, source.chainId)) return;
  }
}

/** `false` when the other side does not read: it would hold its place, and the answer in memory, for as long as it likes. */
async function sendInTime(stream: FrameStream, frame: Uint8Array, clock: Clock): Promise<boolean> {
  const deadline = clock.after(SYNC_SEND_TIMEOUT_MS, () => stream.reset("answers are not read"));
  const sent = await stream.send(frame);
  deadline.cancel();
  return sent.ok;
}

/** `null` when the message has no place here. Made one by one, so that one block at a time is in memory. */
function answersTo(message: SyncMessage, greeted: boolean, source: SyncSource): Iterable<SyncMessage> | null {
  if (message.type === "hello") return greeted ? null : [source.hello()];
  return greeted && isQuestion(message) ? answers(message, source) : null;
}

function isQuestion(message: SyncMessage): message is Question {
  return message.type.startsWith("get-");
}

function* answers(question: Question, source: SyncSource): Generator<SyncMessage> {
  switch (question.type) {
    case "get-headers": {
      const shared = firstShared(question.locator, source);
      yield { type: "headers", headers: source.headerBytesFrom(shared + 1, SYNC_HEADERS_MAX) };
      break;
    }
    case "get-blocks":
      for (const id of question.ids) yield { type: "block", bytes: source.blockBytes(id) };
      break;
    case "get-pool":
      yield { type: "pool", ids: source.poolIds(SYNC_POOL_IDS_MAX) };
      break;
    case "get-transactions":
      yield { type: "transactions", transactions: asManyAsFit(question.ids, source) };
      break;
    case "get-chunk":
      yield { type: "chunk", chunk: source.chunk(question.at, question.key) };
      break;
  }
}

/** Genesis is shared by all of a network, whatever the locator says. */
function firstShared(locator: readonly BlockId[], source: SyncSource): number {
  for (const id of locator) {
    const height = source.bestHeight(id);
    if (height !== null) return height;
  }
  return 0;
}

/** Those that wait here, in their order, up to the one that has no room in the frame. */
function asManyAsFit(ids: readonly TxId[], source: SyncSource): Uint8Array[] {
  const fitting: Uint8Array[] = [];
  let room = SYNC_FRAME_BYTES_MAX - FRAME_OVERHEAD_BYTES;
  for (const id of ids) {
    const bytes = source.transactionBytes(id);
    if (bytes === null) continue;
    room -= bytes.length + 4;
    if (room < 0) break;
    fitting.push(bytes);
  }
  return fitting;
}

/** Newest first: ten steps of one, then doubling, and genesis. */
export function locatorHeights(tipHeight: number): readonly number[] {
  const heights: number[] = [];
  let step = 1;
  for (let height = tipHeight; height > 0; height -= step) {
    heights.push(height);
    if (heights.length >= 10) step *= 2;
  }
  return [...heights, 0];
}
