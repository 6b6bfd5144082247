/**
 * Owns the house rules that can be read off one source file: how it opens, how long it and its functions are, how it
 * is called, and what must not appear in it. Each rule is a function from a file to findings.
 */
import { type Finding, isTest, type Source } from "./source.ts";

const FILE_LINES_EXPLAINED = 400;
const FILE_LINES_MAX = 600;
const FUNCTION_LINES_MAX = 70;

/** Put together here, so that this file does not break its own rule. */
const UNFINISHED = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].join("|")})\\b`);
const SILENCED = /@ts-(ignore|nocheck|expect-error)|biome-ignore(?!-all)[^:]*:\s*(<explanation>)?\s*$/m;
const FOREIGN_PLACES = new RegExp(["/wo" + "rk/", "\\.\\./sha" + "red", "/ro" + "ot/"].join("|"));

const isTestCode = (path: string) => isTest(path) || path.startsWith("test/");

type Rule = (source: Source) => readonly Finding[];

function found(source: Source, rule: string, line: number, message: string): readonly Finding[] {
  return [{ path: source.path, line, rule, message }];
}

/** Findings for every line of `text` that `pattern` matches. */
function lines(
  source: Source,
  text: string,
  pattern: RegExp,
  rule: string,
  message: string,
): readonly Finding[] {
  return text
    .split("\n")
    .flatMap((line, at) => (pattern.test(line) ? found(source, rule, at + 1, message) : []));
}

export const opensWithDoc: Rule = (source) =>
  isTest(source.path) || source.opening !== null
    ? []
    : found(source, "opening", 1, "a module opens with a doc comment that says what it owns");

export const isShort: Rule = (source) => {
  if (source.lineCount > FILE_LINES_MAX) {
    return found(
      source,
      "file-length",
      1,
      `${source.lineCount} lines; ${FILE_LINES_MAX} are the most: split it`,
    );
  }
  if (source.lineCount <= FILE_LINES_EXPLAINED || /\blong\b/.test(source.opening ?? "")) return [];
  return found(
    source,
    "file-length",
    1,
    `${source.lineCount} lines; above ${FILE_LINES_EXPLAINED} the opening comment says why it is long (with that word)`,
  );
};

/** Functions that register tests are tables of contents, not code to be held in the head. */
const registersTests = (path: string, text: string) =>
  isTestCode(path) && /\b(test|it|describe|suite|contract)\(/.test(text);

export const functionsAreShort: Rule = (source) =>
  source.functions
    .filter((one) => one.lines > FUNCTION_LINES_MAX && !registersTests(source.path, one.text))
    .flatMap((one) =>
      found(
        source,
        "function-length",
        one.line,
        `${one.name} has ${one.lines} lines; ${FUNCTION_LINES_MAX} are the most: give its parts names`,
      ),
    );

export const isFinished: Rule = (source) =>
  lines(source, source.text, UNFINISHED, "unfinished", "finish it, or say what is so in plain words");

export const isNotSilenced: Rule = (source) =>
  lines(source, source.text, SILENCED, "silenced", "a check is silenced without a reason, or for good");

export const namesNoForeignPlace: Rule = (source) =>
  lines(source, source.text, FOREIGN_PLACES, "foreign-place", "a path of somebody's own computer");

const READS_ENVIRONMENT = /^(src\/cli|tools|bench|bin|test)\/|^web\/vite\.config\.ts$/;

export const environmentStaysAtTheEdge: Rule = (source) =>
  READS_ENVIRONMENT.test(source.path) || isTest(source.path)
    ? []
    : lines(
        source,
        source.code,
        /\bprocess\s*\.\s*(env|argv)\b/,
        "environment",
        "process.env and process.argv are read in src/cli alone; pass the value in",
      );

/** The edge itself, what is not a feature, a thread, which no clock can be handed to, and the page, whose clock is the browser's. */
const HAS_REAL_TIME = /^(src\/cli|tools|bench|bin|test|web)\/|^src\/(node\/system|mining\/worker)\.ts$/;
const REAL_TIME =
  /\b(Date\.now|Math\.random|performance\.now|setTimeout|setInterval)\s*\(|\bnew Date\(\s*\)|["'](node:)?timers/;

export const timeAndChanceAreGiven: Rule = (source) =>
  HAS_REAL_TIME.test(source.path) || isTest(source.path)
    ? []
    : lines(
        source,
        source.code,
        REAL_TIME,
        "time",
        "time and chance come in through ports/clock.ts and ports/random.ts",
      );

/** In quotes it is the name of a timer that a test replaces. */
const SLEEP = /(?<!["'])\bsetTimeout\b|\bAtomics\.wait\s*\(/;

/** An outage of a minute in the lab is a minute, and so is a race: whole programs run there, whose clock nobody can move. */
const WHOLE_PROGRAMS = ["test/nat/", "test/race/"];

export const doesNotSleep: Rule = (source) =>
  isTestCode(source.path) && !WHOLE_PROGRAMS.some((folder) => source.path.startsWith(folder))
    ? lines(source, source.code, SLEEP, "sleep", "a test moves a clock or awaits an event; it does not sleep")
    : [];

export const RULES: readonly Rule[] = [
  opensWithDoc,
  isShort,
  functionsAreShort,
  isFinished,
  isNotSilenced,
  namesNoForeignPlace,
  environmentStaysAtTheEdge,
  timeAndChanceAreGiven,
  doesNotSleep,
];

/** Names that others gave, or that the world expects to be written so. */
const OTHER_NAMES = new Set([
  ...["README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "NOTICE", "Dockerfile"],
]);
const KEBAB = /^\.?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;

export function checkNames(paths: readonly string[]): readonly Finding[] {
  return paths
    .filter((path) => path.split("/").some((part) => !KEBAB.test(part) && !OTHER_NAMES.has(part)))
    .map((path) => ({ path, line: 1, rule: "names", message: "names of files and folders are kebab-case" }));
}

interface LockEntry {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * The lockfile names no download address (a mirror's would break everybody else), and names every optional package:
 * one that a registry did not have when the lockfile was written makes `npm ci` refuse the whole of it.
 */
export function checkLockfile(packages: Readonly<Record<string, LockEntry>>): readonly Finding[] {
  const path = "package-lock.json";
  return Object.entries(packages).flatMap(([name, entry]) => {
    const findings: Finding[] = [];
    if (entry.resolved !== undefined) {
      findings.push({ path, line: 1, rule: "lockfile", message: `${name} names a download address` });
    }
    for (const optional of Object.keys(entry.optionalDependencies ?? {})) {
      const nested = `${name}/node_modules/${optional}`;
      if (packages[`node_modules/${optional}`] !== undefined || packages[nested] !== undefined) continue;
      findings.push({
        path,
        line: 1,
        rule: "lockfile",
        message: `${optional}, optional for ${name}, is missing`,
      });
    }
    return findings;
  });
}
