/** Runs the contract of read marks on both stores. */
import { testReadMarkStore } from "#test/contract/read-marks.ts";
import { Database } from "./disk/database.ts";
import { diskReadMarks, readMarkSchema } from "./disk/read-marks.ts";
import { memoryReadMarks } from "./memory/read-marks.ts";

testReadMarkStore("memory", memoryReadMarks);
testReadMarkStore("disk", () => diskReadMarks(new Database(":memory:", [readMarkSchema])));
