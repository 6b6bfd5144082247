import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { QuestionInterrupted } from "./outcome.ts";
import { askLine, askYesNo } from "./question.ts";

/** A terminal at which these keys are typed. */
function typing(keys: string) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const shown: string[] = [];
  const output = new PassThrough().setEncoding("utf8").on("data", (text: string) => shown.push(text));
  input.write(keys);
  return { input, output, shown };
}

const [CTRL_C, CTRL_D] = ["\x03", "\x04"];

test("an answer is the line that was typed; yes or no is read from it", async () => {
  assert.equal(await askLine("Name? ", typing("chess-club\r")), "chess-club");
  assert.equal(await askYesNo("The same?", typing("Y\r")), true);
  assert.equal(await askYesNo("The same?", typing("\r")), false);
  assert.equal(await askYesNo("The same?", typing("yellow\r")), false);
});

test("Ctrl-C interrupts; Ctrl-D, and an input that is no terminal, are nobody who answers", async () => {
  const terminal = typing(`half an ans${CTRL_C}`);
  await assert.rejects(askYesNo("The same?", terminal), QuestionInterrupted);
  assert.equal(terminal.shown.at(-1), "\n", "what is said next has a line of its own");
  assert.equal(await askYesNo("The same?", typing(CTRL_D)), null);
  assert.equal(await askLine("Name? ", { ...typing("x\r"), input: new PassThrough() }), null);
});
