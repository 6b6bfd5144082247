/**
 * The block store in memory: for tests and simulations. Same contract as the one on disk, but for the durability. It is long,
 * because every question and step of the store's interface has its place here.
 */
import type { AccountId, BlockId, TxId } from "#base/brand.ts";
import { compareBytes, fromHex, toHex, utf8 } from "#base/bytes.ts";
import { ok, type Result } from "#base/result.ts";
import type {
  BestBlock,
  BlockEntry,
  BlockStore,
  Connection,
  Disconnection,
  Filling,
  IndexedHeight,
  KeepFrom,
  NewBlock,
  NewHeader,
  Place,
  PoolRow,
  StoreFault,
  Written,
} from "#chain/store.ts";
import type { BlockRef, LeafSource, TreeChange } from "#ledger/index.ts";

/** A block of the best chain; what only connecting it tells is empty below a snapshot. */
interface Best extends Filling {
  readonly undo: Uint8Array | null;
}

export function memoryBlocks(): BlockStore {
  return new MemoryBlockStore();
}

class MemoryBlockStore implements BlockStore {
  #chainId: Uint8Array | null = null;
  #lastArrival = 0;
  readonly #entries = new Map<BlockId, BlockEntry>();
  readonly #children = new Map<BlockId, BlockId[]>();
  readonly #bodies = new Map<BlockId, Uint8Array>();
  #best: Best[] = [];
  #state = new Map<string, Uint8Array>();
  #aside = new Map<string, Uint8Array>();
  readonly #places = new Map<TxId, Place>();
  readonly #pool = new Map<TxId, PoolRow>();
  readonly #undone = new Set<BlockId>();
  /** Below it, no body of the best chain was pruned that is not gone already. */
  #pruned: KeepFrom = { bodies: 0, undo: 0 };
  /** Heights whose accounts are not listed, since their bodies were pruned. */
  readonly #unlisted = new Set<number>();

  readonly state: LeafSource = {
    get: (key) => this.#state.get(toHex(key)) ?? null,
    range: (from, to) => leaves(this.#state, from, to),
  };

  readonly snapshot: LeafSource = {
    get: (key) => this.#aside.get(toHex(key)) ?? null,
    range: (from, to) => leaves(this.#aside, from, to),
  };

  chainId(): Uint8Array | null {
    return this.#chainId;
  }

  tip(): BlockRef | null {
    const last = this.#best.at(-1)?.block;
    return last === undefined ? null : { id: last.id, height: last.height };
  }

  begin(chainId: Uint8Array, genesis: Connection): Written {
    this.#chainId = chainId.slice();
    this.#entries.clear();
    this.#children.clear();
    this.#bodies.clear();
    this.#aside.clear();
    this.#undone.clear();
    return this.rewind(genesis, []);
  }

  rewind(genesis: Connection, undone: readonly BlockId[]): Written {
    for (const id of undone) this.#undone.add(id);
    this.#best = [];
    this.#pruned = { bodies: 0, undo: 0 };
    this.#unlisted.clear();
    this.#state.clear();
    this.#places.clear();
    this.#connect(genesis);
    this.#findReach();
    return ok();
  }

  entry(id: BlockId): BlockEntry | null {
    return this.#entries.get(id) ?? null;
  }

  body(id: BlockId): Uint8Array | null {
    return this.#bodies.get(id)?.slice() ?? null;
  }

  keepHeaders(headers: readonly NewHeader[]): Written {
    for (const header of headers) this.#keepHeader(header, false);
    return ok();
  }

  keep(block: NewBlock, invalid: boolean): Written {
    this.#keepHeader(block, invalid);
    const kept = this.#entries.get(block.id);
    if (kept === undefined || kept.hasBody) return ok();
    this.#bodies.set(block.id, block.bytes.slice());
    this.#lastArrival += kept.arrival === null ? 1 : 0;
    this.#entries.set(block.id, {
      ...kept,
      arrival: kept.arrival ?? this.#lastArrival,
      invalid: kept.invalid || invalid,
      hasBody: true,
      byteCount: block.bytes.length,
    });
    if (this.#entries.get(block.previous)?.isWithinReach === true) this.#gainReach(block.id);
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
      this.#undone.delete(entry.id);
      this.#children.delete(entry.id);
      const siblings = this.#children.get(entry.previous);
      if (siblings !== undefined) siblings.splice(siblings.indexOf(entry.id), 1);
    }
    return ok();
  }

  dropBody(id: BlockId): Written {
    const entry = this.#entries.get(id);
    if (entry === undefined) return ok();
    this.#bodies.delete(id);
    this.#entries.set(id, { ...entry, hasBody: false });
    if (this.best(id) === null) this.#loseReach(id);
    return ok();
  }

  heaviest(): BlockEntry | null {
    let heaviest: BlockEntry | null = null;
    for (const entry of this.#entries.values()) {
      if (entry.invalid || !entry.isWithinReach) continue;
      if (heaviest === null || entry.work > heaviest.work) heaviest = entry;
      else if (entry.work === heaviest.work && arrivalOf(entry) < arrivalOf(heaviest)) heaviest = entry;
    }
    return heaviest;
  }

  heaviestHeader(): BlockEntry | null {
    let heaviest: BlockEntry | null = null;
    for (const entry of this.#entries.values()) {
      if (!entry.invalid && (heaviest === null || isBetterHeader(entry, heaviest))) heaviest = entry;
    }
    return heaviest;
  }

  hasRival(id: BlockId, work: bigint): boolean {
    for (const entry of this.#entries.values()) {
      if (entry.id !== id && !entry.invalid && entry.isWithinReach && entry.work >= work) return true;
    }
    return false;
  }

  bodiesFrom(): number {
    const last = this.#best.findLastIndex(({ block }) => !this.#bodies.has(block.id));
    return last + 1;
  }

  bodyless(from: number, limit: number): readonly BlockRef[] {
    return this.#best
      .slice(from)
      .filter(({ block }) => !this.#bodies.has(block.id))
      .slice(0, limit)
      .map(({ block: { id, height } }) => ({ id, height }));
  }

  bestAt(height: number): BestBlock | null {
    const best = this.#best[height];
    return best === undefined ? null : this.#describe(best);
  }

  best(id: BlockId): BestBlock | null {
    const entry = this.#entries.get(id);
    const best = entry === undefined ? undefined : this.#best[entry.height];
    return best?.block.id === id ? this.#describe(best) : null;
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
    return best?.block.id === id ? best.undo : null;
  }

  connect(step: Connection): Written {
    if (this.tip()?.id !== step.block.previous)
      throw new Error("a block is connected to what is not the tip");
    this.#connect(step);
    this.#prune(step.keepFrom);
    return ok();
  }

  disconnect({ tip, changes }: Disconnection): Written {
    const last = this.#best.at(-1);
    if (last?.block.id !== tip.id || this.#best.length < 2) {
      throw new Error("a block is disconnected that is not the tip");
    }
    this.#best.pop();
    for (const { id } of last.transactions) this.#places.delete(id);
    this.#change(changes);
    if (!this.#bodies.has(tip.id)) this.#loseReach(tip.id);
    this.#undone.add(tip.id);
    return ok();
  }

  undone(): readonly BlockId[] {
    const heightOf = (id: BlockId) => this.#entries.get(id)?.height ?? 0;
    return [...this.#undone].sort((a, b) => heightOf(a) - heightOf(b));
  }

  beginSnapshot(): Written {
    this.#aside.clear();
    return ok();
  }

  putSnapshot(entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]): Written {
    for (const { key, value } of entries) this.#aside.set(toHex(key), value);
    return ok();
  }

  finishSnapshot(at: BlockRef, undone: readonly BlockId[]): Written {
    const path: NewHeader[] = [];
    for (
      let entry = this.entry(at.id);
      this.best(entry?.id ?? at.id) === null;
      entry = this.entry(entry.previous)
    ) {
      if (entry === null) throw new Error("a snapshot is of a block whose header is not kept");
      path.push(entry);
    }
    const shared = (path.at(-1)?.height ?? at.height + 1) - 1;
    for (const { transactions } of this.#best.slice(shared + 1)) {
      for (const { id } of transactions) this.#places.delete(id);
    }
    this.#best = this.#best.slice(0, shared + 1).map((best) => ({ ...best, undo: null }));
    for (const header of path.reverse()) {
      const block = { ...header, bytes: new Uint8Array(0) };
      this.#best.push({ block, miner: null, reward: 0, fees: 0, transactions: [], undo: null });
    }
    this.#findReach();
    [this.#state, this.#aside] = [this.#aside, new Map()];
    for (const id of undone) this.#undone.add(id);
    return ok();
  }

  fillIn(step: Filling): Written {
    const { block } = step;
    const best = this.#best[block.height];
    if (best?.block.id !== block.id) throw new Error("a block is filled in that is not on the best chain");
    this.keep(block, false);
    this.#best[block.height] = { ...step, undo: best.undo };
    this.#place(step);
    return ok();
  }

  place(id: TxId): Place | null {
    return this.#places.get(id) ?? null;
  }

  placesOf(account: AccountId, limit: number): readonly Place[] {
    const places: Place[] = [];
    for (const { block, transactions } of this.#best) {
      if (this.#unlisted.has(block.height)) continue;
      transactions.forEach((transaction, index) => {
        if (transaction.accounts.includes(account)) places.push({ height: block.height, index });
      });
    }
    return places.reverse().slice(0, limit);
  }

  minedSince(from: number): readonly { readonly miner: AccountId; readonly blocks: number }[] {
    const counts = new Map<AccountId, number>();
    for (const { miner } of this.#best.slice(Math.max(0, from))) {
      if (miner !== null) counts.set(miner, (counts.get(miner) ?? 0) + 1);
    }
    return [...counts]
      .map(([miner, blocks]) => ({ miner, blocks }))
      .sort((a, b) => b.blocks - a.blocks || compareBytes(utf8(a.miner), utf8(b.miner)));
  }

  minedBy(account: AccountId): number {
    return this.#best.filter(({ miner }) => miner === account).length;
  }

  indexedAt(height: number): IndexedHeight {
    const placed = this.#best[height]?.transactions ?? [];
    const isListed = !this.#unlisted.has(height);
    const accounts = placed.flatMap((transaction, index) =>
      isListed ? transaction.accounts.map((account) => ({ account, index })) : [],
    );
    accounts.sort((a, b) => compareBytes(utf8(a.account), utf8(b.account)) || a.index - b.index);
    return { transactions: placed.map(({ id }, index) => ({ id, index })), accounts };
  }

  pool(): readonly PoolRow[] {
    return [...this.#pool.values()];
  }

  changePool(added: readonly PoolRow[], removed: readonly TxId[], settled: readonly BlockId[]): Written {
    for (const id of settled) this.#undone.delete(id);
    for (const id of removed) this.#pool.delete(id);
    for (const row of added) if (!this.#pool.has(row.id)) this.#pool.set(row.id, row);
    return ok();
  }

  watchDamage(): void {
    // Memory is not damaged.
  }

  renew(chainId: Uint8Array, genesis: Connection): Result<number, StoreFault> {
    const begun = this.begin(chainId, genesis);
    return begun.ok ? ok(0) : begun;
  }

  #keepHeader(header: NewHeader, invalid: boolean): void {
    if (this.#entries.has(header.id)) return;
    const { id, height, previous, work, history } = header;
    const kept = { id, height, previous, work, header: header.header, history };
    const none = { arrival: null, hasBody: false, isWithinReach: false, byteCount: 0 };
    this.#entries.set(id, { ...kept, ...none, invalid });
    const siblings = this.#children.get(previous);
    if (siblings === undefined) this.#children.set(previous, [id]);
    else siblings.push(id);
  }

  /** A block and all that stand on it. */
  #branch(id: BlockId): BlockEntry[] {
    const branch: BlockEntry[] = [];
    const waiting = [id];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const entry = this.#entries.get(next);
      if (entry === undefined) continue;
      branch.push(entry);
      waiting.push(...(this.#children.get(next) ?? []));
    }
    return branch;
  }

  #gainReach(id: BlockId): void {
    this.#spread(id, true, (entry) => entry.hasBody && !entry.isWithinReach);
  }

  #loseReach(id: BlockId): void {
    this.#spread(id, false, (entry) => entry.isWithinReach);
  }

  #spread(id: BlockId, isWithinReach: boolean, goesOn: (child: BlockEntry) => boolean): void {
    const waiting = [id];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const entry = this.#entries.get(next);
      if (entry === undefined) continue;
      this.#entries.set(next, { ...entry, isWithinReach });
      for (const child of this.#children.get(next) ?? []) {
        const below = this.#entries.get(child);
        if (below !== undefined && goesOn(below)) waiting.push(child);
      }
    }
  }

  #findReach(): void {
    for (const entry of this.#entries.values()) {
      if (entry.isWithinReach) this.#entries.set(entry.id, { ...entry, isWithinReach: false });
    }
    for (const { block } of this.#best) this.#gainReach(block.id);
  }

  #connect(step: Connection): void {
    this.keep(step.block, false);
    const entry = this.#entries.get(step.block.id);
    if (entry === undefined || entry.invalid) throw new Error("a block is connected that is marked invalid");
    this.#entries.set(entry.id, { ...entry, isWithinReach: true });
    this.#best.push(step);
    this.#undone.delete(entry.id);
    this.#place(step);
    this.#change(step.changes);
  }

  #place({ block, transactions }: Filling): void {
    this.#unlisted.delete(block.height);
    transactions.forEach(({ id }, index) => {
      this.#places.set(id, { height: block.height, index });
    });
  }

  #prune({ bodies, undo }: KeepFrom): void {
    if (bodies > this.#pruned.bodies) {
      for (const entry of [...this.#entries.values()]) {
        if (!entry.hasBody || entry.height === 0 || entry.height >= bodies) continue;
        this.dropBody(entry.id);
        this.#unlisted.add(entry.height);
      }
    }
    for (let height = this.#pruned.undo; height < Math.min(undo, this.#best.length); height++) {
      const best = this.#best[height];
      if (best !== undefined) this.#best[height] = { ...best, undo: null };
    }
    this.#pruned = {
      bodies: Math.max(bodies, this.#pruned.bodies),
      undo: Math.max(undo, this.#pruned.undo),
    };
  }

  #change(changes: readonly TreeChange[]): void {
    for (const { key, value } of changes) {
      if (value === null) this.#state.delete(toHex(key));
      else this.#state.set(toHex(key), value);
    }
  }

  #describe(best: Best): BestBlock {
    const entry = this.#entries.get(best.block.id);
    if (entry === undefined) throw new Error(`best block ${best.block.id} is not kept`);
    const { miner, reward, fees, transactions } = best;
    return { ...entry, miner, reward, fees, transactionCount: transactions.length };
  }
}

function arrivalOf({ arrival }: BlockEntry): number {
  return arrival ?? Number.POSITIVE_INFINITY;
}

/** More work; among equals one within reach, then the one whose body was here first. */
function isBetterHeader(one: BlockEntry, other: BlockEntry): boolean {
  if (one.work !== other.work) return one.work > other.work;
  if (one.isWithinReach !== other.isWithinReach) return one.isWithinReach;
  return arrivalOf(one) < arrivalOf(other);
}

function* leaves(
  entries: ReadonlyMap<string, Uint8Array>,
  from: Uint8Array,
  to: Uint8Array | null,
): Iterable<readonly [Uint8Array, Uint8Array]> {
  const [first, end] = [toHex(from), to === null ? null : toHex(to)];
  for (const hex of [...entries.keys()].sort()) {
    if (hex < first || (end !== null && hex >= end)) continue;
    const [key, value] = [fromHex(hex), entries.get(hex)];
    if (key !== null && value !== undefined) yield [key, value];
  }
}
