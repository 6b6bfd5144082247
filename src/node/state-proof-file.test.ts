import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { AccountId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Tip } from "#chain/index.ts";
import { encodeHeader, genesisText, loadNetwork } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain } from "#ledger/test-chain.ts";
import { Author, namesNetwork } from "#ledger/test-names.ts";
import { proveState, verifyStateProofFile } from "./state-proof-file.ts";

const UNKNOWN = problem("person-unknown", "Nobody.", "Check.");
const SELF = problem("who-self", "You.", "Name somebody else.");

function accountOf(text: string): Result<AccountId, Problem> {
  if (text === "alice") return ok(ALICE.account);
  return fail(text === "carol" ? SELF : UNKNOWN);
}

/** A chain on which alice holds the name alice, and what a peer on it saves. */
function scene(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "waybill-state-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const genesis = join(folder, "names.json");
  writeFileSync(genesis, genesisText(namesNetwork.params));
  const loaded = loadNetwork(genesisText(namesNetwork.params));
  assert.ok(loaded.ok);
  const grown = new TestChain(namesNetwork);
  const chain = {
    network: loaded.value,
    tip: () => ({ height: grown.tip.block.header.height }) as Tip,
    stateProof: (key: Uint8Array) => {
      const { block, state } = grown.tip;
      return { header: encodeHeader(block.header), value: state.get(key), path: state.prove(key) };
    },
  };
  const prove = (kind: "account" | "name", of: string) =>
    proveState(kind, of, chain, accountOf, CAROL.account);
  const growNames = (): void => {
    grown.grow([new Author(grown).commit(ALICE, "alice")]);
    grown.grow();
    grown.grow([new Author(grown).claim(ALICE, "alice")]);
  };
  return { genesis, grown, growNames, prove };
}

test("an account and a name are saved, and checked with and without the network's file", (t) => {
  const { genesis, grown, growNames, prove } = scene(t);
  growNames();
  const { block, state } = grown.tip;
  const account = prove("account", "alice");
  assert.ok(account.ok);
  assert.equal(account.value.fileName, `${ALICE.peerId}.stateproof`);
  const verdict = verifyStateProofFile(account.value.bytes, genesis);
  assert.ok(verdict.ok, JSON.stringify(verdict));
  assert.deepEqual(verdict.value.account, { peerId: ALICE.peerId, ...state.account(ALICE.account) });
  assert.equal(verdict.value.network, namesNetwork.params.name);
  assert.equal(verdict.value.blockId, block.id);
  const unknown = verifyStateProofFile(account.value.bytes, null);
  assert.ok(unknown.ok && unknown.value.network === null && unknown.value.coin === null);

  const own = prove("account", "carol");
  assert.ok(own.ok && own.value.fileName === `${CAROL.peerId}.stateproof`, "one's own account too");

  const name = prove("name", "alice");
  assert.ok(name.ok);
  assert.equal(name.value.fileName, "alice.stateproof");
  const held = verifyStateProofFile(name.value.bytes, genesis);
  assert.ok(held.ok);
  assert.deepEqual(held.value.name, { owner: ALICE.peerId, key: ALICE.peerId, sinceHeight: 3 });
  const free = prove("name", "nobody");
  assert.ok(free.ok);
  const nobody = verifyStateProofFile(free.value.bytes, genesis);
  assert.ok(nobody.ok && nobody.value.name === null && nobody.value.account === null);
});

test("what cannot be shown is not saved, with the reason", (t) => {
  const { prove, growNames } = scene(t);
  const code = (kind: "account" | "name", of: string): string => {
    const proved = prove(kind, of);
    return proved.ok ? "saved" : proved.fault.code;
  };
  assert.equal(code("account", "alice"), "nothing-mined");
  growNames();
  assert.equal(code("account", BOB.peerId), "person-unknown");
  assert.equal(code("name", "Not A Name"), "name-malformed");
});

test("a file of another network, or with one byte changed, is refused", (t) => {
  const { prove, growNames } = scene(t);
  growNames();
  const saved = prove("account", "alice");
  assert.ok(saved.ok);
  const { bytes } = saved.value;
  const ours = verifyStateProofFile(bytes, new URL("../../networks/default.json", import.meta.url).pathname);
  assert.ok(!ours.ok);
  assert.match(ours.fault.cause, /another network/);
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = verifyStateProofFile(bytes.with(at, (bytes[at] ?? 0) ^ 4), null);
    assert.equal(changed.ok, false, `byte ${at}`);
  }
});
