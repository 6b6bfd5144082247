/** A client asks for what it was told to ask for, and for nothing else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Caller } from "./call.ts";

test("an empty name asks for nothing: its path would be another operation's", async () => {
  let asked = 0;
  const caller = new Caller(
    { origin: "http://127.0.0.1:1", token: "t" },
    { fetch: async () => Response.json({ asked: ++asked }), wait: async () => {} },
  );
  for (const who of ["", ".", ".."]) {
    const answer = await caller.json("doctorPerson", { parameters: { who } });
    assert.equal(answer.ok ? "" : answer.fault.code, "invalid-request");
  }
  assert.ok((await caller.json("doctorPerson", { parameters: { who: "b." } })).ok);
  assert.equal(asked, 1);
});
