/**
 * Owns what of the waiting transactions is on disk, what is to be written there and taken out, and when: our own at once,
 * others' in groups. Does not decide what waits (`transaction-door.ts`), nor how rows are stored (`BlockStore`).
 */
import type { BlockId, TxId } from "#base/brand.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Holding } from "../holding.ts";
import { POOL_COUNT_MAX, POOL_SAVE_DELAY_MS, UNCOVERED_COUNT_MAX } from "../limits.ts";
import type { BlockStore, PoolRow } from "../store.ts";

export interface PoolSavingDependencies {
  readonly store: Pick<BlockStore, "pool" | "changePool">;
  readonly clock: Pick<Clock, "after">;
}

/** All that can wait at a time: in the pool, and beside it others' and our own. */
const WAITING_MAX = POOL_COUNT_MAX + 2 * UNCOVERED_COUNT_MAX;

export class PoolSaving {
  readonly #dependencies: PoolSavingDependencies;
  readonly #unsaved = new Map<TxId, PoolRow>();
  /** In the store's pool, as of the last write. */
  readonly #onDisk = new Set<TxId>();
  /** Of these, what is to be taken out. */
  readonly #dropped = new Set<TxId>();
  /** Blocks listed as undone whose transactions are seen to by the next write. */
  readonly #settling = new Set<BlockId>();
  #timer: Timer | null = null;
  #closed = false;

  constructor(dependencies: PoolSavingDependencies) {
    this.#dependencies = dependencies;
  }

  holdings(): readonly Holding[] {
    return [
      { what: "transactions to be written", count: this.#unsaved.size, limit: WAITING_MAX },
      { what: "transactions to be taken from the disk", count: this.#dropped.size, limit: WAITING_MAX },
      { what: "ids of transactions on disk", count: this.#onDisk.size, limit: WAITING_MAX },
    ];
  }

  /** What the store holds, as a node finds it at its start. */
  readBack(): readonly PoolRow[] {
    const rows = this.#dependencies.store.pool();
    for (const { id } of rows) this.#onDisk.add(id);
    return rows;
  }

  /** It waits: the next write puts it on disk, where it is not there already. */
  keep({ id, bytes, receivedMs }: PoolRow): void {
    // What is to be taken out may be there in a damaged form: it is, before this is written.
    if (this.#dropped.has(id) || !this.#onDisk.has(id)) this.#unsaved.set(id, { id, bytes, receivedMs });
    this.#saveSoon();
  }

  /** It waits no more. */
  drop(ids: readonly TxId[]): void {
    for (const id of ids) {
      this.#unsaved.delete(id);
      // What never got there need not be taken out: under a flood that the disk refuses, nothing grows.
      if (this.#onDisk.has(id)) this.#dropped.add(id);
    }
    this.#saveSoon();
  }

  /** The next write takes these off the store's list of undone blocks, since what they gave back is in it. */
  settle(ids: readonly BlockId[]): void {
    for (const id of ids) this.#settling.add(id);
    this.#saveSoon();
  }

  /** Part of the best chain again: when undone once more, what is written before that is seen to must not settle it. */
  unsettle(ids: readonly BlockId[]): void {
    for (const id of ids) this.#settling.delete(id);
  }

  /** The store began anew with what could be read of it: all that waits is to be written, there already or not. */
  keepAnew(rows: readonly PoolRow[]): void {
    for (const { id, bytes, receivedMs } of rows) {
      // What was read of it may be damaged.
      this.#dropped.add(id);
      this.#unsaved.set(id, { id, bytes, receivedMs });
    }
    this.#saveSoon();
  }

  /** At once. `null` when all is on disk, else why not. */
  save(): string | null {
    if (this.#isSaved) return null;
    const written = this.#dependencies.store.changePool(
      [...this.#unsaved.values()],
      [...this.#dropped],
      [...this.#settling],
    );
    if (!written.ok) return written.fault.cause;
    for (const id of this.#dropped) this.#onDisk.delete(id);
    for (const id of this.#unsaved.keys()) this.#onDisk.add(id);
    this.#unsaved.clear();
    this.#dropped.clear();
    this.#settling.clear();
    return null;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.save();
  }

  #saveSoon(): void {
    if (this.#closed || this.#isSaved) return;
    this.#timer ??= this.#dependencies.clock.after(POOL_SAVE_DELAY_MS, () => {
      this.#timer = null;
      if (this.save() !== null) this.#saveSoon();
    });
  }

  get #isSaved(): boolean {
    return this.#unsaved.size + this.#dropped.size + this.#settling.size === 0;
  }
}
