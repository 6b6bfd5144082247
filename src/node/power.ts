/**
 * Owns the question where the computer's power comes from. Linux tells it in files; other systems are not asked, since
 * that would take a program of theirs each time, and the answer there is `unknown`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PowerSource } from "#mining/index.ts";
import type { Clock } from "#ports/clock.ts";
import { POWER_LOOK_PERIOD_MS } from "./limits.ts";

const SUPPLIES = "/sys/class/power_supply";

/**
 * `battery` when a battery of the computer itself (not of its mouse) is being emptied; `mains` when it has one that is
 * not; `unknown` where there is none to ask.
 *
 * @param folder as Linux describes it in Documentation/ABI/testing/sysfs-class-power.
 */
export function powerSource(folder: string = SUPPLIES): PowerSource {
  let supplies: readonly string[];
  try {
    supplies = readdirSync(folder);
  } catch {
    return "unknown";
  }
  const batteries = supplies.filter(
    (name) => read(folder, name, "type") === "Battery" && read(folder, name, "scope") !== "Device",
  );
  if (batteries.length === 0) return "unknown";
  return batteries.some((name) => read(folder, name, "status") === "Discharging") ? "battery" : "mains";
}

function read(folder: string, supply: string, field: string): string | null {
  try {
    return readFileSync(join(folder, supply, field), "utf8").trim();
  } catch {
    // Drivers leave out what they do not know, and some answer with an error.
    return null;
  }
}

/** Tells now, and from then on every {@link POWER_LOOK_PERIOD_MS}. Returns how to stop it. */
export function watchPower(
  clock: Pick<Clock, "every">,
  tell: (source: PowerSource) => void,
  source: () => PowerSource = powerSource,
): () => void {
  tell(source());
  const timer = clock.every(POWER_LOOK_PERIOD_MS, () => tell(source()));
  return () => timer.cancel();
}
