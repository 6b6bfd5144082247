/** Keeps people in memory, for tests and simulations. */
import type { PeerId } from "#base/brand.ts";
import type { PeopleStore, Person } from "#people/index.ts";

export function memoryPeople(): PeopleStore {
  const people = new Map<PeerId, Person>();
  return {
    list: () => [...people.values()],
    put(person) {
      people.set(person.peer, person);
    },
    remove(peer) {
      people.delete(peer);
    },
  };
}
