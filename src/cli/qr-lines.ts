/**
 * Owns how a QR code is drawn in a terminal: dark on light, whatever the colours of the terminal are. Where there are no
 * colours nothing is drawn, for on a dark ground it would come out inverted, which not every camera reads.
 */
import { qrModules } from "#node/qr-code.ts";
import type { Terminal } from "./terminal.ts";

/** Two rows of modules in one line: none dark, upper, lower, both. */
const HALVES = [" ", "▀", "▄", "█"] as const;

/** Null where it cannot be drawn: no colours, or too narrow. */
export function qrLines(text: string, terminal: Terminal): readonly string[] | null {
  const rows = qrModules(text);
  const isColoured = terminal.style(" ", "paper") !== " ";
  const isUnicode = terminal.glyphs.ellipsis === "…";
  const columns = rows.length * (isUnicode ? 1 : 2);
  if (!isColoured || columns > terminal.columns) return null;
  return isUnicode ? inHalves(rows, terminal) : inSpaces(rows, terminal);
}

function inHalves(rows: readonly (readonly boolean[])[], terminal: Terminal): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < rows.length; at += 2) {
    const below = rows[at + 1];
    const cells = rows[at]?.map(
      (dark, column) => HALVES[Number(dark) + 2 * Number(below?.[column] === true)] ?? " ",
    );
    lines.push(terminal.style((cells ?? []).join(""), "paper"));
  }
  return lines;
}

/** Terminals without such characters: two spaces for a module, on black or on white. */
function inSpaces(rows: readonly (readonly boolean[])[], terminal: Terminal): readonly string[] {
  return rows.map((row) => row.map((dark) => terminal.style("  ", dark ? "ink" : "paper")).join(""));
}
