/**
 * Owns the reading of one source file for the house rules: its imports, its functions, its comments. Parsing is done
 * by oxc, which vite brings along (docs/decisions/0081). Judges nothing.
 */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { parseSync, Visitor, type VisitorObject } from "vite";
import { filesOf } from "../stages.ts";

export interface Import {
  /** As written, e.g. `#base/result.ts`. */
  readonly specifier: string;
  /** Nothing of it is there at run time. */
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
  readonly text: string;
}

export interface Source {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with every comment blanked out; lines and columns are kept. */
  readonly code: string;
  /** The comment that opens the file, `null` when it does not open with a doc comment. */
  readonly opening: string | null;
  readonly lineCount: number;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionSpan[];
}

/** One broken rule, worded for whoever broke it. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

/** Tests beside the code, and what they share there (`test-chain.ts`). */
export const isTest = (path: string): boolean => /\.test\.tsx?$|\/test-[a-z0-9-]+\.ts$/.test(path);

const SOURCE_FILE = /\.(ts|tsx|mjs)$/;

export function readSources(root: string): readonly Source[] {
  return filesOf(root)
    .filter((path) => SOURCE_FILE.test(path))
    .map((path) => parseSource(path, readFileSync(join(root, path), "utf8")));
}

/** @throws Error when the text is no TypeScript: the compiler says so in better words. */
export function parseSource(path: string, text: string): Source {
  const parsed = parseSync(path, text);
  if (parsed.errors.length > 0)
    throw new Error(`${path}: ${parsed.errors[0]?.message ?? "cannot be parsed"}`);
  const lineOf = lineFinder(text);
  const imports: Import[] = [
    ...parsed.module.staticImports.map((one) => ({
      specifier: one.moduleRequest.value,
      typeOnly: one.entries.length > 0 && one.entries.every((entry) => entry.isType),
      line: lineOf(one.start),
    })),
    ...parsed.module.staticExports.flatMap((one) =>
      one.entries.flatMap((entry) =>
        entry.moduleRequest === null
          ? []
          : [{ specifier: entry.moduleRequest.value, typeOnly: entry.isType, line: lineOf(one.start) }],
      ),
    ),
    ...parsed.module.dynamicImports.map((one) => ({
      specifier: text.slice(one.moduleRequest.start, one.moduleRequest.end).replaceAll(/["'`]/g, ""),
      typeOnly: false,
      line: lineOf(one.start),
    })),
  ];
  const first = parsed.comments.find((comment) => !text.startsWith("#!", comment.start));
  const opens =
    first?.type === "Block" &&
    first.value.startsWith("*") &&
    /^(#!.*\n)?\s*$/.test(text.slice(0, first.start));
  return {
    path,
    text,
    code: blankComments(text, parsed.comments),
    opening: opens ? first.value : null,
    lineCount: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
    imports,
    functions: functionsOf(parsed.program, text, lineOf),
  };
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}

function blankComments(text: string, comments: readonly { start: number; end: number }[]): string {
  let code = text;
  for (const { start, end } of comments) {
    code = code.slice(0, start) + code.slice(start, end).replaceAll(/[^\n]/g, " ") + code.slice(end);
  }
  return code;
}

type Program = ReturnType<typeof parseSync>["program"];

function functionsOf(
  program: Program,
  text: string,
  lineOf: (offset: number) => number,
): readonly FunctionSpan[] {
  const spans: FunctionSpan[] = [];
  const add = (node: { start: number; end: number }, name: string): void => {
    const line = lineOf(node.start);
    spans.push({ name, line, lines: lineOf(node.end) - line + 1, text: text.slice(node.start, node.end) });
  };
  const visitor: VisitorObject = {};
  visitor.FunctionDeclaration = (node) => add(node, node.id?.name ?? "default");
  visitor.FunctionExpression = (node) => add(node, node.id?.name ?? "a method or function expression");
  visitor.ArrowFunctionExpression = (node) => add(node, "an arrow function");
  new Visitor(visitor).visit(program);
  return spans;
}

/**
 * The file that an import means, relative to the root: aliases of package.json and relative paths; `null` for packages
 * and for modules of Node.
 */
export function resolveImport(from: string, specifier: string): string | null {
  if (specifier.startsWith("#test/")) return specifier.slice(1);
  if (specifier.startsWith("#")) return `src/${specifier.slice(1)}`;
  if (specifier.startsWith(".")) return posix.join(posix.dirname(from), specifier);
  return null;
}
