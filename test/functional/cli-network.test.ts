/** The commands about networks, in this process: flags, questions, and what they refuse. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { runProgram } from "#cli/program.ts";
import { openTerminal } from "#cli/terminal.ts";
import { loadNetwork } from "#ledger/genesis.ts";
import { ALICE, BOB } from "#ledger/test-chain.ts";

/** @param answers given to questions one after the other; `null`: nobody can be asked. */
function scene(t: TestContext, answers: readonly (string | null)[] | null = null) {
  const folder = mkdtempSync(join(tmpdir(), "waybill-cli-network-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const asked: string[] = [];
  const left = [...(answers ?? [])];
  const run = async (...argv: readonly string[]) => {
    const written = { out: "", err: "" };
    const stream = (name: keyof typeof written) => ({
      write: (text: string) => {
        written[name] += text;
      },
    });
    const environment = { LANG: "C.UTF-8" };
    const code = await runProgram(["network", ...argv], {
      terminal: openTerminal({ out: stream("out"), err: stream("err"), environment, platform: "linux" }),
      surroundings: { environment, platform: "linux", homeDir: folder, workingDir: folder },
      version: "1.2.3",
      interruptible: () => new AbortController().signal,
      confirm: async () => null,
      ask: async (question) => {
        asked.push(question);
        const answer = left.shift();
        return answers === null || answer === null ? null : (answer ?? "");
      },
    });
    return { code, ...written };
  };
  return { run, asked, file: join(folder, "ours.json") };
}

const networkIn = (file: string) => {
  const network = loadNetwork(readFileSync(file, "utf8"));
  assert.ok(network.ok);
  return network.value;
};

test("network create writes what the flags say, and says what to do next", async (t) => {
  const { run, file, asked } = scene(t);
  const flags = [
    "--preset",
    "classroom",
    "--name",
    "school",
    "--coin",
    "SEV",
    "--reward",
    "0",
    "--time",
    "5",
  ];
  const people = ["--allocate", `${ALICE.peerId}=12.5`, "--signer", ALICE.peerId, "--signer", BOB.account];
  const made = await run("create", file, ...flags, ...people, "--sign-every", "8");
  assert.equal(made.code, 0, made.err);
  const { params, chainIdHex } = networkIn(file);
  assert.deepEqual([params.name, params.coin.symbol, params.genesisTime], ["school", "SEV", 5]);
  assert.deepEqual([params.reward.initial, params.reward.tail], [0, 0]);
  assert.deepEqual(params.allocations, [{ account: ALICE.account, amount: 12_500_000 }]);
  assert.deepEqual([params.checkpoints?.needed, params.checkpoints?.everyBlocks], [2, 8]);
  assert.ok(made.out.includes(chainIdHex));
  assert.match(made.out, /waybill start --network .*ours\.json --data DIR/);
  assert.deepEqual(asked, []);
  const shown = await run("show", file);
  assert.match(shown.out, /no new coins/);
  assert.match(shown.out, /every 8 blocks; final with 2 of 2 signatures/);
  assert.equal(JSON.parse((await run("show", file, "--json")).out).chainId, chainIdHex);
});

test("network create asks for what no flag says; an empty answer takes what stands there", async (t) => {
  const { run, file, asked } = scene(t, [
    "internet",
    "far-away",
    "",
    "7",
    `${BOB.peerId}=3`,
    "",
    ALICE.peerId,
  ]);
  const made = await run("create", file);
  assert.equal(made.code, 0, made.err);
  const { params } = networkIn(file);
  assert.deepEqual([params.name, params.coin.symbol, params.targetSpacingSeconds], ["far-away", "WB", 30]);
  assert.deepEqual([params.reward.initial, params.allocations.length], [7_000_000, 1]);
  assert.deepEqual(params.checkpoints?.keys, [ALICE.account]);
  assert.equal(asked.length, 8);
});

test("network create asks again after a wrong answer, and says why", async (t) => {
  const wrong = ["moon", "", "Not so", "ward", "wb", "SEV", "much", "0", "x=3", "", "zz", ""];
  const { run, file, asked } = scene(t, wrong);
  const made = await run("create", file);
  assert.equal(made.code, 0, made.err);
  const { params } = networkIn(file);
  assert.deepEqual([params.name, params.coin.symbol, params.reward.initial], ["ward", "SEV", 0]);
  assert.equal(asked.length, wrong.length);
  assert.match(made.err, /There is no preset "moon"\. Say one of: classroom, default, internet\.\n/);
  assert.match(made.err, /"zz" is neither a peer id nor an account\./);
});

for (const answered of [0, 1, 2, 3, 4, 5]) {
  test(`network create given up after ${answered} answers asks no more and writes nothing`, async (t) => {
    const { run, file, asked } = scene(t, [...["", "ward", "SEV", "0", ""].slice(0, answered), null]);
    const given = await run("create", file);
    assert.equal(given.code, 2);
    assert.match(given.err, /network-name-missing.*Nothing was written/s);
    assert.equal(asked.length, answered + 1);
    assert.throws(() => readFileSync(file), /ENOENT/);
  });
}

test("network create refuses with a code, writes nothing, and never over a file without being told", async (t) => {
  const { run, file } = scene(t);
  const codeOf = async (...argv: readonly string[]) => {
    const { code, err } = await run("create", file, ...argv, "--json");
    return [code, JSON.parse(err).error.code];
  };
  assert.deepEqual(await codeOf(), [2, "network-name-missing"]);
  assert.deepEqual(await codeOf("--name", "Not so"), [2, "network-name-malformed"]);
  assert.deepEqual(await codeOf("--name", "a", "--coin", "x"), [2, "coin-malformed"]);
  assert.deepEqual(await codeOf("--name", "a", "--preset", "moon"), [2, "preset-unknown"]);
  assert.deepEqual(await codeOf("--name", "a", "--signer", "zz"), [2, "key-malformed"]);
  assert.deepEqual(await codeOf("--name", "a", "--signatures", "2"), [2, "signers-missing"]);
  const two = ["--signer", ALICE.peerId, "--signer", BOB.peerId];
  assert.deepEqual(await codeOf("--name", "a", ...two, "--signatures", "1"), [2, "signatures-refused"]);
  assert.deepEqual(await codeOf("--name", "a", ...two, "--signatures", "3"), [2, "signatures-refused"]);
  assert.deepEqual(await codeOf("--name", "a", "--allocate", `${ALICE.peerId}=x`), [2, "amount-malformed"]);
  assert.deepEqual(await codeOf("--name", "a", "--spacing", "1"), [2, "wrong-use"]);
  for (const allocation of [ALICE.peerId, "5", "", `${ALICE.peerId}=5=6`])
    assert.deepEqual(await codeOf("--name", "a", "--allocate", allocation), [2, "allocation-malformed"]);
  assert.throws(() => readFileSync(file), /ENOENT/);
  assert.equal((await run("create", file, "--name", "first", "--json")).code, 0);
  assert.deepEqual(await codeOf("--name", "second"), [1, "network-file-exists"]);
  assert.equal(networkIn(file).params.name, "first");
  assert.equal((await run("create", file, "--name", "second", "--force", "--json")).code, 0);
  assert.equal(networkIn(file).params.name, "second");
});

test("network create asks nothing where the file is there already", async (t) => {
  const { run, file, asked } = scene(t, ["", "ward"]);
  writeFileSync(file, "theirs");
  const refused = await run("create", file);
  assert.deepEqual([refused.code, asked], [1, []]);
  assert.match(refused.err, /network-file-exists/);
  assert.equal(readFileSync(file, "utf8"), "theirs");
  assert.equal((await run("create", file, "--force")).code, 0);
});

test("network create and show say when a network has yet to begin", async (t) => {
  const { run, file } = scene(t);
  const made = await run("create", file, "--name", "ward", "--time", "4000000000");
  assert.match(made.out, /Begins +2096-10-02T07:06:40\.000Z; no block can be found before\n/);
  assert.doesNotMatch((await run("show")).out, /can be found/);
});

test("network show refuses what is no genesis, and shows ours without a file", async (t) => {
  const { run, file } = scene(t);
  const missing = await run("show", file, "--json");
  assert.deepEqual([missing.code, JSON.parse(missing.err).error.code], [1, "network-file-unreadable"]);
  const ours = await run("show");
  assert.match(ours.out, /Network +waybill\n/);
  assert.match(ours.out, /one in 15 s on average/);
});
