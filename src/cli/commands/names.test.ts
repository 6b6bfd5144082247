import assert from "node:assert/strict";
import { test } from "node:test";
import type { OwnNameView } from "#api/views.ts";
import type { PeerId } from "#base/brand.ts";
import { ok, problem } from "#base/result.ts";
import type { Session } from "../session.ts";
import { openTerminal } from "../terminal.ts";
import { listNames } from "./names.ts";

const KEY = `12D3KooW${"q".repeat(44)}` as PeerId;

test("what keeps a name from going on is told whole, on a narrow terminal too; a key is shortened", async () => {
  const cause = "This takes 1.01 WAY with its fee, and 0 WAY can be spent until a reward is paid out.";
  const own: OwnNameView = {
    ...{ name: "anna-lee", key: KEY, keyName: null, stage: "claiming", claimAtHeight: null },
    ...{ heldUntilMs: null, graceUntilMs: null, contestable: false },
    problem: problem("balance-too-low", cause, "Pay less."),
  };
  const written: string[] = [];
  const sink = { columns: 40, write: (text: string) => written.push(text) };
  const terminal = openTerminal({
    out: sink,
    err: sink,
    environment: { LANG: "C.UTF-8" },
    platform: "linux",
  });
  const client = { names: async () => ok([own]) };
  assert.ok((await listNames({ client, terminal, json: false } as unknown as Session)).ok);
  const out = written.join("");
  assert.ok(out.includes(`claim waits for a block: ${cause}`), out);
  assert.ok(!out.includes(KEY), out);
});
