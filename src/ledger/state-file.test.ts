import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AccountId } from "#base/brand.ts";
import { concat } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import { encodeHeader } from "./codec.ts";
import {
  decodeStateFile,
  encodeStateFile,
  keyOfSubject,
  type StateFile,
  type StateSubject,
  verifyStateFile,
} from "./state-file.ts";
import { ALICE, BOB, TestChain } from "./test-chain.ts";
import { Author, namesNetwork } from "./test-names.ts";

const chain = new TestChain(namesNetwork);
chain.grow([new Author(chain).commit(ALICE, "alice")]);
chain.grow();
chain.grow([new Author(chain).claim(ALICE, "alice")]);

function fileOf(subject: StateSubject): StateFile {
  const { block, state } = chain.tip;
  const key = keyOfSubject(subject);
  const proof = { header: encodeHeader(block.header), value: state.get(key), path: state.prove(key) };
  return { chainId: namesNetwork.chainId, subject, proof };
}

const alice = fileOf({ kind: "account", account: ALICE.account });
const stranger = fileOf({ kind: "account", account: "07".repeat(32) as AccountId });
const named = fileOf({ kind: "name", name: "alice" });
const free = fileOf({ kind: "name", name: "nobody" });

function codeOf(file: StateFile, network = { params: namesNetwork.params }): string {
  const shown = verifyStateFile(file, network);
  return shown.ok ? "shown" : shown.fault.code;
}

function resummed(bytes: Uint8Array): Uint8Array {
  const content = bytes.subarray(0, bytes.length - 32);
  return concat(content, sha256(content));
}

test("an account, a name, and the absence of either are read back and shown with their block", () => {
  const { block, state } = chain.tip;
  for (const [file, expected] of [
    [alice, { kind: "account", ...state.account(ALICE.account) }],
    [stranger, null],
    [free, null],
  ] as const) {
    const decoded = decodeStateFile(encodeStateFile(file));
    assert.deepEqual(decoded, { ok: true, value: file });
    const shown = verifyStateFile(file, namesNetwork);
    assert.ok(shown.ok);
    assert.deepEqual(shown.value.value, expected);
    assert.equal(shown.value.blockId, block.id);
  }
  const shown = verifyStateFile(named, null);
  assert.ok(shown.ok && shown.value.value?.kind === "name");
  assert.equal(shown.value.value.owner, ALICE.account);
});

test("refused: another's proof, another value, false absence, and a block without its work", () => {
  assert.equal(codeOf({ ...alice, subject: { kind: "account", account: BOB.account } }), "state-differs");
  assert.equal(codeOf({ ...named, subject: { kind: "name", name: "nobody" } }), "state-differs");
  assert.equal(codeOf({ ...alice, proof: { ...alice.proof, value: named.proof.value } }), "state-differs");
  assert.equal(codeOf({ ...named, proof: { ...named.proof, value: null } }), "state-differs");
  const { header } = chain.tip.block;
  const [hard, notCanonical] = [0x1d00ffff, 0x03000001];
  for (const bits of [hard, notCanonical]) {
    const changed = encodeHeader({ ...header, bits });
    assert.equal(codeOf({ ...alice, proof: { ...alice.proof, header: changed } }), "work-wrong");
  }
  const harder = { params: { ...namesNetwork.params, powLimitBits: 0x1d00ffff } };
  assert.equal(codeOf(alice, harder), "work-below-network");
});

test("refused: files too large, of another kind, newer, damaged, or with parts that nobody writes", () => {
  const bytes = encodeStateFile(named);
  const code = (file: Uint8Array): string => {
    const decoded = decodeStateFile(file);
    return decoded.ok ? "decoded" : decoded.fault.code;
  };
  assert.equal(code(new Uint8Array(10_000_000)), "too-large");
  assert.equal(code(bytes.subarray(1)), "not-a-state-file");
  assert.equal(code(new Uint8Array(0)), "not-a-state-file");
  assert.equal(code(bytes.with(8, 2)), "version-unknown");
  assert.equal(code(bytes.with(50, 99)), "damaged");
  assert.equal(code(bytes.subarray(0, bytes.length - 1)), "damaged");
  assert.equal(code(resummed(bytes.with(8 + 1 + 32, 3))), "malformed");
  assert.equal(code(resummed(bytes.with(8 + 1 + 32 + 3, 0x20))), "malformed", "no name has a blank");
});

test("bytes that decode encode to themselves, and what a change of them shows of the block is true all the same", () => {
  for (const file of [alice, named, free]) {
    const written = encodeStateFile(file);
    const at = fc.integer({ min: 9 + 32, max: written.length - 33 });
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 255 }), fc.nat(2), (place, flip, cut) => {
        const changed = written.slice(0, written.length - cut);
        changed[place] = (changed[place] ?? 0) ^ flip;
        const bytes = resummed(changed);
        const decoded = decodeStateFile(bytes);
        if (!decoded.ok) return;
        assert.deepEqual(encodeStateFile(decoded.value), bytes);
        const shown = verifyStateFile(decoded.value, namesNetwork);
        if (!shown.ok || shown.value.blockId !== chain.tip.block.id) return;
        // A path that shows one name to be absent shows the same of others that would stand at its end.
        const { subject, proof } = decoded.value;
        assert.deepEqual(proof.value, chain.tip.state.get(keyOfSubject(subject)));
        assert.notDeepEqual(subject, file.subject);
      }),
      { numRuns: 300 },
    );
  }
});
