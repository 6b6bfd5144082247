/**
 * Owns the best chain and the state at its tip. Single writer of the store's blocks: one atomic step at a time, the
 * state in memory following only after the store has it. Takes blocks that were checked by themselves; does not
 * decode what strangers sent, judge them, hold the pool, or mine. It is long, because every step that moves the tip, forward,
 * back, around, or onto a snapshot, stands here, and nothing else may move it.
 */
import { assert } from "#base/assert.ts";
import type { BlockId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import {
  type ApplyFault,
  applyBlock,
  type Block,
  decodeBlock,
  decodeHeader,
  decodeUndo,
  encodeBlock,
  type Header,
  type IdentifiedHeader,
  LedgerState,
  type Network,
  planReorganisation,
  type Undo,
  undoBlock,
} from "#ledger/index.ts";
import {
  connectionOf,
  describeBlock,
  genesisConnection,
  genesisPoint,
  keptFrom,
  newBlockOf,
  newHeaderOf,
} from "./block-records.ts";
import { type FinalBlocks, Finality } from "./checkpoints/finality.ts";
import { decodeHistory, type HeaderPoint, historyAfter } from "./header-point.ts";
import { blocksLeftFor, blocksToLeave, listAsUndone, undoneBlocks } from "./left-blocks.ts";
import type { BlockStore, StoreFault, Written } from "./store.ts";
import { type Move, type MovedBlocks, Trail } from "./trail.ts";

const NO_TRAIL = new Trail(false, () => null);

export interface Advance extends Move {
  /** Why the heaviest branch could not be reached: the chain rests where it is, validly. */
  readonly stopped: StoreFault | null;
}

const DATA_OF_OTHER_NETWORK = problem(
  "data-of-other-network",
  "The ledger in this data folder belongs to a network with another genesis.",
  "Start with the network file it was made with, or with another data folder.",
);
const REPAIRED = problem(
  "ledger-repaired",
  "The state on disk did not agree with the newest block, so it was computed again from the blocks.",
  "Nothing to do; should this come back, have the disk checked.",
);

function renewedProblem(cause: string, saved: number): Problem {
  return problem(
    "ledger-renewed",
    `The ledger's file was damaged (${cause}). It was set aside, ${saved} blocks in it were sound and are used again, and the rest is fetched from peers.`,
    "Nothing to do; should this come back, have the disk checked.",
  );
}

function storeUnusable(fault: StoreFault): Problem {
  return problem(
    "ledger-store-unusable",
    `The ledger cannot be written: ${fault.cause}.`,
    "Make room on the disk, or make it writable.",
  );
}

export interface BestChainOptions {
  readonly finalBlocks?: FinalBlocks;
  /** Bodies further below the tip may be dropped; all are kept when not given. */
  readonly keepBlocks?: number | null;
}

export class BestChain {
  readonly network: Network;
  readonly #keepBlocks: number | null;
  /** Which branches may be chosen at all. */
  readonly finality: Finality;
  readonly #store: BlockStore;
  #tip: HeaderPoint;
  #state: LedgerState;
  #isChoiceOpen = false;
  /** Where the chain stood before it began anew, until what it left is listed as undone. */
  #leftAt: BlockId | null = null;

  private constructor(
    network: Network,
    store: BlockStore,
    tip: HeaderPoint,
    state: LedgerState,
    { finalBlocks = { floor: null, sought: null }, keepBlocks = null }: BestChainOptions,
  ) {
    this.network = network;
    this.#keepBlocks = keepBlocks;
    this.finality = new Finality(store, finalBlocks);
    this.#store = store;
    this.#tip = tip;
    this.#state = state;
    this.finality.onOutcome(({ code, block }) => {
      if (code === "refused") this.#forgetOutside(block.id);
      this.#forgetClosed();
    });
  }

  /**
   * Reads the tip and the state; where they disagree, computes the state again from the kept blocks. Where the store
   * cannot even be read, it begins anew with what can be saved of it.
   */
  static open(
    network: Network,
    store: BlockStore,
    options: BestChainOptions = {},
  ): Result<{ readonly best: BestChain; readonly repaired: Problem | null }, Problem> {
    const damage: string[] = [];
    store.watchDamage((cause) => damage.push(cause));
    try {
      const opened = BestChain.#openSound(network, store, options);
      if (damage.length === 0) return opened;
    } catch (error) {
      // Which way damage shows, nobody can list: nothing that is read from a sound store throws here.
      damage.push(error instanceof Error ? error.message : String(error));
    }
    const [cause = ""] = damage;
    const renewed = store.renew(network.chainId, genesisConnection(network));
    if (!renewed.ok) return fail(storeUnusable(renewed.fault));
    const listed = listAsUndone(store, network, null);
    if (!listed.ok) return fail(storeUnusable(listed.fault));
    const fresh = LedgerState.over(store.state);
    const best = new BestChain(network, store, genesisPoint(network), fresh, options);
    return ok({ best, repaired: renewedProblem(cause, renewed.value) });
  }

  static #openSound(
    network: Network,
    store: BlockStore,
    options: BestChainOptions,
  ): Result<{ readonly best: BestChain; readonly repaired: Problem | null }, Problem> {
    const chainId = store.chainId();
    if (chainId !== null && !equalBytes(chainId, network.chainId)) return fail(DATA_OF_OTHER_NETWORK);
    if (chainId === null || store.tip() === null) {
      const begun = store.begin(network.chainId, genesisConnection(network));
      if (!begun.ok) return fail(storeUnusable(begun.fault));
    }
    const read = readTip(store);
    if (read !== null) {
      // With blocks above it, genesis is where a start was broken off that had begun anew, maybe before it listed them.
      const left = read.tip.header.height === 0 ? blocksToLeave(store, network, null) : [];
      const listed = left.length === 0 ? ok() : store.rewind(genesisConnection(network), left);
      if (!listed.ok) return fail(storeUnusable(listed.fault));
      return ok({ best: new BestChain(network, store, read.tip, read.state, options), repaired: null });
    }
    const rewound = store.rewind(genesisConnection(network), []);
    if (!rewound.ok) return fail(storeUnusable(rewound.fault));
    const fresh = LedgerState.over(store.state);
    const best = new BestChain(network, store, genesisPoint(network), fresh, options);
    return ok({ best, repaired: REPAIRED });
  }

  get tip(): HeaderPoint {
    return this.#tip;
  }

  get state(): LedgerState {
    return this.#state;
  }

  /** A kept block as parent of further ones; `"invalid"` when found so, `null` when not kept. */
  point(id: BlockId): HeaderPoint | "invalid" | null {
    if (id === this.#tip.id) return this.#tip;
    const entry = this.#store.entry(id);
    if (entry === null || entry.invalid) return entry === null ? null : "invalid";
    const header = decodeHeader(entry.header);
    return header.ok ? { id, header: header.value, history: decodeHistory(entry.history) } : null;
  }

  /** Connects a block whose parent is the tip. On a fault nothing has changed. */
  extend(block: Block, bytes = encodeBlock(block)): Result<undefined, ApplyFault | StoreFault> {
    assert(block.header.previous === this.#tip.id, "a block is connected to the tip");
    const applied = applyBlock(this.#state, block, this.network.params);
    if (!applied.ok) return applied;
    const kept = newBlockOf(block, this.#tip, bytes);
    const keepFrom = keptFrom(kept.height, this.#keepBlocks);
    const written = this.#store.connect(connectionOf(block, kept, applied.value, this.network, keepFrom));
    if (!written.ok) return written;
    this.#tip = { id: block.id, header: block.header, history: historyAfter(this.#tip.history, block.id) };
    this.#state = applied.value.state.settled();
    this.finality.due();
    return ok();
  }

  /**
   * Moves to the heaviest kept branch, block by block, until the tip is on it; among equals the first seen. A block that
   * cannot be connected marks its branch invalid, and the choice is made again.
   * @param pause awaited between blocks, so that other work gets its turn.
   * @param isTold whether the answer holds the blocks on the way: after a repair that is the whole chain.
   */
  async advance(pause: () => Promise<void>, isTold = true): Promise<Advance> {
    const trail = new Trail(isTold, (id) => this.#readBlock(id));
    let stopped: StoreFault | null = null;
    for (let next = this.#heavier(); next !== null && stopped === null; next = this.#heavier()) {
      stopped = await this.#moveTo(next, trail, pause);
    }
    return { ...trail.move(), stopped };
  }

  /**
   * Begins anew after the store was found damaged while it was in use, and goes as far as the blocks lead that could be
   * saved. The others that can be read are listed as undone. @param cause as the store told it.
   */
  async recover(
    cause: string,
    pause: () => Promise<void>,
  ): Promise<Result<{ readonly repaired: Problem; readonly stopped: StoreFault | null }, StoreFault>> {
    const renewed = this.#store.renew(this.network.chainId, genesisConnection(this.network));
    if (!renewed.ok) return renewed;
    this.#leftAt ??= this.#tip.id;
    this.#standOnGenesis();
    const listed = listAsUndone(this.#store, this.network, this.#leftAt);
    if (!listed.ok) return listed;
    this.#leftAt = null;
    const { stopped } = await this.advance(pause, false);
    return ok({ repaired: renewedProblem(cause, renewed.value), stopped });
  }

  /**
   * Leaves a block of our best chain that was found invalid under a snapshot, and all that stands on it: back to genesis,
   * and forward again as far as blocks lead. All that are left are listed as undone. After a fault it is to be left still.
   */
  async leave(
    id: BlockId,
    pause: () => Promise<void>,
  ): Promise<Result<{ readonly stopped: StoreFault | null }, StoreFault>> {
    const height = this.#store.entry(id)?.height;
    const left = blocksToLeave(this.#store, this.network, this.#tip.id, height);
    const rewound = this.#store.rewind(genesisConnection(this.network), left);
    if (!rewound.ok) return rewound;
    this.#standOnGenesis();
    const marked = this.#store.markInvalid(id);
    if (!marked.ok) return marked;
    const { stopped } = await this.advance(pause, false);
    return ok({ stopped });
  }

  #standOnGenesis(): void {
    this.#tip = genesisPoint(this.network);
    this.#state = LedgerState.over(this.#store.state);
  }

  /** Blocks whose transactions nobody has looked after since they were undone or left; newest first. */
  get undone(): MovedBlocks {
    return undoneBlocks(this.#store, (id) => this.#readBlock(id));
  }

  // What catching up needs ------------------------------------------------------------------------------------

  /** Keeps checked headers whose bodies are to come, each the parent of the next. */
  keepHeaders(points: readonly HeaderPoint[]): Written {
    return this.#store.keepHeaders(points.map(newHeaderOf));
  }

  /** Whether the body of a kept block need not be fetched: it is here, or the tip stands on it. */
  hasBody(id: BlockId): boolean {
    const entry = this.#store.entry(id);
    return entry !== null && (entry.hasBody || entry.isWithinReach);
  }

  beginSnapshot(): Written {
    return this.#store.beginSnapshot();
  }

  putSnapshot(entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]): Written {
    return this.#store.putSnapshot(entries);
  }

  /**
   * The state put aside is that of this kept header: it becomes the tip, and what is left for it is listed as undone. Between
   * two blocks only, as all that moves the tip. `"state-root-wrong"` when the entries are not all of that state; then nothing
   * has changed.
   */
  finishSnapshot(at: HeaderPoint): Result<undefined, StoreFault | { readonly code: "state-root-wrong" }> {
    const aside = LedgerState.over(this.#store.snapshot);
    if (!equalBytes(aside.root, at.header.stateRoot)) return fail({ code: "state-root-wrong" });
    const left = blocksLeftFor(this.#store, this.network, this.#tip.id, at.id);
    const finished = this.#store.finishSnapshot({ id: at.id, height: at.header.height }, left);
    if (!finished.ok) return finished;
    this.#tip = at;
    this.#state = LedgerState.over(this.#store.state);
    return ok();
  }

  /** The body of a block of the best chain that stands below a snapshot, or was damaged here. It was checked by itself. */
  fillIn(block: Block): Written {
    const parent = this.point(block.header.previous);
    assert(parent !== null && parent !== "invalid", "the best chain stands on kept headers");
    const connection = describeBlock(block, newBlockOf(block, parent), this.network);
    return this.#store.fillIn(connection);
  }

  /** Work that another branch must have for ours to be left; 0 while a final block that we lack outweighs any work. */
  get workToBeat(): bigint {
    return this.finality.isSeeking ? 0n : this.#tip.header.chainWork;
  }

  /** A heavier branch that may never be chosen is still here, since transactions in it are to be seen to. */
  get isChoiceOpen(): boolean {
    return this.#isChoiceOpen;
  }

  #heavier(): HeaderPoint | null {
    this.#isChoiceOpen = false;
    const due = this.finality.due();
    const final = due === null ? null : this.point(due);
    if (final !== null && final !== "invalid") return final;
    for (let entry = this.#store.heaviest(); entry !== null; entry = this.#store.heaviest()) {
      // Among equals the store names the one that was here first: where a failed move left us may be a later one.
      if (entry.id === this.#tip.id || entry.work < this.#tip.header.chainWork) return null;
      const outside = this.finality.outsideFrom(entry.id);
      const point = outside === null ? this.point(entry.id) : null;
      if (point !== null && point !== "invalid") return point;
      if (outside !== null && this.#isAwaited(outside)) {
        this.#isChoiceOpen = true;
        return null;
      }
      if (!this.#store.forget(outside ?? entry.id).ok) return null;
    }
    return null;
  }

  async #moveTo(target: HeaderPoint, trail: Trail, pause: () => Promise<void>): Promise<StoreFault | null> {
    const plan = planReorganisation(justBelow(this.#tip, target), target, (id) => this.#headerOf(id));
    if (plan.kind === "keep") return null;
    if (plan.kind === "header-unknown") return faultOf(this.#store.forget(target.id));
    const undone = plan.kind === "reorganise" ? plan.undo : [];
    for (const [at, id] of undone.entries()) {
      assert(id === this.#tip.id, "blocks are undone from the tip");
      const outcome = this.#retreat(trail);
      if (outcome === "no-way-back") {
        const fault = await this.#goAround(undone.slice(at), trail, pause);
        if (fault !== "there") return fault;
        break;
      }
      if (outcome !== "undone") return outcome;
      await pause();
    }
    for (const id of plan.apply) {
      const outcome = this.#connectKept(id, trail);
      if (outcome !== "connected") return outcome;
      await pause();
    }
    return null;
  }

  /** `null` when the block was marked or dropped, so that another choice is due. */
  #connectKept(id: BlockId, trail: Trail): "connected" | StoreFault | null {
    const bytes = this.#store.body(id);
    const block = bytes === null ? null : this.#decode(bytes, id);
    if (bytes === null || block === null) return faultOf(this.#store.dropBody(id));
    const extended = this.extend(block, bytes);
    if (extended.ok) {
      trail.forward(block);
      return "connected";
    }
    if (extended.fault.code === "store-unavailable") return extended.fault;
    return faultOf(this.#store.markInvalid(id));
  }

  #retreat(trail: Trail): "undone" | "no-way-back" | StoreFault {
    const { id, header } = this.#tip;
    const parent = this.#parentOf(this.#tip);
    const undo = this.#readUndo(parent);
    if (undo === null) return "no-way-back";
    const block = this.#readBlock(id);
    const written = this.#store.disconnect({
      tip: { id, height: header.height },
      changes: undo.before,
    });
    if (!written.ok) return written.fault;
    this.#tip = parent;
    this.#state = undo.state.settled();
    // The undo record takes back even a block whose body is damaged; only its transactions cannot wait again.
    trail.back(block ?? { id, header, transactions: [] });
    return (block === null ? faultOf(this.#store.dropBody(id)) : null) ?? "undone";
  }

  #parentOf({ id, header }: HeaderPoint): HeaderPoint {
    const parent = this.point(header.previous);
    assert(parent !== null && parent !== "invalid", `the parent of block ${id} is kept`);
    return parent;
  }

  /** What takes the tip back to its parent; `null` when the record on disk does not lead there. */
  #readUndo(parent: HeaderPoint): { readonly before: Undo["before"]; readonly state: LedgerState } | null {
    const undo = decodeUndo(this.#store.undo(this.#tip.id) ?? new Uint8Array(0));
    if (!undo.ok) return null;
    try {
      const state = undoBlock(this.#state, undo.value);
      return equalBytes(state.root, parent.header.stateRoot) ? { before: undo.value.before, state } : null;
    } catch {
      // Sums that cannot be: damage, the same as a root that differs.
      return null;
    }
  }

  /**
   * Below these blocks of the best chain, newest first, by another way: all the way from genesis. For when the way back
   * is damaged, or too far for the undo records that are kept. `null` when a block is not here any more, so that
   * another choice is due.
   */
  async #goAround(
    undone: readonly BlockId[],
    trail: Trail,
    pause: () => Promise<void>,
  ): Promise<"there" | StoreFault | null> {
    let below = this.#tip;
    for (const id of undone) {
      const block = this.#readBlock(id);
      trail.back(block ?? { id, header: below.header, transactions: [] });
      below = this.#parentOf(below);
      await pause();
    }
    const path: BlockId[] = [];
    for (let point = below; point.header.height > 0; point = this.#parentOf(point)) path.push(point.id);
    const rewound = this.#store.rewind(genesisConnection(this.network), undone);
    if (!rewound.ok) return rewound.fault;
    this.#standOnGenesis();
    for (const id of path.reverse()) {
      const outcome = this.#connectKept(id, NO_TRAIL);
      if (outcome !== "connected") return outcome;
      await pause();
    }
    return "there";
  }

  /** Whether transactions of it are still to be seen to. */
  #isAwaited(id: BlockId): boolean {
    return this.#store.undone().includes(id);
  }

  /** What was let in to see where it leads. Or its headers would bring all its blocks, to be dropped then. */
  #forgetOutside(id: BlockId): void {
    const outside = this.finality.outsideFrom(id);
    if (outside !== null && !this.#isAwaited(outside)) this.#store.forget(outside);
  }

  /** Heavier branches that a final block has closed, known by their headers: they would be fetched before all others. */
  #forgetClosed(): void {
    for (let entry = this.#store.heaviestHeader(); entry !== null; entry = this.#store.heaviestHeader()) {
      const outside = this.finality.outsideFrom(entry.id);
      if (outside === null || this.#isAwaited(outside)) return;
      if (!this.#store.forget(outside).ok) return;
    }
  }

  #headerOf(id: BlockId): Header | null {
    const point = this.point(id);
    return point === null || point === "invalid" ? null : point.header;
  }

  /** `null` when what is on disk is not the block of this id. */
  #readBlock(id: BlockId): Block | null {
    const bytes = this.#store.body(id);
    return bytes === null ? null : this.#decode(bytes, id);
  }

  /** The store answers for the bytes being those that were kept, and they were checked before that. */
  #decode(bytes: Uint8Array, id: BlockId): Block | null {
    const block = decodeBlock(bytes);
    return block.ok && block.value.id === id ? block.value : null;
  }
}

function faultOf(written: Result<undefined, StoreFault>): StoreFault | null {
  return written.ok ? null : written.fault;
}

/** Tip and state as the store has them; `null` when they do not agree. */
function readTip(store: BlockStore): { tip: HeaderPoint; state: LedgerState } | null {
  const ref = store.tip();
  const entry = ref === null ? null : store.entry(ref.id);
  const header = entry === null ? null : decodeHeader(entry.header);
  if (ref === null || entry === null || header === null || !header.ok) return null;
  try {
    const state = LedgerState.over(store.state);
    if (!equalBytes(state.root, header.value.stateRoot)) return null;
    return { tip: { id: ref.id, header: header.value, history: decodeHistory(entry.history) }, state };
  } catch {
    // Sums or encodings that cannot be: damage, the same as a root that differs.
    return null;
  }
}

/** The same tip, with a trifle less work than the target: what was chosen is gone to, also among equals. */
function justBelow({ id, header }: HeaderPoint, target: HeaderPoint): IdentifiedHeader {
  let least = header.chainWork;
  if (target.header.chainWork < least) least = target.header.chainWork;
  return { id, header: { ...header, chainWork: least - 1n } };
}
