/** What is drawn in a terminal reads back as the text, dark on light, or is not drawn at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import decodeQR from "qr/decode.js";
import { qrLines } from "./qr-lines.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

const LINK = `waybill:i/${"Ab3_".repeat(60)}`;
const ESCAPE = String.fromCharCode(27);
const PAPER = `${ESCAPE}[38;5;16;48;5;231m`;

function terminal(locale: string, columns = 200, environment = {}): Terminal {
  const stream = { isTTY: true, columns, write: () => undefined };
  return openTerminal({
    out: stream,
    err: stream,
    environment: { LANG: locale, ...environment },
    platform: "linux",
  });
}

/** What a camera sees, eight dots to a module. */
function read(modules: readonly (readonly boolean[])[]): string {
  const SCALE = 8;
  const size = modules.length * SCALE;
  const data = new Uint8Array(size * size * 3);
  for (let at = 0; at < size * size; at++) {
    const dark = modules[Math.floor(Math.floor(at / size) / SCALE)]?.[Math.floor((at % size) / SCALE)];
    data.fill(dark === true ? 0 : 255, at * 3, at * 3 + 3);
  }
  return decodeQR({ width: size, height: size, data });
}

test("in half blocks, on white whatever the terminal's ground is", () => {
  const lines = qrLines(LINK, terminal("C.UTF-8"));
  assert.ok(lines !== null);
  assert.ok(lines.every((line) => line.startsWith(PAPER)));
  const modules = lines.flatMap((line) => {
    const cells = [...line.replaceAll(PAPER, "").replaceAll(`${ESCAPE}[0m`, "")];
    return [cells.map((cell) => "▀█".includes(cell)), cells.map((cell) => "▄█".includes(cell))];
  });
  assert.equal(read(modules.slice(0, modules[0]?.length)), LINK);
});

test("in spaces, where the terminal has no such characters", () => {
  const lines = qrLines(LINK, terminal("C"));
  assert.ok(lines !== null);
  assert.ok(lines.every((line) => /^[ -~]*$/.test(line.replaceAll(ESCAPE, ""))));
  const modules = lines.map((line) =>
    line
      .split(`${ESCAPE}[0m`)
      .slice(0, -1)
      .map((cell) => !cell.startsWith(PAPER)),
  );
  assert.equal(read(modules), LINK);
});

test("not at all without colours, or where it would be broken over lines", () => {
  assert.equal(qrLines(LINK, terminal("C.UTF-8", 200, { NO_COLOR: "1" })), null);
  assert.equal(qrLines(LINK, terminal("C.UTF-8", 40)), null);
});

test("the terminal's own gate lets the drawing through as it is", () => {
  const written: string[] = [];
  const stream = { isTTY: true, columns: 200, write: (text: string) => void written.push(text) };
  const own = openTerminal({ out: stream, err: stream, environment: { LANG: "C.UTF-8" }, platform: "linux" });
  const lines = qrLines(LINK, own)?.join("\n") ?? "";
  own.print(lines);
  assert.equal(written.join(""), `${lines}\n`);
});
