/** One process a folder; damage is told, and mended only where nothing of the user's is at stake. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DEFAULT_SETTINGS, readSettings, writeSettings } from "./config.ts";
import { holdDataFolder, openDeliveryDatabase, openLedgerDatabase } from "./data-folder.ts";
import { openIdentity } from "./identity.ts";

function folder(run: (path: string) => void): void {
  const path = mkdtempSync(join(tmpdir(), "waybill-folder-"));
  try {
    run(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

const CHAIN = "ab".repeat(32);

test("a folder held once is refused until it is released", () =>
  folder((path) => {
    const first = holdDataFolder(path);
    assert.ok(first.ok);
    const second = holdDataFolder(path);
    assert.equal(second.ok ? "" : second.fault.code, "data-folder-in-use");
    first.value.lock.release();
    const third = holdDataFolder(path);
    assert.ok(third.ok);
    third.value.lock.release();
  }));

test("the identity is made once, mode 0600, and stays", () =>
  folder((path) => {
    const made = openIdentity(path);
    assert.ok(made.ok && made.value.isNew);
    if (process.platform !== "win32") {
      assert.equal(statSync(join(path, "identity.key")).mode & 0o777, 0o600);
    }
    const found = openIdentity(path);
    assert.ok(found.ok && !found.value.isNew);
    assert.equal(found.value.keypair.peerId, made.value.keypair.peerId);
  }));

test(
  "a key that others may read and whose mode cannot be mended is not used, and says what to do",
  {
    skip: process.platform !== "linux" || process.getuid?.() !== 0 ? "needs root on Linux" : false,
  },
  (t) =>
    folder((path) => {
      assert.ok(openIdentity(path).ok);
      const file = join(path, "identity.key");
      chmodSync(file, 0o640);
      try {
        execFileSync("mount", ["--bind", path, path], { stdio: "ignore" });
      } catch {
        t.skip("root of this container may not mount");
        return;
      }
      try {
        execFileSync("mount", ["-o", "remount,bind,ro", path]);
        const refused = openIdentity(path);
        assert.equal(refused.ok ? "" : refused.fault.code, "identity-exposed");
      } finally {
        execFileSync("umount", [path]);
      }
      assert.ok(openIdentity(path).ok);
      assert.equal(statSync(file).mode & 0o777, 0o600);
    }),
);

test("a file of deliveries that cannot be opened is not called damaged", () =>
  folder((path) => {
    mkdirSync(join(path, "waybill.db"));
    const refused = openDeliveryDatabase(path, []);
    assert.equal(refused.ok ? "" : refused.fault.code, "deliveries-unusable");
  }));

test("what was said is for its owner's eyes, also in a folder that others may read", () =>
  folder((path) => {
    chmodSync(path, 0o755);
    const opened = openDeliveryDatabase(path, []);
    assert.ok(opened.ok);
    for (const file of readdirSync(path)) {
      if (process.platform !== "win32") assert.equal(statSync(join(path, file)).mode & 0o777, 0o600, file);
    }
    opened.value.close();
  }));

test("an identity file that holds no key is refused and left alone", () =>
  folder((path) => {
    writeFileSync(join(path, "identity.key"), "waybill-identity-v1 zz\n");
    const refused = openIdentity(path);
    assert.equal(refused.ok ? "" : refused.fault.code, "identity-corrupt");
    assert.equal(readFileSync(join(path, "identity.key"), "utf8"), "waybill-identity-v1 zz\n");
  }));

test("settings come back as written; a corrupt file is refused with its reason", () =>
  folder((path) => {
    assert.deepEqual(readSettings(path), { ok: true, value: DEFAULT_SETTINGS });
    const doors = { mode: "outbound-only", allow: ["10.0.0.0/8"], block: ["10.0.0.9"] } as const;
    const chosen = {
      name: "alice",
      accept: "ask",
      mining: { ...DEFAULT_SETTINGS.mining, mode: "off", threads: 2 },
      keepBlocks: 5_000,
      doors,
      trackers: ["tracker.example"],
    } as const;
    writeSettings(path, chosen);
    assert.deepEqual(readSettings(path), { ok: true, value: chosen });
    const malformed = [
      "{",
      "[]",
      '{"nmae":"x"}',
      '{"accept":"never"}',
      '{"mining":"on"}',
      '{"mining":{"threads":0}}',
      '{"name":7}',
      '{"keepBlocks":10}',
      '{"accept":"ask","accept":"all"}',
    ];
    const badDoors = [
      "[]",
      '{"mode":"ajar","allow":[],"block":[]}',
      '{"mode":"open","allow":[7],"block":[]}',
    ];
    for (const text of [
      '{"trackers":[7]}',
      '{"trackers":"t"}',
      ...malformed,
      ...badDoors.map((each) => `{"doors":${each}}`),
    ]) {
      writeFileSync(join(path, "config.json"), text);
      const refused = readSettings(path);
      assert.equal(refused.ok ? "" : refused.fault.code, "config-corrupt", text);
    }
  }));

test("a damaged ledger is moved aside and begun anew; damaged deliveries are only told", () =>
  folder((path) => {
    const garbage = Buffer.alloc(8192, 0x5a);
    const ledgerFile = join(path, `ledger-${CHAIN.slice(0, 16)}.db`);
    writeFileSync(ledgerFile, garbage);
    const ledger = openLedgerDatabase(path, CHAIN, []);
    assert.ok(ledger.ok);
    assert.equal(ledger.value.repaired?.code, "ledger-refetched");
    assert.ok(existsSync(`${ledgerFile}.damaged`));
    ledger.value.database.close();

    writeFileSync(join(path, "waybill.db"), garbage);
    const deliveries = openDeliveryDatabase(path, []);
    assert.equal(deliveries.ok ? "" : deliveries.fault.code, "deliveries-damaged");
    assert.deepEqual(readFileSync(join(path, "waybill.db")), garbage);
  }));
