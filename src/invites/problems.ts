/** Owns what people are told about invites that cannot be made, found or entered. Codes are stable. */
import { unreachable } from "#base/assert.ts";
import { type Problem, problem } from "#base/result.ts";
import { SPELLED_WORDS, type WordsFault } from "#crypto/words.ts";
import type { InviteEnd, InviteRefusal } from "./codec.ts";
import { INVITE_HOURS_MAX, NOTE_CHARACTERS_MAX, OPEN_INVITES_MAX } from "./limits.ts";

export const HOURS_REFUSED = problem(
  "invite-hours",
  `An invite stands for 1 to ${INVITE_HOURS_MAX} whole hours.`,
  "Choose a number of hours within that.",
);
export const NOTE_REFUSED = problem(
  "invite-note",
  `The note is longer than ${NOTE_CHARACTERS_MAX} characters, or holds characters that do not show.`,
  "Write a shorter one on one line.",
);
export const TOO_MANY_OPEN = problem(
  "invites-full",
  `${OPEN_INVITES_MAX} invites stand open.`,
  "Take one back, or wait until somebody has come.",
);
export const UNKNOWN_INVITE = problem(
  "invite-unknown-id",
  "No invite of yours, or more than one, has an id that begins so.",
  "See the list of invites for their ids.",
);
export const NOT_OPEN = problem(
  "invite-not-open",
  "This invite is over: used, taken back or expired.",
  "Make a new one if you need it.",
);
export const OWN_INVITE = problem(
  "invite-own",
  "This is your own invite.",
  "Give it to somebody else, who enters it on another computer.",
);
export const STORAGE_FAILED = problem(
  "storage-failed",
  "This computer could not write to its data folder.",
  "Make room on the disk or check its rights, then enter the invite again: it was not lost.",
);
export const TOO_MANY_JOINS = problem(
  "invite-busy",
  "Several invites are being entered already.",
  "Wait until they have ended.",
);
export const CLOSING = problem("closing", "This peer is closing.", "Start it, and enter the invite again.");

export function textRefused(fault: WordsFault): Problem {
  if (fault.code === "count") {
    return problem(
      "invite-text",
      `An invite is a link that begins with waybill:i/, or ${SPELLED_WORDS} words; these are ${fault.given}.`,
      "Enter it again, the whole of it.",
    );
  }
  const { near, position, word } = fault;
  return problem(
    "invite-word",
    `Word ${position}, "${word}", is not one that invites are made of.`,
    near.length === 0 ? "Ask for that word again." : `Perhaps it is ${listed(near)}.`,
  );
}

export function linkRefused(what: string): Problem {
  return problem(
    "invite-link",
    `The link is not whole: ${what}.`,
    "Copy all of it, or ask for the eight words instead.",
  );
}

/** What the inviter itself says of an invite that is over. */
export function overProblem(end: InviteEnd): Problem {
  switch (end) {
    case "used":
      return problem(
        "invite-used",
        "Somebody has used this invite already; each is good for one person.",
        "If that was not you, say so to whoever gave it to you, and ask for a new one.",
      );
    case "expired":
      return problem("invite-expired", "The time of this invite is over.", "Ask for a new one.");
    case "revoked":
      return problem("invite-revoked", "This invite was taken back.", "Ask for a new one.");
    default:
      return unreachable(end);
  }
}

/** The link names a peer, and that one knows nothing of it. */
export const FORGOTTEN = problem(
  "invite-forgotten",
  "Whoever made this invite does not know it any more.",
  "Ask for a new one.",
);

/** What a join saw until its time was over. */
export interface JoinSights {
  /** Somebody is named by the invite: a link. */
  readonly hasInviter: boolean;
  readonly trackers: number;
  /** Peers that were asked, and took nobody. */
  readonly asked: number;
  /** Why the inviter, or the typed address, was not reached. */
  readonly unreached: string | null;
  /** Peers that said it is theirs and could not prove it. */
  readonly impostors: number;
  /** The last refusal; one that may pass is told. */
  readonly refusal: InviteRefusal | null;
}

/** Why nobody was found who holds the invite. All of these may change by themselves: entering it again goes on. */
export function notFound(sights: JoinSights): Problem {
  if (sights.refusal === "busy" || sights.refusal === "storage") {
    return problem(
      "invite-waits",
      sights.refusal === "busy"
        ? "The other side has had too many wrong guesses from here lately."
        : "The other side could not write to its disk.",
      "Enter the invite again in a few minutes.",
    );
  }
  if (sights.impostors > 0) {
    return problem(
      "invite-impostor",
      "A peer said that this invite is its own, and could not prove it.",
      "Somebody may be listening in: ask for a new invite, and give the address of the other side with it.",
    );
  }
  const through = sights.trackers === 0 ? "no tracker is set" : `trackers asked: ${sights.trackers}`;
  if (sights.unreached !== null) {
    return problem(
      "invite-unreached",
      `Whoever made this invite is not reached: ${withoutStop(sights.unreached)} (${through}).`,
      "Waybill must be running there. Ask for an address, and give it with the invite.",
    );
  }
  if (sights.hasInviter) {
    return problem(
      "invite-offline",
      `Whoever made this invite is not reached (${through}).`,
      "Waybill must be running there. Ask for an address, and give it with the invite.",
    );
  }
  if (sights.asked === 0 && sights.trackers === 0) {
    return problem(
      "invite-nobody-here",
      "Nobody is connected to this peer and no tracker is set, so there is nobody to ask.",
      "Give the address of the other side with the words, or use the link, which holds it.",
    );
  }
  return problem(
    "invite-unknown",
    `Nobody I reach knows an invite with these words (peers asked: ${sights.asked}, ${through}).`,
    "Compare the words: they hold no check of their own. Waybill must be running there; an address helps.",
  );
}

/** A sentence as a part of another. */
function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}

function listed(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(" or ");
}
