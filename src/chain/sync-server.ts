/**
 * Owns the answering side of the sync protocol: what peers may ask of our chain and pool, in bounds. Reads only;
 * what a peer's hello tells about its own tip is handed on.
 */
import type { BlockId, PeerId, TxId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import type { FrameStream, Judgement } from "#ports/network.ts";
import { SYNC_FRAME_BYTES_MAX, SYNC_HEADERS_MAX, SYNC_POOL_IDS_MAX, SYNC_SERVE_IDLE_MS } from "./limits.ts";
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
}

export interface SyncServerDependencies {
  readonly source: SyncSource;
  readonly judge: (peer: PeerId, judgement: Judgement) => void;
  /** A peer said hello; it may stand on another network. */
  readonly heard: (peer: PeerId, hello: Hello) => void;
}

type Question = Extract<SyncMessage, { type: `get-${string}` }>;

/** Room in a frame for the kind, the count and the lengths. */
const FRAME_OVERHEAD_BYTES = 1024;

/** Serves one stream until the other side is done, silent for too long, or out of order. */
export async function serveSync(stream: FrameStream, dependencies: SyncServerDependencies): Promise<void> {
  const { source, judge, heard } = dependencies;
  for (let greeted = false; ; ) {
    const frame = await stream.receive({ timeoutMs: SYNC_SERVE_IDLE_MS });
    if (!frame.ok || frame.value === null) return;
    const message = decodeSyncMessage(frame.value);
    const answer = message.ok ? answerTo(message.value, greeted, source) : null;
    if (!message.ok || answer === null) {
      judge(stream.peer, "reject");
      stream.reset("message malformed or out of order");
      return;
    }
    const sent = await stream.send(encodeSyncMessage(answer));
    if (message.value.type === "hello") {
      greeted = true;
      heard(stream.peer, message.value);
      // Another network: it was told ours, and there is nothing more to say.
      if (toHex(message.value.chainId) !== toHex(source.chainId)) return;
    }
    if (!sent.ok) return;
  }
}

/** `null` when the message has no place here. */
function answerTo(message: SyncMessage, greeted: boolean, source: SyncSource): SyncMessage | null {
  if (message.type === "hello") return greeted ? null : source.hello();
  return greeted && isQuestion(message) ? answerQuestion(message, source) : null;
}

function isQuestion(message: SyncMessage): message is Question {
  return message.type.startsWith("get-");
}

function answerQuestion(question: Question, source: SyncSource): SyncMessage {
  switch (question.type) {
    case "get-headers": {
      const shared = firstShared(question.locator, source);
      return { type: "headers", headers: source.headerBytesFrom(shared + 1, SYNC_HEADERS_MAX) };
    }
    case "get-blocks":
      return { type: "blocks", blocks: asManyAsFit(question.ids, (id) => source.blockBytes(id)) };
    case "get-pool":
      return { type: "pool", ids: source.poolIds(SYNC_POOL_IDS_MAX) };
    case "get-transactions": {
      const known = question.ids.filter((id) => source.transactionBytes(id) !== null);
      return {
        type: "transactions",
        transactions: asManyAsFit(known, (id) => source.transactionBytes(id)),
      };
    }
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

/** The first ones in order, up to one that is not there or has no room in the frame. */
function asManyAsFit<Id>(ids: readonly Id[], bytesOf: (id: Id) => Uint8Array | null): Uint8Array[] {
  const fitting: Uint8Array[] = [];
  let room = SYNC_FRAME_BYTES_MAX - FRAME_OVERHEAD_BYTES;
  for (const id of ids) {
    const bytes = bytesOf(id);
    if (bytes === null) break;
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
