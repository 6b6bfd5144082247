import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat } from "#base/bytes.ts";
import { creditMark, endMark, FrameAssembler, frameHeader } from "./frame-assembler.ts";

const FRAME_MAX = 300;

function encode(frames: readonly Uint8Array[]): Uint8Array {
  return concat(...frames.flatMap((frame) => [frameHeader(frame.length), frame]));
}

function drain(assembler: FrameAssembler): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (;;) {
    const next = assembler.next();
    if (!(next instanceof Uint8Array)) return frames;
    frames.push(next);
  }
}

test("frames come out whole however the stream is cut", () => {
  const frames = fc.array(fc.uint8Array({ maxLength: FRAME_MAX }), { maxLength: 6 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (given, cuts) => {
      const bytes = encode(given);
      const assembler = new FrameAssembler(FRAME_MAX);
      const out: Uint8Array[] = [];
      for (let at = 0, cut = 0; at < bytes.length; cut++) {
        const size = cuts[cut % cuts.length] ?? 1;
        assembler.push(bytes.subarray(at, at + size));
        out.push(...drain(assembler));
        at += size;
      }
      assert.deepEqual(out, given);
      assert.equal(assembler.waitingBytes, 0);
    }),
  );
});

test("byte by byte, a frame is there with its last byte and not before", () => {
  const frames = [new Uint8Array(0), Uint8Array.of(1), new Uint8Array(FRAME_MAX).fill(7)];
  const bytes = encode(frames);
  const ends = [4, 9, 9 + 4 + FRAME_MAX];
  const assembler = new FrameAssembler(FRAME_MAX);
  const seen: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    assembler.push(bytes.subarray(at, at + 1));
    for (const _frame of drain(assembler)) seen.push(at + 1);
  }
  assert.deepEqual(seen, ends);
});

test("a length above the limit is refused by its header alone", () => {
  for (const length of [FRAME_MAX + 1, 0x7fffffff, 0xfffffffe]) {
    const assembler = new FrameAssembler(FRAME_MAX);
    assembler.push(frameHeader(length));
    assert.deepEqual(assembler.next(), { code: "frame-too-large", bytes: length, maxBytes: FRAME_MAX });
  }
  const assembler = new FrameAssembler(FRAME_MAX);
  assembler.push(encode([new Uint8Array(FRAME_MAX)]));
  assert.equal(drain(assembler).length, 1);
});

test("the end is a mark, and nothing but credit may follow it", () => {
  const assembler = new FrameAssembler(FRAME_MAX, true);
  assembler.push(concat(encode([Uint8Array.of(1)]), creditMark(7), endMark(), creditMark(0xffff_ffff)));
  assert.deepEqual(assembler.next(), Uint8Array.of(1));
  assert.deepEqual(assembler.next(), { code: "credit", bytes: 7 });
  assert.deepEqual(assembler.next(), { code: "end" });
  assert.deepEqual(assembler.next(), { code: "credit", bytes: 0xffff_ffff });
  assert.equal(assembler.next(), null);
  assembler.push(encode([Uint8Array.of(2)]));
  assert.deepEqual(assembler.next(), { code: "after-end" });
});

test("credit is counted only where it is needed, and when all of it is there", () => {
  const counting = new FrameAssembler(FRAME_MAX, true);
  for (const byte of creditMark(300).subarray(0, 7)) {
    counting.push(Uint8Array.of(byte));
    assert.equal(counting.next(), null);
  }
  counting.push(creditMark(300).subarray(7));
  assert.deepEqual(counting.next(), { code: "credit", bytes: 300 });
});

test("a frame is a copy: it does not change with the bytes it came in", () => {
  const bytes = encode([Uint8Array.of(1, 2, 3)]);
  const assembler = new FrameAssembler(FRAME_MAX);
  assembler.push(bytes);
  const frame = assembler.next();
  bytes.fill(0);
  assert.deepEqual(frame, Uint8Array.of(1, 2, 3));
});

test("marks come out between the frames they stood between, however the stream is cut", () => {
  const frame = fc.uint8Array({ maxLength: FRAME_MAX });
  const credit = fc.nat({ max: 0xffff_ffff }).map((bytes) => ({ code: "credit" as const, bytes }));
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(fc.oneof(frame, credit), { maxLength: 8 }), cuts, (given, sizes) => {
      const all = [...given, { code: "end" as const }];
      const bytes = concat(
        ...all.map((each) => {
          if (each instanceof Uint8Array) return encode([each]);
          return each.code === "end" ? endMark() : creditMark(each.bytes);
        }),
      );
      const assembler = new FrameAssembler(FRAME_MAX, true);
      const out: unknown[] = [];
      for (let at = 0, cut = 0; at < bytes.length; cut++) {
        const size = sizes[cut % sizes.length] ?? 1;
        assembler.push(bytes.subarray(at, at + size));
        for (let next = assembler.next(); next !== null; next = assembler.next()) out.push(next);
        at += size;
      }
      assert.deepEqual(out, all);
    }),
  );
});

test("arbitrary bytes give frames, marks, a fault, or nothing yet, and never a throw", () => {
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.constantFrom(endMark(), creditMark(5), frameHeader(0), frameHeader(FRAME_MAX + 1)),
  );
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 8 }), fc.boolean(), (chunks, knowsCredit) => {
      const assembler = new FrameAssembler(FRAME_MAX, knowsCredit);
      for (const each of chunks) assembler.push(each);
      for (let parts = 0; parts <= 700; parts++) {
        const next = assembler.next();
        if (next === null) return;
        if (next instanceof Uint8Array) assert.ok(next.length <= FRAME_MAX);
        else if (next.code === "frame-too-large" || next.code === "after-end") return;
        else assert.ok(knowsCredit || next.code === "end");
      }
      assert.fail("more parts than bytes");
    }),
  );
});

test("small pieces are gathered: what is kept of them is their bytes, not the pieces", () => {
  const frame = Uint8Array.from({ length: 20_000 }, (_, at) => at % 251);
  const bytes = encode([frame, frame]);
  const assembler = new FrameAssembler(frame.length);
  const piece = new Uint8Array(1);
  for (const byte of bytes.subarray(0, 10_000)) {
    piece[0] = byte;
    assembler.push(piece);
  }
  assert.equal(assembler.next(), null);
  assert.equal(assembler.waitingBytes, 10_000 - 4);
  // Large ones and small ones by turns fill what room there is.
  const sizes = [1, 5_000, 700, 1_024, 4_096, 3];
  for (let at = 10_000, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    assembler.push(bytes.slice(at, at + size));
    at += size;
  }
  assert.deepEqual(drain(assembler), [frame, frame]);
  assert.equal(assembler.waitingBytes, 0);
});
