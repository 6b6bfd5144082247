/**
 * What names need kept: those that this person registers or has registered, with the salts without which a commitment
 * can never be opened. Interface only; implementations are in `storage/`, held to `test/contract/names.ts`.
 */
import type { AccountId } from "#base/brand.ts";
import type { Written } from "../store.ts";

export interface OwnName {
  readonly name: string;
  /** What it is to stand for. */
  readonly key: AccountId;
  /** 32 bytes; `null` for a name that came to us from another. */
  readonly salt: Uint8Array | null;
  /** When it was asked for, ms since the Unix epoch. */
  readonly sinceMs: number;
}

/** Of one network and one account: a data folder has one account. */
export interface NameStore {
  /** Oldest first. */
  list(): readonly OwnName[];
  /** Durable on ok. One row for each name: a second one takes the place of the first. */
  put(name: OwnName): Written;
  remove(name: string): Written;
}
