import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCycles, checkImports } from "../tools/check-imports.ts";
import { assignStages } from "../tools/stages.ts";
import { IMPORT_TABLE, renderTable } from "../tools/tidy/import-table.ts";
import { checkLimits, limitsOf, renderLimits } from "../tools/tidy/limits.ts";
import { withTable } from "../tools/tidy/pages.ts";
import {
  checkLockfile,
  checkNames,
  doesNotSleep,
  environmentStaysAtTheEdge,
  functionsAreShort,
  isFinished,
  isNotSilenced,
  isShort,
  namesNoForeignPlace,
  opensWithDoc,
  timeAndChanceAreGiven,
} from "../tools/tidy/rules.ts";
import { parseSource, resolveImport, type Source } from "../tools/tidy/source.ts";

const at = (path: string, text: string): Source => parseSource(path, text);
const lines = (count: number) => "const a = 1;\n".repeat(count);

test("an import that the row does not name is told with the row", () => {
  const [finding, ...others] = checkImports([
    at("src/base/x.ts", 'import { sign } from "#crypto/ed25519.ts";'),
  ]);
  assert.equal(others.length, 0);
  assert.equal(finding?.line, 1);
  assert.match(finding?.message ?? "", /#crypto\/ed25519\.ts may not be imported; the row of `base`/);
});

test("a row may allow the types of a folder and refuse its values", () => {
  const typed = at("src/chain/x.ts", 'import type { Clock } from "#ports/clock.ts";');
  const inline = at("src/chain/x.ts", 'import { type Clock } from "../ports/clock.ts";');
  const valued = at("src/chain/x.ts", 'import { type Clock, tick } from "#ports/clock.ts";');
  assert.deepEqual(checkImports([typed, inline]), []);
  assert.match(checkImports([valued])[0]?.message ?? "", /for its types alone/);
});

test("relative, dynamic and re-exporting imports are seen", () => {
  for (const text of [
    'import { a } from "../net/index.ts";',
    'const a = await import("#net/index.ts");',
    'export * from "#net/index.ts";',
    'import "#net/index.ts";',
  ]) {
    assert.equal(checkImports([at("src/chain/x.ts", text)]).length, 1, text);
  }
});

test("a package is allowed by its row alone", () => {
  const text = 'import { createLibp2p } from "libp2p";';
  assert.deepEqual(checkImports([at("src/net/x.ts", text)]), []);
  assert.match(checkImports([at("src/chain/x.ts", text)])[0]?.message ?? "", /the package libp2p/);
  assert.match(
    checkImports([at("src/ledger/x.ts", 'import fs from "node:fs";')])[0]?.message ?? "",
    /Node's own/,
  );
});

test("the product does not import tests, and tests import what they like", () => {
  const text = 'import { simClock } from "#test/kit/clock.ts";';
  assert.equal(checkImports([at("src/chain/x.ts", text)]).length, 1);
  assert.deepEqual(checkImports([at("src/chain/x.test.ts", text)]), []);
});

test("a folder without a row is refused", () => {
  assert.match(checkImports([at("src/extra/x.ts", "export {};")])[0]?.message ?? "", /no row/);
});

test("the table itself has no circle of values, and every folder it names has a row", () => {
  const folders = Object.keys(IMPORT_TABLE);
  const order = new Set<string>();
  const place = (folder: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(folder), `circle: ${[...trail, folder].join(" → ")}`);
    assert.ok(folders.includes(folder), `${folder} has no row`);
    for (const name of IMPORT_TABLE[folder]?.may ?? []) place(name.split("/")[0] ?? name, [...trail, folder]);
    order.add(folder);
  };
  for (const folder of folders) place(folder, []);
  assert.equal(order.size, folders.length);
  assert.equal(renderTable().split("\n").length, folders.length + 2);
});

test("a circle is told, one of types alone is none", () => {
  const a = at("src/base/a.ts", 'import { b } from "./b.ts";');
  const b = at("src/base/b.ts", 'import { a } from "./a.ts";');
  const typed = at("src/base/b.ts", 'import type { a } from "./a.ts";');
  assert.match(checkCycles([a, b])[0]?.message ?? "", /a\.ts → src\/base\/b\.ts → src\/base\/a\.ts/);
  assert.deepEqual(checkCycles([a, typed]), []);
});

test("aliases and relative paths mean files", () => {
  assert.equal(resolveImport("src/node/x.ts", "#chain/index.ts"), "src/chain/index.ts");
  assert.equal(resolveImport("src/node/flows/x.ts", "../../chain/index.ts"), "src/chain/index.ts");
  assert.equal(resolveImport("src/node/x.ts", "node:fs"), null);
});

test("a module that does not open with a doc comment is found", () => {
  assert.equal(opensWithDoc(at("src/base/x.ts", "// no doc\nexport {};")).length, 1);
  assert.equal(opensWithDoc(at("src/base/x.ts", "export {};\n/** late */")).length, 1);
  assert.deepEqual(opensWithDoc(at("src/base/x.ts", "/** Owns x. */\nexport {};")), []);
  assert.deepEqual(opensWithDoc(at("bin/x.mjs", "#!/usr/bin/env node\n/** Owns x. */\nexport {};")), []);
});

test("files have a length, and above the first bound a reason", () => {
  assert.deepEqual(isShort(at("src/base/x.ts", lines(400))), []);
  assert.equal(isShort(at("src/base/x.ts", lines(401))).length, 1);
  assert.deepEqual(isShort(at("src/base/x.ts", `/** It is long, as it is a table. */\n${lines(500)}`)), []);
  assert.equal(isShort(at("src/base/x.ts", `/** It is long. */\n${lines(600)}`)).length, 1);
});

test("functions have a length, whatever they are written as", () => {
  const body = "  work();\n".repeat(69);
  for (const text of [
    `function f() {\n${body}}`,
    `const f = async () => {\n${body}};`,
    `class A {\n m() {\n${body}}\n}`,
    `export default function () {\n${body}}`,
  ]) {
    assert.equal(functionsAreShort(at("src/base/x.ts", text)).length, 1, text.slice(0, 30));
    assert.deepEqual(functionsAreShort(at("src/base/x.ts", text.replace("  work();\n", ""))), []);
  }
  const suite = `describe("a", () => {\n${'test("b", () => 1);\n'.repeat(80)}});`;
  assert.deepEqual(functionsAreShort(at("src/base/x.test.ts", suite)), []);
});

test("unfinished work, silenced checks and foreign places are found", () => {
  const word = ["TO", "DO"].join("");
  assert.equal(isFinished(at("src/base/x.ts", `// ${word}: later`)).length, 1);
  assert.deepEqual(isFinished(at("src/base/x.ts", "// to do so is wrong")), []);
  assert.equal(isNotSilenced(at("src/base/x.ts", `// @ts-${"ignore"}`)).length, 1);
  assert.deepEqual(
    isNotSilenced(at("src/base/x.ts", "// biome-ignore lint/a/b: the list is never long")),
    [],
  );
  assert.equal(namesNoForeignPlace(at("src/base/x.ts", `const a = "/wo${"rk/main"}";`)).length, 1);
});

test("the environment is read at the edge alone, and a comment about it is none", () => {
  const text = 'const home = process.env["HOME"];';
  assert.equal(environmentStaysAtTheEdge(at("src/node/x.ts", text)).length, 1);
  assert.deepEqual(environmentStaysAtTheEdge(at("src/cli/x.ts", text)), []);
  assert.deepEqual(
    environmentStaysAtTheEdge(at("src/node/x.ts", "// not process.env\n/* process.argv */")),
    [],
  );
});

test("features are given time and chance", () => {
  for (const text of [
    "Date.now()",
    "Math.random()",
    `set${"Timeout"}(f, 1)`,
    "new Date()",
    "performance.now()",
  ]) {
    assert.equal(timeAndChanceAreGiven(at("src/chain/x.ts", `const a = ${text};`)).length, 1, text);
    assert.deepEqual(timeAndChanceAreGiven(at("src/node/system.ts", `const a = ${text};`)), []);
  }
  assert.deepEqual(timeAndChanceAreGiven(at("src/chain/x.ts", "const a = new Date(clock.nowMs());")), []);
});

test("tests do not sleep", () => {
  const sleep = `await new Promise((resolve) => set${"Timeout"}(resolve, 100));`;
  assert.equal(doesNotSleep(at("src/chain/x.test.ts", sleep)).length, 1);
  assert.equal(
    doesNotSleep(at("test/kit/x.ts", `import { set${"Timeout"} as a } from "node:timers/promises";`)).length,
    1,
  );
  assert.deepEqual(doesNotSleep(at("tools/x.ts", sleep)), []);
  const replaced = `t.mock.timers.enable({ apis: ["set${"Timeout"}"] });`;
  assert.deepEqual(doesNotSleep(at("src/node/x.test.ts", replaced)), []);
});

test("file names are kebab-case", () => {
  assert.deepEqual(
    checkNames(["src/base/task-queue.test.ts", "README.md", "docs/decisions/0001-a-b.md"]),
    [],
  );
  assert.equal(checkNames(["src/base/taskQueue.ts", "src/Base/x.ts", "src/base/task_queue.ts"]).length, 3);
});

test("a lockfile with an address, or without an optional package, is refused", () => {
  assert.deepEqual(checkLockfile({ "": {}, "node_modules/a": {} }), []);
  assert.equal(checkLockfile({ "node_modules/a": { resolved: "https://example.org/a.tgz" } }).length, 1);
  const missing = checkLockfile({ "node_modules/a": { optionalDependencies: { b: "1.0.0" } } });
  assert.match(missing[0]?.message ?? "", /b, optional for node_modules\/a, is missing/);
});

test("limits are read with their reasons, and one without is refused", () => {
  const text =
    "/** Owns limits. */\nimport { A } from './a.ts';\n/** Two of a kind. */\nexport const A_MS = 1;\nexport const B_MS = 2;\n\nexport const C_BYTES = 4 * 1024;\nexport const NAME = '/x/1';\n";
  const source = at("src/net/limits.ts", text);
  assert.deepEqual(
    limitsOf(source).map(({ name, value, reason }) => [name, value, reason]),
    [
      ["A_MS", "1", "Two of a kind."],
      ["B_MS", "2", "Two of a kind."],
      ["C_BYTES", "4 * 1024", ""],
    ],
  );
  assert.match(checkLimits([source])[0]?.message ?? "", /C_BYTES has no reason/);
  assert.match(renderLimits([source]), /\| `C_BYTES` \| `4 \* 1024` \|/);
});

test("a page without a place for the import table is refused, and an old table is replaced", () => {
  assert.throws(() => withTable("# Architecture\n"), /needs/);
  const [start, end] = ["<!-- import table: written by npm run docs -->", "<!-- end of the import table -->"];
  assert.equal(withTable(`a\n${start}\n| old |\n${end}\nb`), `a\n${start}\n${renderTable()}\n${end}\nb`);
});

test("a test file outside the stages is told", () => {
  const { byStage, unclaimed } = assignStages(["src/base/bytes.test.ts", "elsewhere/a.test.ts"]);
  assert.deepEqual(unclaimed, ["elsewhere/a.test.ts"]);
  assert.deepEqual(byStage.get("unit"), ["src/base/bytes.test.ts"]);
});
