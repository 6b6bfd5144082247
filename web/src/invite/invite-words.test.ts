import assert from "node:assert/strict";
import { test } from "node:test";
import type { InviteView } from "#api/views.ts";
import { entered, guessWords, inviteWords } from "./invite-words.ts";

const invite: InviteView = {
  id: "1",
  state: "open",
  note: null,
  createdMs: 0,
  expiresMs: 3_600_000,
  usedBy: null,
  failedGuesses: 0,
  link: "waybill:i/x",
  words: "a b c d e f g h",
  qrSvg: "<svg/>",
};

test("an open invite says how long it stands, also when the peer has not said yet that it is over", () => {
  assert.equal(inviteWords(invite, 0).word, "waits, 1 h left");
  assert.equal(inviteWords(invite, 3_600_000).word, "its time is over");
});

test("failed guesses are said, with what to do while it is open", () => {
  assert.equal(guessWords(invite), null);
  assert.match(
    guessWords({ ...invite, failedGuesses: 1 }) ?? "",
    /^Tried 1 time .* words that others gave them.* take it back/,
  );
  assert.doesNotMatch(guessWords({ ...invite, state: "used", failedGuesses: 2 }) ?? "", /take it back/);
});

test("a link or eight words are ready, however they are spaced; less and more are counted", () => {
  assert.equal(entered("").ready, false);
  assert.equal(entered(" waybill:i/abc ").ready, true);
  assert.equal(entered("waybill:i/").ready, false);
  assert.equal(entered("<waybill:i/abc\n def>").ready, true);
  assert.equal(entered("1. one 2. two 3. three 4. four (five) six/seven eight").ready, true);
  assert.equal(entered("one two  three\nfour, five-six seven eight").ready, true);
  assert.equal(entered("one two").words, "2 of 8 words.");
  assert.equal(
    entered("one two three four five six seven eight nine").words,
    "9 words: 1 more than an invite has.",
  );
});
