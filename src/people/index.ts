/** Whom the user knows: what `node/` and `storage/` may use of this folder. */
export { looksLike } from "./likeness.ts";
export type { People, PeopleDependencies, PeopleEvent, PersonChange } from "./people.ts";
export { openPeople } from "./people.ts";
export type { ReadMarkStore } from "./read-marks.ts";
export { type Candidate, resolveWho, type WhoFault } from "./resolve-who.ts";
export type { PeopleStore, Person, StandIn, Verified } from "./store.ts";
