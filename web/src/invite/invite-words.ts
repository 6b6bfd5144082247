/** Owns the words of an invite: what state it is in, and how far somebody is in typing one. Pure. */
import type { InviteView } from "#api/views.ts";
import { countOf, formatSpan } from "../look/format.ts";
import type { SignName } from "../shell/sign.tsx";

/** Words of the secret; the peer holds the rule. */
const WORDS = 8;
const LINK_START = "waybill:i/";
/** As the peer takes them out: mail programs break long lines and wrap links in marks. */
const AROUND_LINKS = /[\s<>"'`]+/g;

export interface InviteWords {
  readonly word: string;
  readonly sign: SignName;
  readonly tone: "good" | "waiting" | "bad" | "quiet";
}

export function inviteWords(invite: InviteView, nowMs: number): InviteWords {
  switch (invite.state) {
    case "open":
      return nowMs < invite.expiresMs
        ? {
            word: `waits, ${formatSpan(invite.expiresMs - nowMs)} left`,
            sign: "waits",
            tone: "waiting",
          }
        : { word: "its time is over", sign: "cross", tone: "quiet" };
    case "used":
      return { word: `used by ${invite.usedBy?.name ?? "somebody"}`, sign: "check", tone: "good" };
    case "expired":
      return { word: "its time is over", sign: "cross", tone: "quiet" };
    case "revoked":
      return { word: "taken back", sign: "cross", tone: "quiet" };
  }
}

/** What failed guesses mean; `null` while there are none. */
export function guessWords({ failedGuesses, state }: InviteView): string | null {
  if (failedGuesses === 0) return null;
  const times = countOf(failedGuesses, "time");
  return `Tried ${times} with a wrong secret. ${
    state === "open"
      ? "Nobody got in by that. Somebody mistyped, entered words that others gave them, or guessed: if in doubt, take it back and make a new one."
      : ""
  }`.trim();
}

/** How far what was typed is from an invite, in words. */
export function entered(text: string): { readonly ready: boolean; readonly words: string } {
  const trimmed = text.trim();
  const bare = trimmed.replace(AROUND_LINKS, "");
  if (trimmed === "") return { ready: false, words: "A link that starts with waybill:i/, or eight words." };
  if (bare.toLowerCase().startsWith(LINK_START)) {
    return bare.length > LINK_START.length
      ? { ready: true, words: "This is a link." }
      : { ready: false, words: "The rest of the link is missing." };
  }
  const count = trimmed.split(/[^\p{L}\p{M}]+/u).filter((word) => word !== "").length;
  if (count === WORDS) return { ready: true, words: "All eight words are there." };
  return {
    ready: false,
    words:
      count < WORDS
        ? `${count} of ${WORDS} words.`
        : `${count} words: ${count - WORDS} more than an invite has.`,
  };
}
