/** Owns what the user chose about this peer itself: its name, whom it accepts files from, whether it mines. */
import { isDeepStrictEqual } from "node:util";
import type { StatusView } from "#api/views.ts";
import { cleanDisplayName } from "#base/display-name.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { PeerNetwork } from "#net/index.ts";
import { type AcceptPolicy, type Settings, writeSettings } from "./config.ts";
import type { Facade } from "./facade.ts";

export interface SettingsKeeper {
  current(): Settings;
  change(change: Partial<Settings>): Result<undefined, Problem>;
}

/** Settings of this run, written through to the data folder. */
export function keepSettings(dataDir: string, initial: Settings): SettingsKeeper {
  let settings = initial;
  return {
    current: () => settings,
    change(change) {
      const changed = { ...settings, ...change };
      // A start says its flags each time, and must not fail on a full disk over what is kept already.
      if (isDeepStrictEqual(changed, settings)) return ok();
      try {
        writeSettings(dataDir, changed);
      } catch (error) {
        return fail(
          problem(
            "settings-not-written",
            `The choice could not be kept (${error instanceof Error ? error.message : String(error)}).`,
            "Free some space on the disk and choose again.",
          ),
        );
      }
      settings = changed;
      return ok();
    },
  };
}

interface Parts {
  readonly settings: SettingsKeeper;
  readonly network: Pick<PeerNetwork, "setProfile">;
  readonly status: () => StatusView;
}

export function nameRefused(): Problem {
  return problem(
    "name-refused",
    "The name is empty or holds characters that do not show.",
    "Choose another.",
  );
}

export function settingsActions({ settings, network, status }: Parts): Pick<Facade, "setName" | "setAccept"> {
  return {
    async setName(text) {
      const name = cleanDisplayName(text);
      if (name === null) return fail(nameRefused());
      const changed = settings.change({ name });
      if (!changed.ok) return changed;
      network.setProfile({ name });
      return ok(status());
    },
    async setAccept(accept: AcceptPolicy) {
      const changed = settings.change({ accept });
      return changed.ok ? ok(status()) : changed;
    },
  };
}
