import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DEFAULT_SETTINGS, readSettings } from "./config.ts";
import { keepSettings } from "./settings-actions.ts";

test("a choice is kept; one that is kept already needs no disk", () => {
  const folder = mkdtempSync(join(tmpdir(), "waybill-settings-"));
  const keeper = keepSettings(folder, DEFAULT_SETTINGS);
  assert.ok(keeper.change({ name: "alice" }).ok);
  const kept = readSettings(folder);
  assert.deepEqual(kept.ok ? kept.value : kept.fault, { ...DEFAULT_SETTINGS, name: "alice" });
  rmSync(folder, { recursive: true });
  assert.ok(keeper.change({ name: "alice" }).ok);
  const refused = keeper.change({ name: "bob" });
  assert.equal(refused.ok ? "" : refused.fault.code, "settings-not-written");
  assert.equal(keeper.current().name, "alice");
});
