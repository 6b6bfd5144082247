/** Owns what this peer decides about strangers' offers, and what it calls itself and its folders. Pure. */
import { hostname, userInfo } from "node:os";
import type { PeerId } from "#base/brand.ts";
import { cleanDisplayName } from "#base/display-name.ts";
import type { People } from "#people/index.ts";
import type { OfferDecision } from "#transfer/index.ts";
import type { Settings } from "./config.ts";
import { GUESSED_NAME_CHARACTERS_MAX, GUESSED_NAME_ENDING_CHARACTERS } from "./limits.ts";
import { type Persons, shortPeerId } from "./person-view.ts";
import type { SettingsKeeper } from "./settings-actions.ts";

/**
 * The chosen name; until one was chosen, that of the computer's user with the end of the peer id: many computers have
 * a user of the same name, and whoever bears the name of somebody known is held back as a look-alike.
 */
export function ownNameOf(settings: Settings, self: PeerId): string {
  if (settings.name !== null) return settings.name;
  let name: string;
  try {
    name = userInfo().username;
  } catch {
    // A user without an entry in the system's list, as in some containers.
    name = hostname();
  }
  const user = cleanDisplayName(name.slice(0, GUESSED_NAME_CHARACTERS_MAX)) ?? "waybill";
  return `${user} ${self.slice(-GUESSED_NAME_ENDING_CHARACTERS)}`;
}

export interface Policy {
  readonly decide: (peer: PeerId) => OfferDecision;
  readonly folderOf: (peer: PeerId) => string;
}

export function policyOf(sources: {
  readonly settings: Pick<SettingsKeeper, "current">;
  readonly people: Pick<People, "isBlocked" | "isContact" | "holds">;
  readonly persons: Pick<Persons, "nameOf" | "list">;
}): Policy {
  const { people, persons, settings } = sources;
  return {
    decide(peer) {
      if (people.isBlocked(peer)) return "refuse";
      // Whoever looks like a contact is not therefore one.
      if (people.holds(peer) !== null) return "ask";
      const { accept } = settings.current();
      if (accept === "all") return "accept";
      return accept === "contacts" && people.isContact(peer) ? "accept" : "ask";
    },
    folderOf(peer) {
      const name = persons.nameOf(peer);
      // Anyone may claim any name: what two claim does not lead both into one folder.
      const shared = persons.list().some((other) => other.peerId !== peer && other.name === name);
      return shared ? `${name} ${shortPeerId(peer)}` : name;
    },
  };
}
