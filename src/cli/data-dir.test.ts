import assert from "node:assert/strict";
import { test } from "node:test";
import { dataDirOf } from "./data-dir.ts";
import { browserCommand } from "./open-page.ts";

const linux = { environment: {}, platform: "linux", homeDir: "/home/a", workingDir: "/home/a/here" };

test("the data folder: flag, then WAYBILL_DATA, then the usual place of the system", () => {
  const environment = { WAYBILL_DATA: "from-env", XDG_DATA_HOME: "/xdg" };
  assert.equal(dataDirOf("x", { ...linux, environment }), "/home/a/here/x");
  assert.equal(dataDirOf("/x", { ...linux, environment }), "/x");
  assert.equal(dataDirOf(undefined, { ...linux, environment }), "/home/a/here/from-env");
  assert.equal(dataDirOf(undefined, { ...linux, environment: { XDG_DATA_HOME: "/xdg" } }), "/xdg/waybill");
  assert.equal(
    dataDirOf(undefined, { ...linux, environment: { XDG_DATA_HOME: "relative" } }),
    "/home/a/.local/share/waybill",
  );
  assert.equal(dataDirOf(undefined, linux), "/home/a/.local/share/waybill");
  const mac = { ...linux, platform: "darwin", homeDir: "/Users/a" };
  assert.equal(dataDirOf(undefined, mac), "/Users/a/Library/Application Support/Waybill");
  const windows = { ...linux, platform: "win32", homeDir: "C:\\Users\\a", workingDir: "C:\\" };
  assert.equal(dataDirOf(undefined, windows), "C:\\Users\\a\\AppData\\Local\\Waybill");
  assert.equal(dataDirOf("d", windows), "C:\\d");
});

test("a browser is opened only where there is a screen", () => {
  assert.equal(browserCommand(linux), null);
  assert.deepEqual(browserCommand({ ...linux, environment: { WAYLAND_DISPLAY: "wayland-0" } }), ["xdg-open"]);
  assert.deepEqual(browserCommand({ ...linux, platform: "darwin" }), ["open"]);
});
