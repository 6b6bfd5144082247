/**
 * Owns the best chain and the state at its tip. Single writer of the store's blocks: one atomic step at a time, the
 * state in memory following only after the store has it. Takes blocks that were checked by themselves; does not
 * decode what strangers sent, judge them, hold the pool, or mine.
 */
import { assert } from "#base/assert.ts";
import type { AccountId, BlockId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { EMPTY_PEAKS, merkleRoot } from "#crypto/merkle.ts";
import {
  type Applied,
  type ApplyFault,
  applyBlock,
  type Block,
  decodeBlock,
  decodeHeader,
  decodeUndo,
  encodeBlock,
  encodeHeader,
  encodeTransaction,
  encodeUndo,
  genesisEntries,
  type Header,
  type IdentifiedHeader,
  isSigned,
  LedgerState,
  type Network,
  payoutOfBlock,
  planReorganisation,
  receiverOf,
  rewardAt,
  type Transaction,
  txIdOf,
  type Undo,
  undoBlock,
} from "#ledger/index.ts";
import { type FinalBlocks, Finality } from "./finality.ts";
import { decodeHistory, encodeHistory, type HeaderPoint, historyAfter } from "./header-point.ts";
import { UNDO_KEPT_BLOCKS } from "./limits.ts";
import type { BlockStore, Connection, KeepFrom, NewBlock, PoolRow, StoreFault } from "./store.ts";
import { type Move, Trail } from "./trail.ts";

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

function storeUnusable(fault: StoreFault): Problem {
  return problem(
    "ledger-store-unusable",
    `The ledger cannot be written: ${fault.cause}.`,
    "Make room on the disk.",
  );
}

/** Accounts in whose history a transaction appears. */
function accountsOf(transaction: Transaction): AccountId[] {
  if (transaction.type === "coinbase") return [transaction.miner];
  const { from } = transaction;
  const to = receiverOf(transaction);
  return to === null || to === from ? [from] : [from, to];
}

export function newBlockOf(block: Block, parent: HeaderPoint): NewBlock {
  const { id, header } = block;
  return {
    id,
    height: header.height,
    previous: header.previous,
    work: header.chainWork,
    header: encodeHeader(header),
    bytes: encodeBlock(block),
    history: encodeHistory(historyAfter(parent.history, id)),
  };
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
  }

  /** Reads the tip and the state; where they disagree, computes the state again from the kept blocks. */
  static open(
    network: Network,
    store: BlockStore,
    options: BestChainOptions = {},
  ): Result<{ readonly best: BestChain; readonly repaired: Problem | null }, Problem> {
    const chainId = store.chainId();
    if (chainId !== null && !equalBytes(chainId, network.chainId)) return fail(DATA_OF_OTHER_NETWORK);
    if (chainId === null || store.tip() === null) {
      const begun = store.begin(network.chainId, genesisConnection(network));
      if (!begun.ok) return fail(storeUnusable(begun.fault));
    }
    const read = readTip(store);
    if (read !== null)
      return ok({ best: new BestChain(network, store, read.tip, read.state, options), repaired: null });
    const rewound = store.rewind(genesisConnection(network));
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
  extend(block: Block): Result<undefined, ApplyFault | StoreFault> {
    assert(block.header.previous === this.#tip.id, "a block is connected to the tip");
    const applied = applyBlock(this.#state, block, this.network.params);
    if (!applied.ok) return applied;
    const kept = newBlockOf(block, this.#tip);
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
    const trail = new Trail(isTold);
    let stopped: StoreFault | null = null;
    for (let next = this.#heavier(); next !== null && stopped === null; next = this.#heavier()) {
      stopped = await this.#moveTo(next, trail, pause);
    }
    return { ...trail.move(), stopped };
  }

  /** Work that another branch must have for ours to be left; 0 while a final block that we lack outweighs any work. */
  get workToBeat(): bigint {
    return this.finality.isSeeking ? 0n : this.#tip.header.chainWork;
  }

  #heavier(): HeaderPoint | null {
    const due = this.finality.due();
    const final = due === null ? null : this.point(due);
    if (final !== null && final !== "invalid") return final;
    for (let entry = this.#store.heaviest(); entry !== null; entry = this.#store.heaviest()) {
      // Among equals the store names the one that was here first: where a failed move left us may be a later one.
      if (entry.id === this.#tip.id || entry.work < this.#tip.header.chainWork) return null;
      const outside = this.finality.outsideFrom(entry.id);
      const point = outside === null ? this.point(entry.id) : null;
      if (point !== null && point !== "invalid") return point;
      if (!this.#store.forget(outside ?? entry.id).ok) return null;
    }
    return null;
  }

  async #moveTo(target: HeaderPoint, trail: Trail, pause: () => Promise<void>): Promise<StoreFault | null> {
    const plan = planReorganisation(justBelow(this.#tip, target), target, (id) => this.#headerOf(id));
    if (plan.kind === "keep") return null;
    if (plan.kind === "header-unknown") return faultOf(this.#store.forget(target.id));
    for (const id of plan.kind === "reorganise" ? plan.undo : []) {
      assert(id === this.#tip.id, "blocks are undone from the tip");
      const outcome = await this.#retreat(trail, pause);
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
    const block = this.#readBlock(id);
    if (block === null) return faultOf(this.#store.dropBody(id));
    const extended = this.extend(block);
    if (extended.ok) {
      trail.forward(block);
      return "connected";
    }
    if (extended.fault.code === "store-unavailable") return extended.fault;
    return faultOf(this.#store.markInvalid(id));
  }

  /** `null` when the way back was damaged so badly that another choice is due. */
  async #retreat(trail: Trail, pause: () => Promise<void>): Promise<"undone" | StoreFault | null> {
    const { id, header } = this.#tip;
    const parent = this.point(header.previous);
    assert(parent !== null && parent !== "invalid", `the parent of block ${id} is kept`);
    const block = this.#readBlock(id);
    const undo = this.#readUndo(parent);
    if (undo === null) {
      const outcome = await this.#rebuild(parent, pause);
      if (outcome !== "connected") return outcome;
    } else {
      const step = {
        tip: { id, height: header.height },
        changes: undo.before,
        returned: block === null ? [] : poolRowsOf(block),
      };
      const written = this.#store.disconnect(step);
      if (!written.ok) return written.fault;
      this.#tip = parent;
      this.#state = undo.state.settled();
    }
    // The undo record takes back even a block whose body is damaged; only its transactions cannot wait again.
    trail.back(block ?? { id, header, transactions: [] });
    return (block === null ? faultOf(this.#store.dropBody(id)) : null) ?? "undone";
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

  /** To a block of the best chain from the genesis on: the way to it when the way back is damaged. */
  async #rebuild(target: HeaderPoint, pause: () => Promise<void>): Promise<"connected" | StoreFault | null> {
    const path: BlockId[] = [];
    for (let point = target; point.header.height > 0; ) {
      path.push(point.id);
      const parent = this.point(point.header.previous);
      assert(parent !== null && parent !== "invalid", `the parent of block ${point.id} is kept`);
      point = parent;
    }
    const rewound = this.#store.rewind(genesisConnection(this.network));
    if (!rewound.ok) return rewound.fault;
    this.#tip = genesisPoint(this.network);
    this.#state = LedgerState.over(this.#store.state);
    for (const id of path.reverse()) {
      const outcome = this.#connectKept(id, new Trail(false));
      if (outcome !== "connected") return outcome;
      await pause();
    }
    return "connected";
  }

  #headerOf(id: BlockId): Header | null {
    const point = this.point(id);
    return point === null || point === "invalid" ? null : point.header;
  }

  /** `null` when what is on disk is not the block of this id. */
  #readBlock(id: BlockId): Block | null {
    const bytes = this.#store.body(id);
    const block = bytes === null ? null : decodeBlock(bytes);
    if (block === null || !block.ok || block.value.id !== id) return null;
    const { header, transactions } = block.value;
    return equalBytes(merkleRoot(transactions.map(encodeTransaction)), header.txRoot) ? block.value : null;
  }
}

function poolRowsOf({ header, transactions }: Block): PoolRow[] {
  return transactions.filter(isSigned).map((transaction) => ({
    id: txIdOf(transaction),
    bytes: encodeTransaction(transaction),
    receivedMs: header.time * 1000,
  }));
}

function faultOf(written: Result<undefined, StoreFault>): StoreFault | null {
  return written.ok ? null : written.fault;
}

function genesisPoint(network: Network): HeaderPoint {
  const { id, header } = network.genesis;
  return { id, header, history: historyAfter(EMPTY_PEAKS, id) };
}

function genesisConnection(network: Network): Connection {
  const { genesis, params } = network;
  const { id, header } = genesis;
  const before = { id, header, history: EMPTY_PEAKS };
  return {
    block: newBlockOf(genesis, before),
    miner: null,
    reward: 0,
    fees: 0,
    changes: genesisEntries(params),
    transactions: [],
    undo: new Uint8Array(0),
    keepFrom: { bodies: 0, undo: 0 },
  };
}

/** What must be kept when the tip is of this height. @param keepBlocks `null`: all bodies. */
function keptFrom(height: number, keepBlocks: number | null): KeepFrom {
  return {
    bodies: keepBlocks === null ? 0 : Math.max(0, height - keepBlocks),
    undo: Math.max(0, height - UNDO_KEPT_BLOCKS),
  };
}

function connectionOf(
  block: Block,
  kept: NewBlock,
  applied: Applied,
  { params }: Network,
  keepFrom: KeepFrom,
): Connection {
  const earned = payoutOfBlock(block, params);
  const fees = block.transactions.filter(isSigned).reduce((sum, { fee }) => sum + fee, 0);
  return {
    block: kept,
    miner: earned?.miner ?? null,
    reward: rewardAt(block.header.height, params.reward),
    fees,
    changes: applied.changes,
    transactions: block.transactions.map((transaction) => ({
      id: txIdOf(transaction),
      accounts: accountsOf(transaction),
    })),
    undo: encodeUndo(applied.undo),
    keepFrom,
  };
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
