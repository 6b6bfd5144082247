/**
 * Moves what was checked to where the user finds it. Owns the choice of free names and the way back in after a
 * crash: the plan is stored before the first move, and each move can be told apart from one not yet done.
 */
import { join } from "node:path";
import type { Disk } from "./disk.ts";
import { NAME_NUMBERS_MAX } from "./limits.ts";
import { numberedName } from "./safe-name.ts";
import type { Placement } from "./store.ts";

/** The names right below the content folder, each once. */
export function topNames(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.map((path) => path.split("/")[0] ?? ""))];
}

/** A plan with free names. Another program may take one before the move: then `place` chooses anew. */
export async function planPlacements(
  disk: Pick<Disk, "entry">,
  names: readonly string[],
  destination: string,
): Promise<readonly Placement[]> {
  const plan: Placement[] = [];
  for (const from of names) plan.push({ from, to: await freePath(disk, destination, from) });
  return plan;
}

async function freePath(disk: Pick<Disk, "entry">, destination: string, name: string): Promise<string> {
  for (let number = 1; number <= NAME_NUMBERS_MAX; number++) {
    const path = join(destination, numberedName(name, number));
    if ((await disk.entry(path)) === null) return path;
  }
  throw Object.assign(new Error(`no free name for ${name}`), { code: "EEXIST" });
}

/**
 * Carries out a plan, or what is left of it after a crash, and syncs the names.
 *
 * @param replan stores a changed plan before it is followed.
 */
export async function place(
  disk: Disk,
  content: string,
  destination: string,
  plan: readonly Placement[],
  replan: (plan: readonly Placement[]) => void,
): Promise<readonly Placement[]> {
  let current = plan;
  for (let at = 0; at < current.length; ) {
    const placement = current[at];
    if (placement === undefined) break;
    if (await moved(disk, join(content, placement.from), placement.to)) {
      at += 1;
      continue;
    }
    const to = await freePath(disk, destination, placement.from);
    current = current.with(at, { ...placement, to });
    replan(current);
  }
  await disk.syncFolder(destination);
  return current;
}

/** False when the name was taken by something else. */
async function moved(disk: Disk, from: string, to: string): Promise<boolean> {
  const [here, there] = await Promise.all([disk.entry(from), disk.entry(to)]);
  if (here === null) {
    // Moved before a crash; or taken away, as with the medium that both places were on, and then nothing is signed.
    if (there === null) throw Object.assign(new Error(`neither at ${from} nor at ${to}`), { code: "ENOENT" });
    return true;
  }
  // A file is given its second name, then loses the first: a crash fell between the two.
  if (there !== null && here.kind === "file" && there.identity === here.identity) {
    await disk.remove(from);
    return true;
  }
  return there === null && (await disk.place(from, to));
}
