/**
 * Owns announced blocks on their way to the block door: judges the announcement by its header alone, so that it can
 * be passed on at once, then puts the block together from what waits here, asks for the rest, and answers others who
 * ask. Whoever passed on a sound header is never blamed for what stands under it. Judges no blocks. It is long because
 * an announcement's whole way is told in one place.
 *
 *     announcement ─▶ form ─▶ known? ─▶ header ─▶ pass it on
 *                                          └─▶ fill from the pool ─▶ ask for what is missing ─▶ block door
 *                                                                     └─▶ whole block ─▶ next peer ─▶ compare tips
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Result } from "#base/result.ts";
import type { Block, Header } from "#ledger/index.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { FrameStream, Judgement, Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import type { HeaderPoint } from "../header-point.ts";
import type { Holding } from "../holding.ts";
import {
  ANNOUNCED_BLOCKS_MAX,
  ANNOUNCED_IDS_MAX,
  BLOCK_PARTS_WAIT_MS,
  BLOCK_SOURCES_MAX,
  RECENT_BLOCKS_MAX,
  TOO_EARLY_KEPT_MS,
  TOO_EARLY_MAX,
} from "../limits.ts";
import { ANNOUNCEMENT_STANDING } from "../standing.ts";
import { Turn } from "../turn.ts";
import type { InboundBlockFault } from "../types.ts";
import { type Asking, BLOCK_PARTS_OPTIONS, BlockPartsAsker, serveBlockParts } from "./block-parts.ts";
import { BLOCK_PARTS_PROTOCOL } from "./block-parts-codec.ts";
import { type Candidate, type CompactBlock, decodeCompactBlock, Filling } from "./compact-block.ts";

export interface AnnouncedBlocksDependencies {
  readonly network: Pick<Network, "connected" | "open" | "handle" | "judge">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly maxFutureSeconds: number;
  /** Whether nothing is to be learnt of this block any more: kept, or found invalid. */
  readonly isSettled: (id: BlockId) => boolean;
  /** @param parent of the header, where it was itself announced and is not yet kept. */
  readonly checkHeader: (
    headerBytes: Uint8Array,
    parent: HeaderPoint | null,
  ) => Result<HeaderPoint, InboundBlockFault>;
  /** All that waits here. */
  readonly candidates: () => readonly Candidate[];
  /** A valid block that is kept here. */
  readonly keptBlock: (id: BlockId) => Block | null;
  /** The door. Resolves when it is done with the block, whatever became of it. */
  readonly takeBlock: (block: Block, from: PeerId, wasPassedOn: boolean) => Promise<void>;
  /** A header of the peer was seen: its time tells about our clock. */
  readonly sawHeader: (header: Header, from: PeerId) => void;
  /** The peer knows a chain that we cannot get at by its announcement. */
  readonly compareWith: (peer: PeerId) => void;
}

/** Candidates hashed between two looks at the clock: a millisecond or so. */
const CANDIDATES_SLICE = 512;

/** One announced block until the door is done with it. */
class Announced implements Asking {
  readonly point: HeaderPoint;
  /** Who announced it, first one first. */
  readonly sources: PeerId[];
  /** Its announcement was passed on to others. */
  readonly wasPassedOn: boolean;
  filling: Filling;
  /** Its short ids lead to no block: only the whole one helps. */
  isBroken = false;
  /** What is being waited for, to be broken off when the block is there. */
  stream: FrameStream | null = null;
  block: Block | null = null;
  readonly #found = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<void>();

  constructor(point: HeaderPoint, compact: CompactBlock, from: PeerId, wasPassedOn: boolean) {
    this.point = point;
    this.sources = [from];
    this.wasPassedOn = wasPassedOn;
    this.filling = new Filling(compact);
  }

  /** Resolves when the block is there, or was given up. */
  get found(): Promise<void> {
    return this.#found.promise;
  }

  /** Resolves when the door is done with it. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  get isAnswered(): boolean {
    return this.block !== null;
  }

  settle(block: Block): void {
    this.block ??= block;
    this.#found.resolve();
    this.stream?.reset("the block came another way");
  }

  end(): void {
    this.#found.resolve();
    this.#done.resolve();
  }
}

export class AnnouncedBlocks {
  readonly #dependencies: AnnouncedBlocksDependencies;
  readonly #announced = new Map<BlockId, Announced>();
  /** Of announcements that were passed on, oldest first. */
  readonly #passedOn = new Set<BlockId>();
  readonly #early = new Map<BlockId, Timer>();
  readonly #recent = new Map<BlockId, Block>();
  readonly #running = new Set<Promise<void>>();
  readonly #asker: BlockPartsAsker;
  readonly #unhandle: Unsubscribe;
  readonly #turn: Turn;
  readonly #closing = new AbortController();

  constructor(dependencies: AnnouncedBlocksDependencies) {
    this.#dependencies = dependencies;
    this.#turn = new Turn(dependencies.clock);
    const { network } = dependencies;
    this.#asker = new BlockPartsAsker(network, this.#closing.signal);
    this.#unhandle = network.handle(BLOCK_PARTS_PROTOCOL, BLOCK_PARTS_OPTIONS, (stream) =>
      serveBlockParts(stream, network, (id) => this.#find(id)),
    );
  }

  /** What a gossiped announcement is worth passing on. The block itself is worked on after the answer. */
  judge(bytes: Uint8Array, from: PeerId): Judgement {
    if (this.#closed) return "ignore";
    const compact = decodeCompactBlock(bytes);
    if (!compact.ok) return ANNOUNCEMENT_STANDING[compact.fault.code];
    return this.#take(compact.value, from, true);
  }

  holdings(): readonly Holding[] {
    return [
      { what: "announced blocks", count: this.#announced.size, limit: ANNOUNCED_BLOCKS_MAX },
      { what: "announcements passed on", count: this.#passedOn.size, limit: ANNOUNCED_IDS_MAX },
      { what: "announcements ahead of our clock", count: this.#early.size, limit: TOO_EARLY_MAX },
      { what: "recent blocks", count: this.#recent.size, limit: RECENT_BLOCKS_MAX },
    ];
  }

  /** Keeps a block at hand for those who ask for parts of it. */
  remember(block: Block): void {
    this.#recent.delete(block.id);
    this.#recent.set(block.id, block);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > RECENT_BLOCKS_MAX && oldest !== undefined) this.#recent.delete(oldest);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#unhandle();
    for (const timer of this.#early.values()) timer.cancel();
    for (const entry of this.#announced.values()) entry.stream?.reset("closing");
    await Promise.all(this.#running);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  #take(compact: CompactBlock, from: PeerId, isFresh: boolean): Judgement {
    const { checkHeader, isSettled, compareWith, sawHeader } = this.#dependencies;
    const { id, header } = compact;
    if (isSettled(id)) return "ignore";
    const pending = this.#announced.get(id);
    if (pending !== undefined) {
      this.#inBackground(this.#announcedAgain(pending, compact, from));
      return "ignore";
    }
    const parent = this.#announced.get(header.previous) ?? null;
    const checked = checkHeader(compact.headerBytes, parent?.point ?? null);
    if (!checked.ok) {
      const { code } = checked.fault;
      if (code === "parent-unknown" || code === "branch-too-low") compareWith(from);
      if (code === "time-too-far-ahead") this.#tryLater(compact, from);
      return ANNOUNCEMENT_STANDING[code];
    }
    if (isFresh) sawHeader(header, from);
    if (this.#announced.size >= ANNOUNCED_BLOCKS_MAX) {
      // Others may hold all places with blocks that nobody gets: this one may be there to be had.
      compareWith(from);
      return "ignore";
    }
    // The same header under other short ids costs its sender nothing: it is worked on, and not passed on.
    const isFirst = isFresh && this.#passOn(id);
    const entry = new Announced(checked.value, compact, from, isFirst);
    this.#announced.set(id, entry);
    this.#inBackground(this.#work(entry, parent));
    return isFirst ? "accept" : "ignore";
  }

  #passOn(id: BlockId): boolean {
    if (this.#passedOn.has(id)) return false;
    this.#passedOn.add(id);
    const [oldest] = this.#passedOn;
    if (this.#passedOn.size > ANNOUNCED_IDS_MAX && oldest !== undefined) this.#passedOn.delete(oldest);
    return true;
  }

  /** Its work was checked before its time. Nobody is blamed for a clock. */
  #tryLater(compact: CompactBlock, from: PeerId): void {
    const { clock, maxFutureSeconds, sawHeader } = this.#dependencies;
    sawHeader(compact.header, from);
    const waitMs = (compact.header.time - maxFutureSeconds) * 1000 - clock.nowMs();
    const { id } = compact;
    if (waitMs > TOO_EARLY_KEPT_MS || this.#early.size >= TOO_EARLY_MAX || this.#early.has(id)) return;
    const timer = clock.after(waitMs, () => {
      this.#early.delete(id);
      this.#inBackground(this.#takeInTime(compact, from));
    });
    this.#early.set(id, timer);
  }

  /** A promise, since it reads the ledger: where that is damaged, nobody would catch what a timer throws. */
  async #takeInTime(compact: CompactBlock, from: PeerId): Promise<void> {
    this.#take(compact, from, false);
  }

  /** The same work, its faults told: it is awaited on closing. */
  #inBackground(work: Promise<void>): Promise<void> {
    const running = work
      .catch((error: unknown) =>
        this.#dependencies.log.fault("an announced block could not be worked on", error),
      )
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  // Putting it together --------------------------------------------------------------------------------------

  async #work(entry: Announced, parent: Announced | null): Promise<void> {
    const { takeBlock, compareWith } = this.#dependencies;
    const [from] = entry.sources;
    try {
      await this.#gather(entry);
      await parent?.done;
      if (this.#closed || from === undefined) return;
      if (entry.block === null) compareWith(from);
      else await takeBlock(entry.block, from, entry.wasPassedOn);
    } finally {
      this.#announced.delete(entry.point.id);
      entry.end();
    }
  }

  async #gather(entry: Announced): Promise<void> {
    await this.#fill(entry, entry.filling);
    const asked = new Set<PeerId>();
    while (asked.size < BLOCK_SOURCES_MAX && entry.block === null && !this.#closed) {
      const peer = this.#nextSource(entry, asked);
      if (peer === null) return;
      asked.add(peer);
      await Promise.race([entry.found, this.#inBackground(this.#askPeer(entry, peer))]);
    }
  }

  async #announcedAgain(entry: Announced, compact: CompactBlock, from: PeerId): Promise<void> {
    if (entry.sources.length >= BLOCK_SOURCES_MAX || entry.sources.includes(from)) return;
    entry.sources.push(from);
    const filling = new Filling(compact);
    await this.#fill(entry, filling);
    // Of two announcements one may be garbage under the header of another: the one that leads further is kept.
    const missing = filling.missing().length;
    // With nothing missing it would have been the block: nothing could be asked for to mend it.
    if (entry.block !== null || filling.collides || missing === 0) return;
    if (entry.isBroken || missing < entry.filling.missing().length) {
      entry.filling = filling;
      entry.isBroken = false;
    }
  }

  async #fill(entry: Announced, filling: Filling): Promise<void> {
    if (!filling.collides) {
      this.#turn.begin();
      for (const [at, candidate] of this.#dependencies.candidates().entries()) {
        if (at % CANDIDATES_SLICE === 0) await this.#turn.pause();
        filling.offer(candidate);
      }
    }
    this.#tryToSettle(entry, filling);
  }

  /** When nothing is missing and it is no block all the same, one short id led to a wrong transaction. */
  #tryToSettle(entry: Announced, filling: Filling): void {
    const block = filling.block();
    if (block !== null) this.#settle(entry, block);
    else if (filling === entry.filling) {
      entry.isBroken = filling.collides || filling.missing().length === 0;
    }
  }

  #settle(entry: Announced, block: Block): void {
    this.remember(block);
    entry.settle(block);
  }

  /** Those who announced it first, then any that are connected. */
  #nextSource(entry: Announced, asked: ReadonlySet<PeerId>): PeerId | null {
    const { network, random } = this.#dependencies;
    const connected = network
      .connected()
      .map(({ peer }) => peer)
      .filter((peer) => !asked.has(peer));
    const announcer = entry.sources.find((peer) => connected.includes(peer));
    if (announcer !== undefined) return announcer;
    return connected.length === 0 ? null : (connected[random.below(connected.length)] ?? null);
  }

  async #askPeer(entry: Announced, peer: PeerId): Promise<void> {
    const { filling } = entry;
    const { id } = entry.point;
    if (!entry.isBroken) {
      const positions = filling.missing();
      const parts = await this.#asker.parts(peer, id, positions, entry);
      if (parts === null || entry.block !== null) return;
      // Not the sender's fault: the announcement may be another's.
      if (filling.supply(positions, parts)) this.#tryToSettle(entry, filling);
      else entry.isBroken = true;
      if (entry.block !== null || !entry.isBroken) return;
    }
    const whole = await this.#asker.whole(peer, id, entry);
    if (whole !== null) this.#settle(entry, whole);
  }

  // Answering ------------------------------------------------------------------------------------------------

  /** Whoever passes an announcement on before it has the block keeps those waiting who ask for it meanwhile. */
  async #find(id: BlockId): Promise<Block | null> {
    const { clock, keptBlock } = this.#dependencies;
    const entry = this.#announced.get(id);
    if (entry !== undefined && entry.block === null) {
      const waited = Promise.withResolvers<void>();
      const timer = clock.after(BLOCK_PARTS_WAIT_MS, () => waited.resolve());
      await Promise.race([entry.found, waited.promise]);
      timer.cancel();
    }
    const recent = this.#recent.get(id);
    if (recent !== undefined) return recent;
    const kept = keptBlock(id);
    if (kept !== null) this.remember(kept);
    return kept;
  }
}
