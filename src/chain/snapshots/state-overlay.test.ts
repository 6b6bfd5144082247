import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareBytes, toHex } from "#base/bytes.ts";
import type { LeafSource } from "#ledger/state-tree.ts";
import { StateOverlay } from "./state-overlay.ts";

/** The slow obvious one. */
class Entries implements LeafSource {
  readonly #entries: readonly (readonly [Uint8Array, Uint8Array])[];
  /** Leaves that were read. */
  reads = 0;

  constructor(entries: ReadonlyMap<string, Uint8Array>) {
    const all = [...entries].map(
      ([name, value]) => [Uint8Array.from(Buffer.from(name, "hex")), value] as const,
    );
    this.#entries = all.sort(([a], [b]) => compareBytes(a, b));
  }

  get(key: Uint8Array): Uint8Array | null {
    return this.#entries.find(([each]) => compareBytes(each, key) === 0)?.[1] ?? null;
  }

  *range(from: Uint8Array, to: Uint8Array | null): Generator<readonly [Uint8Array, Uint8Array]> {
    for (const entry of this.#entries) {
      if (compareBytes(entry[0], from) < 0 || (to !== null && compareBytes(entry[0], to) >= 0)) continue;
      this.reads += 1;
      yield entry;
    }
  }
}

/** Few different first bytes, so that keys meet in one piece and lie at its edges. */
const key = fc
  .tuple(fc.constantFrom(0, 1, 15, 16, 17, 255), fc.constantFrom(0, 15, 16, 255), fc.nat(3))
  .map(([first, second, last]) => {
    const bytes = new Uint8Array(32);
    bytes.set([first, second]);
    bytes[31] = last;
    return bytes;
  });
const value = fc.uint8Array({ minLength: 1, maxLength: 2 });

test("property: what lies over today's state reads as the state that was, in each stretch", () => {
  const then = fc.array(fc.tuple(key, value), { maxLength: 30 });
  const changes = fc.array(fc.tuple(key, fc.option(value)), { maxLength: 30 });
  fc.assert(
    fc.property(then, changes, key, fc.option(key), (entries, made, from, to) => {
      const was = new Map(entries.map(([each, content]) => [toHex(each), content]));
      const is = new Map(was);
      const overlay = new StateOverlay();
      const touched = new Set<string>();
      for (const [each, content] of made) {
        const name = toHex(each);
        if (!overlay.has(each)) overlay.set(each, was.get(name) ?? null);
        touched.add(name);
        if (content === null) is.delete(name);
        else is.set(name, content);
        // Read between two changes too, as chunks are cut between two blocks.
        assert.deepEqual(
          [...overlay.over(new Entries(is)).range(from, to)],
          [...new Entries(was).range(from, to)],
        );
      }
      const asItWas = overlay.over(new Entries(is));
      assert.equal(overlay.size, touched.size);
      assert.deepEqual([...asItWas.range(from, to)], [...new Entries(was).range(from, to)]);
      for (const each of [from, ...made.map(([changed]) => changed)])
        assert.deepEqual(asItWas.get(each), was.get(toHex(each)) ?? null);
    }),
    { numRuns: 100 },
  );
});

test("reading on takes of the state below no more than what was asked for", () => {
  const entries = Array.from(
    { length: 64 },
    (_, at) => [toHex(new Uint8Array(32).fill(at)), Uint8Array.of(at)] as const,
  );
  const state = new Entries(new Map(entries));
  const overlay = new StateOverlay();
  overlay.set(new Uint8Array(32).fill(2), null);
  const read = overlay.over(state).range(new Uint8Array(32), null)[Symbol.iterator]();
  for (let at = 0; at < 5; at++) read.next();
  assert.equal(state.reads, 6, "five, and the one that was not there");
});
