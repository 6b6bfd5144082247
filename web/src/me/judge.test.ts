import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { encodeWaybill, verifyWaybill } from "#receipts/index.ts";
import { anchorFor, messageBody, receiptFor } from "#test/kit/waybill-sample.ts";
import { sampleSigned } from "#test/kit/waybill-vectors.ts";
import { judge } from "./judge.ts";

const networks = new URL("../../../networks/", import.meta.url);
const genesisTexts = readdirSync(networks).map((name) => readFileSync(new URL(name, networks), "utf8"));

test("the page brings along every network that comes with Waybill", () => {
  const thread = readFileSync(new URL("check-thread.ts", import.meta.url), "utf8");
  const brought = [...thread.matchAll(/networks\/([\w-]+\.json)\?raw/g)].map(([, name]) => name);
  assert.deepEqual(brought.toSorted(), readdirSync(networks).toSorted());
});

test("a proof is judged as without any network where no genesis can be read", () => {
  const receipt = receiptFor(messageBody());
  const bytes = encodeWaybill({ receipt, manifest: null, anchor: anchorFor(receipt) });
  for (const texts of [[], ["not a genesis"], ["{}", "\0"], genesisTexts]) {
    assert.deepEqual(judge(bytes, texts), {
      verdict: verifyWaybill(bytes).verdict,
      grade: "Signed by both, and anchored",
    });
  }
});

test("any bytes, and any change of a sound proof, get a verdict", () => {
  const sound = encodeWaybill(sampleSigned);
  assert.equal(judge(sound, genesisTexts).verdict.grade, "signed");
  const edited = fc
    .tuple(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }))
    .map(([at, by]) => sound.with(at, (sound[at] ?? 0) ^ by));
  fc.assert(
    fc.property(fc.oneof(edited, fc.uint8Array({ maxLength: 600 })), (bytes) => {
      const { verdict, grade } = judge(bytes, genesisTexts);
      assert.deepEqual([verdict.ok, grade], [false, "Refused"]);
      assert.ok(verdict.problem !== null);
    }),
    { numRuns: 200 },
  );
});
