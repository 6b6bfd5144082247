import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat } from "#base/bytes.ts";
import { FrameAssembler, frameHeader } from "./frame-assembler.ts";

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
      assert.equal(assembler.isInsideFrame, false);
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
    assert.equal(assembler.isInsideFrame, !ends.includes(at + 1), `after ${at + 1} bytes`);
  }
  assert.deepEqual(seen, ends);
});

test("a length above the limit is refused by its header alone", () => {
  for (const length of [FRAME_MAX + 1, 0x7fffffff, 0xffffffff]) {
    const assembler = new FrameAssembler(FRAME_MAX);
    assembler.push(frameHeader(length));
    assert.deepEqual(assembler.next(), { code: "frame-too-large", bytes: length, maxBytes: FRAME_MAX });
  }
  const assembler = new FrameAssembler(FRAME_MAX);
  assembler.push(encode([new Uint8Array(FRAME_MAX)]));
  assert.equal(drain(assembler).length, 1);
});

test("a frame is a copy: it does not change with the bytes it came in", () => {
  const bytes = encode([Uint8Array.of(1, 2, 3)]);
  const assembler = new FrameAssembler(FRAME_MAX);
  assembler.push(bytes);
  const frame = assembler.next();
  bytes.fill(0);
  assert.deepEqual(frame, Uint8Array.of(1, 2, 3));
});

test("arbitrary bytes give frames, a fault, or nothing yet, and never a throw", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 8 }), (chunks) => {
      const assembler = new FrameAssembler(FRAME_MAX);
      for (const chunk of chunks) assembler.push(chunk);
      for (let frames = 0; frames <= 700; frames++) {
        const next = assembler.next();
        if (!(next instanceof Uint8Array)) return;
        assert.ok(next.length <= FRAME_MAX);
      }
      assert.fail("more frames than bytes");
    }),
  );
});
