import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { BlockId } from "#base/brand.ts";
import { fromHex, toHex } from "#base/bytes.ts";
import { sha256d } from "#crypto/sha256.ts";
import {
  asertTarget,
  bitsOfTarget,
  meetsTarget,
  nextWork,
  targetBytes,
  targetOfBits,
  workOfBits,
} from "./target.ts";
import { testNetwork } from "./test-chain.ts";

interface Vectors {
  readonly compact: readonly {
    readonly bits: string;
    readonly target: string | null;
    readonly reason: string;
  }[];
  readonly headers: readonly {
    readonly height: number;
    readonly header: string;
    readonly id: string;
    readonly bits: string;
  }[];
  readonly kernel: readonly {
    readonly source: string;
    readonly tauSeconds: number;
    readonly reference: string;
    readonly points: readonly { readonly lag: number; readonly bits: string }[];
  }[];
}
const file = new URL("../../spec/vectors/ledger-target.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const LIMIT_OF_PUBLISHED = 0xffffn << 208n;

function mustTarget(bits: number): bigint {
  const target = targetOfBits(bits);
  assert.notEqual(target, null, bits.toString(16));
  return target ?? 0n;
}

test("compact forms: the canonical ones and no other", () => {
  for (const { bits, target, reason } of vectors.compact) {
    const found = targetOfBits(Number.parseInt(bits, 16));
    assert.equal(found === null ? null : found.toString(16), target, `${bits}: ${reason}`);
  }
});

test("published points of the kernel", () => {
  for (const { source, tauSeconds, reference, points } of vectors.kernel) {
    for (const { lag, bits } of points) {
      const target = asertTarget(mustTarget(Number.parseInt(reference, 16)), lag, tauSeconds);
      const held = target > LIMIT_OF_PUBLISHED ? LIMIT_OF_PUBLISHED : target;
      assert.equal(bitsOfTarget(held).toString(16).padStart(8, "0"), bits, `${source} at lag ${lag}`);
    }
  }
});

test("headers of Bitcoin: the hash that everybody knows, and it meets the target that the header states", () => {
  assert.equal(vectors.headers.length, 3);
  for (const { height, header, id, bits } of vectors.headers) {
    const bytes = fromHex(header);
    assert.ok(bytes);
    // Bitcoin shows its ids, and reads them as numbers, from the last byte; ours are read from the first.
    assert.equal(toHex(sha256d(bytes).toReversed()), id, `block ${height}`);
    const compact = Number.parseInt(bits, 16);
    assert.equal(new DataView(bytes.buffer).getUint32(72, true), compact);
    assert.ok(meetsTarget(id as BlockId, compact));
    assert.ok(!meetsTarget(id as BlockId, bitsOfTarget(BigInt(`0x${id}`) - 1n)), "a target just below it");
  }
});

test("the kernel stays within 0.013 % of the true exponential, and rises with the lag", () => {
  const reference = 1n << 200n;
  const lags = fc.integer({ min: -40 * 600, max: 40 * 600 });
  fc.assert(
    fc.property(lags, (lag) => {
      const exact = 2 ** (Math.trunc((lag * 65536) / 600) / 65536);
      const ratio = Number(asertTarget(reference, lag, 600)) / Number(reference) / exact;
      assert.ok(Math.abs(ratio - 1) < 0.000_13, `${lag}: ${ratio}`);
      assert.ok(asertTarget(reference, lag + 1, 600) >= asertTarget(reference, lag, 600));
    }),
  );
});

test("a compact form cuts a target off by less than one part in 2^15, and says it again as it was read", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 256n - 1n }), (target) => {
      const bits = bitsOfTarget(target);
      const read = mustTarget(bits);
      assert.equal(bitsOfTarget(read), bits);
      assert.ok(read <= target && target - read <= target >> 15n);
      assert.equal(BigInt(`0x${toHex(targetBytes(bits))}`), read);
      assert.equal(workOfBits(bits), 2n ** 256n / (read + 1n));
    }),
  );
});

test("arbitrary compact forms get a verdict", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (bits) => {
      const target = targetOfBits(bits);
      if (target !== null) assert.equal(bitsOfTarget(target), bits);
      else assert.equal(meetsTarget("0".repeat(64) as BlockId, bits), false);
    }),
  );
});

test("an id meets its target up to equality, read as a big-endian number", () => {
  const bits = 0x1e100000;
  const target = mustTarget(bits);
  const id = (value: bigint) => value.toString(16).padStart(64, "0") as BlockId;
  assert.equal(meetsTarget(id(target), bits), true);
  assert.equal(meetsTarget(id(target + 1n), bits), false);
  assert.equal(meetsTarget(id(0n), bits), true);
  assert.equal(meetsTarget(`01${"0".repeat(62)}` as BlockId, bits), false);
});

const { params } = testNetwork({ initialBits: 0x1d00ffff, powLimitBits: 0x1e100000 });
/** Where the test network's target reaches its limit: log2(2^236 / 0xffff 2^208) * tau = 12 * 600, rounded up. */
const LAG_MAX = 7201;

test("on schedule the target is the initial one; half a tau late it is easier by the square root of two", () => {
  assert.deepEqual(nextWork({ time: 0, lag: 0 }, 15, params), { bits: params.initialBits, lag: 0 });
  const late = nextWork({ time: 0, lag: 300 }, 15, params);
  const ratio = Number(mustTarget(late.bits)) / Number(mustTarget(params.initialBits));
  assert.ok(Math.abs(ratio - Math.SQRT2) < 0.001, `${ratio}`);
});

test("a weekend without blocks is forgotten beyond the easiest target", () => {
  const weekend = nextWork({ time: 0, lag: 0 }, 64 * 3600, params);
  assert.deepEqual(weekend, { bits: params.powLimitBits, lag: LAG_MAX });
  assert.ok(
    mustTarget(nextWork({ time: 0, lag: LAG_MAX - 1 }, 15, params).bits) < mustTarget(params.powLimitBits),
  );
});

test("a stall eases the target late, in whole steps, and not at all when turned off", () => {
  const bits = (elapsed: number, of = params) => nextWork({ time: 0, lag: 0 }, elapsed, of).bits;
  assert.equal(bits(60), params.initialBits);
  assert.equal(bits(74), params.initialBits);
  assert.equal(bits(75), nextWork({ time: 0, lag: 15 }, 15, params).bits);
  assert.equal(bits(89), bits(75));
  assert.notEqual(bits(90), bits(75));
  assert.equal(bits(100_000, { ...params, easeAfterSeconds: 0 }), params.initialBits);
});

test("while no bound is reached the lag is exactly time less schedule", () => {
  const gaps = fc.array(fc.integer({ min: 3, max: 60 }), { maxLength: 50 });
  fc.assert(
    fc.property(gaps, (seconds) => {
      let header = { time: 0, lag: 0 };
      for (const gap of seconds) {
        const time = header.time + gap;
        header = { time, lag: nextWork(header, time, params).lag };
      }
      assert.equal(header.lag, header.time - 15 * seconds.length);
    }),
  );
});

test("the lag stays within its bounds whatever the times", () => {
  const lags = fc.integer({ min: -256 * 600, max: LAG_MAX });
  fc.assert(
    fc.property(lags, fc.integer({ min: 3, max: 2 ** 31 }), (lag, elapsed) => {
      const next = nextWork({ time: 0, lag }, elapsed, params);
      assert.ok(next.lag >= -256 * 600 && next.lag <= LAG_MAX);
      assert.ok(mustTarget(next.bits) <= mustTarget(params.powLimitBits));
    }),
  );
});

test("a burst at the least gap doubles the work about every fifty blocks", () => {
  let header = { time: 0, lag: LAG_MAX };
  const work = () => workOfBits(nextWork(header, header.time + 3, params).bits);
  const before = work();
  for (let block = 0; block < 50; block++) {
    const time = header.time + 3;
    header = { time, lag: nextWork(header, time, params).lag };
  }
  const ratio = Number(work()) / Number(before);
  assert.ok(ratio > 1.95 && ratio < 2.05, `${ratio}`);
});
