/**
 * Owns the form of the second table of `docs/attacks.md`: which rows attackers of the simulation try, and by which kinds.
 * What the kinds are is given.
 */
import { ATTACKS_PAGE, parseAttacks } from "./attacks.ts";
import type { Finding } from "./source.ts";

const RULE = "attacks";
const ROW = /^\| row (\d+) \| (?:`([^`]+)`|none) \| (.+) \|$/;
const KINDS = /^`[^`]+`(?:, `[^`]+`)*$/;

/** @param kindsOf by scenario, all kinds that its attackers make. */
export function checkSimulated(
  page: string,
  kindsOf: Readonly<Record<string, readonly string[]>>,
): readonly Finding[] {
  const found: Finding[] = [];
  const say = (line: number, message: string): void => {
    found.push({ rule: RULE, path: ATTACKS_PAGE, line, message });
  };
  const left = new Set(parseAttacks(page).rows.map(({ number }) => number));
  const unnamed = new Set(
    Object.entries(kindsOf).flatMap(([of, kinds]) => kinds.map((kind) => `${of}: ${kind}`)),
  );
  for (const [at, text] of page.split("\n").entries()) {
    if (!text.startsWith("| row ")) continue;
    const [, number = "", scenario, content = ""] = ROW.exec(text) ?? [];
    if (!left.delete(Number(number))) say(at + 1, `row ${number} stands here twice, or is no row: ${text}`);
    if (scenario === undefined) {
      if (KINDS.test(content)) say(at + 1, `row ${number} names kinds of no scenario`);
      continue;
    }
    if (!KINDS.test(content)) say(at + 1, `row ${number} names no kinds`);
    for (const [, kind = ""] of content.matchAll(/`([^`]+)`/g)) {
      if (kindsOf[scenario]?.includes(kind) === true) unnamed.delete(`${scenario}: ${kind}`);
      else say(at + 1, `row ${number}: ${scenario} has no kind "${kind}"`);
    }
  }
  for (const number of left) say(0, `row ${number}: nothing is said of the simulation`);
  for (const kind of unnamed) say(0, `no row names ${kind}`);
  return found;
}
