/** Owns what a user can do about people: see them, connect, name, keep as contact, block. */
import { ok } from "#base/result.ts";
import type { PeerNetwork } from "#net/index.ts";
import type { People } from "#people/index.ts";
import type { Facade } from "./facade.ts";
import type { Persons } from "./person-view.ts";

interface Parts {
  readonly persons: Persons;
  readonly people: Pick<People, "update">;
  readonly network: Pick<PeerNetwork, "connect" | "dropBlocked">;
  /** Tries again what waited because somebody was blocked. */
  readonly retryDeliveries: (peer: Parameters<People["update"]>[0]) => void;
}

export function peopleActions(parts: Parts): Pick<Facade, "people" | "person" | "connect" | "updatePerson"> {
  const { persons, people, network } = parts;
  return {
    people: async () => persons.list(),

    async person(who) {
      const peer = persons.resolve(who);
      return peer.ok ? ok(persons.view(peer.value)) : peer;
    },

    async connect(address) {
      const peer = await network.connect(address);
      return peer.ok ? ok(persons.view(peer.value)) : peer;
    },

    async updatePerson(who, change) {
      const peer = persons.resolve(who);
      if (!peer.ok) return peer;
      const updated = people.update(peer.value, change);
      if (!updated.ok) return updated;
      if (change.blocked === true) await network.dropBlocked();
      if (change.blocked === false) parts.retryDeliveries(peer.value);
      return ok(persons.view(peer.value));
    },
  };
}
