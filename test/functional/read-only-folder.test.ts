/** A real peer on a disk that is mounted read-only: it says why, and what next. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { must, peer, startArguments, waybill } from "#test/kit/process.ts";

const whyNot =
  process.platform === "linux" && process.getuid?.() === 0 ? false : "needs root on Linux for a tmpfs";

function contentOf(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString("hex")] as const);
}

test("a start on a data folder that cannot be written says why and what next, changes nothing, and succeeds once it can", {
  skip: whyNot,
}, async (t) => {
  const disk = mkdtempSync(join(tmpdir(), "waybill-read-only-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], { stdio: "pipe" });
  t.after(() => {
    execFileSync("umount", ["--lazy", disk]);
    rmSync(disk, { recursive: true });
  });
  const options = {
    name: "alice",
    dataDir: join(disk, "data"),
    flags: ["--no-discovery", "--no-port-mapping", "--no-mine"],
  };
  const first = await peer(t, options);
  const { peerId } = await must(first.client.status());
  await first.interrupt();
  execFileSync("mount", ["-o", "remount,ro", disk]);
  const before = contentOf(options.dataDir);
  for (const dataDir of [options.dataDir, join(disk, "another")]) {
    const refused = await waybill(...startArguments({ ...options, dataDir }));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^data-folder-unusable: .*\n.*--data.*read-only/);
    assert.equal(refused.stderr.trim().split("\n").length, 2, refused.stderr);
  }
  assert.deepEqual(contentOf(options.dataDir), before);
  execFileSync("mount", ["-o", "remount,rw", disk]);
  const again = await peer(t, options);
  assert.equal((await must(again.client.status())).peerId, peerId);
  await again.interrupt();
});
