/**
 * Owns the form of `docs/attacks.md`: rows of attacks, each with the tests that try it or the reason why there is none.
 * Whether a test shows what its row says is for readers to judge.
 */
import type { Finding } from "./source.ts";

export interface AttackRow {
  readonly line: number;
  readonly number: number;
  /** In the order of the table. */
  readonly tests: readonly { readonly path: string; readonly name: string }[];
  /** Behind `No test:` or `Not tested:`; `null` when neither stands there. */
  readonly reason: string | null;
}

export const ATTACKS_PAGE = "docs/attacks.md";
const RULE = "attacks";
const COLUMNS = 4;
const ROW = /^\| (\d+) \|/;
const TEST = /^`([^`]+)` (.+)$/;
const REASON = /^(?:No test|Not tested): (.+)$/;
const NOTE = /^Note: ./;
/**
 * What stands before the name of a test that is run, or of one that a contract suite runs for each implementation:
 * `test.skip(` and `test.todo(` do not.
 */
const NAME_OF_TEST = /(?:^|\n)(?![ \t]*(?:\/\/|\*))[^\n]*\b(?:test|it|contract)\(\s*$/;
const NAME_OF_SCENARIO = /\n {2}name: $/;
const LOOK_BACK_CHARS = 80;

/** Rows of all tables of the page, and what in them cannot be read. */
export function parseAttacks(page: string): {
  readonly rows: readonly AttackRow[];
  readonly findings: readonly Finding[];
} {
  const rows: AttackRow[] = [];
  const findings: Finding[] = [];
  for (const [at, text] of page.split("\n").entries()) {
    const number = ROW.exec(text)?.[1];
    if (number === undefined) continue;
    const line = at + 1;
    const cells = text.slice(1, -1).split(" | ");
    if (cells.length !== COLUMNS) {
      findings.push({ rule: RULE, path: ATTACKS_PAGE, line, message: `${cells.length} columns` });
      continue;
    }
    const row = { line, number: Number(number), tests: [] as AttackRow["tests"][number][], reason: null };
    rows.push(readTests(cells.at(-1) ?? "", row, findings));
  }
  return { rows, findings };
}

function readTests(
  cell: string,
  row: AttackRow & { readonly tests: AttackRow["tests"][number][] },
  findings: Finding[],
): AttackRow {
  let reason: string | null = null;
  for (const part of cell.trim().split("<br>")) {
    const [, path, name] = TEST.exec(part) ?? [];
    if (path !== undefined && name !== undefined) row.tests.push({ path, name });
    else if (REASON.test(part)) reason = REASON.exec(part)?.[1] ?? null;
    else if (!NOTE.test(part)) {
      findings.push({
        rule: RULE,
        path: ATTACKS_PAGE,
        line: row.line,
        message: `neither a test nor a reason: ${part}`,
      });
    }
  }
  return { ...row, reason };
}

/** @param read the text of a file of the repository; `null` when it is not there. */
export function checkAttacks(page: string, read: (path: string) => string | null): readonly Finding[] {
  const { rows, findings } = parseAttacks(page);
  const found = [...findings];
  const say = (line: number, message: string): void => {
    found.push({ rule: RULE, path: ATTACKS_PAGE, line, message });
  };
  for (const [at, { line, number, tests, reason }] of rows.entries()) {
    if (number !== at + 1) say(line, `row ${number} stands where row ${at + 1} should`);
    if (tests.length === 0 && reason === null) say(line, `row ${number} has no test and no reason`);
    for (const { path, name } of tests) {
      const text = isTestFile(path) ? read(path) : null;
      if (text === null) say(line, `row ${number}: ${path} is no test file`);
      else if (!holds(path, text, name)) say(line, `row ${number}: ${path} has no test "${name}"`);
    }
  }
  return found;
}

const isTestFile = (path: string): boolean => path.endsWith(".test.ts") || path.startsWith("test/");

/** Whether a test or a scenario is called so: the whole literal, at the place where its name stands. */
function holds(path: string, text: string, name: string): boolean {
  const calledSo = path.startsWith("test/sim/scenarios/") ? NAME_OF_SCENARIO : NAME_OF_TEST;
  for (const literal of [JSON.stringify(name), `\`${name}\``]) {
    for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + 1)) {
      if (calledSo.test(text.slice(Math.max(0, at - LOOK_BACK_CHARS), at))) return true;
    }
  }
  return false;
}
