/** Owns the words for where a name stands. Pure. */
import type { NameView, OwnNameView } from "#api/views.ts";

export function stageWords({ stage, claimAtHeight, contestable }: OwnNameView): string {
  switch (stage) {
    case "reserving":
      return "reservation waits for a block";
    case "waiting":
      return `reserved, claimed with block ${claimAtHeight ?? "?"}`;
    case "claiming":
      return "claim waits for a block";
    case "ours":
      return contestable ? "yours, unless somebody reserved it earlier," : "yours";
    case "lost":
      return "belongs to somebody else";
    case "lapsed":
      return "no longer yours: it was not renewed";
  }
}

/** @param shorten how a key is shown that bears no name here. */
export function whoHolds(view: NameView, shorten: (key: string) => string): string {
  const { name, key, keyName, ownerName, owner, mine, state } = view;
  const bearer = keyName ?? (key === null ? "nobody" : shorten(key));
  const holder = mine ? "you" : (ownerName ?? (owner === null ? "nobody" : shorten(owner)));
  const firmness = {
    free: "",
    contestable: " Somebody who reserved it earlier may still take it.",
    held: "",
    grace: " Its time is over; only its owner may renew it.",
  }[state];
  return `${name} stands for ${bearer} and belongs to ${holder}.${firmness}`;
}
