import assert from "node:assert/strict";
import { test } from "node:test";
import { fail } from "#base/result.ts";
import type { NameFault } from "#chain/index.ts";
import { ALICE, BOB, testNetwork } from "#ledger/test-chain.ts";
import { nameActions } from "./name-actions.ts";

const network = testNetwork();
const { coin, targetSpacingSeconds } = network.params;

/** Why a name is not registered, where the tip is block 100, found on 2026-11-21 at noon. */
async function refusal(fault: NameFault): Promise<string> {
  const parts = {
    names: { register: async () => fail(fault), list: () => [] },
    chain: { network, tip: () => ({ height: 100, header: { time: Date.UTC(2026, 10, 21, 12) / 1000 } }) },
    account: ALICE.account,
    persons: { nameOfAccount: () => null, resolve: () => fail({ code: "", cause: "", nextStep: "" }) },
  };
  const { registerName } = nameActions(parts as unknown as Parameters<typeof nameActions>[0]);
  const answer = await registerName("chess-club");
  return answer.ok ? "" : answer.fault.cause;
}

test("until when somebody holds a name is told as a block and about a day", async () => {
  const held = (until: number) => refusal({ code: "name-held", owner: BOB.account, until });
  const aWeekOn = 100 + (7 * 86_400) / targetSpacingSeconds;
  assert.match(await held(aWeekOn), new RegExp(`until block ${aWeekOn}, about 2026-11-28\\.$`));
  assert.match(await held(2 ** 40), /about 9999-12-31\.$/);
});

test("what a name costs and is not there is told in the coins of this network", async () => {
  const cause = await refusal({ code: "balance-too-low", needed: coin.unitsPerCoin * 3, spendable: 0 });
  assert.equal(cause, `This takes 3 ${coin.symbol} with its fee; 0 ${coin.symbol} can be spent.`);
});
