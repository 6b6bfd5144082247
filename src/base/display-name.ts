/**
 * Owns which texts may stand for a person: the rules that claimed names and petnames share. Pure.
 * A name is shown beside others, in a terminal and on a page: it must not reorder, hide or colour what stands near
 * it, nor be empty to the eye. Does not decide who may bear a name; anyone may claim any.
 */

/** In UTF-8. Room for a full name in any script. */
export const DISPLAY_NAME_BYTES_MAX = 64;

/**
 * Controls (Cc), format characters such as bidi overrides and zero-width spaces (Cf), surrogates, private use and
 * unassigned code points, line and paragraph separators. Joiners, which some scripts need, are Cf too: a name
 * that looks the same without them must not be another name.
 */
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;
const FORBIDDEN_ALL = new RegExp(FORBIDDEN, "gu");
/** More marks on one letter than any orthography uses: text that climbs over its neighbours. */
const STACKED_MARKS = /\p{M}{5,}/u;
const encoder = new TextEncoder();

/** Whether `text` is a name exactly as it stands: what a decoder accepts. */
export function isDisplayName(text: string): boolean {
  if (text.length === 0 || text.length > DISPLAY_NAME_BYTES_MAX) return false;
  if (encoder.encode(text).length > DISPLAY_NAME_BYTES_MAX) return false;
  if (FORBIDDEN.test(text) || STACKED_MARKS.test(text)) return false;
  // One spelling: NFC, single spaces, none at the ends.
  return text === text.normalize("NFC") && text === text.trim() && !/\s\s|[^\S ]/u.test(text);
}

/**
 * The nearest name to what somebody typed: forbidden characters dropped, spaces joined, cut to length. Null when
 * nothing is left, or when what is left is still no name.
 */
export function cleanDisplayName(text: string): string | null {
  const bounded = text.slice(0, DISPLAY_NAME_BYTES_MAX * 4);
  const spaced = bounded.replace(/\s+/gu, " ").replace(FORBIDDEN_ALL, "").normalize("NFC");
  let name = spaced.replace(/ +/g, " ").trim();
  while (encoder.encode(name).length > DISPLAY_NAME_BYTES_MAX) {
    name = [...name].slice(0, -1).join("").trim();
  }
  return isDisplayName(name) ? name : null;
}

/** The form in which names are compared: case, width and accents of compatibility aside. */
export function nameKey(name: string): string {
  return name.normalize("NFKC").toLowerCase().normalize("NFKC");
}
