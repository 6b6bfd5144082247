/** Owns what a text that somebody entered means: a link, or eight words. Pure. */
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import { unspell } from "#crypto/words.ts";
import type { Entered } from "./join.ts";
import { TEXT_CHARACTERS_MAX } from "./limits.ts";
import { decodeLink, LINK_PREFIX } from "./link.ts";
import { linkRefused, textRefused } from "./problems.ts";

/** Mail programs break long lines and wrap links in marks: none of these belong to a link. */
const AROUND_LINKS = /[\s<>"'`]+/g;

export function parseEntered(text: string): Result<Omit<Entered, "at">, Problem> {
  const bounded = text.slice(0, TEXT_CHARACTERS_MAX);
  const bare = bounded.replace(AROUND_LINKS, "");
  if (bare.toLowerCase().startsWith("waybill:")) {
    const link = decodeLink(LINK_PREFIX + bare.slice(LINK_PREFIX.length));
    return link.ok ? link : fail(linkRefused(link.fault.what));
  }
  const secret = unspell(bounded);
  if (!secret.ok) return fail(textRefused(secret.fault));
  return ok({ secret: secret.value, inviter: null, addresses: [], trackers: [] });
}
