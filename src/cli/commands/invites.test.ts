/** How long a join goes on, and what is told at its end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "#api/client.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Session } from "../session.ts";
import { join } from "./invites.ts";

type Answer = Result<{ readonly name: string; readonly peerId: string }, Problem>;

function session(answers: readonly Answer[]) {
  const left = [...answers];
  const printed: string[] = [];
  const client = {
    trackers: async () => ok([]),
    acceptInvite: async () => left.shift() ?? fail(problem("late", "asked too often", "")),
  };
  const terminal = { print: (line: string) => void printed.push(line), live() {} };
  return {
    printed,
    left,
    session: { client, terminal, json: false } as unknown as Session & { client: Client },
  };
}

const OPTIONS = { at: null, timeoutMs: 60_000, signal: new AbortController().signal };
const ANN: Answer = ok({ name: "ann", peerId: "12D3" });
const told = (code: string): Answer => fail(problem(code, `${code}.`, ""));

test("a join goes on through what may pass, one who lies about the invite included", async () => {
  const codes = ["invite-unknown", "invite-impostor", "invite-unreached"];
  const { session: at, printed } = session([...codes.map(told), ANN]);
  assert.equal((await join(at, "words", OPTIONS)).ok, true);
  assert.match(printed.join(), /ann .* verified contacts/);
});

test("a join ends at once with what does not pass", async () => {
  const { session: at, left } = session([told("invite-used"), ANN]);
  const outcome = await join(at, "words", OPTIONS);
  assert.deepEqual([outcome.ok ? "" : outcome.fault.problem.code, left.length], ["invite-used", 1]);
});
