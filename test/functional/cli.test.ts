/** Tests the commands against one served kit. It is long, since starting that for several files would take the time. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readApiFile, writeApiFile } from "#api/api-file.ts";
import type { ProgramContext } from "#cli/command-line.ts";
import { QuestionInterrupted } from "#cli/outcome.ts";
import { runProgram } from "#cli/program.ts";
import { openTerminal } from "#cli/terminal.ts";
import { MINING_BOUNDS } from "#node/mining-settings.ts";
import { clientOf } from "../kit/api-server.ts";
import { slipId } from "../kit/facade.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const MAIN = here("../../src/cli/main.ts");
const SERVE = here("../kit/serve-facade.ts");
const LAUNCHER = here("../../bin/waybill.mjs");

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

let folder = "";
let dataDir = "";
let served: ChildProcess;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "waybill-cli-"));
  dataDir = join(folder, "data");
  await mkdir(dataDir);
  served = spawn(process.execPath, [SERVE, "--data", dataDir, "--still"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  if (served.stdout !== null) await once(served.stdout, "data");
});

after(async () => {
  const ended = once(served, "exit");
  served.kill("SIGTERM");
  await ended;
  await rm(folder, { recursive: true, force: true });
});

function start(argv: readonly string[], environment: Record<string, string> = {}): ChildProcess {
  const { PATH = "" } = process.env;
  const env = { PATH, HOME: folder, WAYBILL_DATA: dataDir, LANG: "C.UTF-8", ...environment };
  return spawn(process.execPath, [MAIN, ...argv], { stdio: ["ignore", "pipe", "pipe"], env });
}

async function ended(child: ChildProcess): Promise<Ended> {
  let out = "";
  let err = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const [code] = await once(child, "close");
  return { code: typeof code === "number" ? code : null, out, err };
}

const run = (...argv: readonly string[]) => ended(start(argv));

/** The same program in this process: where many command lines are tried, starting each would take the time. */
async function runHere(...argv: readonly string[]): Promise<Ended> {
  return runWith({}, argv);
}

/** @param change what the process is like. */
async function runWith(change: Partial<ProgramContext>, argv: readonly string[]): Promise<Ended> {
  const written = { out: "", err: "" };
  const stream = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const environment = { LANG: "C.UTF-8", WAYBILL_DATA: dataDir };
  const code = await runProgram(argv, {
    terminal: openTerminal({ out: stream("out"), err: stream("err"), environment, platform: "linux" }),
    surroundings: { environment, platform: "linux", homeDir: folder, workingDir: folder },
    version: "1.2.3",
    interruptible: () => new AbortController().signal,
    confirm: async () => null,
    ask: async () => null,
    ...change,
  });
  return { code, ...written };
}
const failureOf = ({ err }: Ended): { code: string; cause: string; nextStep: string } =>
  JSON.parse(err).error;

test("without a running peer every command that needs one ends with 3 and says how to start it", async () => {
  const empty = join(folder, "empty");
  const results = await Promise.all(
    [["status"], ["peers", "--json"], ["say", "bob", "hi"]].map((argv) => run(...argv, "--data", empty)),
  );
  for (const result of results) {
    assert.equal(result.code, 3);
    assert.match(result.err, /no-running-peer/);
    assert.match(result.err, /waybill start/);
    assert.equal(result.out, "");
  }
});

test("what a crash left behind is not taken for a peer, and is not told the token", async () => {
  const crashed = join(folder, "crashed");
  await mkdir(crashed);
  const gone = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(gone, "close");
  await writeApiFile(crashed, { origin: "http://127.0.0.1:9", token: "t".repeat(43), pid: gone.pid ?? 1 });
  const result = await run("status", "--json", "--data", crashed);
  assert.equal(result.code, 3);
  assert.equal(failureOf(result).code, "no-running-peer");
  await writeFile(join(crashed, "api.json"), "{}");
  const corrupt = await run("status", "--json", "--data", crashed);
  assert.deepEqual([corrupt.code, failureOf(corrupt).code], [1, "api-file-corrupt"]);
});

test("wrong use ends with 2", async () => {
  const wrong = [
    ["no-such-command"],
    ["status", "extra"],
    ["say", "bob"],
    ["say", "bob", "  "],
    ["chain", "foo"],
    ["mine", "maybe"],
    ["wallet", "pay", "carol", "1e5"],
    ["wallet", "pay", "carol", "0.000000001"],
    ["wallet", "dismiss", "xyz"],
    ["accept", "xyz"],
    ["history", "--limit", "0"],
    ["say", "bob", "hi", "--wait", "forever"],
    ["start", "--accept", "nobody"],
    ["start", "--ui-port", "70000"],
  ];
  for (const [at, result] of (await Promise.all(wrong.map((argv) => runHere(...argv)))).entries()) {
    assert.equal(result.code, 2, `${wrong[at]?.join(" ")}: ${result.err}`);
    assert.equal(result.out, "");
  }
  const forPrograms = await runHere("status", "extra", "--json");
  assert.deepEqual([forPrograms.code, failureOf(forPrograms).code], [2, "wrong-use"]);
});

test("a device is not read as a receipt", { timeout: 20_000 }, async () => {
  const result = await runHere("verify", "/dev/zero", "--offline", "--json");
  assert.deepEqual([result.code, failureOf(result).code], [1, "file-unreadable"]);
});

test("help comes with examples, and ends with 0", async () => {
  const whole = await runHere("--help");
  assert.equal(whole.code, 0);
  const commands = [...whole.out.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? "");
  const expected =
    "start status peers connect contact say send inbox history accept decline cancel chain wallet mine receipt verify prove";
  for (const name of expected.split(" ")) assert.ok(commands.includes(name), name);
  assert.match(whole.out, /0 done, 1 failed, 2 wrong use, 3 no running peer/);
  for (const help of await Promise.all(expected.split(" ").map((name) => runHere(name, "--help")))) {
    assert.equal(help.code, 0);
    assert.match(help.out, /Examples:\n {2}waybill /);
    assert.match(help.out, /--data <dir>/);
    assert.match(help.out, /--json/);
  }
  assert.match((await run("--version")).out, /^\d+\.\d+\.\d+\n$/);
  assert.equal((await runHere()).code, 0);
});

test("--json gives lists of objects and whole views", async () => {
  const json = async (...argv: readonly string[]) => {
    const result = await runHere(...argv, "--json");
    assert.equal(result.code, 0, result.err);
    return JSON.parse(result.out);
  };
  const [peers, inbox, history, pending, status, tip, block, wallet, mining] = await Promise.all([
    json("peers"),
    json("inbox"),
    json("history", "bob", "--limit", "2"),
    json("chain", "pending"),
    json("status"),
    json("chain", "tip"),
    json("chain", "block", "3"),
    json("wallet"),
    json("mine"),
  ]);
  for (const list of [peers, inbox, history, pending]) assert.ok(Array.isArray(list) && list.length > 0);
  for (const peer of peers) {
    assert.deepEqual(
      ["name", "peerId", "online", "path"].filter((field) => !(field in peer)),
      [],
    );
  }
  assert.equal(history.length, 2);
  assert.equal(status.name, "Alice");
  assert.equal(tip.tip.height, 24);
  assert.equal(block.height, 3);
  assert.equal(typeof wallet.balance, "number");
  assert.equal(mining.mode, "on");
});

test("mine shows the race, changes only what is said, and says what it means", async () => {
  const shown = await runHere("mine");
  assert.equal(shown.code, 0, shown.err);
  assert.match(shown.out, /Mines +once 4 transactions wait, or the first has for 5 s/);
  assert.match(shown.out, /Network: about 1\.25 MH\/s by its last 23 blocks/);
  assert.match(shown.out, /Who found the newest \d+ blocks:\n/);
  assert.match(shown.out, /Erin +6 blocks +25 %/);
  const changed = await runHere("mine", "always", "--threads", "3", "--duty", "40", "--on-battery", "--json");
  const { mode, threads, dutyPercent, afterCount, onBattery } = JSON.parse(changed.out);
  assert.deepEqual([mode, threads, dutyPercent, afterCount, onBattery], ["always", 3, 40, 4, true]);
  const back = await runHere("mine", "on", "--no-on-battery", "--after-count", "1", "--after-seconds", "0");
  assert.match(back.out, /once 1 transaction waits, or the first has for 0 s/);
  assert.match(back.out, /3 threads of 8 cores, 40 % of the time/);
  assert.match(back.out, /plugged in now; rests on battery/);
  assert.equal((await runHere("mine", "on", "--threads", "many")).code, 2);
  for (const [flag, value, bounds] of [
    ["--duty", "101", "from 1 to 100"],
    ["--threads", "1000000", `from 1 to ${MINING_BOUNDS.threads[1]}`],
  ] as const) {
    const refused = await runHere("mine", "on", flag, value);
    assert.equal(refused.code, 2);
    assert.ok(refused.err.includes(bounds), refused.err);
  }
});

test("a payment that was not made is listed in the wallet until it is dismissed", async () => {
  const shown = await runHere("wallet");
  const [, id = ""] =
    /1(?:\.0*)? \S+ to Carol was not made: .*wallet dismiss ([0-9a-f]{12})/.exec(shown.out) ?? [];
  assert.notEqual(id, "", shown.out);
  assert.equal((await runHere("wallet", "dismiss", id)).code, 0);
  assert.doesNotMatch((await runHere("wallet")).out, /not made/);
  const again = await runHere("wallet", "dismiss", id, "--json");
  assert.deepEqual([again.code, failureOf(again).code], [1, "not-found"]);
});

test("failures carry code, cause and next step, in words and in JSON", async () => {
  const [words, json] = await Promise.all([
    run("connect", "10.0.0.1:5"),
    run("connect", "10.0.0.1:5", "--json"),
  ]);
  assert.equal(words.code, 1);
  assert.equal(
    words.err,
    "dial-failed: Nobody answers at 10.0.0.1:5.\nCheck the address and that the peer runs.\n",
  );
  assert.equal(json.code, 1);
  assert.deepEqual(Object.keys(failureOf(json)), ["code", "cause", "nextStep"]);
});

test("say: delivered when the other is there, queued with the reason when not", async () => {
  const [delivered, queued, strict] = await Promise.all([
    run("say", "bob", "how", "are you?", "--json"),
    run("say", "dave", "hello", "--json"),
    run("say", "dave", "hello", "--wait", "delivered", "--timeout", "1", "--json"),
  ]);
  const slip = JSON.parse(delivered.out);
  assert.deepEqual([delivered.code, slip.state, slip.text], [0, "delivered", "how are you?"]);
  const waiting = JSON.parse(queued.out);
  assert.deepEqual([queued.code, waiting.state, waiting.reason.code], [0, "queued", "peer-offline"]);
  assert.deepEqual([strict.code, failureOf(strict).code], [1, "wait-timeout"]);
  assert.equal(JSON.parse(strict.out).state, "queued");
});

async function kitClient() {
  const file = await readApiFile(dataDir);
  assert.ok(file.ok && file.value !== null);
  const { origin, token } = file.value;
  return clientOf(origin, token);
}

test("send waits for the other's yes and follows the delivery; a no ends it with 1", async () => {
  const client = await kitClient();
  const child = start(["send", "bob", "notes.txt", "--json"]);
  const result = ended(child);
  // Once the offer is there, its receiver's answer is played by calling it off.
  let offer = null;
  for await (const { event } of client.events({ signal: AbortSignal.timeout(20_000), fromId: "0-0" })) {
    const slips = await client.slips({ who: "bob", limit: 5 });
    assert.ok(slips.ok);
    offer = slips.value.find((slip) => slip.title === "notes.txt" && slip.state === "offered") ?? null;
    if (offer !== null || event.type === "status") break;
  }
  assert.ok(offer);
  await client.decline(offer.id);
  const { code, out } = await result;
  assert.equal(code, 1);
  assert.equal(JSON.parse(out).state, "declined");
});

test("send with a path that does not exist, and Ctrl-C while waiting", async () => {
  const missing = await run("send", "bob", "missing.txt", "--json");
  assert.deepEqual([missing.code, failureOf(missing).code], [1, "file-missing"]);
  const child = start(["send", "bob", "long.bin", "--wait", "anchored"]);
  const result = ended(child);
  const client = await kitClient();
  for (;;) {
    const slips = await client.slips({ who: "bob", limit: 5 });
    assert.ok(slips.ok);
    if (slips.value.some((slip) => slip.title === "long.bin")) break;
  }
  child.kill("SIGINT");
  const { code, err } = await result;
  assert.equal(code, 130);
  assert.match(
    err,
    /^Interrupted: the delivery is offered, not yet anchored, and goes on while the peer runs\.\n$/,
  );
});

test("Ctrl-C at a question, or while an invite is looked for, is one sentence and exit code 130", async () => {
  const ctrlC = async (): Promise<never> => {
    throw new QuestionInterrupted();
  };
  const file = join(folder, "asked.json");
  for (const argv of [
    ["contact", "bob", "--verify"],
    ["network", "create", file],
  ]) {
    const { code, err } = await runWith({ confirm: ctrlC, ask: ctrlC }, argv);
    assert.deepEqual(
      [code, err],
      [130, "Interrupted at the question: nothing was changed.\n"],
      argv.join(" "),
    );
  }
  await assert.rejects(stat(file));
  const person = await (await kitClient()).person("bob");
  assert.equal(person.ok && person.value.verified?.how, "invite", "as it was");
  const words = "subway argue awake tornado pudding spatial unveil fly".split(" ");
  const joined = await runWith({ interruptible: () => AbortSignal.abort() }, ["join", ...words, "--json"]);
  assert.deepEqual([joined.code, failureOf(joined).code], [130, "interrupted"]);
});

test("accept finds a delivery by the beginning of its id; ambiguous and unknown ones are said", async () => {
  const client = await kitClient();
  const before = await client.slip(slipId(8));
  assert.ok(before.ok && before.value.state === "offered");
  const accepted = await run("accept", slipId(8).slice(0, 10), "--json");
  assert.equal(JSON.parse(accepted.out).state, "sending");
  const unknown = await run("decline", "00000000", "--json");
  assert.deepEqual([unknown.code, failureOf(unknown).code], [1, "id-unknown"]);
});

test("receipt saves a file, and does not write over another unasked", async () => {
  const path = join(folder, "scan.waybill");
  const id = slipId(3).slice(0, 12);
  const saved = await run("receipt", id, "-o", path, "--json");
  assert.deepEqual([saved.code, JSON.parse(saved.out).path], [0, path]);
  assert.equal(await readFile(path, "utf8"), `waybill ${slipId(3)}`);
  assert.equal(failureOf(await run("receipt", id, "-o", path, "--json")).code, "file-exists");
  assert.equal((await run("receipt", id, "-o", path, "--force")).code, 0);
  assert.equal(failureOf(await run("receipt", slipId(13), "-o", `${path}2`, "--json")).code, "no-receipt");
  assert.equal((await run("receipt", id)).code, 2, "without -o");
});

test("prove saves what the ledger holds of an account or a name, and does not write over another unasked", async () => {
  const path = join(folder, "chess-club.stateproof");
  const saved = await run("prove", "--name", "chess-club", "-o", path, "--json");
  assert.deepEqual([saved.code, JSON.parse(saved.out).path], [0, path]);
  assert.equal(await readFile(path, "utf8"), "state of name chess-club");
  assert.equal(failureOf(await run("prove", "Bob", "-o", path, "--json")).code, "file-exists");
  assert.equal((await run("prove", "Bob", "-o", path, "--force")).code, 0);
  assert.equal(await readFile(path, "utf8"), "state of account Bob");
  const malformed = await run("prove", "--name", "No Name", "-o", `${path}2`, "--json");
  assert.equal(failureOf(malformed).code, "name-malformed");
});

test("nothing a peer wrote steers the terminal", async () => {
  const client = await kitClient();
  const said = await client.say("bob", "before\x1b[2J\x1b]0;owned\x07\u202eafter\x9b31m");
  assert.ok(said.ok);
  for (const result of await Promise.all([run("history", "bob"), run("history", "bob", "--json")])) {
    assert.match(result.out, /before/);
    for (const bad of ["\x1b", "\x07", "\x9b", "\u202e"]) assert.ok(!result.out.includes(bad));
  }
  const ascii = await ended(start(["history", "bob"], { LANG: "C" }));
  assert.match(ascii.out, /^[\n -~]*$/);
});

test("a reader that has enough is no failure", async () => {
  const child = start(["history"]);
  child.stdout?.destroy();
  const [code] = await once(child, "close");
  assert.equal(code, 0);
});

test("a second start on a folder in use shows the running peer and ends with 0", async (t) => {
  // The kit's server holds no lock, so this process takes the folder's lock as a peer would.
  const { acquireDataLock } = await import("#node/data-lock.ts");
  const lock = acquireDataLock(dataDir);
  assert.ok(lock);
  t.after(() => lock.release());
  const [words, json] = await Promise.all([run("start", "--no-open"), run("start", "--no-open", "--json")]);
  assert.equal(words.code, 0, words.err);
  assert.match(words.out, /Alice is already up, as process \d+/);
  assert.match(words.out, /http:\/\/127\.0\.0\.1:\d+\/#token=/);
  const told = JSON.parse(json.out);
  assert.deepEqual([told.alreadyRunning, told.name, told.pid], [true, "Alice", served.pid]);
});

test("the launcher runs the program and passes its exit code on", async () => {
  assert.ok(((await stat(LAUNCHER)).mode & 0o111) !== 0, "executable");
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, WAYBILL_DATA: join(folder, "empty") };
  const child = spawn(process.execPath, [LAUNCHER, "status", "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
  const result = await ended(child);
  assert.deepEqual([result.code, failureOf(result).code], [3, "no-running-peer"]);
});

test("a folder that cannot be used is a failure with a cause", async (t) => {
  const locked = join(folder, "locked");
  await mkdir(locked);
  await writeFile(join(locked, "api.json"), "x");
  await chmod(join(locked, "api.json"), 0);
  t.after(() => chmod(join(locked, "api.json"), 0o600));
  const result = await run("status", "--json", "--data", locked);
  assert.equal(result.code, 1);
  assert.equal(failureOf(result).code, "api-file-corrupt");
});

test("a name is looked up, registered, listed, renewed, handed over and left out", async () => {
  assert.match((await runHere("name", "show", "bob")).out, /Belongs to +Bob/);
  assert.match((await runHere("name", "show", "anna-lee")).out, /Holder +nobody/);
  const held = await runHere("name", "register", "bob", "--json");
  assert.deepEqual([held.code, failureOf(held).code], [1, "name-held"]);
  const malformed = await runHere("name", "register", "No", "--json");
  assert.deepEqual([malformed.code, failureOf(malformed).code], [1, "name-malformed"]);
  assert.match((await runHere("name", "register", "anna-lee")).out, /reserved and will be claimed by itself/);
  assert.match((await runHere("name", "list")).out, /anna-lee .*reserved; claimed with block/);
  assert.match((await runHere("name", "list")).out, /claim waits/);
  assert.match((await runHere("name", "list")).out, /^NAME +STANDS FOR +STATE\nanna-lee .*yours until/);
  assert.match((await runHere("name", "renew", "anna-lee")).out, /renewed with one of the next blocks/);
  assert.match((await runHere("name", "update", "anna-lee", "--owner", "bob")).out, /handed over/);
  assert.equal((await runHere("name", "forget", "anna-lee")).code, 1);
  const idle = [
    ["name", "register", "x1y", "--owner", "bob"],
    ["name", "renew", "x1y", "--key", "bob"],
  ];
  for (const argv of [
    ["name"],
    ["name", "update", "x1y"],
    ["name", "list", "more"],
    ["name", "show"],
    ...idle,
  ]) {
    assert.equal((await runHere(...argv)).code, 2, argv.join(" "));
  }
});

test("a network without signers says so, and there is nothing to save", async () => {
  assert.match((await runHere("checkpoint")).out, /Nobody co-signs in this network/);
  const none = await runHere("checkpoint", "export", join(folder, "final.checkpoint"), "--json");
  assert.deepEqual([none.code, failureOf(none).code], [1, "checkpoint-missing"]);
  const text = join(folder, "text");
  await writeFile(text, "some text");
  const wrong = await runHere("checkpoint", "verify", text, "--json");
  assert.equal(failureOf(wrong).code, "checkpoint-refused");
  assert.match(failureOf(wrong).cause, /no checkpoint of a Waybill ledger: it has no empty line/);
  const missing = await runHere("checkpoint", "verify", join(folder, "none"), "--json");
  assert.deepEqual([missing.code, failureOf(missing).code], [1, "checkpoint-unreadable"]);
  assert.equal((await runHere("checkpoint", "export")).code, 2);
});
