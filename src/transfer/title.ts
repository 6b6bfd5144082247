/** Owns the short name of a delivery, as shown in lists. */
import type { Manifest } from "#receipts/index.ts";
import { safeName } from "./safe-name.ts";

/** The file or folder, by its safe name; of several the first with the number of the rest. */
export function titleOf(manifest: Manifest): string {
  const tops = new Set(manifest.entries.map(({ path }) => path.split("/", 1)[0] ?? ""));
  const [first = ""] = tops;
  const title = safeName(first);
  return tops.size === 1 ? title : `${title} + ${tops.size - 1}`;
}
