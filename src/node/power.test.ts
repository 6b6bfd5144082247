import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { PowerSource } from "#mining/index.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { POWER_LOOK_PERIOD_MS } from "./limits.ts";
import { powerSource, watchPower } from "./power.ts";

type Supply = Readonly<Record<string, string>>;

function sourceWith(supplies: Readonly<Record<string, Supply>>): PowerSource {
  const folder = mkdtempSync(join(tmpdir(), "waybill-power-"));
  try {
    for (const [name, fields] of Object.entries(supplies)) {
      mkdirSync(join(folder, name));
      for (const [field, value] of Object.entries(fields))
        writeFileSync(join(folder, name, field), `${value}\n`);
    }
    return powerSource(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const PLUG: Supply = { type: "Mains", online: "1" };

test("a laptop's battery says whether it is being emptied", () => {
  const battery = (status: string): Supply => ({ type: "Battery", status, scope: "System" });
  assert.equal(sourceWith({ AC: { ...PLUG, online: "0" }, BAT0: battery("Discharging") }), "battery");
  assert.equal(sourceWith({ AC: PLUG, BAT0: battery("Charging") }), "mains");
  assert.equal(sourceWith({ BAT0: { type: "Battery", status: "Full" } }), "mains");
  assert.equal(sourceWith({ BAT0: battery("Full"), BAT1: battery("Discharging") }), "battery");
});

test("what says nothing of the computer's own power leaves it unknown", () => {
  assert.equal(sourceWith({}), "unknown");
  assert.equal(sourceWith({ AC: PLUG }), "unknown");
  assert.equal(sourceWith({ mouse: { type: "Battery", scope: "Device", status: "Discharging" } }), "unknown");
  assert.equal(sourceWith({ odd: { status: "Discharging" } }), "unknown");
  assert.equal(powerSource("/nowhere/at/all"), "unknown");
});

test("a plug that is pulled is noticed within the period, and after the end nothing is looked at", async () => {
  const clock = new SimulatedClock();
  const heard: PowerSource[] = [];
  let now: PowerSource = "mains";
  const stop = watchPower(
    clock,
    (source) => heard.push(source),
    () => now,
  );
  now = "battery";
  await clock.advance(POWER_LOOK_PERIOD_MS);
  stop();
  await clock.advance(POWER_LOOK_PERIOD_MS * 3);
  assert.deepEqual(heard, ["mains", "battery"]);
});
