/**
 * Owns the fetching of bodies along a route (`body-routes.ts`): from several peers at once, each
 * asked for as much as it was seen to bring in a second, handed to the door in order. Who brings nothing while others
 * wait loses its blocks to them and rests; who brings a wrong one is not asked for it again. A branch found invalid
 * or withheld is left for the next best. It is long, since runs, their lanes and the door wait for one another.
 *
 *     target ─▶ path of headers without bodies ─▶ window ⇄ lanes (one a conversation) ─▶ door, in order ─▶ next target
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import type { Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { Judgement } from "#ports/network.ts";
import { blockIdOfBytes, type HeaderPoint } from "../header-point.ts";
import type { Holding } from "../holding.ts";
import {
  BODY_DOUBT_MS,
  BODY_LANES_MAX,
  BODY_REFUSED_MAX,
  BODY_REQUEST_SPAN_MS,
  BODY_STALL_MS_MAX,
  BODY_STALL_MS_MIN,
  BODY_WINDOW_BLOCKS,
  BODY_WINDOW_BYTES_MAX,
  SYNC_BLOCKS_MAX,
  SYNC_RETRY_MS,
} from "../limits.ts";
import { BLOCK_STANDING } from "../standing.ts";
import type { BlockOutcome, InboundBlockFault } from "../types.ts";
import type { BodyRoutes, PlaceRange } from "./body-routes.ts";
import { type Arrived, BodyWindow, type HeaderPath } from "./body-window.ts";
import type { Conversation, ConversationEnd } from "./sync-conversation.ts";
import type { SyncPeers } from "./sync-peers.ts";

/** What nobody has. */
export interface MissingBranch {
  /** Of the first block that is needed. */
  readonly height: number;
  readonly target: HeaderPoint;
}

export interface BodyFetchDependencies {
  readonly clock: Clock;
  readonly peers: SyncPeers;
  readonly routes: BodyRoutes;
  readonly takeBlock: (bytes: Uint8Array) => Promise<Result<BlockOutcome, InboundBlockFault>>;
  readonly judge: (peer: PeerId, judgement: Judgement) => void;
  /** Asks for a conversation with a peer, which then joins. */
  readonly call: (peer: PeerId) => void;
  /**
   * A path is being fetched up to `target`: so many of its blocks are done.
   * @param isDoubted whether none has come for so long that others may be withholding them.
   */
  readonly progress: (target: HeaderPoint, done: number, total: number, isDoubted: boolean) => void;
  /** No peer that answered has the first block in full; `null` when one brought a block after all. */
  readonly onNowhere: (missing: MissingBranch | null) => void;
  /** Nothing is fetched any more. */
  readonly onEnd: () => void;
  /** Between blocks, so that others get their turn. */
  readonly pause: () => Promise<void>;
  /** Work that nobody awaits: its faults are ours, and logged. */
  readonly inBackground: (work: Promise<void>) => void;
}

/** To begin with: enough to measure. */
const FIRST_REQUEST_BLOCKS = 4;
/** Below the 30 s after which the other side ends a silent conversation. */
const LANE_IDLE_MS_MAX = 10_000;
/** Of the patience with stalls, for each block that came: back to the least within some dozen. */
const STALL_DECAY = 0.85;

interface Lane {
  readonly peer: PeerId;
  readonly conversation: Conversation;
  readonly range: PlaceRange;
  /** Between blocks of one request; `null` before the first two. */
  msPerBlock: number | null;
  isIdle: boolean;
  isStalled: boolean;
}

interface Run {
  readonly target: HeaderPoint;
  /** Whom it was chosen for. */
  readonly shownBy: PeerId;
  readonly path: HeaderPath;
  readonly window: BodyWindow;
  readonly lanes: Map<PeerId, Lane>;
  /** Resolved and renewed whenever something changed that a lane or the door may wait for. */
  readonly changed: Signal;
  hadLanes: boolean;
  /** Our disk or our clock: nobody else would help. */
  isHeldUp: boolean;
  isOver: boolean;
}

export class BodyFetch {
  readonly #dependencies: BodyFetchDependencies;
  #starting: Promise<Run | null> | null = null;
  #run: Run | null = null;
  #stallMs = BODY_STALL_MS_MIN;
  /** Since when we wait for a block, from one run to the next: one that comes ends it. */
  #inVainSinceMs: number | null = null;
  /** Our own side held a run up: until then none is begun, or peers would be asked for the same blocks without end. */
  #heldUpUntilMs = 0;
  #closed = false;

  constructor(dependencies: BodyFetchDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether blocks of a branch are being fetched. */
  get isRunning(): boolean {
    return this.#run !== null || this.#starting !== null;
  }

  holdings(): readonly Holding[] {
    if (this.#run === null) return [];
    const { blocks, bytes, underWay, refusedPlaces, refusedPeers } = this.#run.window.held;
    return [
      { what: "bodies that wait for earlier ones", count: blocks, limit: BODY_WINDOW_BLOCKS },
      { what: "bytes of such bodies", count: bytes, limit: BODY_WINDOW_BYTES_MAX },
      { what: "bodies under way", count: underWay, limit: BODY_WINDOW_BLOCKS },
      { what: "places of bodies that were refused", count: refusedPlaces, limit: BODY_WINDOW_BLOCKS },
      { what: "peers whose body for one place was refused", count: refusedPeers, limit: BODY_REFUSED_MAX },
      { what: "peers that bring bodies", count: this.#run.lanes.size, limit: BODY_LANES_MAX },
    ];
  }

  /** Lets a conversation bring bodies for as long as its peer has some that are needed. */
  async join(
    conversation: Conversation,
    stay: "while needed" | "one run" = "while needed",
  ): Promise<ConversationEnd> {
    while (!this.#closed) {
      const run = this.#run ?? (await this.#start(conversation.peer));
      if (run === null) break;
      const shown = this.#dependencies.peers.of(conversation.peer);
      const range = shown === null ? null : this.#dependencies.routes.rangeOf(run.path, run.target, shown);
      if (range === null || run.lanes.has(conversation.peer) || run.lanes.size >= BODY_LANES_MAX) break;
      // It has brought all that it has: to ask it again at once would turn in a circle.
      if (range.to < run.window.next) break;
      const end = await this.#serve(run, conversation, range);
      if (end.code !== "level" || stay === "one run") return end;
    }
    return { code: "level" };
  }

  /** Calls whoever has a branch that is needed, when nothing is fetched: a rest may be over, or a branch was dropped. */
  consider(): void {
    if (this.#closed || this.isRunning) return;
    const chosen = this.#dependencies.routes.choose();
    if (chosen !== null) this.#dependencies.call(chosen.peer);
  }

  close(): void {
    this.#closed = true;
    if (this.#run !== null) this.#end(this.#run);
  }

  // Target ---------------------------------------------------------------------------------------------------

  #start(by: PeerId): Promise<Run | null> {
    this.#starting ??= this.#prepare(by).finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #prepare(by: PeerId): Promise<Run | null> {
    const { routes, call, inBackground, clock } = this.#dependencies;
    const chosen = clock.monotonicMs() < this.#heldUpUntilMs ? null : routes.choose();
    const path = chosen === null ? null : await routes.pathTo(chosen.target);
    if (chosen === null || path === null || this.#closed) return null;
    const run: Run = {
      target: chosen.target,
      shownBy: chosen.peer,
      path,
      window: new BodyWindow(path.count),
      lanes: new Map(),
      changed: new Signal(),
      hadLanes: false,
      isHeldUp: false,
      isOver: false,
    };
    this.#run = run;
    this.#inVainSinceMs ??= clock.monotonicMs();
    this.#tell(run);
    if (chosen.peer !== by) call(chosen.peer);
    if (path.count > SYNC_BLOCKS_MAX) await this.#callOthers(run);
    inBackground(this.#drive(run));
    return run;
  }

  /** A promise, since it reads the ledger and is a timer's work too: where that is damaged, nobody would catch it. */
  async #callOthers(run: Run): Promise<void> {
    const { peers, call, routes } = this.#dependencies;
    for (const [peer, shown] of peers.shown()) {
      if (peers.isResting(peer) || run.lanes.has(peer)) continue;
      if (routes.rangeOf(run.path, run.target, shown) !== null) call(peer);
    }
  }

  // Lanes ----------------------------------------------------------------------------------------------------

  async #serve(run: Run, conversation: Conversation, range: PlaceRange): Promise<ConversationEnd> {
    const { peer } = conversation;
    const lane: Lane = { peer, conversation, range, msPerBlock: null, isIdle: false, isStalled: false };
    run.lanes.set(peer, lane);
    run.hadLanes = true;
    const end = await this.#bring(run, lane);
    run.window.release(peer);
    if (run.lanes.get(peer) === lane) run.lanes.delete(peer);
    if (end.code === "unanswered" || end.code === "misconduct") this.#dependencies.peers.rest(peer);
    run.changed.fire();
    return end;
  }

  async #bring(run: Run, lane: Lane): Promise<ConversationEnd> {
    const { window, path } = run;
    while (!run.isOver) {
      const places = window.assign(lane.peer, lane.range, requestSize(lane));
      if (places.length === 0) {
        if (lane.range.to < window.next) break;
        lane.isIdle = true;
        const isChanged = await run.changed.wait(this.#dependencies.clock, LANE_IDLE_MS_MAX);
        lane.isIdle = false;
        // The other side would end a silent conversation soon, and rightly.
        if (!isChanged) break;
        continue;
      }
      const ids = places.map((at) => path.idAt(at));
      const end = await this.#ask(run, lane, places, ids);
      if (end !== null) return end;
    }
    return run.isHeldUp ? { code: "held-up", what: "the door takes no blocks" } : { code: "level" };
  }

  /** `null` when all came. */
  async #ask(
    run: Run,
    lane: Lane,
    places: readonly number[],
    ids: readonly BlockId[],
  ): Promise<ConversationEnd | null> {
    const { clock, pause } = this.#dependencies;
    const { conversation } = lane;
    for (const [index, at] of places.entries()) {
      const sinceMs = clock.monotonicMs();
      const watch = this.#watch(run, lane);
      const answer =
        index === 0
          ? await conversation.ask({ type: "get-blocks", ids }, "block")
          : await conversation.next("block");
      watch.cancel();
      if (!answer.ok) return answer.fault;
      const { bytes } = answer.value;
      if (bytes === null) return { code: "unanswered" };
      if (blockIdOfBytes(bytes) !== ids[index])
        return conversation.misconduct("another block than asked for").fault;
      if (index > 0) lane.msPerBlock = averaged(lane.msPerBlock, clock.monotonicMs() - sinceMs);
      run.window.arrive(at, bytes, lane.peer);
      run.changed.fire();
      await pause();
      // What is still under way is of no use; the conversation cannot go on before it.
      if (run.isOver && index < places.length - 1) return { code: "held-up", what: "the branch was left" };
    }
    return null;
  }

  /** Breaks a lane off that keeps the next block from us while somebody else could bring it. */
  #watch(run: Run, lane: Lane): { cancel(): void } {
    const { clock, inBackground } = this.#dependencies;
    let timer = clock.after(this.#stallMs, () => check());
    const check = (): void => {
      const isAwaited = run.window.awaitedFrom === lane.peer;
      const other = [...run.lanes.values()].find((one) => one !== lane && couldBring(one, run.window.next));
      if (isAwaited && other !== undefined) {
        lane.isStalled = true;
        this.#stallMs = Math.min(this.#stallMs * 2, BODY_STALL_MS_MAX);
        lane.conversation.reset("stalled");
        return;
      }
      if (isAwaited) inBackground(this.#callOthers(run));
      timer = clock.after(this.#stallMs, check);
    };
    return { cancel: () => timer.cancel() };
  }

  // Door -----------------------------------------------------------------------------------------------------

  async #drive(run: Run): Promise<void> {
    const { clock } = this.#dependencies;
    try {
      while (!run.isOver && !run.window.isDone) {
        const arrived = run.window.takeNext();
        if (arrived !== null) {
          await this.#handOn(run, arrived);
          continue;
        }
        if (run.lanes.size === 0 && run.hadLanes) break;
        const isChanged = await run.changed.wait(clock, LANE_IDLE_MS_MAX);
        this.#tell(run);
        // Nobody who was called came.
        if (!isChanged && run.lanes.size === 0) break;
      }
    } finally {
      // Not one block came of it: whoever showed it does not have the first ones, or nobody came.
      const { peers } = this.#dependencies;
      const isFruitless = run.window.next === 0 && !run.isOver && !peers.isResting(run.shownBy);
      if (isFruitless) peers.rest(run.shownBy);
      if (isFruitless && !this.#hasAnybodyTheFirst(run)) {
        this.#dependencies.onNowhere({ height: run.path.from, target: run.target });
      }
      this.#end(run);
    }
  }

  #tell({ target, window, path, isOver }: Run): void {
    const { clock, progress } = this.#dependencies;
    const waitedMs = clock.monotonicMs() - (this.#inVainSinceMs ?? Number.POSITIVE_INFINITY);
    if (!isOver) progress(target, window.next, path.count, waitedMs > BODY_DOUBT_MS);
  }

  #hasAnybodyTheFirst({ path, target }: Run): boolean {
    const { peers, routes } = this.#dependencies;
    return [...peers.shown()].some(([, shown]) => routes.rangeOf(path, target, shown)?.from === 0);
  }

  async #handOn(run: Run, { at, bytes, from }: Arrived): Promise<void> {
    const { takeBlock, peers, routes, judge, clock } = this.#dependencies;
    const taken = await takeBlock(bytes);
    if (taken.ok) {
      run.window.advance();
      this.#dependencies.onNowhere(null);
      this.#stallMs = Math.max(BODY_STALL_MS_MIN, this.#stallMs * STALL_DECAY);
      peers.wake(from);
      this.#inVainSinceMs = run.window.isDone ? null : clock.monotonicMs();
      this.#tell(run);
      run.changed.fire();
      return;
    }
    if (BLOCK_STANDING[taken.fault.code] !== "reject") {
      run.isHeldUp = true;
      run.isOver = true;
      return;
    }
    judge(from, "reject");
    peers.rest(from);
    run.window.refuse(at, from);
    run.lanes.get(from)?.conversation.reset("a wrong block");
    // Not only this body is wrong but what the header commits to: the branch is given up, for the next best.
    if (routes.isGivenUp(run.path.idAt(at))) run.isOver = true;
    run.changed.fire();
  }

  #end(run: Run): void {
    run.isOver = true;
    if (this.#run === run) this.#run = null;
    if (run.isHeldUp) this.#heldUpUntilMs = this.#dependencies.clock.monotonicMs() + SYNC_RETRY_MS;
    run.changed.fire();
    this.#dependencies.onEnd();
    if (!run.isHeldUp) this.consider();
  }
}

/** The first of a request waits for the way there and back and says nothing; a slow line shows in those behind it. */
function averaged(before: number | null, tookMs: number): number {
  return before === null ? tookMs : (3 * before + tookMs) / 4;
}

/** As much as the lane was seen to bring in a second. */
function requestSize({ msPerBlock }: Lane): number {
  if (msPerBlock === null) return FIRST_REQUEST_BLOCKS;
  const blocks = Math.round(BODY_REQUEST_SPAN_MS / Math.max(1, msPerBlock));
  return Math.min(SYNC_BLOCKS_MAX, Math.max(1, blocks));
}

function couldBring(lane: Lane, at: number): boolean {
  return !lane.isStalled && lane.range.from <= at && lane.range.to >= at;
}

/** Owns waiting for whatever changes next. */
class Signal {
  #waiting: (() => void)[] = [];

  fire(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** `false` when nothing changed for so long. */
  wait(clock: Clock, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = clock.after(timeoutMs, () => resolve(false));
      this.#waiting.push(() => {
        timer.cancel();
        resolve(true);
      });
    });
  }
}
