/** Runs the contract of people on both stores. */
import { testPeopleStore } from "#test/contract/people.ts";
import { Database } from "./disk/database.ts";
import { diskPeople, peopleSchema } from "./disk/people.ts";
import { memoryPeople } from "./memory/people.ts";

testPeopleStore("memory", memoryPeople);
testPeopleStore("disk", () => diskPeople(new Database(":memory:", [peopleSchema])));
