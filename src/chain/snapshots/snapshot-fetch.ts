/**
 * Owns how a new peer takes over the state of a height near the tip: which snapshot, by the headers with the most work
 * that anybody has shown; its chunks from any peer that offers it, each checked against the header's state root as it
 * comes; and that none is left out. The state becomes ours only when all keys are covered.
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import { compareBytes } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import type { BlockRef } from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Outgrown } from "../block-door.ts";
import type { HeaderPoint } from "../header-point.ts";
import type { Holding } from "../holding.ts";
import {
  BODY_LANES_MAX,
  SNAPSHOT_BELOW_BEST_MAX_BLOCKS,
  SNAPSHOT_FAILURES_MAX,
  SNAPSHOT_STALL_MS,
  SNAPSHOTS_GIVEN_UP_MAX,
} from "../limits.ts";
import type { BlockStore, StoreFault } from "../store.ts";
import type { Conversation, ConversationEnd } from "../sync/sync-conversation.ts";
import type { SyncPeers } from "../sync/sync-peers.ts";
import type { HeaderTree } from "../sync/sync-store.ts";
import { checkChunk, chunkEnd, isCutTooFine, type SnapshotChunk } from "./snapshot-chunk.ts";
import type { SnapshotPolicy } from "./snapshot-store.ts";

export interface SnapshotFetchDependencies {
  readonly policy: SnapshotPolicy;
  readonly clock: Clock;
  readonly peers: SyncPeers;
  readonly tree: HeaderTree;
  readonly store: Pick<BlockStore, "beginSnapshot" | "putSnapshot">;
  /** Whether our chain is so far below a height that a snapshot is worth taking over. */
  readonly isWorth: (bestHeight: number) => boolean;
  /** Of our chain: a snapshot has more. */
  readonly workToBeat: () => bigint;
  /** Whether blocks are being fetched one by one: then that goes on. */
  readonly isBegunOtherwise: () => boolean;
  /** All entries are put aside: they become the state, and this block the tip. */
  readonly adopt: (at: HeaderPoint) => Promise<Result<undefined, StoreFault | Outgrown>>;
  readonly call: (peer: PeerId) => void;
  /** @param done of {@link SNAPSHOT_PARTS}. */
  readonly progress: (at: HeaderPoint, done: number) => void;
  readonly pause: () => Promise<void>;
}

/** In which progress is counted: keys are hashes, so that parts of their space are parts of the work. */
export const SNAPSHOT_PARTS = 1_000;

/** Keys still to be fetched: from the first, up to but not with the second, which is `null` for the end. */
interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array | null;
  /** The chunk that ended where it begins; `null` at the begin of a part. */
  readonly after: SnapshotChunk | null;
}

interface Fetch {
  readonly at: HeaderPoint;
  /** Nobody fetches these now. */
  readonly open: KeyRange[];
  readonly lanes: Set<Lane>;
  /** Peers that failed since the last chunk came. */
  failures: number;
  /** Sixteenth parts were opened, so that several may fetch. */
  isSplit: boolean;
}

interface Lane {
  readonly conversation: Conversation;
  range: KeyRange | null;
}

const FIRST_KEY = new Uint8Array(32);
/** A snapshot is opened in so many at the most, and whoever fails gives its stretch back whole. */
const STRETCHES_MAX = 16;
/** Of 2^32: how much of the key space is covered. */
const KEY_SPACE = 2 ** 32;

export class SnapshotFetch {
  readonly #dependencies: SnapshotFetchDependencies;
  #fetch: Fetch | null = null;
  /** Snapshots that were offered and not brought. */
  readonly #givenUp = new Set<BlockId>();
  #covered = 0;
  #closed = false;

  constructor(dependencies: SnapshotFetchDependencies) {
    this.#dependencies = dependencies;
  }

  get isRunning(): boolean {
    return this.#fetch !== null && this.#fetch.lanes.size > 0;
  }

  holdings(): readonly Holding[] {
    return [
      { what: "snapshots given up", count: this.#givenUp.size, limit: SNAPSHOTS_GIVEN_UP_MAX },
      { what: "peers that bring a snapshot", count: this.#fetch?.lanes.size ?? 0, limit: BODY_LANES_MAX },
      {
        what: "stretches of a snapshot to fetch",
        count: this.#fetch?.open.length ?? 0,
        limit: STRETCHES_MAX,
      },
    ];
  }

  close(): void {
    this.#closed = true;
  }

  /**
   * Lets a conversation bring chunks, when a snapshot is worth taking and its peer offers it.
   * `level` also when there is nothing to do.
   */
  async join(conversation: Conversation): Promise<ConversationEnd> {
    const chosen = this.#closed ? null : this.#choose();
    if (chosen === null) return { code: "level" };
    const fetch = this.#fetchOf(chosen);
    if (fetch === null) return { code: "held-up", what: "the disk refuses the snapshot" };
    if (!this.#offers(conversation.peer, chosen.id) || fetch.lanes.size >= BODY_LANES_MAX) {
      // Whoever does not offer it cannot help before it is here; bodies come after.
      return { code: "held-up", what: "a snapshot comes first" };
    }
    const lane: Lane = { conversation, range: null };
    fetch.lanes.add(lane);
    const end = await this.#bring(fetch, lane);
    fetch.lanes.delete(lane);
    if (lane.range !== null) fetch.open.push(lane.range);
    if (end.code === "unanswered" || end.code === "misconduct") this.#failed(fetch, conversation.peer);
    // Where it is our disk that refuses, others would be asked in vain, again and again.
    if (this.#fetch === fetch && fetch.open.length > 0 && end.code !== "held-up") this.#callOthers(fetch);
    return end;
  }

  #failed(fetch: Fetch, peer: PeerId): void {
    this.#dependencies.peers.rest(peer);
    fetch.failures += 1;
    if (fetch.failures < SNAPSHOT_FAILURES_MAX || this.#fetch !== fetch) return;
    // Whoever offers it does not bring it; in the end all can be had block by block.
    this.#givenUp.add(fetch.at.id);
    this.#fetch = null;
  }

  // Which one ------------------------------------------------------------------------------------------------

  /** The highest offered that stands deep enough on the chain with the most work; `null` when blocks alone will do. */
  #choose(): HeaderPoint | null {
    const { peers, tree, isWorth, isBegunOtherwise, workToBeat, policy } = this.#dependencies;
    if (this.#givenUp.size >= SNAPSHOTS_GIVEN_UP_MAX || (this.#fetch === null && isBegunOtherwise()))
      return null;
    let best: HeaderPoint | null = null;
    // Not by id: whoever lies about the height of one must not hide it.
    const offers: BlockRef[] = [];
    for (const [peer, shown] of peers.shown()) {
      const point = tree.point(shown.best.id);
      if (point === null || point === "invalid" || peers.isResting(peer)) continue;
      if (best === null || point.header.chainWork > best.header.chainWork) best = point;
      offers.push(...shown.snapshots);
    }
    if (best === null || !isWorth(best.header.height)) return null;
    const highest = best.header.height - policy.depthMinBlocks;
    const lowest = best.header.height - SNAPSHOT_BELOW_BEST_MAX_BLOCKS;
    const possible = offers
      .filter(({ id }) => !this.#givenUp.has(id))
      .filter(({ height }) => height <= highest && height >= lowest && height % policy.everyBlocks === 0)
      .sort((a, b) => b.height - a.height);
    const current = this.#fetch?.at.id;
    const going = possible.filter(({ id }) => id === current);
    const chosen = this.#firstOnChain(best, going) ?? this.#firstOnChain(best, possible);
    return chosen !== null && chosen.header.chainWork > workToBeat() ? chosen : null;
  }

  #firstOnChain(best: HeaderPoint, falling: readonly BlockRef[]): HeaderPoint | null {
    let point = best;
    for (const { id, height } of falling) {
      while (point.header.height > height) {
        const parent = this.#dependencies.tree.point(point.header.previous);
        if (parent === null || parent === "invalid") return null;
        point = parent;
      }
      if (point.id === id) return point;
    }
    return null;
  }

  #callOthers(fetch: Fetch): void {
    const { peers, call } = this.#dependencies;
    const busy = new Set([...fetch.lanes].map(({ conversation }) => conversation.peer));
    for (const [peer] of peers.shown()) {
      if (this.#offers(peer, fetch.at.id) && !peers.isResting(peer) && !busy.has(peer)) call(peer);
    }
  }

  #offers(peer: PeerId, id: BlockId): boolean {
    return this.#dependencies.peers.of(peer)?.snapshots.some((ref) => ref.id === id) === true;
  }

  /** `null` when the disk refuses. What was fetched of another snapshot is given up. */
  #fetchOf(at: HeaderPoint): Fetch | null {
    if (this.#fetch?.at.id === at.id) return this.#fetch;
    const { store, progress } = this.#dependencies;
    for (const lane of this.#fetch?.lanes ?? []) lane.conversation.reset("another snapshot is fetched");
    this.#fetch = null;
    if (!store.beginSnapshot().ok) return null;
    this.#covered = 0;
    this.#fetch = {
      at,
      open: [{ from: FIRST_KEY, to: null, after: null }],
      lanes: new Set(),
      failures: 0,
      isSplit: false,
    };
    progress(at, 0);
    this.#callOthers(this.#fetch);
    return this.#fetch;
  }

  // Chunks ---------------------------------------------------------------------------------------------------

  async #bring(fetch: Fetch, lane: Lane): Promise<ConversationEnd> {
    const { pause } = this.#dependencies;
    while (this.#fetch === fetch) {
      const range = fetch.open.shift();
      // The others bring the rest; whoever fails gives back what it had, and somebody is called again.
      if (range === undefined) return { code: "held-up", what: "others bring the rest of the snapshot" };
      lane.range = range;
      const answer = await this.#ask(fetch, lane, range.from);
      if (!answer.ok) return answer.fault;
      const { chunk } = answer.value;
      if (chunk === null) return { code: "unanswered" };
      const end = this.#take(fetch, lane, range, chunk);
      if (end !== null) return end;
      if (this.#isComplete(fetch)) return this.#finish(fetch);
      await pause();
    }
    return { code: "held-up", what: "another snapshot is fetched" };
  }

  async #ask(fetch: Fetch, { conversation }: Lane, key: Uint8Array) {
    const timer = this.#dependencies.clock.after(SNAPSHOT_STALL_MS, () => {
      if (fetch.lanes.size > 1) conversation.reset("stalled");
    });
    const answer = await conversation.ask({ type: "get-chunk", at: fetch.at.id, key }, "chunk");
    timer.cancel();
    return answer;
  }

  #take(fetch: Fetch, lane: Lane, range: KeyRange, chunk: SnapshotChunk): ConversationEnd | null {
    const { conversation } = lane;
    const end = chunkEnd(chunk.start, chunk.siblings.length);
    const isThere = compareBytes(chunk.start, range.from) <= 0 && isBelow(range.from, end);
    if (!isThere || checkChunk(chunk, fetch.at.header.stateRoot) !== null) {
      return conversation.misconduct("a chunk that is not of the snapshot").fault;
    }
    if (range.after !== null && isCutTooFine(range.after, chunk)) {
      return conversation.misconduct("chunks that are cut too fine").fault;
    }
    const inside = chunk.entries.filter(
      ({ key }) => compareBytes(key, range.from) >= 0 && isBelow(key, range.to),
    );
    const written = this.#dependencies.store.putSnapshot(inside);
    if (!written.ok) return { code: "held-up", what: written.fault.cause };
    const isPartLeft = end !== null && isBelow(end, range.to);
    lane.range = null;
    fetch.failures = 0;
    this.#covered += spaceOf(range.from, isPartLeft ? end : range.to);
    if (isPartLeft)
      fetch.open.unshift(
        ...this.#rest(fetch, { from: end, to: range.to, after: chunk }, chunk.siblings.length),
      );
    this.#dependencies.progress(fetch.at, Math.floor((this.#covered * SNAPSHOT_PARTS) / KEY_SPACE));
    return null;
  }

  /** What the first chunk of all leaves is opened in sixteenth parts when there are many chunks. */
  #rest(fetch: Fetch, range: KeyRange, depth: number): readonly KeyRange[] {
    if (fetch.isSplit || depth < 4) return [range];
    fetch.isSplit = true;
    const parts: KeyRange[] = [];
    let { from, after } = range;
    for (let nibble = ((range.from[0] ?? 0) >> 4) + 1; nibble < 16; nibble++) {
      const to = new Uint8Array(32);
      to[0] = nibble << 4;
      parts.push({ from, to, after });
      from = to;
      after = null;
    }
    this.#callOthers(fetch);
    return [...parts, { from, to: range.to, after }];
  }

  #isComplete(fetch: Fetch): boolean {
    return fetch.open.length === 0 && [...fetch.lanes].every(({ range }) => range === null);
  }

  async #finish(fetch: Fetch): Promise<ConversationEnd> {
    this.#fetch = null;
    const adopted = await this.#dependencies.adopt(fetch.at);
    return adopted.ok ? { code: "level" } : { code: "held-up", what: adopted.fault.cause };
  }
}

/** @param end `null`: above all keys. */
function isBelow(key: Uint8Array, end: Uint8Array | null): boolean {
  return end === null || compareBytes(key, end) < 0;
}

/** Of {@link KEY_SPACE}, by the first four bytes. */
function spaceOf(from: Uint8Array, to: Uint8Array | null): number {
  const first = (key: Uint8Array): number => new DataView(key.buffer, key.byteOffset).getUint32(0);
  return (to === null ? KEY_SPACE : first(to)) - first(from);
}
