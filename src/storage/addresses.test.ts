/** Runs the contract of addresses on both stores. */
import { testAddressStore } from "#test/contract/addresses.ts";
import { addressesSchema, diskAddresses } from "./disk/addresses.ts";
import { Database } from "./disk/database.ts";
import { memoryAddresses } from "./memory/addresses.ts";

testAddressStore("memory", memoryAddresses);
testAddressStore("disk", () => diskAddresses(new Database(":memory:", [addressesSchema])));
