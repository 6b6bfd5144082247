/** Owns the list of all that attackers of the simulation do; `docs/attacks.md` says which row each belongs to. */
import type { Repertoire } from "./attacker.ts";
import { BLOCK_ATTACKS } from "./block-attacks.ts";
import { BRANCH_ATTACKS } from "./branch-attacks.ts";
import { WITHHELD } from "./checkpoint-attacker.ts";
import { CHECKPOINT_ATTACKS, CHECKPOINT_MANNERS } from "./checkpoint-attacks.ts";
import { NAME_ATTACKS } from "./name-attacks.ts";
import { POOL_ATTACKS } from "./pool-attacks.ts";
import { CHUNK_ATTACKS, OFFER_ATTACKS } from "./snapshot-attacks.ts";
import { STREAM_ATTACKS } from "./stream-attacks.ts";
import { SYNC_MANNERS } from "./sync-manners.ts";
import { TRANSACTION_ATTACKS } from "./transaction-attacks.ts";

export const REPERTOIRE: Repertoire = {
  attacks: together(
    BLOCK_ATTACKS,
    BRANCH_ATTACKS,
    TRANSACTION_ATTACKS,
    POOL_ATTACKS,
    NAME_ATTACKS,
    STREAM_ATTACKS,
  ),
  manners: SYNC_MANNERS,
};

/** @throws when two are called the same: one of them would never be made. */
function together(...parts: readonly Repertoire["attacks"][]): Repertoire["attacks"] {
  const all = parts.flatMap((part) => Object.entries(part));
  const byName = new Map(all);
  if (byName.size < all.length) throw new Error("two attacks are called the same");
  return Object.fromEntries(byName);
}

/** What comes of an attack only when others ask for what it announced. */
const CONSEQUENCES = ["parts withheld"] as const;

/** Every kind that a run makes. */
export const KINDS: readonly string[] = [
  ...Object.keys(REPERTOIRE.attacks),
  ...Object.keys(REPERTOIRE.manners),
  ...CONSEQUENCES,
];

/** By scenario, every kind that its run makes. */
export const KINDS_OF: Readonly<Record<string, readonly string[]>> = {
  "hostile-third": KINDS,
  "hostile-signers": [...Object.keys(CHECKPOINT_ATTACKS), ...Object.keys(CHECKPOINT_MANNERS), WITHHELD],
  "hostile-newcomers": [...Object.keys(OFFER_ATTACKS), ...Object.keys(CHUNK_ATTACKS)],
};
