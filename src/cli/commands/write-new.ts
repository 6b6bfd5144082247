/** Owns how a command saves a file that the user named. */
import { open, rename, rm, stat } from "node:fs/promises";
import { ok, type Problem, problem, type Result } from "#base/result.ts";

/** Written aside, synced, renamed. Does not replace a file unless told to. */
export async function writeNew(
  path: string,
  bytes: Uint8Array,
  force: boolean,
): Promise<Result<undefined, Problem>> {
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  if (exists && !force) {
    const cause = `There is already something at ${path}.`;
    return { ok: false, fault: problem("file-exists", cause, "Name another file, or add --force.") };
  }
  const aside = `${path}.${process.pid}.new`;
  try {
    const file = await open(aside, "wx", 0o644);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
    return ok();
  } catch (error) {
    await rm(aside, { force: true });
    const cause = `The file could not be written (${error instanceof Error ? error.message : String(error)}).`;
    return { ok: false, fault: problem("file-not-written", cause, "Check the folder and its free space.") };
  }
}
