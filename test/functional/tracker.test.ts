/**
 * A tracker as a process and over its sockets: what it prints and answers, how it ends, what wrong use is told, that
 * the web port alone is enough, and that a ledger is kept.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { toHex } from "#base/bytes.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { type RealTracker, startRealTracker } from "../../tools/real-tracker.ts";
import { CLASSROOM, freshFolder, must, peer, waybill } from "../kit/process.ts";
import { openTestTracker } from "../kit/tracker.ts";
import { CHAIN, openTrackerPeer, presenceOf, seedOf } from "../kit/tracker-peer.ts";

async function started(context: TestContext, flags: readonly string[] = []): Promise<RealTracker> {
  const tracker = await startRealTracker(freshFolder(context), flags);
  context.after(() => tracker.kill());
  return tracker;
}

async function json(
  url: string,
  init: RequestInit = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(url, init);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

test("a process says what it listens on, answers, and ends in order at Ctrl-C", async (context) => {
  const tracker = await started(context);
  assert.match(tracker.tcp, /^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3KooW/);
  assert.match(tracker.web, /\/ws\/p2p\//);
  assert.deepEqual(await json(`${tracker.origin}/health`), { status: 200, body: { ok: true } });
  const status = await json(`${tracker.origin}/api/v1/status`);
  assert.equal(status.body["peerId"], tracker.peerId);
  assert.match(await (await fetch(`${tracker.origin}/metrics`)).text(), /^waybill_tracker_records 0$/m);
  assert.equal(await tracker.interrupt(), 0);
  await assert.rejects(fetch(`${tracker.origin}/health`));
});

test("a tracker keeps its key: started again it is the same one", async (context) => {
  const folder = freshFolder(context);
  const first = await startRealTracker(folder);
  assert.equal(await first.interrupt(), 0);
  const second = await startRealTracker(folder);
  context.after(() => second.kill());
  assert.equal(second.peerId, first.peerId);
});

test("wrong use is told with a code and a next step", async (context) => {
  const cases: readonly [readonly string[], RegExp][] = [
    [["--tls-cert", "cert.pem"], /belong together/],
    [["--network", CLASSROOM], /add --ledger/],
    [["--relay-quota", "lots"], /500M or 2G/],
    [["--web-port", "70000"], /whole number/],
    [["--listen", "tracker.example.org"], /IP address/],
    [["--public-host", "http://x/"], /without port/],
    [["--port", "4748"], /must differ/],
  ];
  for (const [flags, words] of cases) {
    const { code, stderr } = await waybill("tracker", "--json", "--data", freshFolder(context), ...flags);
    assert.equal(code, 2, flags.join(" "));
    assert.match((JSON.parse(stderr) as { error: { cause: string } }).error.cause, words);
  }
});

test("a taken port, an unreadable certificate and a folder in use end the start with a problem", async (context) => {
  const folder = freshFolder(context);
  const first = await startRealTracker(folder);
  context.after(() => first.kill());
  const port = /\/tcp\/(\d+)/.exec(first.tcp)?.[1] ?? "";
  const free = ["--listen", "127.0.0.1", "--port", "0", "--web-port", "0", "--no-stun"];
  const fails = async (code: string, ...flags: readonly string[]) => {
    const ended = await waybill("tracker", "--json", ...free, "--data", freshFolder(context), ...flags);
    assert.equal(ended.code, 1);
    assert.equal((JSON.parse(ended.stderr) as { error: { code: string } }).error.code, code);
  };
  await fails("port-unusable", "--port", port);
  await fails("tls-files-refused", "--tls-cert", "/nowhere/cert.pem", "--tls-key", "/nowhere/key.pem");
  await fails("network-file-unreadable", "--ledger", "--network", "/nowhere/network.json");
  await fails("data-folder-in-use", "--data", folder);
});

test("a script says that it is online, and sees who else is", async (context) => {
  const server = await openTestTracker();
  context.after(() => server.tracker.close());
  const [alice, bob] = [createKeypair(seedOf(1)), createKeypair(seedOf(2))];
  const post = (body: string | Uint8Array, type: string) =>
    json(`${server.origin}/api/v1/presence`, {
      method: "POST",
      headers: { "Content-Type": type },
      body: typeof body === "string" ? body : Buffer.from(body),
    });
  const record = presenceOf(alice, { name: "<b>Alice</b>" });
  const kept = await post(record.bytes, "application/octet-stream");
  assert.equal(kept.status, 200);
  assert.equal(kept.body["peerId"], alice.peerId);
  const text = Buffer.from(presenceOf(bob, { isListed: false }).bytes).toString("base64url");
  assert.equal((await post(`${text}\n`, "text/plain")).status, 200);

  const online = await json(`${server.origin}/api/v1/online?network=${toHex(CHAIN)}`);
  const peers = online.body["peers"] as readonly Record<string, unknown>[];
  assert.deepEqual(
    peers.map((each) => each["peerId"]),
    [alice.peerId],
    "bob lets nobody be told",
  );
  assert.equal(peers[0]?.["record"], Buffer.from(record.bytes).toString("base64url"));
  const page = await (await fetch(server.origin)).text();
  assert.match(page, /&lt;b&gt;Alice&lt;\/b&gt;/, "names are shown as they are, never as markup");
  assert.match(page, /2 registered, 1 of them not shown/);
  assert.doesNotMatch(page, new RegExp(bob.peerId));

  assert.equal((await post("not a record!", "text/plain")).status, 400);
  assert.equal((await post(new Uint8Array(9000), "application/octet-stream")).status, 413);
  assert.equal((await json(`${server.origin}/api/v1/online?network=abc`)).status, 400);
  assert.equal((await json(`${server.origin}/nothing`)).status, 404);
  assert.deepEqual(server.faults, []);
});

test("with a certificate the web port speaks HTTPS, and WebSocket within it", async (context) => {
  const folder = freshFolder(context);
  const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  try {
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"],
        ...[
          "-subj",
          "/CN=127.0.0.1",
          "-addext",
          "subjectAltName=IP:127.0.0.1",
          "-keyout",
          key,
          "-out",
          certificate,
        ],
      ],
      { stdio: "ignore" },
    );
  } catch {
    return context.skip("no openssl here to make a certificate with");
  }
  const tracker = await started(context, ["--tls-cert", certificate, "--tls-key", key]);
  assert.match(tracker.web, /\/tls\/ws\/p2p\//);
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const ca = readFileSync(certificate);
  request(`${tracker.origin.replace("http:", "https:")}/health`, { ca }, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  })
    .on("error", reject)
    .end();
  assert.equal(await promise, 200);
});

test("requests over the web port alone: registered, found, met, and told how one looks from there", async (context) => {
  const server = await openTestTracker({ trackers: ["other.example:28412"] });
  context.after(() => server.tracker.close());
  const [alice, bob] = [await openTrackerPeer(1), await openTrackerPeer(2)];
  context.after(() => Promise.all([alice.close(), bob.close()]));
  const rendezvous = new Uint8Array(32).fill(4);
  const toTracker = await alice.dial(server.web);
  const announced = await alice.ask(toTracker, {
    type: "announce",
    record: presenceOf(alice.keypair).bytes,
    rendezvous: [rendezvous],
  });
  assert.ok(announced.type === "announced");
  assert.match(announced.observed ?? "", /^127\.0\.0\.1:\d+$/);
  assert.deepEqual(announced.trackers, ["other.example:28412"]);
  const bobs = await bob.dial(server.web);
  const met = await bob.ask(bobs, { type: "meet", rendezvous });
  assert.ok(met.type === "met" && met.records.length === 1);
  const found = await bob.ask(bobs, { type: "find", peers: [alice.keypair.peerId] });
  assert.ok(found.type === "found" && found.records.length === 1);
  const forged = await bob.ask(bobs, {
    type: "announce",
    record: presenceOf(alice.keypair).bytes,
    rendezvous: [],
  });
  assert.ok(forged.type === "refused" && forged.code === "not-yours");
});

test("a tracker introduces two peers to each other, and keeps and serves the ledger that they make", async (context) => {
  const tracker = await started(context, ["--ledger", "--network", CLASSROOM]);
  const height = async () => {
    const { body } = await json(`${tracker.origin}/api/v1/status`);
    return (body["ledger"] as { height: number }).height;
  };
  assert.equal(await height(), 0);
  const flags = ["--no-discovery", "--tracker", tracker.tcp];
  const [alice] = await Promise.all([
    peer(context, { name: "alice", flags }),
    peer(context, { name: "bob", flags }),
  ]);
  await alice.until("bob, of whom only the tracker told", 30_000, async () => {
    const people = await alice.client.people();
    return people.ok && people.value.some(({ name, online }) => name === "bob" && online) ? true : null;
  });
  await must(alice.client.say("bob", "Something to anchor."));
  await alice.until("blocks that the tracker has too", 60_000, async () => {
    const own = await alice.client.chain();
    const has = await height();
    return own.ok && own.value.tip.height > 0 && has === own.value.tip.height ? has : null;
  });
});
