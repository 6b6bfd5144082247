import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromHex } from "#base/bytes.ts";
import { sampleNetwork } from "#test/kit/waybill-sample.ts";
import {
  resealed,
  sampleAnchored,
  sampleFiles,
  sampleSigned,
  type WaybillVector,
  waybillVectors,
  waybillVectorsText,
} from "#test/kit/waybill-vectors.ts";
import { encodeWaybill, verifyWaybill } from "./index.ts";

const VECTORS = new URL("../../spec/vectors/waybill.json", import.meta.url);

test("the published vectors are those that the code makes", () => {
  assert.equal(readFileSync(VECTORS, "utf8"), waybillVectorsText());
});

function check(vector: WaybillVector): void {
  test(`vector: ${vector.name}`, () => {
    const bytes = fromHex(vector.waybill);
    assert.ok(bytes !== null);
    const context = vector.network === "known" ? { network: sampleNetwork } : {};
    const { verdict, waybill } = verifyWaybill(bytes, context);
    assert.equal(verdict.problem?.code ?? null, vector.code);
    assert.equal(verdict.grade, vector.grade);
    assert.equal(verdict.ok, vector.code === null);
    assert.equal(waybill === null, vector.code !== null);
    // The verdict travels as JSON: what it says must survive that.
    assert.deepEqual(JSON.parse(JSON.stringify(verdict)), verdict);
  });
}
for (const vector of waybillVectors()) check(vector);

for (const [name, waybill] of [
  ["signed", sampleSigned],
  ["anchored", sampleAnchored],
  ["files", sampleFiles],
] as const) {
  test(`${name}: no single byte can change, even with the sum made to fit`, () => {
    const sample = encodeWaybill(waybill);
    assert.ok(verifyWaybill(sample, { network: sampleNetwork }).verdict.ok);
    for (let at = 0; at < sample.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const changed = sample.slice();
        changed[at] = (changed[at] ?? 0) ^ flip;
        assert.equal(verifyWaybill(changed).verdict.grade, "refused", `byte ${at}`);
      }
      if (at >= sample.length - 32) continue;
      const changed = sample.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      const { verdict } = verifyWaybill(resealed(changed), { network: sampleNetwork });
      assert.equal(verdict.grade, "refused", `byte ${at}, sum made to fit`);
    }
  });
}

test("an anchor on the verifier's own chain shows a time and its depth", () => {
  const asked: string[] = [];
  const { verdict } = verifyWaybill(encodeWaybill(sampleFiles), {
    network: sampleNetwork,
    headerInMyChain: (id, header) => {
      asked.push(`${id} at ${header.height}`);
      return 6;
    },
  });
  assert.equal(verdict.grade, "in-my-chain");
  assert.deepEqual(asked, [`${verdict.blockId} at 7`]);
  assert.equal(verdict.confirmations, 6);
  assert.equal(verdict.notLaterThanMs, (1_790_000_015 + 60) * 1000);
  assert.match(
    verdict.statements.join(" "),
    /6 confirmations: the receipt existed not later than 2026-09-21T/,
  );
  assert.match(verdict.statements.join(" "), /3 files of together 3010 bytes/);
});

test("a block that the verifier's chain lacks is anchored and no more, and the verdict says so", () => {
  const { verdict } = verifyWaybill(encodeWaybill(sampleAnchored), {
    network: sampleNetwork,
    headerInMyChain: () => null,
  });
  assert.equal(verdict.grade, "anchored");
  assert.equal(verdict.confirmations, null);
  assert.match(verdict.limits.join(" "), /not on the chain known here/);
  assert.match(verdict.limits.join(" "), /If it stands on the chain of vectors/);
});

test("a verifier that knows no network, or another, is told what that leaves open", () => {
  const unknown = verifyWaybill(encodeWaybill(sampleAnchored)).verdict;
  assert.equal(unknown.grade, "anchored");
  assert.equal(unknown.notLaterThanMs, null);
  assert.match(unknown.limits.join(" "), /is not known here/);
  const other = verifyWaybill(encodeWaybill(sampleAnchored), {
    network: { ...sampleNetwork, chainId: new Uint8Array(32) },
    headerInMyChain: () => assert.fail("a block of another network is not looked up"),
  }).verdict;
  assert.equal(other.grade, "signed");
  assert.match(other.limits.join(" "), /belongs to another network/);
});

test("a signed receipt without anchor says that no time is shown", () => {
  const { verdict } = verifyWaybill(encodeWaybill(sampleSigned), { network: sampleNetwork });
  assert.equal(verdict.grade, "signed");
  assert.match(verdict.limits.join(" "), /not recorded in a ledger/);
  assert.equal(verdict.deliveredMs, 1_790_000_001_123);
});
