/**
 * Owns the checking of what lies under a snapshot that was taken over: every block from genesis on is fetched from
 * peers that keep old bodies, applied to a second state in a store of its own, and filled into the ledger. Until it
 * is done the node rests on the work of the chain alone; that it disagrees can only be when that work was spent on
 * a false state, and then the ledger is begun anew without a snapshot.
 */
import { assert } from "#base/assert.ts";
import type { BlockId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { SignatureChecker } from "#crypto/signature-checker.ts";
import { decodeBlock } from "#ledger/index.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import { BestChain } from "../best-chain.ts";
import { BlockDoor } from "../block-door.ts";
import type { HeaderPoint } from "../header-point.ts";
import { blockIdOfBytes } from "../header-point.ts";
import type { Holding } from "../holding.ts";
import { HISTORY_RETRY_MS, KEEP_BLOCKS_MIN } from "../limits.ts";
import type { BlockStore, Written } from "../store.ts";
import type { BlockOutcome, InboundBlockFault } from "../types.ts";

/** Where the second state is kept. */
export interface HistoryStore {
  /** `null` while nothing is being checked. @throws when it cannot be opened now; then it is still there later. */
  current(): BlockStore | null;
  /** An empty one in the place of whatever was there. */
  create(): BlockStore;
  /** All of it goes. */
  discard(): void;
}

export interface HistoryCheckDependencies {
  readonly history: HistoryStore;
  readonly best: BestChain;
  readonly store: Pick<BlockStore, "best" | "bestAt" | "undo">;
  readonly clock: Clock;
  readonly log: Log;
  readonly signatures: Pick<SignatureChecker, "check">;
  /** Bodies of this height and above are kept. */
  readonly keptFrom: () => number;
  readonly onProgress: (state: { readonly height: number; readonly targetHeight: number } | null) => void;
  /** {@link HistoryCheck.problem} is another. */
  readonly onHindered: () => void;
  /** A block under the snapshot breaks the rules. @param onLeft to be called once the chain stands on it no more. */
  readonly onWrong: (id: BlockId, told: Problem, onLeft: () => void) => void;
}

interface Checking {
  readonly best: BestChain;
  readonly store: BlockStore;
  readonly door: BlockDoor;
  /** Height of the snapshot: the last to be checked. */
  readonly targetHeight: number;
}

export class HistoryCheck {
  readonly #dependencies: HistoryCheckDependencies;
  #checking: Checking | null = null;
  /** A block was found wrong on which the chain stands still. */
  #isLeaving = false;
  /** Why the second state cannot be opened now, as far as it cannot. */
  #hindrance: string | null = null;
  #retry: Timer | null = null;

  constructor(dependencies: HistoryCheckDependencies) {
    this.#dependencies = dependencies;
  }

  /** Goes on with what was prepared, or under way when this node last stopped; later, where the disk refuses now. */
  resume(): void {
    const { clock, log, onHindered } = this.#dependencies;
    const before = this.#hindrance;
    this.#hindrance = this.#open();
    this.#retry?.cancel();
    this.#retry = this.#hindrance === null ? null : clock.after(HISTORY_RETRY_MS, () => this.resume());
    if (this.#hindrance === before) return;
    if (this.#hindrance === null) log.info("what lies under the snapshot is being checked again");
    else log.warn("what lies under the snapshot cannot be checked now", { cause: this.#hindrance });
    onHindered();
  }

  /** Why it does not go on, while nothing is checked that should be; `null` else. */
  get problem(): Problem | null {
    if (this.#hindrance === null) return null;
    return problem(
      "history-put-off",
      `What lies under the state that was taken over from peers cannot be checked now (${this.#hindrance}).`,
      "Make room on the disk, and see that the data folder can be written; it is tried again by itself.",
    );
  }

  /**
   * Before a snapshot is taken over: makes room for the check, which {@link resume} then begins. Whoever dies in between
   * finds at the next start what is to be checked.
   */
  prepare(): Written {
    const { history, best } = this.#dependencies;
    try {
      const opened = BestChain.open(best.network, history.create());
      if (opened.ok) return ok();
      history.discard();
      return fail({ code: "store-unavailable", cause: opened.fault.cause });
    } catch (error) {
      // What the file system says of a file that cannot be made.
      const cause = error instanceof Error ? error.message : String(error);
      return fail({ code: "store-unavailable", cause });
    }
  }

  /** Heights still to be checked, both included; `null` when there are none. */
  needed(): { readonly from: number; readonly to: number } | null {
    const checking = this.#checking;
    if (checking === null) return null;
    const from = checking.best.tip.header.height + 1;
    return from > checking.targetHeight ? null : { from, to: checking.targetHeight };
  }

  /**
   * To be told when the best chain took another way. Where that leaves what was checked, it left below the snapshot too, and
   * such a way is taken from the first block on: nothing is left to be checked.
   */
  wentAnotherWay(): void {
    const checking = this.#checking;
    if (checking === null || this.#dependencies.store.best(checking.best.tip.id) !== null) return;
    const { history, log, onProgress } = this.#dependencies;
    this.#checking = null;
    onProgress(null);
    const discard = (): void => {
      if (this.#checking === null) history.discard();
    };
    // A block may be under way in it.
    checking.door
      .close()
      .then(discard)
      .catch((error: unknown) => log.fault("the check of history could not be ended", error));
  }

  /** Whether all that the chain stands on was checked. */
  get isWhole(): boolean {
    return !this.#isLeaving && this.#hindrance === null && this.needed() === null;
  }

  pointAt(height: number): HeaderPoint | null {
    const block = this.#dependencies.store.bestAt(height);
    const point = block === null ? null : this.#dependencies.best.point(block.id);
    return point === "invalid" ? null : point;
  }

  holdings(): readonly Holding[] {
    return this.#checking?.door.holdings() ?? [];
  }

  /** The next block, in order. */
  async take(bytes: Uint8Array): Promise<Result<BlockOutcome, InboundBlockFault>> {
    const checking = this.#checking;
    if (checking === null) return { ok: false, fault: { code: "unavailable", cause: "nothing is checked" } };
    const outcome = await checking.door.submit(bytes, { branchShown: true });
    if (this.#checking !== checking) return outcome;
    const id = blockIdOfBytes(bytes);
    if (!outcome.ok && id !== null && checking.door.isSettled(id)) this.#foundWrong(id);
    if (!outcome.ok) return outcome;
    this.#fillIn(bytes);
    const { height } = checking.best.tip.header;
    this.#dependencies.onProgress({ height, targetHeight: checking.targetHeight });
    if (height >= checking.targetHeight) this.#done(checking);
    return outcome;
  }

  async close(): Promise<void> {
    this.#retry?.cancel();
    await this.#checking?.door.close();
    this.#checking = null;
  }

  /** @returns why it cannot be opened; `null` when it is, or nothing is to be checked. */
  #open(): string | null {
    try {
      const store = this.#dependencies.history.current();
      if (store === null) return null;
      const opened = BestChain.open(this.#dependencies.best.network, store, { keepBlocks: KEEP_BLOCKS_MIN });
      if (!opened.ok) return opened.fault.cause;
      this.#run(store, opened.value.best);
      return null;
    } catch (error) {
      // What the file system says of a file that cannot be opened.
      return error instanceof Error ? error.message : String(error);
    }
  }

  #run(store: BlockStore, second: BestChain): void {
    const { clock, log, signatures, onProgress, history } = this.#dependencies;
    const targetHeight = this.#snapshotHeight();
    if (this.#dependencies.store.best(second.tip.id) === null) {
      // Another branch's: ours was connected from its first block on.
      history.discard();
      return;
    }
    const door = new BlockDoor({
      best: second,
      store,
      clock,
      log,
      isVerified: () => false,
      signatures,
      onMove: async () => undefined,
      onRival: () => undefined,
      onStore: () => undefined,
      onTakenOver: () => undefined,
      onRepaired: () => undefined,
    });
    this.#checking = { best: second, store, door, targetHeight };
    if (this.needed() === null) this.#done(this.#checking);
    else onProgress({ height: second.tip.header.height, targetHeight });
  }

  /** The highest block that was not connected here: a snapshot leaves no undo record. */
  #snapshotHeight(): number {
    const { store, best } = this.#dependencies;
    let [low, high] = [0, best.tip.header.height];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const block = store.bestAt(middle);
      if (block !== null && store.undo(block.id) !== null) high = middle - 1;
      else low = middle;
    }
    return low;
  }

  #fillIn(bytes: Uint8Array): void {
    const { best, store, keptFrom } = this.#dependencies;
    const block = decodeBlock(bytes);
    assert(block.ok, "a block that the door took can be decoded");
    const { id, header } = block.value;
    if (header.height < keptFrom() || store.best(id) === null) return;
    // A full disk is told by the ledger itself; the body can be had again when it is asked for.
    best.fillIn(block.value);
  }

  #done({ door, targetHeight }: Checking): void {
    const { history, log, onProgress } = this.#dependencies;
    this.#checking = null;
    door.close().catch((error: unknown) => log.fault("the check of history could not be ended", error));
    history.discard();
    if (targetHeight > 0) log.info("every block since the first has been checked");
    onProgress(null);
  }

  #foundWrong(id: BlockId): void {
    const { history, onProgress, onWrong } = this.#dependencies;
    this.#checking = null;
    this.#isLeaving = true;
    onProgress(null);
    // What was checked is kept until then: whoever dies before finds the same block wrong after the next start.
    const onLeft = (): void => {
      this.#isLeaving = false;
      if (this.#checking === null) history.discard();
    };
    const told = problem(
      "history-wrong",
      `The state taken over from peers rests on a block that breaks the rules (${id}), so it was given up.`,
      "Nothing to do: all blocks are being checked from the first; payments and receipts of the last days may have been recorded on a false chain.",
    );
    onWrong(id, told, onLeft);
  }
}
