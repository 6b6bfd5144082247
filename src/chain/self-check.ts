/**
 * Owns the proof that what is kept is right: everything is derived once more from genesis, by a loop of its own over the
 * rules of `ledger/`, and compared with what the store says. Names the first disagreement, by height and kind. Changes
 * nothing. For a store that nobody else uses meanwhile.
 *
 * Where bodies were pruned, headers are still checked from genesis, and the state is checked against the tip's header
 * and taken back as far as there are undo records.
 */
import { equalBytes, toHex } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { EMPTY_PEAKS, type Peaks } from "#crypto/merkle.ts";
import {
  applyBlock,
  type Block,
  blockIdOfHeader,
  checkBlock,
  checkHeader,
  decodeBlock,
  decodeHeader,
  decodeTransaction,
  decodeUndo,
  encodeUndo,
  genesisEntries,
  type IdentifiedHeader,
  isSignatureValid,
  isSigned,
  issuedAt,
  LedgerState,
  type Network,
  type TreeChange,
  txIdOf,
  undoBlock,
} from "#ledger/index.ts";
import { describeBlock, newBlockOf } from "./block-records.ts";
import { encodeHistory, type HeaderPoint, historyAfter } from "./header-point.ts";
import { UNDO_KEPT_BLOCKS } from "./limits.ts";
import type { BestBlock, BlockStore } from "./store.ts";

export type DisagreementCode =
  | "network-differs"
  | "header-missing"
  | "header-wrong"
  | "body-missing"
  | "body-wrong"
  | "transactions-inapplicable"
  | "undo-wrong"
  | "record-wrong"
  | "index-wrong"
  | "totals-wrong"
  | "state-wrong"
  | "pool-wrong"
  | "unreadable";

export interface Disagreement {
  readonly code: DisagreementCode;
  /** `null` when it stands at none: what waits. */
  readonly height: number | null;
  /** A sentence. */
  readonly what: string;
}

export interface LedgerCheck {
  readonly tipHeight: number;
  /** Of so many blocks, counted from genesis, everything was derived; beyond, bodies were pruned. */
  readonly blocks: number;
  readonly headers: number;
  readonly transactions: number;
  readonly stateEntries: number;
  readonly disagreement: Disagreement | null;
}

export interface LedgerCheckOptions {
  /** Told after each height, and awaited: others get their turn. */
  readonly progress: (height: number, tipHeight: number) => Promise<void>;
}

type Checked<Value = undefined> = Result<Value, Disagreement>;

/** Everything that is kept, derived once more. Never throws because of what is kept. */
export async function checkLedger(
  network: Network,
  store: BlockStore,
  options: LedgerCheckOptions,
): Promise<LedgerCheck> {
  const check = new LedgerChecker(network, store, options);
  let outcome: Checked;
  try {
    outcome = await check.run();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    outcome = disagree("unreadable", check.height, `what is kept cannot be read (${cause})`);
  }
  return { ...check.counts(), disagreement: outcome.ok ? null : outcome.fault };
}

function disagree(code: DisagreementCode, height: number | null, what: string): Checked<never> {
  return fail({ code, height, what });
}

class LedgerChecker {
  readonly #network: Network;
  readonly #store: BlockStore;
  readonly #options: LedgerCheckOptions;
  #height = 0;
  #tipHeight = 0;
  #blocks = 0;
  #transactions = 0;
  #history: Peaks = EMPTY_PEAKS;
  #parent: IdentifiedHeader | null = null;
  #state: LedgerState;
  /** The same once more, plainly: what the tree over the store is compared with. */
  readonly #entries = new Map<string, Uint8Array>();

  constructor(network: Network, store: BlockStore, options: LedgerCheckOptions) {
    this.#network = network;
    this.#store = store;
    this.#options = options;
    this.#state = LedgerState.atGenesis(network.params);
    this.#note(genesisEntries(network.params));
  }

  get height(): number {
    return this.#height;
  }

  counts() {
    return {
      tipHeight: this.#tipHeight,
      blocks: this.#blocks,
      headers: this.#height,
      transactions: this.#transactions,
      stateEntries: this.#entries.size,
    };
  }

  async run(): Promise<Checked> {
    const chainId = this.#store.chainId();
    const tip = this.#store.tip();
    if (chainId === null || tip === null || !equalBytes(chainId, this.#network.chainId)) {
      return disagree(
        "network-differs",
        null,
        "the ledger kept here is of another network, or there is none",
      );
    }
    this.#tipHeight = tip.height;
    const derivedFrom = this.#store.bodiesFrom();
    for (; this.#height <= tip.height; this.#height++) {
      const checked = this.#checkHeight(derivedFrom);
      if (!checked.ok) return checked;
      await this.#options.progress(this.#height, tip.height);
    }
    this.#height = tip.height;
    const state = this.#blocks > tip.height ? this.#compareState() : await this.#takeBack();
    return state.ok ? this.#checkPool() : state;
  }

  #checkHeight(derivedFrom: number): Checked {
    const best = this.#store.bestAt(this.#height);
    if (best === null) return disagree("header-missing", this.#height, "no header is kept at this height");
    const header = this.#checkHeader(best);
    if (!header.ok) return header;
    const point = header.value;
    if (this.#blocks === this.#height) {
      const bytes = this.#store.body(best.id);
      if (bytes === null && this.#height >= derivedFrom) {
        return disagree("body-missing", this.#height, "the block's body is missing or damaged");
      }
      const derived = bytes === null ? ok() : this.#derive(bytes, best, point);
      if (!derived.ok) return derived;
    }
    this.#history = point.history;
    this.#parent = point;
    return ok();
  }

  #checkHeader(best: BestBlock): Checked<HeaderPoint> {
    const wrong = (what: string) => disagree("header-wrong", this.#height, what);
    const header = decodeHeader(best.header);
    if (!header.ok) return wrong("the header cannot be decoded");
    const id = blockIdOfHeader(best.header);
    const point = { id, header: header.value, history: historyAfter(this.#history, id) };
    if (id !== best.id) return wrong("the header's hash is not the id it is kept under");
    const { height, previous, chainWork } = header.value;
    if (height !== best.height || previous !== best.previous || chainWork !== best.work || best.invalid) {
      return wrong("what is noted of the header is not what it says");
    }
    if (!equalBytes(encodeHistory(point.history), best.history)) {
      return wrong("the history kept with it is not that of the headers below");
    }
    if (this.#parent === null) {
      return id === this.#network.genesis.id ? ok(point) : wrong("the first block is not the genesis");
    }
    // What was taken was not too far ahead then; a clock that is wrong today makes no ledger wrong.
    const nowSeconds = header.value.time;
    const context = { parent: this.#parent, history: this.#history, nowSeconds };
    const fault = checkHeader(point, context, this.#network.params);
    return fault === null ? ok(point) : wrong(`the header breaks a rule: ${fault.code}`);
  }

  #derive(bytes: Uint8Array, best: BestBlock, point: HeaderPoint): Checked {
    const { params, chainId } = this.#network;
    const decoded = decodeBlock(bytes);
    if (!decoded.ok || decoded.value.id !== best.id) {
      return disagree("body-wrong", this.#height, "the bytes kept are not those of the block");
    }
    const block = decoded.value;
    this.#blocks += 1;
    if (this.#parent === null) return ok();
    const fault = checkBlock(block, params, chainId);
    if (fault !== null) return disagree("body-wrong", this.#height, `the block breaks a rule: ${fault.code}`);
    const applied = applyBlock(this.#state, block, params);
    if (!applied.ok) {
      const what = `its transactions do not follow from the blocks below: ${applied.fault.code}`;
      return disagree("transactions-inapplicable", this.#height, what);
    }
    this.#state = applied.value.state;
    this.#note(applied.value.changes);
    this.#transactions += block.transactions.length;
    const undo = this.#checkUndo(best, encodeUndo(applied.value.undo));
    if (!undo.ok) return undo;
    const totals = this.#checkTotals();
    return totals.ok ? this.#checkRecord(block, best, point) : totals;
  }

  #note(changes: readonly TreeChange[]): void {
    for (const { key, value } of changes) {
      if (value === null) this.#entries.delete(toHex(key));
      else this.#entries.set(toHex(key), value);
    }
  }

  #checkUndo(best: BestBlock, derived: Uint8Array): Checked {
    const kept = this.#store.undo(best.id);
    if (kept === null) {
      if (this.#height < this.#tipHeight - UNDO_KEPT_BLOCKS) return ok();
      return disagree("undo-wrong", this.#height, "the undo record is missing or damaged");
    }
    return equalBytes(kept, derived)
      ? ok()
      : disagree("undo-wrong", this.#height, "the undo record is not what the block replaced");
  }

  #checkTotals(): Checked {
    const { issued, held, pending, burned } = this.#state.totals;
    const due = issuedAt(this.#height, this.#network.params);
    if (issued === due && held + pending + burned === issued) return ok();
    const what = `${issued} are issued, ${due} were due; ${held} held, ${pending} pending, ${burned} burned`;
    return disagree("totals-wrong", this.#height, what);
  }

  #checkRecord(block: Block, best: BestBlock, point: HeaderPoint): Checked {
    const parent = { id: point.header.previous, header: point.header, history: this.#history };
    const derived = describeBlock(block, newBlockOf(block, parent), this.#network);
    const isSame =
      best.miner === derived.miner &&
      best.reward === derived.reward &&
      best.fees === derived.fees &&
      best.transactionCount === derived.transactions.length;
    if (!isSame) {
      return disagree(
        "record-wrong",
        this.#height,
        "miner, reward, fees or count are not those of the block",
      );
    }
    const { transactions, accounts } = this.#store.indexedAt(this.#height);
    const placed = derived.transactions.map(({ id }, index) => `${index} ${id}`);
    const listed = derived.transactions.flatMap((each, index) =>
      each.accounts.map((account) => `${account} ${index}`),
    );
    const isIndexed =
      sameLines(
        placed,
        transactions.map(({ id, index }) => `${index} ${id}`),
      ) &&
      sameLines(
        listed,
        accounts.map(({ account, index }) => `${account} ${index}`),
      );
    return isIndexed
      ? ok()
      : disagree("index-wrong", this.#height, "where its transactions stand is not what is noted");
  }

  /** Entry by entry, so that the first that differs can be named. */
  #compareState(): Checked {
    const left = new Map(this.#entries);
    for (const [key, value] of this.#store.state.range(new Uint8Array(32), null)) {
      const derived = left.get(toHex(key));
      if (derived === undefined || !equalBytes(derived, value)) {
        return disagree(
          "state-wrong",
          this.#tipHeight,
          `the entry ${toHex(key)} is not what the blocks lead to`,
        );
      }
      left.delete(toHex(key));
    }
    const [missing] = left.keys();
    return missing === undefined
      ? ok()
      : disagree("state-wrong", this.#tipHeight, `the entry ${missing} is missing`);
  }

  /** Without all blocks: the state is that of the tip's header, and undo records lead to those below it. */
  async #takeBack(): Promise<Checked> {
    let state = LedgerState.over(this.#store.state);
    for (let height = this.#tipHeight; height > 0; height--) {
      const best = this.#store.bestAt(height);
      const header = best === null ? null : decodeHeader(best.header);
      if (best === null || header === null || !header.ok || !equalBytes(header.value.stateRoot, state.root)) {
        return disagree("state-wrong", height, "the state is not the one that the header commits to");
      }
      const bytes = this.#store.undo(best.id);
      if (bytes === null) return ok();
      const undo = decodeUndo(bytes);
      if (!undo.ok) return disagree("undo-wrong", height, "the undo record cannot be decoded");
      state = undoBlock(state, undo.value);
      await this.#options.progress(this.#tipHeight, this.#tipHeight);
    }
    return ok();
  }

  #checkPool(): Checked {
    for (const { id, bytes } of this.#store.pool()) {
      const decoded = decodeTransaction(bytes);
      const isRight =
        decoded.ok &&
        isSigned(decoded.value) &&
        txIdOf(decoded.value) === id &&
        isSignatureValid(decoded.value, this.#network.chainId);
      if (!isRight) return disagree("pool-wrong", null, `what waits as ${id} is no such transaction`);
    }
    return ok();
  }
}

/** The same, in any order. */
function sameLines(one: readonly string[], other: readonly string[]): boolean {
  return [...one].sort().join("\n") === [...other].sort().join("\n");
}
