import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeHeader } from "./codec.ts";
import { accountKey, nameKey, TOTALS_KEY } from "./state-entries.ts";
import { decodeStateProof, encodeStateProof, readProvenValue, type StateProof } from "./state-proof.ts";
import { ALICE, BOB, CAROL, TestChain } from "./test-chain.ts";

function grown(): TestChain {
  const chain = new TestChain();
  for (let height = 1; height <= 4; height++) chain.grow();
  return chain;
}

function proofAt(chain: TestChain, key: Uint8Array, height: number): StateProof {
  const { block, state } = chain.at(height);
  return { header: encodeHeader(block.header), value: state.get(key), path: state.prove(key) };
}

test("whoever holds a header reads accounts, sums and absence from a proof", () => {
  const chain = grown();
  const { block, state } = chain.tip;
  const read = (key: Uint8Array) => readProvenValue(proofAt(chain, key, 4), key, block);
  const { balance, nextSeq } = state.account(ALICE.account);
  const alice = { kind: "account", balance, nextSeq } as const;
  assert.deepEqual(read(accountKey(ALICE.account)), { ok: true, value: alice });
  assert.deepEqual(read(TOTALS_KEY), { ok: true, value: { kind: "totals", ...state.totals } });
  assert.deepEqual(read(accountKey(CAROL.account)), { ok: true, value: null });
  assert.deepEqual(read(nameKey("alice")), { ok: true, value: null });
});

test("refused: a proof of another block, of another key, with another value, and false absence", () => {
  const chain = grown();
  const { block } = chain.tip;
  const key = accountKey(ALICE.account);
  const proof = proofAt(chain, key, 4);
  const older = proofAt(chain, key, 3);
  assert.deepEqual(readProvenValue(older, key, block), { ok: false, fault: { code: "header-other" } });
  const wrong: readonly (readonly [StateProof, Uint8Array])[] = [
    [proof, accountKey(BOB.account)],
    [{ ...proof, value: null }, key],
    [{ ...proof, value: proofAt(chain, TOTALS_KEY, 4).value }, key],
    [{ ...proof, path: proofAt(chain, TOTALS_KEY, 4).path }, key],
    [{ ...proofAt(chain, accountKey(CAROL.account), 4) }, key],
  ];
  for (const [claimed, under] of wrong) {
    const verdict = readProvenValue(claimed, under, block);
    assert.deepEqual(verdict, { ok: false, fault: { code: "path-wrong" } });
  }
});

test("a state proof has one encoding, and any bytes get a verdict", () => {
  const chain = grown();
  for (const key of [accountKey(ALICE.account), accountKey(CAROL.account), TOTALS_KEY]) {
    const proof = proofAt(chain, key, 4);
    const bytes = encodeStateProof(proof);
    assert.deepEqual(decodeStateProof(bytes), { ok: true, value: proof });
    for (let cut = 0; cut < bytes.length; cut++)
      assert.equal(decodeStateProof(bytes.slice(0, cut)).ok, false);
    assert.equal(decodeStateProof(bytes.with(0, 2)).ok, false);
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 255 }), (place, byte) => {
        const mutated = bytes.with(place % bytes.length, byte);
        const decoded = decodeStateProof(mutated);
        if (decoded.ok) assert.deepEqual(encodeStateProof(decoded.value), mutated);
      }),
    );
  }
});
