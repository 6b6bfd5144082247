import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import {
  CLASSROOM,
  connect,
  freshFolder,
  must,
  peer,
  peerIdOf,
  restart,
  startArguments,
  waybill,
} from "#test/kit/process.ts";

/** Peers of one test are told of each other; those of another program on this computer are none of its business. */
const ALONE = ["--no-discovery"];

test("a first start makes an identity that only its owner can read, and says how it is reached", async (t) => {
  const dataDir = join(freshFolder(t), "not", "there", "yet");
  const alice = await peer(t, { name: "alice", dataDir, flags: ALONE });
  assert.equal(statSync(join(dataDir, "identity.key")).mode & 0o777, 0o600);
  assert.equal(statSync(join(dataDir, "api.json")).mode & 0o777, 0o600);
  const status = await must(alice.client.status());
  assert.equal(status.name, "alice");
  assert.ok(alice.output().includes(status.peerId));
  for (const address of status.addresses) assert.ok(alice.output().includes(address), address);
  assert.ok(status.addresses.every((address) => address.startsWith("/ip4/127.0.0.1/tcp/")));
  assert.equal(new URL(alice.pageUrl).origin, alice.origin);
});

test("the page is served where the peer says, with nothing fetched from elsewhere", async (t) => {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const answer = await fetch(`${alice.origin}/`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  const page = await answer.text();
  assert.match(page, /<div id="root">/);
  assert.doesNotMatch(page, /(src|href)="https?:/);
});

test("Ctrl-C ends in order with 0, and the same folder is the same person", async (t) => {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const id = await peerIdOf(alice);
  assert.deepEqual(await alice.interrupt(), { code: 0, signal: null });
  assert.equal(existsSync(join(alice.options.dataDir, "api.json")), false, "nobody answers there any more");
  const again = await restart(t, alice);
  assert.equal(await peerIdOf(again), id);
  assert.equal((await again.interrupt()).code, 0);
});

test("a second start on the same folder says who holds it and where the page is", async (t) => {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const second = await waybill(...startArguments({ ...alice.options, name: "somebody" }));
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stdout, new RegExp(`alice .*process ${alice.pid}\\b`));
  assert.ok(second.stdout.includes(alice.origin));
  assert.equal((await must(alice.client.status())).name, "alice");
});

test("two peers on one computer get ports of their own, and a taken page port is stepped over and said", async (t) => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.after(() => taken.close());
  const address = taken.address();
  assert.ok(address !== null && typeof address === "object");
  const flags = [...ALONE, "--ui-port", String(address.port)];
  const alice = await peer(t, { name: "alice", flags });
  assert.notEqual(new URL(alice.origin).port, String(address.port));
  assert.match(alice.output(), new RegExp(`Port ${address.port} is taken`));
});

test("a taken listening port is stepped over", async (t) => {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const [inUse] = (await must(alice.client.status())).addresses;
  const port = /\/tcp\/(\d+)/.exec(inUse ?? "")?.[1];
  assert.ok(port !== undefined);
  const bob = await peer(t, { name: "bob", listen: [`/ip4/127.0.0.1/tcp/${port}`], flags: ALONE });
  const [chosen] = (await must(bob.client.status())).addresses;
  assert.ok(chosen !== undefined && !chosen.startsWith(`/ip4/127.0.0.1/tcp/${port}/`), `${chosen}`);
});

test("an address typed once is remembered: peers find each other again after both restarted", async (t) => {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const bob = await peer(t, { name: "bob", flags: ALONE });
  await connect(bob, alice);
  const [address] = (await must(alice.client.status())).addresses;
  const listen = [address?.replace(/\/p2p\/.*$/, "") ?? ""];
  await Promise.all([alice.interrupt(), bob.interrupt()]);
  const bobAgain = await restart(t, bob);
  const aliceAgain = await restart(t, alice, { listen });
  const id = await peerIdOf(aliceAgain);
  await bobAgain.until("finds alice again", 30_000, async () => {
    const people = await must(bobAgain.client.people());
    return people.some((person) => person.peerId === id && person.online) ? true : null;
  });
});

test("two peers find each other within three seconds on one computer, nobody typed an address", async (t) => {
  const alice = await peer(t, { name: "alice" });
  const bob = await peer(t, { name: "bob" });
  const id = await peerIdOf(alice);
  const startedMs = performance.now();
  await bob.until("sees alice", 10_000, async () => {
    const people = await must(bob.client.people());
    return people.some((person) => person.peerId === id && person.online) ? true : null;
  });
  const tookMs = performance.now() - startedMs;
  // Three seconds is the promise; the rest is what two busy cores may take away.
  assert.ok(tookMs < 5_000, `${tookMs.toFixed(0)} ms`);
});

test("a corrupt config, identity or delivery database is refused with its name, a cause and a next step", async (t) => {
  const folder = freshFolder(t);
  for (const [file, content, code] of [
    ["config.json", '{"name": 7}', "config-corrupt"],
    ["config.json", "{", "config-corrupt"],
    ["identity.key", "not a key", "identity-corrupt"],
    ["waybill.db", "not a database, ".repeat(100), "deliveries-damaged"],
  ] as const) {
    const dataDir = join(folder, `${code}-${content.length}`);
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, file), content);
    const refused = await waybill(...startArguments({ name: "alice", dataDir, flags: ALONE }), "--json");
    assert.equal(refused.code, 1, refused.stdout);
    const { error } = JSON.parse(refused.stderr);
    assert.equal(error.code, code);
    assert.ok(error.cause.includes(file) && error.nextStep.length > 10, refused.stderr);
    assert.equal(readFileSync(join(dataDir, file), "utf8"), content, "what is damaged is left as it is");
  }
});

test("a name that does not show, or an address that is none, is refused before anything is made", async (t) => {
  const dataDir = join(freshFolder(t), "none");
  for (const [flags, code] of [
    [["--name", " "], "name-refused"],
    [["--join", "nowhere"], "address-malformed"],
  ] as const) {
    const refused = await waybill(
      ...startArguments({ name: "alice", dataDir, flags: ALONE }),
      ...flags,
      "--json",
    );
    assert.equal(refused.code, 1, refused.stdout);
    assert.equal(JSON.parse(refused.stderr).error.code, code);
    assert.equal(existsSync(dataDir), false);
  }
});

test("a damaged ledger is moved aside and said, and the peer runs", async (t) => {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const { chainId } = (await must(alice.client.status())).chain;
  await alice.interrupt();
  const file = join(alice.options.dataDir, `ledger-${chainId.slice(0, 16)}.db`);
  writeFileSync(file, "not a database, ".repeat(100));
  const again = await restart(t, alice);
  const { warnings } = await must(again.client.status());
  assert.ok(
    warnings.some((warning) => warning.code === "ledger-refetched"),
    JSON.stringify(warnings),
  );
  assert.ok(existsSync(`${file}.damaged`));
});

test("damage in a ledger too large to be looked through at each start is found by what trips over it, and the peer runs", async (t) => {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const { dataDir } = alice.options;
  assert.equal((await alice.interrupt()).code, 0);
  const name = readdirSync(dataDir).find((one) => /^ledger-[0-9a-f]{16}\.db$/.test(one));
  const path = join(dataDir, name ?? assert.fail("no ledger"));
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE large (bytes BLOB); INSERT INTO large VALUES (zeroblob(65 * 1024 * 1024))");
  const page = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_best_1'";
  const at = Number(database.prepare(page).get()?.["rootpage"]) - 1;
  database.close();
  const bytes = readFileSync(path);
  const pageBytes = bytes.readUInt16BE(16);
  writeFileSync(path, bytes.fill(0xa5, at * pageBytes, (at + 1) * pageBytes));
  const again = await restart(t, alice);
  assert.match(again.output(), /The ledger's file was damaged .*it was moved aside/);
  assert.equal((await must(again.client.status())).name, "alice");
});

test("a genesis that is none is refused, and so is one that is missing", async (t) => {
  const folder = freshFolder(t);
  const edited = join(folder, "edited.json");
  writeFileSync(edited, readFileSync(CLASSROOM, "utf8").replace('"reward"', '"rewards"'));
  for (const [network, code] of [
    [edited, "network-file-refused"],
    [join(folder, "missing.json"), "network-file-unreadable"],
  ] as const) {
    const refused = await waybill(
      ...startArguments({ name: "alice", dataDir: join(folder, "data"), network, flags: ALONE }),
      "--json",
    );
    assert.equal(refused.code, 1);
    assert.equal(JSON.parse(refused.stderr).error.code, code);
  }
});
