import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { TIMER_MS_MAX } from "./limits.ts";
import { fileLog, systemClock } from "./system.ts";

test("a log on a full disk is silent and harms nobody", {
  skip: !existsSync("/dev/full") && "there is no disk that is always full",
}, () => {
  const log = fileLog("/dev/full");
  for (let line = 0; line < 3; line++) {
    assert.doesNotThrow(() => log.fault("could not be stored", new Error("x".repeat(600_000))));
  }
});

test("a wait longer than the runtime's longest is waited for, and can be ended in each of its parts", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const ran: string[] = [];
  const clock = systemClock(0);
  clock.after(2 * TIMER_MS_MAX + 5, () => ran.push("kept"));
  const ended = clock.after(2 * TIMER_MS_MAX + 5, () => ran.push("ended"));
  t.mock.timers.tick(TIMER_MS_MAX);
  t.mock.timers.tick(TIMER_MS_MAX);
  ended.cancel();
  t.mock.timers.tick(4);
  assert.deepEqual(ran, []);
  t.mock.timers.tick(1);
  assert.deepEqual(ran, ["kept"]);
});
