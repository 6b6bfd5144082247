/** The block store in memory: for tests and simulations. Same contract as the one on disk, but for the durability. */
import type { AccountId, BlockId, TxId } from "#base/brand.ts";
import { compareBytes, fromHex, toHex, utf8 } from "#base/bytes.ts";
import { ok } from "#base/result.ts";
import type {
  BestBlock,
  BlockEntry,
  BlockStore,
  Connection,
  Disconnection,
  NewBlock,
  Place,
  PoolRow,
  Written,
} from "#chain/store.ts";
import type { BlockRef, LeafSource, TreeChange } from "#ledger/index.ts";

interface Best {
  readonly step: Connection;
  readonly arrival: number;
}

export function memoryBlocks(): BlockStore {
  return new MemoryBlockStore();
}

class MemoryBlockStore implements BlockStore {
  #chainId: Uint8Array | null = null;
  #lastArrival = 0;
  readonly #entries = new Map<BlockId, BlockEntry>();
  readonly #bodies = new Map<BlockId, Uint8Array>();
  readonly #best: Best[] = [];
  readonly #state = new Map<string, Uint8Array>();
  readonly #places = new Map<TxId, Place>();
  readonly #pool = new Map<TxId, PoolRow>();

  readonly state: LeafSource = {
    get: (key) => this.#state.get(toHex(key)) ?? null,
    range: (from, to) => this.#range(from, to),
  };

  chainId(): Uint8Array | null {
    return this.#chainId;
  }

  tip(): BlockRef | null {
    const last = this.#best.at(-1)?.step.block;
    return last === undefined ? null : { id: last.id, height: last.height };
  }

  begin(chainId: Uint8Array, genesis: Connection): Written {
    this.#chainId = chainId.slice();
    this.#entries.clear();
    this.#bodies.clear();
    return this.rewind(genesis);
  }

  rewind(genesis: Connection): Written {
    this.#best.length = 0;
    this.#state.clear();
    this.#places.clear();
    this.#connect(genesis);
    return ok();
  }

  entry(id: BlockId): BlockEntry | null {
    return this.#entries.get(id) ?? null;
  }

  body(id: BlockId): Uint8Array | null {
    return this.#bodies.get(id)?.slice() ?? null;
  }

  keep(block: NewBlock, invalid: boolean): Written {
    if (this.#entries.has(block.id)) return ok();
    this.#lastArrival += 1;
    const { bytes, ...rest } = block;
    const entry = { ...rest, arrival: this.#lastArrival, invalid, byteCount: bytes.length };
    this.#entries.set(block.id, entry);
    this.#bodies.set(block.id, bytes.slice());
    return ok();
  }

  markInvalid(id: BlockId): Written {
    for (const entry of this.#branch(id)) this.#entries.set(entry.id, { ...entry, invalid: true });
    return ok();
  }

  forget(id: BlockId): Written {
    for (const entry of this.#branch(id)) {
      this.#entries.delete(entry.id);
      this.#bodies.delete(entry.id);
    }
    return ok();
  }

  heaviest(): BlockEntry | null {
    let heaviest: BlockEntry | null = null;
    for (const entry of this.#entries.values()) {
      if (!entry.invalid && (heaviest === null || entry.work > heaviest.work)) heaviest = entry;
    }
    return heaviest;
  }

  hasRival(id: BlockId, work: bigint): boolean {
    for (const entry of this.#entries.values()) {
      if (entry.id !== id && !entry.invalid && entry.work >= work) return true;
    }
    return false;
  }

  bestAt(height: number): BestBlock | null {
    const best = this.#best[height];
    return best === undefined ? null : this.#describe(best);
  }

  best(id: BlockId): BestBlock | null {
    const entry = this.#entries.get(id);
    const best = entry === undefined ? undefined : this.#best[entry.height];
    return best?.step.block.id === id ? this.#describe(best) : null;
  }

  bestBefore(before: number, limit: number): readonly BestBlock[] {
    const end = Math.min(before, this.#best.length);
    return this.#best
      .slice(Math.max(0, end - limit), Math.max(0, end))
      .reverse()
      .map((best) => this.#describe(best));
  }

  undo(id: BlockId): Uint8Array | null {
    const entry = this.#entries.get(id);
    const best = entry === undefined ? undefined : this.#best[entry.height];
    return best?.step.block.id === id ? best.step.undo : null;
  }

  connect(step: Connection): Written {
    if (this.tip()?.id !== step.block.previous)
      throw new Error("a block is connected to what is not the tip");
    this.#connect(step);
    return ok();
  }

  disconnect({ tip, changes, returned }: Disconnection): Written {
    const last = this.#best.at(-1)?.step;
    if (last?.block.id !== tip.id || this.#best.length < 2) {
      throw new Error("a block is disconnected that is not the tip");
    }
    this.#best.pop();
    for (const { id } of last.transactions) this.#places.delete(id);
    this.#change(changes);
    return this.changePool(returned, []);
  }

  place(id: TxId): Place | null {
    return this.#places.get(id) ?? null;
  }

  placesOf(account: AccountId, limit: number): readonly Place[] {
    const places: Place[] = [];
    for (const { step } of this.#best) {
      step.transactions.forEach((transaction, index) => {
        if (transaction.accounts.includes(account)) places.push({ height: step.block.height, index });
      });
    }
    return places.reverse().slice(0, limit);
  }

  minedSince(from: number): readonly { readonly miner: AccountId; readonly blocks: number }[] {
    const counts = new Map<AccountId, number>();
    for (const { step } of this.#best.slice(Math.max(0, from))) {
      if (step.miner !== null) counts.set(step.miner, (counts.get(step.miner) ?? 0) + 1);
    }
    return [...counts]
      .map(([miner, blocks]) => ({ miner, blocks }))
      .sort((a, b) => b.blocks - a.blocks || compareBytes(utf8(a.miner), utf8(b.miner)));
  }

  minedBy(account: AccountId): number {
    return this.#best.filter(({ step }) => step.miner === account).length;
  }

  pool(): readonly PoolRow[] {
    return [...this.#pool.values()];
  }

  changePool(added: readonly PoolRow[], removed: readonly TxId[]): Written {
    for (const id of removed) this.#pool.delete(id);
    for (const row of added) if (!this.#pool.has(row.id)) this.#pool.set(row.id, row);
    return ok();
  }

  /** A block and all that stand on it. */
  #branch(id: BlockId): BlockEntry[] {
    const branch = new Map<BlockId, BlockEntry>();
    // A block arrives after its parent, so one pass in order of arrival finds all descendants.
    for (const entry of this.#entries.values()) {
      if (entry.id === id || branch.has(entry.previous)) branch.set(entry.id, entry);
    }
    return [...branch.values()];
  }

  #connect(step: Connection): void {
    this.keep(step.block, false);
    const entry = this.#entries.get(step.block.id);
    if (entry === undefined || entry.invalid) throw new Error("a block is connected that is marked invalid");
    this.#best.push({ step, arrival: entry.arrival });
    step.transactions.forEach(({ id }, index) => {
      this.#places.set(id, { height: step.block.height, index });
    });
    this.#change(step.changes);
  }

  #change(changes: readonly TreeChange[]): void {
    for (const { key, value } of changes) {
      if (value === null) this.#state.delete(toHex(key));
      else this.#state.set(toHex(key), value);
    }
  }

  *#range(from: Uint8Array, to: Uint8Array | null): Iterable<readonly [Uint8Array, Uint8Array]> {
    // Hex keeps the order of bytes.
    const [least, end] = [toHex(from), to === null ? null : toHex(to)];
    for (const hex of [...this.#state.keys()].sort()) {
      if (hex < least || (end !== null && hex >= end)) continue;
      const [key, value] = [fromHex(hex), this.#state.get(hex)];
      if (key !== null && value !== undefined) yield [key, value];
    }
  }

  #describe({ step }: Best): BestBlock {
    const entry = this.#entries.get(step.block.id);
    if (entry === undefined) throw new Error(`best block ${step.block.id} is not kept`);
    const { miner, reward, fees } = step;
    return { ...entry, miner, reward, fees, transactionCount: step.transactions.length };
  }
}
