/** Owns finding the peer behind a ledger account: they are the same key, but only known peers have a mark to draw. */
import type { PersonView, StatusView } from "#api/views.ts";
import type { AccountId, PeerId } from "#base/brand.ts";

/** The peer id of an account, the account itself where the peer was never met, `null` for no account. */
export function minerPeer(
  account: AccountId | null,
  status: Pick<StatusView, "account" | "peerId">,
  people: readonly PersonView[],
): PeerId | AccountId | null {
  if (account === null) return null;
  if (account === status.account) return status.peerId;
  return people.find((person) => person.account === account)?.peerId ?? account;
}
