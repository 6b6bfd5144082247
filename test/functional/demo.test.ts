import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { waybill } from "#test/kit/process.ts";

const DEMO = resolve(import.meta.dirname, "..", "..", "tools", "demo.ts");
const SECONDS_MAX = 90;

test("npm run demo -- --once --json: a delivery with all its proofs, and one tip for four", async (t) => {
  const child = spawn(process.execPath, [DEMO, "--once", "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGTERM"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, "close");
  assert.equal(code, 0, output);
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  const report = JSON.parse(last);
  t.after(() => rmSync(dirname(report.receipt.path), { recursive: true, force: true }));

  assert.equal(report.ok, true);
  assert.ok(report.seconds < SECONDS_MAX, `${report.seconds} s`);
  assert.deepEqual(report.peers.map((peer: { name: string }) => peer.name).sort(), [
    "alice",
    "bob",
    "carol",
    "dave",
  ]);
  assert.equal(new Set(report.peers.map((peer: { tip: string }) => peer.tip)).size, 1);
  assert.equal(new Set(report.peers.map((peer: { height: number }) => peer.height)).size, 1);
  const mined = report.peers.reduce((sum: number, peer: { mined: number }) => sum + peer.mined, 0);
  // Other classroom peers on this computer may have joined, and mined some of the blocks.
  assert.ok(mined > 0 && mined <= report.peers[0].height, `${mined} of ${report.peers[0].height} blocks`);
  assert.deepEqual(report.message, { state: "anchored" });
  assert.equal(report.transfer.state, "anchored");
  assert.equal(report.transfer.files, 201);
  assert.ok(report.transfer.resumedFromBytes > 0 && report.transfer.resumedFromBytes < report.transfer.bytes);
  assert.deepEqual(report.payment, { state: "confirmed" });
  assert.equal(report.receipt.verified, true);

  const content = join(dirname(report.receipt.path), "scans");
  assert.ok(existsSync(content));
  assert.equal((await waybill("verify", report.receipt.path, content)).code, 0);
  const bytes = readFileSync(report.receipt.path);
  const changed = join(dirname(report.receipt.path), "changed.waybill");
  // Spread over the file, so that each of its parts is hit; every byte is tried by the tests of the verifier.
  for (let part = 0; part < 12; part++) {
    const copy = Buffer.from(bytes);
    const at = Math.floor((bytes.length * part) / 12) + part;
    copy[at] = (copy[at] ?? 0) ^ (1 << (part % 8));
    writeFileSync(changed, copy);
    assert.equal((await waybill("verify", changed)).code, 1, `byte ${at} changed`);
  }
});
