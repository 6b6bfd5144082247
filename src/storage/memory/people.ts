/** Keeps people in memory, for tests and simulations. */
import type { PeerId } from "#base/brand.ts";
import type { PeopleStore, Person } from "#people/index.ts";

export function memoryPeople(): PeopleStore {
  const people = new Map<PeerId, Person>();
  const put = (person: Person): void => {
    people.set(person.peer, person);
  };
  return {
    list: () => [...people.values()],
    put,
    putTogether(persons) {
      for (const person of persons) put(person);
    },
    remove(peer) {
      people.delete(peer);
    },
  };
}
