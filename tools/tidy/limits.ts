/**
 * Owns docs/limits.md: a page for operators, made from the comments of every `limits.ts`, so that page and code cannot
 * disagree. `npm run docs` writes it; a test compares it.
 */
import type { Finding, Source } from "./source.ts";

export interface Limit {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
  readonly line: number;
}

const LIMITS_FILE = /^src\/([^/]+(?:\/[^/]+)*)\/limits\.ts$/;
const CONSTANT =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?export const ([A-Z][A-Z0-9_]*)(?:\s*:[^=]+)?\s*=\s*([\s\S]*?);\n/g;

/** The constants of one `limits.ts`. One without a comment shares that of the line above it. */
export function limitsOf(source: Source): readonly Limit[] {
  const limits: Limit[] = [];
  let reason = "";
  let end = -1;
  for (const match of source.text.matchAll(CONSTANT)) {
    const [whole, comment, name = "", value = ""] = match;
    const follows = match.index === end;
    if (comment !== undefined) reason = tidyComment(comment);
    else if (!follows) reason = "";
    end = match.index + whole.length;
    // The name of a protocol may live beside its limits; it bounds nothing.
    if (/^["'`]/.test(value)) continue;
    const line = source.text.slice(0, match.index + whole.indexOf("export const")).split("\n").length;
    limits.push({ name, value: value.replaceAll(/\s+/g, " ").trim(), reason, line });
  }
  return limits;
}

function tidyComment(comment: string): string {
  return comment
    .split("\n")
    .map((line) => line.replace(/^\s*\*?\s?/, "").trim())
    .filter((line) => line !== "")
    .join(" ");
}

/** Limits that do not say why they are what they are. */
export function checkLimits(sources: readonly Source[]): readonly Finding[] {
  return sources
    .filter((source) => LIMITS_FILE.test(source.path))
    .flatMap((source) =>
      limitsOf(source)
        .filter((limit) => limit.reason === "")
        .map((limit) => ({
          path: source.path,
          line: limit.line,
          rule: "limits",
          message: `${limit.name} has no reason: a limit says why it is what it is`,
        })),
    );
}

export function renderLimits(sources: readonly Source[]): string {
  const sections = sources.flatMap((source) => {
    const folder = LIMITS_FILE.exec(source.path)?.[1];
    if (folder === undefined) return [];
    const rows = limitsOf(source).map(
      ({ name, value, reason }) => `| \`${name}\` | \`${cell(value)}\` | ${cell(reason)} |`,
    );
    return [`\n## ${folder}\n\n| Limit | Value | Why |\n| --- | --- | --- |\n${rows.join("\n")}\n`];
  });
  return `${OPENING}${sections.join("")}`;
}

const OPENING = `# Limits

Everything that could grow has a limit, and every limit has a reason. This page is written from the \`limits.ts\` of each
folder by \`npm run docs\`, and a test compares the two. Names that measure something end in its unit (\`_BYTES\`, \`_MS\`),
and \`MAX\` and \`MIN\` say which side is bounded. These limits are not settings; what can be set are the flags of
\`waybill start\`. What all peers of a network must agree on (block size, spacing, reward) is in the network's genesis file.
`;

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
