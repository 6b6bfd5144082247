/**
 * Owns the comparison of the imports in the code with the import table, and the search for cycles. `npm test` runs it.
 * Run by hand (`node tools/check-imports.ts`) it prints what is wrong, and with
 * `--table` the table for docs/architecture.md.
 */
import { resolve } from "node:path";
import process from "node:process";
import { IMPORT_TABLE, type Row, renderTable } from "./tidy/import-table.ts";
import { type Finding, type Import, isTest, readSources, resolveImport, type Source } from "./tidy/source.ts";

/** The row that a file of the product stands under; `null` for tests and tools, which may import anything. */
function folderOf(path: string): string | null {
  if (isTest(path)) return null;
  if (path.startsWith("web/src/")) return "web";
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
}

export function checkImports(
  sources: readonly Source[],
  table: Readonly<Record<string, Row>> = IMPORT_TABLE,
): readonly Finding[] {
  return sources.flatMap((source) => {
    const folder = folderOf(source.path);
    if (folder === null) return [];
    const row = table[folder];
    if (row === undefined) {
      return [finding(source, 1, `the folder ${folder} has no row in tools/tidy/import-table.ts`)];
    }
    return source.imports.flatMap((one) => {
      const why = refusal(source.path, folder, row, one);
      return why === null
        ? []
        : [
            finding(
              source,
              one.line,
              `${why}; the row of \`${folder}\` in the import table says: ${words(row)}`,
            ),
          ];
    });
  });
}

function refusal(path: string, folder: string, row: Row, one: Import): string | null {
  const target = resolveImport(path, one.specifier);
  if (target === null) return refusalOfPackage(row, one.specifier);
  if (isTest(target) || target.startsWith("test/")) return `${one.specifier} belongs to the tests`;
  if (target === "package.json") return null;
  const inside = /^(?:src\/([^/]+)|(web|networks))\/(.+)$/.exec(target);
  const targetFolder = inside?.[1] ?? inside?.[2];
  if (targetFolder === undefined) return `${one.specifier} leaves the product`;
  if (targetFolder === folder) return null;
  const named = (list: readonly string[]) =>
    list.includes(targetFolder) || list.includes(`${targetFolder}/${inside?.[3] ?? ""}`);
  if (named(row.may) || (one.typeOnly && named(row.types))) return null;
  return named(row.types)
    ? `${one.specifier} may be imported for its types alone`
    : `${one.specifier} may not be imported`;
}

function refusalOfPackage(row: Row, specifier: string): string | null {
  if (specifier.startsWith("node:")) return row.node ? null : `${specifier} is Node's own`;
  const allowed = row.packages.some((name) =>
    name.endsWith("*") ? specifier.startsWith(name.slice(0, -1)) : specifier === name,
  );
  return allowed ? null : `the package ${specifier} is not among those of the folder`;
}

function words(row: Row): string {
  const list = (names: readonly string[]) => names.join(", ") || "nothing";
  return `may ${list(row.may)}; types ${list(row.types)}; packages ${list(row.packages)}`;
}

function finding(source: Source, line: number, message: string): Finding {
  return { path: source.path, line, rule: "imports", message };
}

/** Cycles between files, by imports that exist at run time. Each is told once, at its first file. */
export function checkCycles(sources: readonly Source[]): readonly Finding[] {
  const graph = new Map(
    sources.map((source) => [
      source.path,
      source.imports
        .filter((one) => !one.typeOnly)
        .map((one) => resolveImport(source.path, one.specifier))
        .filter((target) => target !== null),
    ]),
  );
  const done = new Set<string>();
  const findings: Finding[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const cycle = [...trail.slice(start), path].join(" → ");
      findings.push({ path, line: 1, rule: "cycles", message: `imports run in a circle: ${cycle}` });
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return findings;
}

if (import.meta.main) {
  if (process.argv.includes("--table")) console.log(renderTable());
  else {
    const sources = readSources(resolve(import.meta.dirname, ".."));
    const findings = [...checkImports(sources), ...checkCycles(sources)];
    for (const { path, line, message } of findings) console.log(`${path}:${line} ${message}`);
    process.exitCode = findings.length === 0 ? 0 : 1;
  }
}
