/** Owns what a user can do about people: see them, connect, name, keep as contact, block. */
import type { PeerId } from "#base/brand.ts";
import { ok } from "#base/result.ts";
import type { PeerNetwork } from "#net/index.ts";
import type { People } from "#people/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Facade } from "./facade.ts";
import { PROFILE_WAIT_MS } from "./limits.ts";
import type { Persons } from "./person-view.ts";

interface Parts {
  readonly persons: Persons;
  readonly people: Pick<People, "update">;
  readonly network: Pick<PeerNetwork, "connect" | "dropBlocked" | "directory">;
  readonly clock: Clock;
  /** Tries again what waited because somebody was blocked. */
  readonly retryDeliveries: (peer: PeerId) => void;
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
      if (!peer.ok) return peer;
      await profileOf(peer.value, parts);
      return ok(persons.view(peer.value));
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

/** Resolves when the peer has said who it is, which follows the connection within a moment, or when it does not. */
function profileOf(peer: PeerId, { clock, network }: Parts): Promise<void> {
  const { directory } = network;
  if ((directory.get(peer)?.claimedName ?? null) !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      unsubscribe();
      resolve();
    };
    const timer = clock.after(PROFILE_WAIT_MS, done);
    const unsubscribe = directory.subscribe((event) => {
      if (event.type === "peer" && event.entry.peer === peer && event.entry.claimedName !== null) done();
    });
  });
}
