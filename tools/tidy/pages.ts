/**
 * Owns the pages of docs/ that are made, whole or in part, from the code: limits.md, troubleshooting.md, the import
 * table inside architecture.md, and the index of decisions. `npm run docs` writes them, a test compares them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { renderTable } from "./import-table.ts";
import { renderLimits } from "./limits.ts";
import { readSources } from "./source.ts";
import { renderTroubleshooting } from "./troubleshooting.ts";

export interface Page {
  readonly path: string;
  readonly content: string;
}

const TABLE_START = "<!-- import table: written by npm run docs -->";
const TABLE_END = "<!-- end of the import table -->";

export function renderPages(root: string): readonly Page[] {
  const architecture = join("docs", "architecture.md");
  return [
    { path: join("docs", "limits.md"), content: renderLimits(readSources(root)) },
    { path: join("docs", "troubleshooting.md"), content: renderTroubleshooting() },
    { path: architecture, content: withTable(readFileSync(join(root, architecture), "utf8")) },
    {
      path: join("docs", "decisions", "README.md"),
      content: renderDecisions(join(root, "docs", "decisions")),
    },
  ];
}

/** @throws Error when the page has no place for the table. */
export function withTable(page: string): string {
  const start = page.indexOf(TABLE_START);
  const end = page.indexOf(TABLE_END);
  if (start < 0 || end < start)
    throw new Error(`docs/architecture.md needs "${TABLE_START}" and "${TABLE_END}"`);
  return `${page.slice(0, start)}${TABLE_START}\n${renderTable()}\n${page.slice(end)}`;
}

function renderDecisions(folder: string): string {
  const rows = readdirSync(folder)
    .filter((name) => /^\d{4}-.*\.md$/.test(name))
    .sort()
    .map((name) => {
      const heading = readFileSync(join(folder, name), "utf8").split("\n")[0] ?? "";
      return `- [${name.slice(0, 4)}](${name}) ${heading.replace(/^#\s*(\d+[.:]?\s*)?/, "")}`;
    });
  return `${DECISIONS}\n${rows.join("\n")}\n`;
}

const DECISIONS = `# Decisions

Code shows what is done. These pages say why, what else could have been done, and why that was not chosen. Each page has
a number that never changes. When a decision is overturned its page stays, and names the decision that replaced it. This
list is written by \`npm run docs\`.
`;
