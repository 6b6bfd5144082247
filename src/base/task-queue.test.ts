/** Tasks run one at a time and in order; a full queue refuses instead of growing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TaskQueue } from "./task-queue.ts";

test("tasks run in order, each after the last has settled, also when one fails", async () => {
  const queue = new TaskQueue(3);
  const gate = Promise.withResolvers<void>();
  const ran: string[] = [];
  const first = queue.run(async () => {
    await gate.promise;
    ran.push("first");
    throw new Error("first failed");
  });
  const second = queue.run(async () => {
    ran.push("second");
    return 2;
  });
  assert.ok(first !== null && second !== null);
  assert.equal(queue.waiting, 2);
  gate.resolve();
  await assert.rejects(first, /first failed/);
  assert.equal(await second, 2);
  await queue.idle();
  assert.deepEqual(ran, ["first", "second"]);
  assert.equal(queue.waiting, 0);
});

test("one task above the limit is refused, and room comes back", async () => {
  const queue = new TaskQueue(1);
  const held = queue.run(async () => "held");
  assert.equal(
    queue.run(async () => "refused"),
    null,
  );
  await held;
  assert.notEqual(
    queue.run(async () => "taken"),
    null,
  );
  await queue.idle();
});
