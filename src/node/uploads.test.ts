/** Bytes from a page come to lie where a transfer can read them, and nowhere else. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { DeliveryId } from "#base/brand.ts";
import { utf8 } from "#base/bytes.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { UPLOAD_IDLE_MS_MAX, UPLOADS_OPEN_MAX } from "./limits.ts";
import { systemRandom } from "./system.ts";
import { openUploads } from "./uploads.ts";

const DELIVERY = "ab".repeat(32) as DeliveryId;

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "waybill-uploads-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function body(text: string): ReadableStream<Uint8Array> {
  return new Blob([utf8(text).slice()]).stream();
}

async function begun(clock = new SimulatedClock()) {
  const uploads = openUploads(root, { clock, random: systemRandom });
  const upload = await uploads.begin();
  assert.ok(upload.ok);
  return { uploads, clock, id: upload.value.uploadId };
}

test("files and folders are handed over by their top-level paths", async () => {
  const { uploads, id } = await begun();
  assert.deepEqual(await uploads.add(id, "photos/a.jpg", body("a")), { ok: true, value: { bytes: 1 } });
  assert.ok((await uploads.add(id, "notes.txt", body("notes"))).ok);
  const taken = await uploads.take(id);
  assert.ok(taken.ok);
  assert.deepEqual(taken.value.paths, [join(root, id, "notes.txt"), join(root, id, "photos")]);
  assert.equal(readFileSync(join(root, id, "photos", "a.jpg"), "utf8"), "a");
  assert.equal((await uploads.take(id)).ok, false);
});

test("a path that leads out, is empty, or comes twice is refused and nothing is written", async () => {
  const { uploads, id } = await begun();
  assert.ok((await uploads.add(id, "a", body("1"))).ok);
  for (const path of ["../x", "/etc/x", "a/../../x", "", "a//b", "a", ".", "b\\c", "n\0l"]) {
    const refused = await uploads.add(id, path, body("2"));
    assert.equal(refused.ok ? "" : refused.fault.code, "upload-path-refused", JSON.stringify(path));
  }
  assert.equal(readFileSync(join(root, id, "a"), "utf8"), "1");
});

test("uploads are bounded in number, and an idle one is dropped with its bytes", async () => {
  const { uploads, clock, id } = await begun();
  await uploads.add(id, "a", body("1"));
  for (let count = 1; count < UPLOADS_OPEN_MAX; count++) assert.ok((await uploads.begin()).ok);
  const refused = await uploads.begin();
  assert.equal(refused.ok ? "" : refused.fault.code, "uploads-busy");
  await clock.advance(UPLOAD_IDLE_MS_MAX);
  assert.ok((await uploads.begin()).ok);
  assert.equal(existsSync(join(root, id)), false);
});

test("after a restart an upload lives on while its delivery is unfinished, and goes with it", async () => {
  const { uploads, id } = await begun();
  await uploads.add(id, "a", body("1"));
  await uploads.take(id);
  await uploads.bind(id, DELIVERY);
  const later = openUploads(root, { clock: new SimulatedClock(), random: systemRandom });
  await later.recover({ anyUnfinished: true, isUnfinished: (delivery) => delivery === DELIVERY });
  assert.ok(existsSync(join(root, id)));
  await later.release(DELIVERY);
  assert.deepEqual(readdirSync(root), []);
});

test("an upload of which no delivery came is removed at once", async () => {
  const { uploads, id } = await begun();
  await uploads.add(id, "a", body("1"));
  await uploads.take(id);
  await uploads.drop(id);
  assert.deepEqual(readdirSync(root), []);
});

test("what no unfinished delivery reads is removed at the next start", async () => {
  const { uploads, id } = await begun();
  await uploads.add(id, "a", body("1"));
  const later = openUploads(root, { clock: new SimulatedClock(), random: systemRandom });
  await later.recover({ anyUnfinished: true, isUnfinished: () => true });
  assert.deepEqual(readdirSync(root), []);
});

test("an upload that was being sent when the process was killed stays while any delivery may read it", async () => {
  const { uploads, id } = await begun();
  await uploads.add(id, "a", body("1"));
  await uploads.take(id);
  const later = openUploads(root, { clock: new SimulatedClock(), random: systemRandom });
  await later.recover({ anyUnfinished: true, isUnfinished: () => false });
  assert.ok(existsSync(join(root, id, "a")));
  await later.recover({ anyUnfinished: false, isUnfinished: () => false });
  assert.deepEqual(readdirSync(root), []);
});
