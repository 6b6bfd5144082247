/**
 * Owns the one door through which every block comes in: mined here, announced and put together, or fetched. Checks in the order
 * of their cost, keeps what is worth keeping, and moves the best chain. Judges blocks, never peers. It is long, since all
 * that may happen to a block on its way in stands in one place.
 *
 *     bytes ─▶ form ─▶ known? ─▶ parent known? ─▶ header ─▶ worth keeping? ─▶ block by itself
 *           ─▶ on the tip: connect   ─▶ elsewhere: keep ─▶ heavier than ours? reorganise
 */
import { assert } from "#base/assert.ts";
import type { BlockId } from "#base/brand.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import { TaskQueue } from "#base/task-queue.ts";
import type { SignatureChecker, SignatureItem } from "#crypto/signature-checker.ts";
import {
  type Block,
  type BlockFault,
  type BodyFault,
  blockIdOfHeader,
  bytesOfId,
  checkBlockTerms,
  checkHeader,
  decodeBlock,
  decodeHeader,
  type IdentifiedHeader,
  isSigned,
  meetsTarget,
  type SignedTransaction,
  signingPreimage,
  targetOfBits,
} from "#ledger/index.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Advance, BestChain } from "./best-chain.ts";
import { newBlockOf } from "./block-records.ts";
import { type HeaderPoint, historyAfter } from "./header-point.ts";
import type { Holding } from "./holding.ts";
import {
  COMMIT_RETRY_PERIOD_MS,
  INVALID_IDS_MAX,
  SIDE_BRANCH_DEPTH_MAX_BLOCKS,
  SIGNATURE_SLICE,
  SIGNATURES_AT_ONCE,
  TOO_EARLY_KEPT_MS,
  TOO_EARLY_MAX,
  WRITER_QUEUE_MAX,
} from "./limits.ts";
import type { BlockStore, StoreFault } from "./store.ts";
import { type Move, MovedBlocks, NO_MOVE } from "./trail.ts";
import { Turn } from "./turn.ts";
import type { BlockOutcome, InboundBlockFault } from "./types.ts";

type Outcome = Result<BlockOutcome, InboundBlockFault>;

export interface BlockDoorDependencies {
  readonly best: BestChain;
  readonly store: BlockStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether this very transaction was verified before, so that its signature need not be checked again. */
  readonly isVerified: (transaction: SignedTransaction) => boolean;
  readonly signatures: Pick<SignatureChecker, "check">;
  /** After the commits; before anything else is done with the chain. */
  readonly onMove: (move: Move, pause: () => Promise<void>) => Promise<void>;
  /** A branch of as much work as ours was kept beside it. */
  readonly onRival: () => void;
  /** The store refuses (its cause), or takes blocks again (`null`). */
  readonly onStore: (fault: StoreFault | null) => void;
  /** A snapshot became the state: right after its commit. `onMove` follows. */
  readonly onTakenOver: () => void;
  /** The store was found damaged and begun anew; the tip may be far below where it was. `onMove` follows. */
  readonly onRepaired: (repaired: Problem) => void;
}

export interface BlockOrigin {
  /** Headers have shown that its branch has more work than ours. */
  readonly branchShown: boolean;
}

type HeaderRefusal = BlockFault | Extract<InboundBlockFault, { code: "outside-final" }>;

/** A snapshot of less work than our own chain has by now. */
export interface Outgrown {
  readonly code: "outgrown";
  readonly cause: string;
}

const OUTGROWN = fail<Outgrown>({ code: "outgrown", cause: "our own chain has outgrown the snapshot" });
const UNSHOWN: BlockOrigin = { branchShown: false };

export class BlockDoor {
  readonly #dependencies: BlockDoorDependencies;
  readonly #writer = new TaskQueue(WRITER_QUEUE_MAX);
  /** Ids of blocks whose committed content is invalid; oldest first. Those kept are marked in the store. */
  readonly #invalid = new Set<BlockId>();
  readonly #early = new Map<BlockId, Timer>();
  #retry: Timer | null = null;
  #storeFault: StoreFault | null = null;
  readonly #turn: Turn;
  #recovery: Timer | null = null;
  /** Of blocks that are to be left and could not be yet: nothing else that is refused takes their place. */
  readonly #leaving = new Map<BlockId, Timer>();
  #closed = false;

  constructor(dependencies: BlockDoorDependencies) {
    this.#dependencies = dependencies;
    this.#turn = new Turn(dependencies.clock);
    dependencies.store.watchDamage((cause) => this.#damaged(cause));
  }

  holdings(): readonly Holding[] {
    return [
      { what: "blocks at the door", count: this.#writer.waiting, limit: WRITER_QUEUE_MAX },
      { what: "blocks ahead of our clock", count: this.#early.size, limit: TOO_EARLY_MAX },
      { what: "ids of invalid blocks", count: this.#invalid.size, limit: INVALID_IDS_MAX },
    ];
  }

  /** Why the store takes no blocks now. */
  get storeFault(): StoreFault | null {
    return this.#storeFault;
  }

  async submit(bytes: Uint8Array, origin: BlockOrigin = UNSHOWN): Promise<Outcome> {
    const decoded = this.#decoded(bytes);
    return decoded.ok ? this.submitBlock(decoded.value, origin) : decoded;
  }

  /** A body that is missing here, of a block of the best chain; `connected` when it was put there. */
  async fillIn(bytes: Uint8Array): Promise<Outcome> {
    const decoded = this.#decoded(bytes);
    if (!decoded.ok) return decoded;
    const filled = this.#writer.run(() => this.#fillIn(decoded.value));
    return filled ?? fail({ code: "busy" });
  }

  #decoded(bytes: Uint8Array): Result<Block, InboundBlockFault> {
    if (this.#closed) return fail({ code: "unavailable", cause: "this peer is closing" });
    const limit = this.#dependencies.best.network.params.maxBlockBytes;
    return bytes.length > limit
      ? fail({ code: "block-too-big", bytes: bytes.length, limit })
      : decodeBlock(bytes);
  }

  /** @param block whose id is that of its header. */
  async submitBlock(block: Block, origin: BlockOrigin = UNSHOWN): Promise<Outcome> {
    if (this.#closed) return fail({ code: "unavailable", cause: "this peer is closing" });
    if (this.#writer.waiting === 0) this.#turn.begin();
    const taken = this.#writer.run(() => this.#take(block, origin));
    return taken ?? fail({ code: "busy" });
  }

  /** Whether a block need not be looked at again: it is kept, or was found invalid. */
  isSettled(id: BlockId): boolean {
    const entry = this.#dependencies.store.entry(id);
    if (entry === null) return this.#invalid.has(id);
    // Of a header alone, the body is still wanted.
    return entry.invalid || entry.hasBody || entry.isWithinReach;
  }

  /**
   * The header of an announced block, as {@link submit} would check it before it looks at the rest.
   * @param announced its parent, where that was announced too and is not kept yet.
   */
  checkAnnounced(
    headerBytes: Uint8Array,
    announced: HeaderPoint | null,
  ): Result<HeaderPoint, InboundBlockFault> {
    const header = decodeHeader(headerBytes);
    if (!header.ok) return header;
    const candidate = { id: blockIdOfHeader(headerBytes), header: header.value };
    const parent = announced ?? this.#dependencies.best.point(candidate.header.previous);
    if (parent === null) return fail(this.#withoutParent(candidate));
    if (parent === "invalid") return fail({ code: "branch-invalid", id: candidate.id });
    const checked = this.checkHeader(headerBytes, parent);
    if (checked.ok && this.#isFarBelow(candidate)) {
      return fail({ code: "branch-too-low", height: candidate.header.height });
    }
    return checked;
  }

  /**
   * Goes to the heaviest kept branch before anybody looks at the chain: no move is told.
   * @param work what else is read at the start. What throws is damage: then the ledger begins anew, and it is done again.
   */
  async open(work: () => Promise<void> = async () => undefined): Promise<void> {
    try {
      await this.#writer.run(() => this.#advance(false));
      await work();
    } catch (error) {
      // What is read of a damaged file may contradict itself in any way.
      const cause = error instanceof Error ? error.message : String(error);
      await this.#writer.run(() => this.#recover(cause));
      // Where the disk refuses even that, it is tried again later; what waited is still there at the next start.
      if (this.#storeFault === null) await work();
    }
  }

  /** The same after the store refused. */
  async advance(): Promise<void> {
    if (this.#writer.waiting === 0) this.#turn.begin();
    await this.#writer.run(async () => this.#advance());
  }

  /** Makes the state that was put aside ours, and its block the tip; between two blocks, as all that moves the tip. */
  async takeOver(at: HeaderPoint): Promise<Result<undefined, StoreFault | Outgrown>> {
    const { best, onTakenOver } = this.#dependencies;
    const finished = await this.#writer.run(async () => {
      // While its chunks came our own chain grew, or was closed against it.
      if (at.header.chainWork <= best.workToBeat || best.finality.outsideFrom(at.id) !== null)
        return OUTGROWN;
      const outcome = best.finishSnapshot(at);
      if (outcome.ok) {
        onTakenOver();
        await this.#begunAnew();
      }
      return outcome;
    });
    if (finished === null) return fail({ code: "store-unavailable", cause: "too much waits to be written" });
    if (finished.ok) return ok();
    // Its chunks showed that they are all of that state.
    assert(finished.fault.code !== "state-root-wrong", "the chunks of a snapshot give its root");
    return fail(finished.fault);
  }

  /**
   * Leaves a block of the best chain that breaks the rules, which a snapshot had hidden: tried until the store lets it, or
   * this peer closes. @param onLeft called once it is left, before any other block is worked on.
   */
  async leave(id: BlockId, onLeft: () => void): Promise<void> {
    const isLeft = await (this.#writer.run(() => this.#leave(id, onLeft)) ?? false);
    if (isLeft || this.#closed) return;
    const again = this.#dependencies.clock.after(COMMIT_RETRY_PERIOD_MS, () => {
      this.#leaving.delete(id);
      this.#inBackground(this.leave(id, onLeft));
    });
    this.#leaving.set(id, again);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    this.#recovery?.cancel();
    for (const timer of [...this.#early.values(), ...this.#leaving.values()]) timer.cancel();
    await this.#writer.idle();
  }

  /** A header by itself and against its parent, as {@link submit} would check it. */
  checkHeader(headerBytes: Uint8Array, parent: HeaderPoint): Result<HeaderPoint, InboundBlockFault> {
    const header = decodeHeader(headerBytes);
    if (!header.ok) return header;
    const id = blockIdOfHeader(headerBytes);
    const candidate = { id, header: header.value };
    const fault = this.#headerFault(candidate, parent);
    return fault === null ? ok({ ...candidate, history: historyAfter(parent.history, id) }) : fail(fault);
  }

  async #take(block: Block, origin: BlockOrigin): Promise<Outcome> {
    const { best, store } = this.#dependencies;
    const { id } = block;
    if (this.#invalid.has(id)) return fail({ code: "branch-invalid", id });
    const entry = store.entry(id);
    if (entry?.invalid === true) return fail({ code: "branch-invalid", id });
    if (entry !== null && (entry.hasBody || entry.isWithinReach)) return ok({ code: "known", id });
    const parent = best.point(block.header.previous);
    if (parent === null) return fail(this.#withoutParent(block));
    // Not remembered: whoever makes such blocks for nothing would drive out what is.
    if (parent === "invalid") return fail({ code: "branch-invalid", id });
    const headerFault = this.#headerFault(block, parent);
    if (headerFault?.code === "time-too-far-ahead") this.#tryLater(block, headerFault.aheadSeconds);
    if (headerFault !== null) return fail(headerFault);
    if (!origin.branchShown && this.#isFarBelow(block)) {
      return fail({ code: "branch-too-low", height: block.header.height });
    }
    const bodyFault = await this.#checkBody(block);
    if (bodyFault !== null) {
      if (UNCOMMITTED.has(bodyFault.code)) return fail(bodyFault);
      // A header that was kept before its body is not to be fetched again, nor what stands on it.
      if (entry !== null) store.markInvalid(id);
      return fail(this.#remember(id, bodyFault));
    }
    const placed = await this.#place(block, parent);
    if (placed.ok) return placed;
    const { fault } = placed;
    if (fault.code !== "store-unavailable") return fail(fault);
    return fail(this.#storeRefused(fault, () => this.submitBlock(block, origin)));
  }

  async #fillIn(block: Block): Promise<Outcome> {
    const { best, store } = this.#dependencies;
    const { id } = block;
    // Undone meanwhile, or here by another way.
    if (store.best(id)?.hasBody !== false) return ok({ code: "known", id });
    const fault = await this.#checkBody(block);
    if (fault !== null) return fail(fault);
    const filled = best.fillIn(block);
    if (filled.ok) return ok({ code: "connected", id });
    return fail({ code: "unavailable", cause: filled.fault.cause });
  }

  /** The block by itself. Others get their turn while a full one is prepared, and between its signatures. */
  async #checkBody(block: Block): Promise<BodyFault | null> {
    const { best, isVerified, signatures } = this.#dependencies;
    const { params, chainId } = best.network;
    const fault = checkBlockTerms(block, params, chainId);
    if (fault !== null) return fault;
    const places: number[] = [];
    const items: SignatureItem[] = [];
    for (const [index, transaction] of block.transactions.entries()) {
      if (index % SIGNATURE_SLICE === 0) await this.#turn.pause();
      if (!isSigned(transaction) || isVerified(transaction)) continue;
      places.push(index);
      items.push({
        publicKey: bytesOfId(transaction.from),
        message: signingPreimage(transaction, chainId),
        signature: transaction.signature,
      });
    }
    for (let from = 0; from < items.length; from += SIGNATURES_AT_ONCE) {
      const verdicts = await signatures.check(items.slice(from, from + SIGNATURES_AT_ONCE));
      const wrong = places[from + verdicts.indexOf(false)];
      if (verdicts.includes(false) && wrong !== undefined) {
        return { code: "transaction-invalid", index: wrong, fault: { code: "signature-invalid" } };
      }
      await this.#turn.pause();
    }
    return null;
  }

  async #place(
    block: Block,
    parent: HeaderPoint,
  ): Promise<Result<BlockOutcome, InboundBlockFault | StoreFault>> {
    const { best, store } = this.#dependencies;
    const { id } = block;
    if (parent.id === best.tip.id) {
      const extended = best.extend(block);
      if (extended.ok) {
        this.#storeWorks();
        await this.#moved({ ...NO_MOVE, connected: MovedBlocks.of(block) });
        await this.#turn.pause();
        // Others that stand on it may have been here before it.
        await this.#advance();
        return ok({ code: "connected", id });
      }
      if (extended.fault.code === "store-unavailable") return fail(extended.fault);
      // Headers may have been kept that stand on its own.
      const isKept = store.entry(id) !== null;
      const marked = isKept ? store.markInvalid(id) : store.keep(newBlockOf(block, parent), true);
      return fail(marked.ok ? extended.fault : marked.fault);
    }
    const kept = store.keep(newBlockOf(block, parent), false);
    if (!kept.ok) return kept;
    this.#storeWorks();
    if (block.header.chainWork > best.workToBeat) await this.#advance();
    if (store.entry(id)?.invalid === true) return fail({ code: "branch-invalid", id });
    const isBest = store.best(id) !== null;
    if (!isBest && block.header.chainWork === best.tip.header.chainWork) this.#dependencies.onRival();
    return ok({ code: isBest ? "connected" : "side-branch", id });
  }

  async #advance(isTold = true): Promise<void> {
    const pause = () => this.#turn.pause();
    const advance: Advance = await this.#dependencies.best.advance(pause, isTold);
    if (advance.stopped !== null) this.#storeRefused(advance.stopped, () => this.advance());
    else if (advance.connected.length > 0) this.#storeWorks();
    await this.#moved(advance);
    if (this.#dependencies.best.isChoiceOpen) this.#tryAgain(() => this.advance());
  }

  /** In the middle of whatever read it: what is done about it comes after. */
  #damaged(cause: string, waitMs = 0): void {
    this.#recovery ??= this.#dependencies.clock.after(waitMs, () => {
      this.#recovery = null;
      this.#inBackground(this.#writer.run(() => this.#recover(cause)) ?? this.#recoverLater(cause));
    });
  }

  async #recover(cause: string): Promise<void> {
    const { best, log, onRepaired } = this.#dependencies;
    this.#recovery?.cancel();
    this.#recovery = null;
    log.warn("the ledger's file is damaged", { cause });
    const recovered = await best.recover(cause, () => this.#turn.pause());
    if (!recovered.ok) {
      // Of its own timer: a block that is refused meanwhile must not take its place.
      this.#storeFails(recovered.fault);
      if (!this.#closed) this.#damaged(cause, COMMIT_RETRY_PERIOD_MS);
      return;
    }
    this.#storeWorks();
    const { repaired, stopped } = recovered.value;
    if (stopped !== null) this.#storeRefused(stopped, () => this.advance());
    onRepaired(repaired);
    await this.#begunAnew();
  }

  /** @returns whether it is left. */
  async #leave(id: BlockId, onLeft: () => void): Promise<boolean> {
    const { best, store } = this.#dependencies;
    // Another branch may have won meanwhile: then nothing stands on it, and nothing is to.
    const isOurs = store.best(id) !== null;
    const left = isOurs ? await best.leave(id, () => this.#turn.pause()) : store.markInvalid(id);
    if (!left.ok) {
      this.#storeFails(left.fault);
      return false;
    }
    this.#storeWorks();
    const stopped = left.value?.stopped ?? null;
    if (stopped !== null) this.#storeRefused(stopped, () => this.advance());
    onLeft();
    await this.#begunAnew();
    // An earlier attempt may have gone back, and got no further.
    if (!isOurs) await this.#advance();
    return true;
  }

  async #recoverLater(cause: string): Promise<void> {
    if (!this.#closed) this.#damaged(cause);
  }

  /** Told also where no block was undone: the tip is another, by no way that could be told. */
  async #begunAnew(): Promise<void> {
    const { best, onMove } = this.#dependencies;
    await onMove({ ...NO_MOVE, disconnected: best.undone }, () => this.#turn.pause());
  }

  async #moved(move: Move): Promise<void> {
    if (move.connected.length + move.disconnected.length === 0) return;
    await this.#dependencies.onMove(move, () => this.#turn.pause());
  }

  #headerFault(candidate: IdentifiedHeader, parent: HeaderPoint): HeaderRefusal | null {
    const { best, clock } = this.#dependencies;
    if (best.finality.isOutside(candidate)) return { code: "outside-final", height: candidate.header.height };
    const nowSeconds = Math.floor(clock.nowMs() / 1000);
    return checkHeader(candidate, { parent, history: parent.history, nowSeconds }, best.network.params);
  }

  /** Nothing is kept of it. That it was paid for with work says only whether asking for its parents is worth it. */
  #withoutParent({ id, header }: IdentifiedHeader): InboundBlockFault {
    const { powLimitBits } = this.#dependencies.best.network.params;
    const limit = targetOfBits(powLimitBits) ?? 0n;
    const paidFor = meetsTarget(id, header.bits) && (targetOfBits(header.bits) ?? limit + 1n) <= limit;
    return paidFor ? { code: "parent-unknown", previous: header.previous } : { code: "work-too-low" };
  }

  #isFarBelow({ header }: IdentifiedHeader): boolean {
    const { tip } = this.#dependencies.best;
    const depth = tip.header.height - header.height;
    return depth > SIDE_BRANCH_DEPTH_MAX_BLOCKS && header.chainWork <= tip.header.chainWork;
  }

  #remember<Fault>(id: BlockId, fault: Fault): Fault {
    this.#invalid.add(id);
    const [oldest] = this.#invalid;
    if (this.#invalid.size > INVALID_IDS_MAX && oldest !== undefined) this.#invalid.delete(oldest);
    return fault;
  }

  #tryLater(block: Block, aheadSeconds: number): void {
    const { best, clock } = this.#dependencies;
    const { id } = block;
    const waitMs = (aheadSeconds - best.network.params.maxFutureSeconds) * 1000;
    if (waitMs > TOO_EARLY_KEPT_MS || this.#early.size >= TOO_EARLY_MAX || this.#early.has(id)) return;
    const timer = clock.after(waitMs, () => {
      this.#early.delete(id);
      this.#inBackground(this.submitBlock(block));
    });
    this.#early.set(id, timer);
  }

  /** @param again what was refused: tried once more later, which also shows whether the store works again. */
  #storeRefused(fault: StoreFault, again: () => Promise<unknown>): InboundBlockFault {
    this.#storeFails(fault);
    this.#tryAgain(again);
    return { code: "unavailable", cause: fault.cause };
  }

  #storeFails(fault: StoreFault): void {
    const wasWorking = this.#storeFault === null;
    this.#storeFault = fault;
    if (wasWorking) this.#dependencies.onStore(fault);
  }

  #tryAgain(again: () => Promise<unknown>): void {
    if (this.#closed) return;
    this.#retry?.cancel();
    this.#retry = this.#dependencies.clock.after(COMMIT_RETRY_PERIOD_MS, () => this.#inBackground(again()));
  }

  #inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#dependencies.log.fault("a block could not be worked on", error));
  }

  #storeWorks(): void {
    if (this.#storeFault === null) return;
    this.#storeFault = null;
    this.#retry?.cancel();
    this.#dependencies.onStore(null);
  }
}

/** Faults of a body that say nothing against its header: another body may be the one that it commits to. */
const UNCOMMITTED = new Set<BodyFault["code"]>(["block-too-big", "tx-root-wrong"]);
