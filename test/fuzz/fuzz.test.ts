/**
 * Every decoder on what was found before and on some thousand fresh inputs; the same targets as `npm run fuzz`, which
 * takes its time. And the list itself: a decoder that nobody lists is not fuzzed.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { toHex } from "#base/bytes.ts";
import { keptCases } from "./cases.ts";
import { feedOnce, fuzz } from "./engine.ts";
import { bytesTarget } from "./target.ts";
import { TARGETS } from "./targets/index.ts";

const INPUTS = 300;
const SEED = 20_261_121;

/** Exported functions named like decoders that are none of strangers' bytes, each with the reason. */
const NOT_FUZZED: Readonly<Record<string, string>> = {
  decodeWith: "runs a decoder that is given",
  decoded: "unwraps what our own disk held",
  readSettings: "reads a file; decodeSettings is under it",
  readNetworkKeyFile: "reads a file; decodeNetworkKey is under it",
  readApiToken: "reads a file of our own",
  readApiFile: "reads a file; decodeApiFile is under it",
  decodeHistory: "of our own disk alone, and throws when that is damaged",
  readFrame: "reads a stream; the transfer frame's decodeFrame is under it",
  readContent: "hashes a file",
  decodeRequest: "Hono and zod under it; bad-input-api.test.ts sends it all it can",
  readWhole: "bounds a body, and decodes nothing",
  readJson: "bounds a body and calls JSON.parse",
};

for (const target of TARGETS) {
  test(`${target.name}: kept cases and fresh inputs get a verdict`, () => {
    for (const input of keptCases(target.name)) {
      const outcome = feedOnce(target, input);
      assert.ok("shape" in outcome, `${toHex(input)}: ${"cause" in outcome ? outcome.cause : ""}`);
    }
    const run = fuzz(target, SEED, (inputs) => inputs >= INPUTS);
    assert.equal(
      run.broken,
      null,
      run.broken === null ? "" : `${run.broken.cause}: ${toHex(run.broken.input)}`,
    );
    assert.ok(run.shapes > 1, "whatever goes in, the same comes out: nothing is tested");
  });
}

test("a decoder that throws, or accepts what it would not write, is caught and the input made small", () => {
  const throwing = bytesTarget({
    name: "throwing",
    functions: [],
    decode: (input) => {
      if (input.includes(0xff)) throw new RangeError("seen");
      return { ok: false, fault: { code: "malformed" } };
    },
    samples: [new Uint8Array(64)],
  });
  const caught = fuzz(throwing, SEED, (inputs) => inputs >= 10_000).broken;
  assert.match(caught?.cause ?? "", /RangeError: seen/);
  assert.deepEqual(caught?.input, Uint8Array.of(0xff));
  const lenient = bytesTarget({
    name: "lenient",
    functions: [],
    decode: (input) => ({ ok: true, value: input.slice(0, 4) }),
    encode: (value) => value,
    samples: [new Uint8Array(4)],
  });
  assert.match(fuzz(lenient, SEED, (inputs) => inputs >= 10_000).broken?.cause ?? "", /encoded otherwise/);
});

test("every exported decoder is a target, or is left out for a reason that stands here", () => {
  const named = new Set(TARGETS.flatMap((target) => target.functions.map((name) => name.split(" ").at(-1))));
  const missing: string[] = [];
  for (const file of globSync("src/**/*.ts").filter((name) => !name.endsWith(".test.ts"))) {
    const text = readFileSync(file, "utf8");
    for (const [, name = ""] of text.matchAll(
      /^export (?:async )?function ((?:decode|parse|read)[A-Z]\w*)/gm,
    )) {
      if (!named.has(name) && NOT_FUZZED[name] === undefined) missing.push(`${file}: ${name}`);
    }
  }
  assert.deepEqual(missing, []);
});
