/** Owns rows in columns for the terminal. Pure; every cell is made safe here. */
import { cutTo, displayWidth, oneLine, padTo } from "./terminal-text.ts";

const GAP = "  ";

/** Lines of aligned columns; the last one is cut so that a row fits `columns`. */
export function tableText(rows: readonly (readonly string[])[], columns: number, ellipsis: string): string {
  const safe = rows.map((row) => row.map(oneLine));
  const widths = (safe[0] ?? []).map((_, at) => Math.max(...safe.map((row) => displayWidth(row[at] ?? ""))));
  return safe
    .map((row) => {
      const cells = row.map((cell, at) => (at === row.length - 1 ? cell : padTo(cell, widths[at] ?? 0)));
      return cutTo(cells.join(GAP).trimEnd(), Math.max(columns, 20), ellipsis);
    })
    .join("\n");
}
