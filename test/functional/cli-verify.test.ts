import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { ok } from "#base/result.ts";
import { verify } from "#cli/commands/receipts.ts";
import { verifyState } from "#cli/commands/state-proofs.ts";
import { runProgram } from "#cli/program.ts";
import { openTerminal } from "#cli/terminal.ts";
import { encodeHeader } from "#ledger/index.ts";
import { encodeStateFile, keyOfSubject } from "#ledger/state-file.ts";
import { ALICE, TestChain } from "#ledger/test-chain.ts";
import { decodeWaybill, encodeWaybill, verifyWaybill } from "#receipts/index.ts";
import {
  anchorFor,
  filesBody,
  messageBody,
  receiptFor,
  SAMPLE_FILES,
  SAMPLE_TEXT,
  sampleManifest,
} from "../kit/waybill-sample.ts";

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder with the delivered files, the proof of their delivery, and the program run in it without any peer. */
async function scene(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "waybill-verify-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [path, content] of SAMPLE_FILES) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const receipt = receiptFor(filesBody());
  const proof = encodeWaybill({ receipt, manifest: sampleManifest(), anchor: anchorFor(receipt) });
  const file = join(folder, "study.waybill");
  await writeFile(file, proof);
  const verify = async (...argv: readonly string[]): Promise<Ended> => {
    const written = { out: "", err: "" };
    const stream = (name: keyof typeof written) => ({
      write: (text: string) => {
        written[name] += text;
      },
    });
    const environment = { LANG: "C.UTF-8" };
    const code = await runProgram(["verify", ...argv, "--data", join(folder, "no-peer")], {
      terminal: openTerminal({ out: stream("out"), err: stream("err"), environment, platform: "linux" }),
      surroundings: { environment, platform: "linux", homeDir: folder, workingDir: folder },
      version: "1.2.3",
      interruptible: () => new AbortController().signal,
      confirm: async () => null,
      ask: async () => null,
    });
    return { code, ...written };
  };
  return { folder, file, proof, verify, study: join(folder, "study") };
}

const codeOf = ({ err }: Ended): string => JSON.parse(err).error.code;

test("verify needs no peer: a sound proof and its content are accepted", async (t) => {
  const { verify, file, study } = await scene(t);
  const [alone, whole, one] = await Promise.all([
    verify(file, "--json"),
    verify(file, study, "--json"),
    verify(file, join(study, "notes.txt"), "--json"),
  ]);
  assert.deepEqual(
    [alone.code, JSON.parse(alone.out).grade, JSON.parse(alone.out).content],
    [0, "anchored", null],
  );
  assert.deepEqual([whole.code, JSON.parse(whole.out).content.filesMatched], [0, 3]);
  assert.equal(one.code, 0);
  const words = await verify(file, study);
  assert.match(words.out, /✓ Signed by both, and anchored\n/);
  assert.match(words.out, /✓ The content is what was delivered\n/);
});

test("one changed byte of the content, a file more, a file less: refused with 1 and the name", async (t) => {
  const { verify, file, study } = await scene(t);
  await writeFile(join(study, "notes.txt"), "two wordz\n");
  const changed = await verify(file, study, "--json");
  assert.deepEqual([changed.code, codeOf(changed)], [1, "content-differs"]);
  assert.deepEqual(JSON.parse(changed.out).content.changed, ["study/notes.txt"]);
  assert.equal(JSON.parse(changed.out).ok, false);
  await writeFile(join(study, "notes.txt"), "two words\n");
  await writeFile(join(study, "more.txt"), "");
  assert.equal(codeOf(await verify(file, study, "--json")), "content-extra");
  await rm(join(study, "more.txt"));
  await rm(join(study, "slices", "0002.dcm"));
  assert.equal(codeOf(await verify(file, study, "--json")), "content-missing");
});

test("any one changed byte of the proof is refused", async (t) => {
  const { verify, folder, proof } = await scene(t);
  const file = join(folder, "changed.waybill");
  for (let at = 0; at < proof.length; at += 7) {
    const changed = proof.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(file, changed);
    const result = await verify(file, "--json");
    assert.equal(result.code, 1, `byte ${at}`);
    assert.equal(JSON.parse(result.out).ok, false);
  }
});

test("a message's proof is compared with its text", async (t) => {
  const { verify, folder } = await scene(t);
  const receipt = receiptFor(messageBody());
  const file = join(folder, "message.waybill");
  await writeFile(file, encodeWaybill({ receipt, manifest: null, anchor: null }));
  await writeFile(join(folder, "text"), SAMPLE_TEXT);
  assert.equal((await verify(file, join(folder, "text"))).code, 0);
  await writeFile(join(folder, "text"), `${SAMPLE_TEXT}\n`);
  assert.equal((await verify(file, join(folder, "text"))).code, 1);
});

test("missing files, folders in place of files, and strange files are failures with a cause", async (t) => {
  const { verify, folder, file } = await scene(t);
  assert.equal(codeOf(await verify(join(folder, "none"), "--json")), "file-unreadable");
  assert.equal(codeOf(await verify(folder, "--json")), "file-unreadable");
  assert.equal(codeOf(await verify(file, join(folder, "none"), "--json")), "content-unreadable");
  await writeFile(join(folder, "strange"), "not a proof");
  assert.equal(codeOf(await verify(join(folder, "strange"), "--json")), "not-a-waybill");
  await writeFile(join(folder, "final.checkpoint"), `waybill/${"00".repeat(32)}\n8\n`);
  assert.equal(codeOf(await verify(join(folder, "final.checkpoint"), "--json")), "is-a-checkpoint");
  assert.equal(
    codeOf(await verify(file, "--network", join(folder, "strange"), "--json")),
    "network-file-refused",
  );
});

/** What the ledger holds of Alice after the first block, as a file. */
function provenAccount() {
  const chain = new TestChain();
  chain.grow();
  const { block, state } = chain.tip;
  const subject = { kind: "account", account: ALICE.account } as const;
  const key = keyOfSubject(subject);
  const proof = { header: encodeHeader(block.header), value: state.get(key), path: state.prove(key) };
  const bytes = encodeStateFile({ chainId: chain.network.chainId, subject, proof });
  return { bytes, block, state, network: chain.network };
}

test("what a running peer refuses by the rules of its own network is refused", async (t) => {
  const { file, proof, study } = await scene(t);
  const waybill = decodeWaybill(proof);
  assert.ok(waybill.ok && waybill.value.anchor !== null);
  const network = {
    chainId: waybill.value.anchor.chainId,
    params: { name: "stricter", powLimitBits: 0x1d00ffff, maxFutureSeconds: 20 },
  };
  const client = {
    verify: async (bytes: Uint8Array) => ({
      ok: true as const,
      value: verifyWaybill(bytes, { network, headerInMyChain: () => null }).verdict,
      eventId: null,
    }),
    chain: () => assert.fail("not asked"),
    blocks: () => assert.fail("not asked"),
  };
  let out = "";
  const terminal = openTerminal({
    out: { write: (text: string) => (out += text) },
    err: { write: () => undefined },
    environment: { LANG: "C.UTF-8" },
    platform: "linux",
  });
  const verdict = await verify(file, study, { terminal, json: false, networkFile: null, client });
  assert.ok(!verdict.ok);
  assert.match(JSON.stringify(verdict.fault), /"work-below-network"/);
  assert.match(out, /Refused/);
});

test("verify tells a proof of the ledger's state from a receipt, and refuses a changed one", async (t) => {
  const { folder, verify } = await scene(t);
  const { bytes, state } = provenAccount();
  const saved = join(folder, "alice.stateproof");
  await writeFile(saved, bytes);
  const told = await verify(saved);
  assert.equal(told.code, 0, told.err);
  assert.match(told.out, new RegExp(`After block 1 of a network not known here.*\\n.*${ALICE.peerId} holds`));
  const asData = JSON.parse((await verify(saved, "--json")).out);
  assert.deepEqual([asData.ok, asData.height, asData.confirmations], [true, 1, null]);
  assert.equal(asData.account.balance, state.account(ALICE.account).balance);
  assert.equal(codeOf(await verify(saved, folder, "--json")), "no-content");
  await writeFile(saved, bytes.with(60, (bytes[60] ?? 0) ^ 1));
  const refused = await verify(saved, "--json");
  assert.deepEqual([refused.code, codeOf(refused)], [1, "state-proof-refused"]);
});

test("a running peer says whether the block of a state's proof stands on its chain, and one elsewhere says nothing", async () => {
  const { bytes, block, network } = provenAccount();
  const said = async (tipHeight: number, at: readonly { height: number; id: string }[], chainId: string) => {
    let out = "";
    const sink = {
      write: (text: string) => {
        out += text;
      },
    };
    const terminal = openTerminal({ out: sink, err: sink, environment: { LANG: "C" }, platform: "linux" });
    const client = {
      chain: async () => ok({ chainId, tip: { height: tipHeight } }),
      blocks: async ({ before }: { before: number }) => ok(at.filter(({ height }) => height < before)),
    };
    assert.ok((await verifyState(bytes, { terminal, json: false, networkFile: null, client })).ok);
    return out;
  };
  const { chainIdHex } = network;
  const [other, genesis] = [
    { height: 1, id: "ab".repeat(32) },
    { height: 0, id: network.genesis.id },
  ];
  const ours = { height: 1, id: block.id };
  assert.match(await said(3, [ours], chainIdHex), /best chain at height 1 \(3 confirmations\)/);
  assert.match(await said(0, [ours], chainIdHex), /best chain at height 1 \(1 confirmation\)/);
  assert.match(await said(3, [other], chainIdHex), /does not stand .*: another block is at height 1/);
  assert.match(await said(0, [genesis], chainIdHex), /ends below it, at height 0: .* not known yet/);
  assert.match(await said(3, [ours], "of another"), /is not shown: a running peer of the network/);
});
