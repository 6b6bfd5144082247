import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "#base/bytes.ts";
import { blake3 } from "#crypto/blake3.ts";
import { filesBody, receiptFor, SAMPLE_FILES, SAMPLE_TEXT } from "#test/kit/waybill-sample.ts";
import { sampleFiles, sampleSigned } from "#test/kit/waybill-vectors.ts";
import { type ContentFile, sortedManifest, verifyContent, type Waybill } from "./index.ts";

function file(path: string, content: Uint8Array): ContentFile {
  return { path, bytes: content.length, digest: blake3(content) };
}

/** The sample's files as found below the folder `study`, wherever it stands now. */
function found(change: (path: string, content: Uint8Array) => ContentFile | null = file): ContentFile[] {
  return SAMPLE_FILES.map(([path, content]) => change(path.slice("study/".length), content)).filter(
    (one) => one !== null,
  );
}

async function folder(files: readonly ContentFile[], waybill: Waybill = sampleFiles) {
  return verifyContent(waybill, { kind: "folder", files });
}

test("the folder as received is the one delivered, whatever its own name is now", async () => {
  const verdict = await folder(found());
  assert.deepEqual([verdict.ok, verdict.problem, verdict.filesMatched, verdict.renamed], [true, null, 3, []]);
  const above = await folder(found((path, content) => file(`study/${path}`, content)));
  assert.equal(above.ok, true, "the folder that holds it does as well");
});

test("files may come from an asynchronous source", async () => {
  async function* files() {
    yield* found();
  }
  assert.equal((await verifyContent(sampleFiles, { kind: "folder", files: files() })).ok, true);
});

test("a changed, a missing and an additional file are each refused by name", async () => {
  const cases: readonly (readonly [readonly ContentFile[], string, RegExp])[] = [
    [
      found((path, content) => file(path, path === "notes.txt" ? utf8("two wordz\n") : content)),
      "content-differs",
      /1 changed, e\.g\. "study\/notes\.txt"/,
    ],
    [
      found((path, content) => (path === "notes.txt" ? null : file(path, content))),
      "content-missing",
      /1 missing, e\.g\. "study\/notes\.txt"/,
    ],
    [[...found(), file("more", utf8("x"))], "content-extra", /1 not part of the delivery, e\.g\. "more"/],
    [[], "content-missing", /3 missing/],
  ];
  for (const [files, code, cause] of cases) {
    const verdict = await folder(files);
    assert.equal(verdict.ok, false);
    assert.equal(verdict.problem?.code, code);
    assert.match(verdict.problem.cause, cause);
    assert.deepEqual(verdict.statements, []);
  }
});

test("a file that got a safer name on receipt is found by its content, once", async () => {
  const renamed = await folder(
    found((path, content) => file(path === "notes.txt" ? "notes_.txt" : path, content)),
  );
  assert.deepEqual([renamed.ok, renamed.filesMatched, renamed.renamed], [true, 3, ["study/notes.txt"]]);
  const twice = await folder([
    ...found((path, content) => file(path === "notes.txt" ? "a" : path, content)),
    file("b", utf8("two words\n")),
  ]);
  assert.deepEqual([twice.ok, twice.problem?.code, twice.extra], [false, "content-extra", ["b"]]);
});

test("one file can be compared alone", async () => {
  const one = await verifyContent(sampleFiles, {
    kind: "file",
    file: file("notes.txt", utf8("two words\n")),
  });
  assert.deepEqual([one.ok, one.renamed], [true, []]);
  const other = await verifyContent(sampleFiles, {
    kind: "file",
    file: file("notes.txt", utf8("two wordz\n")),
  });
  assert.equal(other.problem?.code, "content-unknown");
});

test("a delivery of one file is compared whatever the file is called", async () => {
  const content = utf8("alone");
  const manifest = sortedManifest([{ path: "a.txt", bytes: 5, modifiedMs: 0, digest: blake3(content) }]);
  const waybill: Waybill = { receipt: receiptFor(filesBody(manifest)), manifest, anchor: null };
  assert.equal((await verifyContent(waybill, { kind: "file", file: file("b.txt", content) })).ok, true);
  const changed = await verifyContent(waybill, { kind: "file", file: file("a.txt", utf8("alonE")) });
  assert.deepEqual([changed.problem?.code, changed.changed], ["content-differs", ["a.txt"]]);
});

test("a message is compared with a file of its text", async () => {
  const same = await verifyContent(sampleSigned, { kind: "file", file: file("x", utf8(SAMPLE_TEXT)) });
  assert.equal(same.ok, true);
  const other = await verifyContent(sampleSigned, {
    kind: "file",
    file: file("x", utf8(`${SAMPLE_TEXT}\n`)),
  });
  assert.equal(other.problem?.code, "content-differs");
  assert.equal((await folder([file("x", utf8(SAMPLE_TEXT))], sampleSigned)).ok, false);
});

test("an endless folder ends the comparison", async () => {
  function* endless() {
    for (let at = 0; ; at++) yield { path: String(at), bytes: 0, digest: new Uint8Array(32) };
  }
  const verdict = await verifyContent(sampleFiles, { kind: "folder", files: endless() });
  assert.equal(verdict.problem?.code, "content-too-many-files");
});
