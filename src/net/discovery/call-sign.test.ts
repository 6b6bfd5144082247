/** What peers call themselves where everybody hears it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { callSignOf } from "./call-sign.ts";

test("a name that is withheld in a private network is nobody's name outside of it", () => {
  const chainId = new Uint8Array(32).fill(1);
  const [open, shut] = [callSignOf(chainId, null), callSignOf(chainId, new Uint8Array(32).fill(2))];
  assert.equal(open.heard(open.spoken("bob")), "bob");
  // Or all who withhold theirs look like one another, and are held back as such.
  assert.equal(open.heard(shut.spoken("bob")), null);
  assert.equal(shut.heard(shut.spoken("bob")), null);
  assert.ok(!shut.isAnswered(chainId) && open.isAnswered(shut.chainId));
});
