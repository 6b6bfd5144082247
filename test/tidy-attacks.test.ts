/** `docs/attacks.md` names tests that are there, and leaves no row without one or a reason. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { ATTACKS_PAGE, checkAttacks, parseAttacks } from "../tools/tidy/attacks.ts";
import { checkSimulated } from "../tools/tidy/simulated-attacks.ts";
import { KINDS_OF } from "./sim/attacks/kinds.ts";
import { SCENARIOS } from "./sim/scenarios/index.ts";

/** Those that the ledger was built against. */
const LISTED = 46;
const root = resolve(import.meta.dirname, "..");

function read(path: string): string | null {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

test("every test that docs/attacks.md names is there, and every row has one or says why not", () => {
  const page = read(ATTACKS_PAGE) ?? "";
  const words = checkAttacks(page, read).map(({ line, message }) => `${ATTACKS_PAGE}:${line} ${message}`);
  assert.deepEqual(words, []);
  assert.ok(parseAttacks(page).rows.length > LISTED, "the list, and what was added");
});

/** What is wrong with a page of these rows, where `src/a.test.ts` holds two tests. */
function findingsOf(...rows: readonly string[]): readonly string[] {
  const tests = [
    'test("refused: a lie", () => {});',
    "  test(`a depth of any`, () => {});",
    'contract(\n    "one of a contract", () => {});',
    'assert.equal(cause, "said in passing");',
    '// test("away for now", () => {});',
    'test.skip("put off", () => {});',
  ].join("\n");
  const page = ["| # | Attack | What must happen | Tests |", "| --- | --- | --- | --- |", ...rows].join("\n");
  return checkAttacks(page, (path) => (path === "src/a.test.ts" ? tests : null)).map(
    ({ message }) => message,
  );
}

test("a page whose tests are there is in order", () => {
  const found = findingsOf(
    "| 1 | A lie. | No. | `src/a.test.ts` refused: a lie<br>`src/a.test.ts` a depth of any<br>`src/a.test.ts` one of a contract |",
    "| 2 | More. | No. | `src/a.test.ts` refused: a lie<br>Not tested: the rest.<br>Note: it is told. |",
    "| 3 | Less. | No. | No test: nobody can. |",
  );
  assert.deepEqual(found, []);
});

test("a name that is not there, a part of one, a file that is none, a gap and an empty row are found", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["| 1 | A. | B. | `src/a.test.ts` refused: another lie |", /has no test "refused: another lie"/],
    ["| 1 | A. | B. | `src/a.test.ts` a lie |", /has no test "a lie"/],
    ["| 1 | A. | B. | `src/a.test.ts` said in passing |", /has no test "said in passing"/],
    ["| 1 | A. | B. | `src/a.test.ts` away for now |", /has no test "away for now"/],
    ["| 1 | A. | B. | `src/a.test.ts` put off |", /has no test "put off"/],
    ["| 1 | A. | B. | `src/b.test.ts` refused: a lie |", /src\/b\.test\.ts is no test file/],
    ["| 1 | A. | B. | `src/a.ts` refused: a lie |", /src\/a\.ts is no test file/],
    ["| 2 | A. | B. | No test: nobody can. |", /row 2 stands where row 1 should/],
    ["| 1 | A. | B. | Note: nothing. |", /no test and no reason/],
    ["| 1 | A. | B. | tried by hand |", /neither a test nor a reason: tried by hand/],
    ["| 1 | A. | No test: nobody can. |", /3 columns/],
  ];
  for (const [row, expected] of cases) {
    const found = findingsOf(row);
    assert.ok(
      found.some((message) => expected.test(message)),
      `${row}: ${found.join("; ")}`,
    );
  }
});

test("what docs/attacks.md says of the simulation is what its attackers do, row by row and kind by kind", () => {
  const words = checkSimulated(read(ATTACKS_PAGE) ?? "", KINDS_OF).map(
    ({ line, message }) => `${ATTACKS_PAGE}:${line} ${message}`,
  );
  assert.deepEqual(words, []);
  const names = SCENARIOS.map(({ name }) => name);
  assert.deepEqual(
    Object.keys(KINDS_OF).filter((name) => !names.includes(name)),
    [],
    "scenarios",
  );
});

test("a row left out or twice, a kind that is none, and one that no row names are found", () => {
  const kinds = { one: ["a lie", "a flood"], other: ["a lie"] };
  const attack = "| 1 | A. | B. | No test: nobody can. |";
  const found = (...rows: readonly string[]): readonly string[] =>
    checkSimulated([attack, attack.replace("1", "2"), ...rows].join("\n"), kinds).map(
      ({ message }) => message,
    );
  const [first, second] = ["| row 1 | `one` | `a lie`, `a flood` |", "| row 2 | `other` | `a lie` |"];
  assert.deepEqual(found(first, second), []);
  const left = found("| row 1 | `one` | `a lie` |", "| row 2 | none | nobody does |");
  assert.deepEqual(left, ["no row names one: a flood", "no row names other: a lie"]);
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[first], /row 2: nothing is said/],
    [[first, second, first], /row 1 stands here twice/],
    [[first, "| row 2 | `other` | `a flood` |"], /other has no kind "a flood"/],
    [[first, "| row 2 | `nowhere` | `a lie` |"], /nowhere has no kind "a lie"/],
    [[first, "| row 2 | `other` | nothing |"], /names no kinds/],
    [[first, "| row 2 | none | `a lie` |"], /kinds of no scenario/],
  ];
  for (const [rows, expected] of cases) {
    const messages = found(...rows);
    assert.ok(
      messages.some((message) => expected.test(message)),
      messages.join("; "),
    );
  }
});
