/**
 * Owns what may reach a terminal. Names, messages, file names and causes come from other people: none of them may
 * move the cursor, change colours or titles, reorder what stands beside them, or break a line. Pure.
 */

/**
 * Controls of both kinds (C1 holds the one-byte CSI), format characters (bidi marks and overrides, invisible and tag
 * characters, those of the tag block that nobody has assigned too), line and paragraph separators, lone surrogates.
 * Joiners stay: scripts and emoji need them, and they steer nothing.
 */
const STEERING = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u{e0000}-\u{e007f}]--[\u200c\u200d]]/gv;

/** Marks beyond this on one letter only serve to climb over other lines. */
const MARKS_PER_LETTER_MAX = 4;
const STACKED_MARKS = new RegExp(`(\\p{M}{${MARKS_PER_LETTER_MAX}})\\p{M}+`, "gu");

const REPLACEMENT = "\ufffd";

/** One line: every character that could steer a terminal becomes U+FFFD; line breaks and tabs become spaces. */
export function oneLine(text: string): string {
  return text
    .replace(/\r\n|[\r\n\t\u2028\u2029]/g, " ")
    .replace(/[\u202f\xa0]/g, " ")
    .replace(STEERING, REPLACEMENT)
    .replace(STACKED_MARKS, "$1");
}

/** The lines of a text, each safe as {@link oneLine} makes it. */
export function safeLines(text: string): readonly string[] {
  return text.split(/\r\n|[\r\n\u2028\u2029]/).map(oneLine);
}

/** For terminals without Unicode: what is not printable ASCII becomes `?`. */
export function toAscii(text: string): string {
  return text.replace(/[^\n -~]/gu, "?");
}

/**
 * JSON for output: `JSON.stringify` leaves C1 controls, DEL and bidi marks as they are, and some terminals obey
 * them. Escaped, the JSON means the same.
 */
export function safeJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, indent).replace(STEERING, (character) =>
    character === "\n"
      ? character
      : [...Array(character.length).keys()]
          .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
          .join(""),
  );
}

const ZERO_WIDTH = /^[\p{M}\p{Cf}]$/u;
/** East Asian wide and fullwidth blocks and emoji, coarse: being off by one shifts a column, nothing more. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** Columns that safe text takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += ZERO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** Safe text cut to `columns`, with an ellipsis where something is missing. */
export function cutTo(text: string, columns: number, ellipsis: string): string {
  if (displayWidth(text) <= columns) return text;
  const room = columns - displayWidth(ellipsis);
  let kept = "";
  let width = 0;
  for (const character of text) {
    width += displayWidth(character);
    if (width > room) break;
    kept += character;
  }
  return kept.trimEnd() + ellipsis;
}

export function padTo(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text)));
}
