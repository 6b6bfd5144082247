/** Owns the list of all that attackers of the simulation do; `docs/attacks.md` says which row each belongs to. */
import type { Repertoire } from "./attacker.ts";
import { BLOCK_ATTACKS } from "./block-attacks.ts";
import { BRANCH_ATTACKS } from "./branch-attacks.ts";
import { NAME_ATTACKS } from "./name-attacks.ts";
import { POOL_ATTACKS } from "./pool-attacks.ts";
import { STREAM_ATTACKS } from "./stream-attacks.ts";
import { SYNC_MANNERS } from "./sync-manners.ts";
import { TRANSACTION_ATTACKS } from "./transaction-attacks.ts";

export const REPERTOIRE: Repertoire = {
  attacks: {
    ...BLOCK_ATTACKS,
    ...BRANCH_ATTACKS,
    ...TRANSACTION_ATTACKS,
    ...POOL_ATTACKS,
    ...NAME_ATTACKS,
    ...STREAM_ATTACKS,
  },
  manners: SYNC_MANNERS,
};

/** What comes of an attack only when others ask for what it announced. */
const CONSEQUENCES = ["parts withheld"] as const;

/** Every kind that a long enough run makes. */
export const KINDS: readonly string[] = [
  ...Object.keys(REPERTOIRE.attacks),
  ...Object.keys(REPERTOIRE.manners),
  ...CONSEQUENCES,
];
