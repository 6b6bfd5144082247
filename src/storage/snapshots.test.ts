import { testSnapshotStore } from "#test/contract/snapshots.ts";
import { Database } from "./disk/database.ts";
import { diskSnapshots, snapshotSchema } from "./disk/snapshots.ts";
import { memorySnapshots } from "./memory/snapshots.ts";

testSnapshotStore("snapshots in memory", memorySnapshots);
testSnapshotStore("snapshots on disk", () => diskSnapshots(new Database(":memory:", [snapshotSchema])));
