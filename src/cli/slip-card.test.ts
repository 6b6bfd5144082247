import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { SlipView } from "#api/views.ts";
import type { DeliveryId, PeerId } from "#base/brand.ts";
import { slipCards } from "./slip-card.ts";
import { ASCII_GLYPHS, openTerminal, UNICODE_GLYPHS } from "./terminal.ts";
import { displayWidth } from "./terminal-text.ts";

const plain = { columns: 80, glyphs: UNICODE_GLYPHS, style: (words: string) => words };

const SLIP: SlipView = {
  id: "3f2a91c04d".padEnd(64, "0") as DeliveryId,
  kind: "files",
  direction: "out",
  peerId: "12D3KooW" as PeerId,
  peerName: "Bob",
  order: 1,
  text: null,
  title: "scan-0412",
  fileCount: 201,
  bytes: 73_400_320,
  state: "anchored",
  reason: null,
  createdMs: new Date(2026, 10, 21, 12, 4).getTime(),
  deliveredMs: new Date(2026, 10, 21, 12, 5).getTime(),
  progress: null,
  path: null,
  savedTo: null,
  anchor: { txId: "" as never, blockId: null, height: 18, confirmations: 3, timeMs: null },
};

test("an anchored slip bears both signatures and the stamp", () => {
  const edge = "┄".repeat(72);
  assert.equal(
    slipCards([SLIP], plain),
    [
      edge,
      ` me → Bob${" ".repeat(46)}2026-11-21 12:04`,
      ` scan-0412 · 201 files · 73.4 MB${" ".repeat(29)}3f2a91c04d`,
      " Sent     ✓ signed by me",
      " Received ✓ signed by Bob, 2026-11-21 12:05",
      " Ledger   ◉ block 18, 3 confirmations",
      edge,
    ].join("\n"),
  );
});

test("a waiting slip says why and what to do", () => {
  const reason = { code: "peer-offline", cause: "Bob is away.", nextStep: "Nothing needed." };
  const waiting: SlipView = { ...SLIP, state: "queued", deliveredMs: null, anchor: null, reason };
  const card = slipCards([waiting], plain);
  assert.match(card, / Received ○ not yet\n queued: Bob is away\.\n {3}Nothing needed\./);
  assert.doesNotMatch(card, /Ledger/);
});

test("progress is a ruler with what is done and what is left", () => {
  const progress = { bytesDone: 25, bytesTotal: 100, resumedFromBytes: 10, bytesPerSecond: 5 };
  const card = slipCards([{ ...SLIP, state: "sending", deliveredMs: null, anchor: null, progress }], plain);
  assert.match(card, / █{6}░{18} 25 % · 25 B of 100 B · 5 B\/s · 15 s left/);
});

test("whatever a peer calls itself or its files, rows keep to the card", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), (peerName, title) => {
      const lines = slipCards([{ ...SLIP, peerName, title }], plain).split("\n");
      assert.equal(lines.length, 7);
      for (const line of lines.slice(0, 3)) assert.ok(displayWidth(line) <= 72, line);
    }),
  );
});

/** A stream that keeps what is written. */
function paper(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 80, written, write: (text: string) => written.push(text) };
}

test("colours come only on a terminal, and not against NO_COLOR", () => {
  const printed = (isTTY: boolean, environment: Record<string, string>) => {
    const out = paper(isTTY);
    const terminal = openTerminal({ out, err: paper(false), environment, platform: "linux" });
    terminal.print(terminal.style("word", "good"));
    return out.written.join("");
  };
  assert.equal(printed(true, { LANG: "C.UTF-8" }), "\x1b[32mword\x1b[0m\n");
  assert.equal(printed(true, { LANG: "C.UTF-8", NO_COLOR: "1" }), "word\n");
  assert.equal(printed(true, { LANG: "C.UTF-8", TERM: "dumb" }), "word\n");
  assert.equal(printed(false, { LANG: "C.UTF-8" }), "word\n");
});

test("where the locale is not Unicode, the slip is drawn in ASCII", () => {
  const out = paper(false);
  const terminal = openTerminal({ out, err: paper(false), environment: { LANG: "C" }, platform: "linux" });
  assert.equal(terminal.glyphs, ASCII_GLYPHS);
  terminal.print(slipCards([{ ...SLIP, peerName: "Åsa" }], terminal));
  assert.match(out.written.join(""), /^[\n -~]*$/);
  assert.match(out.written.join(""), / me -> \?sa/);
});

test("the last gate stops what was printed without being made safe", () => {
  const out = paper(true);
  const terminal = openTerminal({
    out,
    err: paper(true),
    environment: { LANG: "C.UTF-8" },
    platform: "linux",
  });
  terminal.print(`${terminal.style("ok", "bad")} \x1b[2J\x1b]0;x\x07\u202e`);
  assert.equal(out.written.join(""), "\x1b[31mok\x1b[0m \ufffd[2J\ufffd]0;x\ufffd\ufffd\n");
});
