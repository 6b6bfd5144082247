/** Owns what a name is and what it costs. Who holds one is state: `name-records.ts`. */
import type { AccountId } from "#base/brand.ts";
import { concat, utf8 } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import { bytesOfId } from "./codec.ts";
import { NAME_CHARS_MAX, NAME_CHARS_MIN } from "./limits.ts";
import type { NameRules } from "./params.ts";
import type { NameClaim, SignedTransaction } from "./types.ts";

const NAME = /^[a-z0-9][a-z0-9-]{1,30}[a-z0-9]$/;
const COMMITMENT_DOMAIN = utf8("waybill-name-commitment-v1\0");

/** 3 to 32 of `a-z 0-9 -`, no hyphen at either end. ASCII alone, so that no two names look the same. */
export function isName(text: string): boolean {
  return text.length >= NAME_CHARS_MIN && text.length <= NAME_CHARS_MAX && NAME.test(text);
}

/** What a claim or a renewal burns: `basePrice`, doubled for each character below `cheapFromChars`. */
export function nameCost(chars: number, { basePrice, cheapFromChars }: NameRules): number {
  return basePrice * 2 ** Math.max(0, cheapFromChars - chars);
}

/** What this transaction burns besides its fee. */
export function burnedBy(tx: SignedTransaction, names: NameRules): number {
  switch (tx.type) {
    case "name-commit":
      return names.commitPrice;
    case "name-claim":
      return nameCost(tx.name.length, names);
    case "name-update":
      return tx.change.kind === "renew" ? nameCost(tx.name.length, names) : 0;
    default:
      return 0;
  }
}

/** What this transaction takes from its sender's balance: fee, amount, and what it burns. Exact for one that passed its checks. */
export function costOfTransaction(tx: SignedTransaction, names: NameRules): number {
  return tx.fee + (tx.type === "transfer" ? tx.amount : burnedBy(tx, names));
}

/**
 * What commits to a claim without telling it: 32 bytes. Account and key are in it, so that whoever sees the claim
 * can neither make it their own nor change what the name will stand for.
 */
export function commitmentOf(
  { salt, name, key }: Pick<NameClaim, "salt" | "name" | "key">,
  account: AccountId,
): Uint8Array {
  return sha256(concat(COMMITMENT_DOMAIN, salt, bytesOfId(key), bytesOfId(account), utf8(name)));
}
