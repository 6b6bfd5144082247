/** Owns what the user chooses about who may connect: kept in the settings, and in force at once. */
import type { DoorsView } from "#api/views.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { type DoorSettings, type PeerNetwork, parseDoorList } from "#net/index.ts";
import type { DoorChoice, DoorMode } from "./config.ts";
import type { Facade } from "./facade.ts";
import type { SettingsKeeper } from "./settings-actions.ts";

interface Parts {
  readonly settings: SettingsKeeper;
  readonly network: Pick<PeerNetwork, "doors" | "setDoors">;
}

/**
 * What a peer starts with.
 * @param mode for this run alone; null: the one that was chosen.
 */
export function doorSettingsOf(choice: DoorChoice, mode: DoorMode | null): Result<DoorSettings, Problem> {
  const allow = parseDoorList(choice.allow);
  if (!allow.ok) return fail(inConfig(allow.fault));
  const block = parseDoorList(choice.block);
  if (!block.ok) return fail(inConfig(block.fault));
  return ok({ mode: mode ?? choice.mode, allow: allow.value, block: block.value });
}

/** Whoever cannot tell whom to keep out must not start with doors wide open. */
function inConfig({ cause }: Problem): Problem {
  return problem("config-corrupt", `The doors in config.json: ${cause}`, "Mend that entry, or take it out.");
}

export function doorsActions({ settings, network }: Parts): Pick<Facade, "doors" | "setDoors"> {
  const view = (): DoorsView => {
    const { mode, allow, block, refused, privateNetwork } = network.doors();
    return { mode, allow: [...allow], block: [...block], refused: { ...refused }, privateNetwork };
  };
  return {
    doors: async () => view(),
    async setDoors(change) {
      const now = network.doors();
      const allow = change.allow === undefined ? ok(now.allow) : parseDoorList(change.allow);
      if (!allow.ok) return allow;
      const block = change.block === undefined ? ok(now.block) : parseDoorList(change.block);
      if (!block.ok) return block;
      const chosen = settings.current().doors;
      // A mode that holds for this run alone is not kept because a list was changed.
      const kept = { mode: change.mode ?? chosen.mode, allow: allow.value, block: block.value };
      const changed = settings.change({ doors: kept });
      if (!changed.ok) return changed;
      network.setDoors({ ...kept, mode: change.mode ?? now.mode });
      return ok(view());
    },
  };
}
