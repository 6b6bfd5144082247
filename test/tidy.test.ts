import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { checkCycles, checkImports } from "../tools/check-imports.ts";
import { assignStages, filesOf, testFilesOf } from "../tools/stages.ts";
import { checkLimits } from "../tools/tidy/limits.ts";
import { renderPages } from "../tools/tidy/pages.ts";
import { checkLockfile, checkNames, RULES } from "../tools/tidy/rules.ts";
import { type Finding, readSources } from "../tools/tidy/source.ts";

const root = resolve(import.meta.dirname, "..");
const sources = readSources(root);
const read = (path: string) => readFileSync(join(root, path), "utf8");

function assertNone(findings: readonly Finding[]): void {
  const words = findings.map(({ path, line, message }) => `${path}:${line} ${message}`);
  assert.equal(words.length, 0, `\n${words.join("\n")}`);
}

test("sources were found", () => {
  assert.ok(sources.length > 100, `${sources.length} sources`);
});

test("every import is allowed by the import table", () => assertNone(checkImports(sources)));

test("imports do not run in circles", () => assertNone(checkCycles(sources)));

for (const rule of RULES) {
  test(`house rule: ${rule.name}`, () => assertNone(sources.flatMap(rule)));
}

test("names of files are kebab-case", () => assertNone(checkNames(filesOf(root))));

test("the lockfile names no download address and every optional package", () => {
  assertNone(checkLockfile(JSON.parse(read("package-lock.json")).packages));
});

test("every limit has a reason", () => assertNone(checkLimits(sources)));

for (const page of renderPages(root)) {
  test(`${page.path} says what the code says`, () => {
    assert.equal(read(page.path), page.content, "run `npm run docs`");
  });
}

test("no two decisions have one number", () => {
  const numbers = readdirSync(join(root, "docs", "decisions")).map((name) => name.slice(0, 4));
  assert.ok(numbers.length > 0);
  assert.equal(new Set(numbers).size, numbers.length);
});

test("every test file belongs to a stage of npm test", () => {
  assert.deepEqual(assignStages(testFilesOf(root)).unclaimed, []);
});
