/** Where each file of a delivery stands on this computer, under which name. Pure. */
import { join } from "node:path";
import type { Manifest } from "#receipts/index.ts";
import { localPaths } from "./safe-name.ts";
import type { StoredTransfer } from "./store.ts";
import type { TransferFile } from "./types.ts";

export function savedFiles(record: StoredTransfer, { entries }: Manifest): readonly TransferFile[] {
  const places = savedPaths(
    record,
    entries.map(({ path }) => path),
  );
  return entries.map(({ path, bytes, digest }, at) => ({
    path,
    bytes,
    digest,
    savedTo: places?.[at] ?? null,
  }));
}

function savedPaths(record: StoredTransfer, paths: readonly string[]): readonly string[] | null {
  if (record.direction === "out" || record.phase !== "receipted") return null;
  const tops = new Map(record.placements.map(({ from, to }) => [from, to]));
  return (localPaths(paths) ?? []).map((path) => {
    const [top = "", ...rest] = path.split("/");
    return join(tops.get(top) ?? top, ...rest);
  });
}
