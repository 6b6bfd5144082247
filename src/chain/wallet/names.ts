/**
 * Owns the names of this person: a registration from commitment to claim, over restarts, reorganisations and expired
 * transactions; renewals and changes. What a name is, costs, and who holds it are rules of the ledger.
 *
 * A registration is kept, salt included, before its commitment is sent: a commitment whose salt is lost is money lost.
 */
import type { AccountId } from "#base/brand.ts";
import { equalBytes, fromHex } from "#base/bytes.ts";
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { isAdmissibleKey } from "#crypto/ed25519.ts";
import {
  commitmentOf,
  isEarlierCommitment,
  isName,
  type NameStatus,
  nameCost,
  receiverOf,
  type SignedTransaction,
} from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import { HANDED_NAMES_LOOK_BACK, HANDED_NAMES_NOTED_MAX, OWN_NAMES_MAX } from "../limits.ts";
import type { StoreFault } from "../store.ts";
import type { Chain, NameRecording, PoolEntry, ProvenName, Wallet, WalletFault } from "../types.ts";
import type { NameStore, OwnName } from "./name-store.ts";

const SALT_BYTES = 32;

/** Where one of our names stands. */
export type OwnNameState =
  /** Its commitment waits for a block. */
  | { readonly code: "committing" }
  /** May be claimed in the block of this height. */
  | { readonly code: "maturing"; readonly claimAt: number }
  /** Its claim waits for a block. */
  | { readonly code: "claiming" }
  /** Ours. `status.state` says how firmly. */
  | { readonly code: "ours"; readonly status: NameStatus }
  /** Somebody committed to it earlier, or holds it since. */
  | { readonly code: "lost"; readonly owner: AccountId }
  /** Was ours, and its time and grace are over. */
  | { readonly code: "lapsed" };

export interface OwnNameView extends Pick<OwnName, "name" | "key" | "sinceMs"> {
  readonly state: OwnNameState;
  /** Why the next step could not be made when it was last tried. */
  readonly hindrance: WalletFault | null;
}

export type NameFault =
  | WalletFault
  | StoreFault
  | { readonly code: "name-malformed" }
  | { readonly code: "name-held"; readonly owner: AccountId; readonly until: number }
  | { readonly code: "name-begun" }
  | { readonly code: "name-not-ours" }
  | { readonly code: "name-change-waits" }
  | { readonly code: "too-many-names"; readonly limit: number };

export interface NameLookup extends ProvenName {
  /** For another year, or for the first; in the smallest unit. */
  readonly price: number;
  /** What a reservation costs beside it. */
  readonly commitPrice: number;
}

export interface Names {
  /** `null` for what can be no name. */
  lookup(name: string): NameLookup | null;
  /** In the order in which they were asked for. */
  list(): readonly OwnNameView[];
  /** Resolves when the registration is durable and its commitment waits for a block; the claim follows by itself. */
  register(name: string, key: AccountId): Promise<Result<undefined, NameFault>>;
  change(name: string, change: NameChange): Promise<Result<undefined, NameFault>>;
  /** Leaves one that is not ours (lost, lapsed, not yet committed to) out of the list. */
  forget(name: string): Result<undefined, NameFault>;
  subscribe(listener: (event: { readonly type: "NamesChanged" }) => void): Unsubscribe;
  close(): Promise<void>;
}

export interface NamesDependencies {
  readonly chain: Pick<
    Chain,
    | "network"
    | "tip"
    | "nameAt"
    | "commitmentAt"
    | "pool"
    | "pendingOf"
    | "transactionsOf"
    | "subscribe"
    | "syncState"
  >;
  readonly wallet: Pick<Wallet, "account" | "recordName" | "spendable">;
  readonly store: NameStore;
  readonly clock: Pick<Clock, "nowMs">;
  readonly random: Random;
  readonly log: Log;
}

export function openNames(dependencies: NamesDependencies): Names {
  return new WalletNames(dependencies);
}

type NameChange = Extract<NameRecording, { type: "name-update" }>["change"];

/** Whether the one change leaves nothing to the other, which would burn its price for nothing. */
function makesIdle(waiting: NameChange, change: NameChange): boolean {
  if (waiting.kind === "owner") return true;
  if (waiting.kind === "key") return change.kind === "key" && change.key === waiting.key;
  return change.kind === "renew";
}

class WalletNames implements Names {
  readonly #dependencies: NamesDependencies;
  readonly #events: Emitter<{ readonly type: "NamesChanged" }>;
  readonly #unsubscribe: Unsubscribe;
  readonly #hindrances = new Map<string, WalletFault>();
  /** Names that somebody hands to us, in a block soon or by now. */
  readonly #handed = new Set<string>();
  #hasLookedBack = false;
  #working: Promise<void> | null = null;
  #again = false;
  #closed = false;

  constructor(dependencies: NamesDependencies) {
    this.#dependencies = dependencies;
    this.#events = new Emitter((error) => dependencies.log.fault("a listener of names failed", error));
    this.#unsubscribe = dependencies.chain.subscribe((event) => {
      if (event.type === "TipChanged" || event.type === "SyncChanged") this.#goOn();
      else if (event.type === "PoolChanged") this.#expectHanded(event.added);
    });
    this.#expectHanded(dependencies.chain.pool());
    this.#goOn();
  }

  lookup(name: string): NameLookup | null {
    if (!isName(name)) return null;
    const { chain } = this.#dependencies;
    const { names } = chain.network.params;
    return { ...chain.nameAt(name), price: nameCost(name.length, names), commitPrice: names.commitPrice };
  }

  list(): readonly OwnNameView[] {
    return this.#dependencies.store.list().map((own) => ({
      ...{ name: own.name, key: own.key, sinceMs: own.sinceMs },
      state: this.#stateOf(own),
      hindrance: this.#hindrances.get(own.name) ?? null,
    }));
  }

  async register(name: string, key: AccountId): Promise<Result<undefined, NameFault>> {
    const { wallet, store, clock, random } = this.#dependencies;
    const found = this.lookup(name);
    if (found === null) return fail({ code: "name-malformed" });
    // The commitment does not show the key: it would be taken and paid for, and the claim refused.
    if (!isAdmissibleKey(fromHex(key) ?? new Uint8Array(0)))
      return fail({ code: "key-inadmissible", field: "key" });
    const { status, price, commitPrice } = found;
    if (status?.owner === wallet.account) return fail({ code: "name-begun" });
    if (status !== null) return fail({ code: "name-held", owner: status.owner, until: status.graceUntil });
    const known = store.list();
    if (this.#isUnderWay(known.find((own) => own.name === name))) return fail({ code: "name-begun" });
    if (known.length >= OWN_NAMES_MAX) return fail({ code: "too-many-names", limit: OWN_NAMES_MAX });
    const [spendable, needed] = [wallet.spendable(), price + commitPrice];
    if (needed > spendable) return fail({ code: "balance-too-low", spendable, needed });
    const own = { name, key, salt: random.bytes(SALT_BYTES), sinceMs: clock.nowMs() };
    const kept = store.put(own);
    if (!kept.ok) return kept;
    const committed = await this.#step(own);
    this.#events.emit({ type: "NamesChanged" });
    if (committed.ok) return committed;
    // Nothing was sent: whoever is told so must not find it claimed some day.
    store.remove(name);
    this.#hindrances.delete(name);
    return committed;
  }

  async change(name: string, change: NameChange): Promise<Result<undefined, NameFault>> {
    const { wallet, store, clock } = this.#dependencies;
    const found = this.lookup(name);
    if (found === null) return fail({ code: "name-malformed" });
    const { status } = found;
    if (status === null || status.owner !== wallet.account) return fail({ code: "name-not-ours" });
    const isWaiting = (tx: SignedTransaction) =>
      tx.type === "name-update" && tx.name === name && makesIdle(tx.change, change);
    if (this.#waits(isWaiting)) return fail({ code: "name-change-waits" });
    const recorded = await wallet.recordName({ type: "name-update", name, change });
    if (!recorded.ok) return recorded;
    // One that was handed to us is found in the list from now on.
    if (!store.list().some((own) => own.name === name)) {
      const kept = store.put({ name, key: status.key, salt: null, sinceMs: clock.nowMs() });
      if (!kept.ok) return kept;
    }
    this.#events.emit({ type: "NamesChanged" });
    return ok();
  }

  forget(name: string): Result<undefined, NameFault> {
    const own = this.#dependencies.store.list().find((each) => each.name === name);
    if (own === undefined) return fail({ code: "name-not-ours" });
    if (this.#isUnderWay(own) || this.#stateOf(own).code === "ours") return fail({ code: "name-begun" });
    const removed = this.#dependencies.store.remove(name);
    this.#hindrances.delete(name);
    this.#events.emit({ type: "NamesChanged" });
    return removed;
  }

  subscribe(listener: (event: { readonly type: "NamesChanged" }) => void): Unsubscribe {
    return this.#events.subscribe(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    await this.#working;
  }

  #isUnderWay(own: OwnName | undefined): boolean {
    const code = own === undefined ? "lost" : this.#stateOf(own).code;
    return code === "committing" || code === "maturing" || code === "claiming";
  }

  #stateOf(own: OwnName): OwnNameState {
    const { chain, wallet } = this.#dependencies;
    const { status } = chain.nameAt(own.name);
    if (status?.owner === wallet.account) return { code: "ours", status };
    if (own.salt === null)
      return status === null ? { code: "lapsed" } : { code: "lost", owner: status.owner };
    const committed = chain.commitmentAt(wallet.account, this.#commitmentOf(own));
    if (committed === null) return this.#uncommitted(own, status);
    if (status !== null && !isEarlierCommitment(committed, status.commitment))
      return { code: "lost", owner: status.owner };
    if (this.#waits((tx) => tx.type === "name-claim" && tx.name === own.name)) return { code: "claiming" };
    return { code: "maturing", claimAt: committed.height + chain.network.params.names.claimAfterBlocks };
  }

  /** No commitment stands: it waits, or it was never sent, or it was opened or forgotten long ago. */
  #uncommitted(own: OwnName, status: NameStatus | null): OwnNameState {
    if (status !== null) return { code: "lost", owner: status.owner };
    const { chain, clock } = this.#dependencies;
    const { names, targetSpacingSeconds } = chain.network.params;
    const ageSeconds = (clock.nowMs() - own.sinceMs) / 1000;
    return ageSeconds > names.lifeBlocks * targetSpacingSeconds ? { code: "lapsed" } : { code: "committing" };
  }

  #commitmentOf(own: OwnName): Uint8Array {
    const salt = own.salt ?? new Uint8Array(SALT_BYTES);
    return commitmentOf({ salt, name: own.name, key: own.key }, this.#dependencies.wallet.account);
  }

  #waits(isIt: (tx: SignedTransaction) => boolean): boolean {
    const { chain, wallet } = this.#dependencies;
    return chain.pendingOf(wallet.account).some(({ transaction }) => isIt(transaction));
  }

  /** Looks at all that is under way, once more when something changed meanwhile. */
  #goOn(): void {
    this.#again = true;
    if (this.#working !== null || this.#closed) return;
    this.#working = this.#work()
      .catch((error: unknown) => this.#dependencies.log.fault("names could not be looked after", error))
      .finally(() => {
        this.#working = null;
      });
  }

  async #work(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      // What an old tip says about names may be long untrue.
      if (this.#dependencies.chain.syncState().state !== "synced") return;
      this.#noteHanded();
      for (const own of this.#dependencies.store.list()) if (!this.#closed) await this.#step(own);
      this.#events.emit({ type: "NamesChanged" });
    }
  }

  #expectHanded(entries: Iterable<Pick<PoolEntry, "transaction">>): void {
    for (const { transaction } of entries) {
      if (transaction.type !== "name-update" || receiverOf(transaction) !== this.#dependencies.wallet.account)
        continue;
      if (this.#handed.size < HANDED_NAMES_NOTED_MAX) this.#handed.add(transaction.name);
    }
  }

  /** Puts into the list what was handed to us: whoever does not see a name cannot renew it. */
  #noteHanded(): void {
    const { chain, wallet, store, clock } = this.#dependencies;
    if (!this.#hasLookedBack) {
      this.#hasLookedBack = true;
      this.#expectHanded(
        chain
          .transactionsOf(wallet.account, HANDED_NAMES_LOOK_BACK)
          .flatMap(({ transaction }) => (transaction.type === "name-update" ? [{ transaction }] : [])),
      );
    }
    for (const name of this.#handed) {
      const { status } = chain.nameAt(name);
      if (status?.owner !== wallet.account) continue;
      this.#handed.delete(name);
      const known = store.list();
      if (known.length >= HANDED_NAMES_NOTED_MAX || known.some((own) => own.name === name)) continue;
      store.put({ name, key: status.key, salt: null, sinceMs: clock.nowMs() });
    }
  }

  /** The next transaction of a registration, where one is due. */
  async #step(own: OwnName): Promise<Result<undefined, WalletFault>> {
    const { chain, wallet } = this.#dependencies;
    const next = this.#due(own, chain.tip().height + 1);
    if (next === null) return ok();
    const recorded = await wallet.recordName(next);
    if (recorded.ok) this.#hindrances.delete(own.name);
    else this.#hindrances.set(own.name, recorded.fault);
    return recorded.ok ? ok() : recorded;
  }

  #due(own: OwnName, height: number): NameRecording | null {
    const { name, key, salt } = own;
    const state = this.#stateOf(own);
    if (salt === null) return null;
    if (state.code === "maturing" && height >= state.claimAt) return { type: "name-claim", salt, name, key };
    if (state.code !== "committing") return null;
    const commitment = this.#commitmentOf(own);
    const waits = this.#waits((tx) => tx.type === "name-commit" && equalBytes(tx.commitment, commitment));
    return waits ? null : { type: "name-commit", commitment };
  }
}
