/** What the flags of "contact" change, and what they leave alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { changeOf } from "./people.ts";

test("the flags of contact change what they name; undoing something makes nobody a contact", () => {
  assert.deepEqual(changeOf({}), { contact: true });
  assert.deepEqual(changeOf({ name: "Bob" }), { contact: true, petname: "Bob" });
  assert.deepEqual(changeOf({ name: "" }), { contact: true, petname: null });
  assert.deepEqual(changeOf({ verify: true }), { contact: true, verified: true });
  assert.deepEqual(changeOf({ remove: true }), { contact: false });
  assert.deepEqual(changeOf({ block: true }), { contact: false, blocked: true });
  assert.deepEqual(changeOf({ unblock: true }), { blocked: false });
  assert.deepEqual(changeOf({ unverify: true }), { verified: false });
  assert.deepEqual(changeOf({ remove: true, unverify: true }), { contact: false, verified: false });
});
