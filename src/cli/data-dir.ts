/** Owns where a peer's data lies when nobody says otherwise, by the convention of each system. Pure. */
import path from "node:path";

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly homeDir: string;
  readonly workingDir: string;
}

/**
 * `--data`, else WAYBILL_DATA, else the usual place: XDG_DATA_HOME (XDG Base Directory Specification) on Linux and
 * the like, Application Support on macOS, LOCALAPPDATA on Windows. Always absolute.
 */
export function dataDirOf(flag: string | undefined, surroundings: Surroundings): string {
  const { environment, platform, homeDir, workingDir } = surroundings;
  const { resolve, join, isAbsolute } = platform === "win32" ? path.win32 : path.posix;
  const named = flag || environment["WAYBILL_DATA"];
  if (named) return resolve(workingDir, named);
  if (platform === "darwin") return join(homeDir, "Library", "Application Support", "Waybill");
  if (platform === "win32") {
    return join(environment["LOCALAPPDATA"] || join(homeDir, "AppData", "Local"), "Waybill");
  }
  const xdg = environment["XDG_DATA_HOME"];
  // The specification has relative values ignored.
  const base = xdg && isAbsolute(xdg) ? xdg : join(homeDir, ".local", "share");
  return join(base, "waybill");
}
