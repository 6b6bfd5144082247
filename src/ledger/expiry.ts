/**
 * Owns what keeps the state from growing by what nobody needs any more: commitments that were not opened in time and
 * names whose grace is over leave it. Each block lists what it made or renewed, so that one later block, a fixed number
 * of heights above, finds in a few entries all that ends with it: never more than one block can make.
 */
import { toHex } from "#base/bytes.ts";
import { EXPIRY_LIST_KEYS_MAX } from "./limits.ts";
import type { Renewed } from "./name-records.ts";
import type { NameRules } from "./params.ts";
import { type Expiring, encodeExpiry, expiryKey, readStateValue } from "./state-entries.ts";
import type { WorkingState } from "./working-state.ts";

const KINDS: readonly Expiring[] = ["commitments", "names"];

/** Heights after which an entry of this kind goes with the next block. */
function lifeOf(what: Expiring, names: NameRules): number {
  return what === "commitments" ? names.claimWithinBlocks : names.lifeBlocks + names.graceBlocks;
}

/** Height at which an entry was made or renewed; `null` when there is none. */
function sinceOf(state: WorkingState, what: Expiring, key: Uint8Array): number | null {
  const value = state.get(key);
  if (value === null) return null;
  return what === "names" ? readStateValue(value, "name").since : readStateValue(value, "commitment").height;
}

/** Takes out what is over, before anything else in the block of this height. */
export function takeOutExpired(state: WorkingState, height: number, names: NameRules): void {
  for (const what of KINDS) {
    const madeAt = height - lifeOf(what, names) - 1;
    if (madeAt < 1) continue;
    for (let part = 0; ; part++) {
      const listKey = expiryKey(what, madeAt, part);
      const list = state.get(listKey);
      if (list === null) break;
      for (const key of readStateValue(list, "expiry").keys) {
        // What was renewed since stands in a later list too.
        if (sinceOf(state, what, key) === madeAt) state.set(key, null);
      }
      state.set(listKey, null);
    }
  }
}

/** Collects what one block makes or renews. */
export class ExpiryLists {
  readonly #keys: Record<Expiring, Map<string, Uint8Array>> = { commitments: new Map(), names: new Map() };

  add({ what, key }: Renewed): void {
    this.#keys[what].set(toHex(key), key);
  }

  /** @param height of the block. */
  write(state: WorkingState, height: number): void {
    for (const what of KINDS) {
      const keys = [...this.#keys[what].values()];
      for (let part = 0; part * EXPIRY_LIST_KEYS_MAX < keys.length; part++) {
        const from = part * EXPIRY_LIST_KEYS_MAX;
        state.set(expiryKey(what, height, part), encodeExpiry(keys.slice(from, from + EXPIRY_LIST_KEYS_MAX)));
      }
    }
  }
}
