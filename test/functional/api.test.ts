/** Tests the API over HTTP; long, since each way in which a request may be wrong, and each kind of answer, is one. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Answered } from "#api/client.ts";
import { contract, type OperationContract } from "#api/contract.ts";
import { JSON_BODY_BYTES_MAX, TICKET_LIFETIME_MS, UPLOAD_STALL_TIMEOUT_MS } from "#api/limits.ts";
import { API_BASE, HTTP_ONLY, type Operation, routes } from "#api/routes.ts";
import { openApi, raw, TOKEN } from "../kit/api-server.ts";
import { SimulatedClock } from "../kit/clock.ts";
import { createKitFacade, slipId } from "../kit/facade.ts";

const JSON_TYPE = { "Content-Type": "application/json" };
const must = <Value>(answer: Answered<Value>): Value => {
  assert.ok(answer.ok, answer.ok ? "" : `${answer.fault.code}: ${answer.fault.cause}`);
  return answer.value;
};

test("every operation of the facade has a route, a contract and a place in the OpenAPI document", async (t) => {
  const { server, kit } = await openApi(t);
  const operations = Object.keys(kit.facade).filter((name) => name !== "feed");
  assert.deepEqual(
    Object.keys(routes).toSorted(),
    [...operations, ...HTTP_ONLY].toSorted(),
    "facade and table of routes name the same operations",
  );
  const answer = await raw(server, `${API_BASE}/openapi.json`);
  assert.equal(answer.status, 200);
  const document: { paths: Record<string, Record<string, { operationId: string; responses: object }>> } =
    JSON.parse(answer.body);
  for (const [operation, { method, path }] of Object.entries(routes)) {
    const described = document.paths[API_BASE + path]?.[method];
    assert.equal(described?.operationId, operation);
    assert.ok(Object.keys(described.responses).includes("401"), operation);
  }
});

test("what the client gets is what the views say, for every operation without effect", async (t) => {
  const { client } = await openApi(t);
  const id = slipId(3);
  const answers: Partial<Record<Operation, Answered<unknown>>> = {
    status: await client.status(),
    people: await client.people(),
    person: await client.person("bob"),
    conversations: await client.conversations(),
    slips: await client.slips({ who: "bob", direction: "out", limit: 2, before: 7 }),
    slip: await client.slip(id),
    slipFiles: await client.slipFiles(id),
    chain: await client.chain(),
    blocks: await client.blocks({ before: 5, limit: 2 }),
    block: await client.block("3"),
    pending: await client.pending(),
    wallet: await client.wallet(),
    mining: await client.mining(),
  };
  for (const [operation, answer] of Object.entries(answers)) {
    const entry: OperationContract = contract[operation as Operation];
    const { answer: schema } = entry;
    assert.ok(typeof schema !== "string");
    const parsed = schema.safeParse(must(answer));
    assert.ok(parsed.success, `${operation}: ${parsed.error?.message}`);
  }
  assert.deepEqual(
    must(await client.slips({ who: "bob", direction: "out", limit: 2, before: 7 })).map((slip) => slip.order),
    [6, 5],
  );
});

test("operations with effect reach the facade with their arguments", async (t) => {
  const { client, kit } = await openApi(t);
  assert.equal(must(await client.say("bob", "hello")).text, "hello");
  assert.equal(must(await client.sendPaths("carol", ["/tmp/a", "/tmp/b"])).fileCount, 2);
  assert.equal(must(await client.accept(slipId(8), "/tmp/here")).state, "sending");
  assert.equal(must(await client.cancel(slipId(10))).state, "cancelled");
  assert.equal(must(await client.markRead("carol")), undefined);
  assert.equal(must(await client.updatePerson("Erin", { petname: "E", contact: true })).name, "E");
  assert.equal(must(await client.setMining({ mode: "off" })).mode, "off");
  assert.equal(must(await client.setName("Alicia")).name, "Alicia");
  assert.equal(must(await client.pay("carol", 250)).amount, 250);
  const unpaid = must(await client.wallet()).ended.map(({ id }) => id);
  assert.equal(unpaid.length, 1);
  must(await client.dismissPayment((unpaid[0] ?? "").slice(0, 12)));
  assert.deepEqual(must(await client.wallet()).ended, []);
  const { uploadId } = must(await client.beginUpload());
  const content = new Uint8Array(3_000_000).fill(7);
  assert.deepEqual(must(await client.addUploadFile(uploadId, "a folder/ü.bin", content)), {
    bytes: content.length,
  });
  assert.equal(must(await client.sendUpload("bob", uploadId)).title, "a folder");
  assert.deepEqual(Buffer.from(kit.uploaded.get("a folder/ü.bin") ?? []), Buffer.from(content));
});

test("refusals of the facade come back as they were, with a fitting status", async (t) => {
  const { client, server } = await openApi(t);
  const answer = await client.person("nobody");
  assert.deepEqual(answer, {
    ok: false,
    fault: { code: "not-found", cause: "There is no such person.", nextStep: "Look at the list again." },
  });
  assert.equal((await raw(server, `${API_BASE}/people/nobody`)).status, 404);
  const refused = await raw(server, `${API_BASE}/payments`, {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify({ to: "carol", amount: Number.MAX_SAFE_INTEGER }),
  });
  assert.equal(refused.status, 422);
  assert.equal(refused.code, "funds-missing");
});

test("without the token nothing is told, not even which paths there are", async (t) => {
  const { server } = await openApi(t);
  for (const authorization of [
    "",
    "Bearer",
    `Bearer ${TOKEN}x`,
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN.slice(1)}`,
  ]) {
    for (const path of ["/status", "/events", "/openapi.json", "/nothing-here"]) {
      const answer = await raw(server, API_BASE + path, { headers: { Authorization: authorization } });
      assert.equal(answer.status, 401, `${authorization} ${path}`);
      assert.equal(answer.code, "wrong-token");
    }
  }
  assert.equal((await raw(server, `${API_BASE}/nothing-here`)).code, "route-unknown");
});

test("requests addressed to another host are refused: DNS rebinding", async (t) => {
  const { server } = await openApi(t);
  for (const host of [
    "evil.example",
    `evil.example:${server.port}`,
    "127.0.0.1",
    `127.0.0.1:${server.port + 1}`,
  ]) {
    const answer = await raw(server, `${API_BASE}/status`, { headers: { Host: host } });
    assert.equal(answer.status, 421, host);
    assert.equal(answer.code, "wrong-host");
    assert.equal((await raw(server, "/", { headers: { Host: host } })).status, 421);
  }
  for (const host of [`localhost:${server.port}`, `LOCALHOST:${server.port}`, `[::1]:${server.port}`]) {
    assert.equal((await raw(server, `${API_BASE}/status`, { headers: { Host: host } })).status, 200, host);
  }
});

test("requests from pages of other sites are refused, and no CORS is granted", async (t) => {
  const { server } = await openApi(t);
  for (const origin of [
    "https://evil.example",
    "null",
    `https://127.0.0.1:${server.port}`,
    "http://127.0.0.1:1",
  ]) {
    const answer = await raw(server, `${API_BASE}/status`, { headers: { Origin: origin } });
    assert.equal(answer.status, 403, origin);
    assert.equal(answer.code, "wrong-origin");
    assert.equal(answer.headers["access-control-allow-origin"], undefined);
  }
  const own = await raw(server, `${API_BASE}/status`, { headers: { Origin: server.origin } });
  assert.equal(own.status, 200);
  assert.equal(own.headers["access-control-allow-origin"], undefined);
});

test("bodies are strict: size, type, JSON, fields, well-formed text", async (t) => {
  const { server } = await openApi(t);
  const post = (body: string | Uint8Array, headers: Record<string, string> = JSON_TYPE) =>
    raw(server, `${API_BASE}/messages`, { method: "POST", headers, body });
  const cases: readonly [string, string | Uint8Array, number, string, Record<string, string>?][] = [
    ["too large", `{"who":"bob","text":"${"x".repeat(JSON_BODY_BYTES_MAX)}"}`, 413, "body-too-large"],
    ["not JSON", "{who:1}", 400, "malformed-json"],
    ["nothing", "", 400, "malformed-json"],
    ["a field twice", '{"who":"bob","text":"no","text":"yes"}', 400, "malformed-json"],
    ["not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), 400, "malformed-json"],
    ["another type", '{"who":"bob","text":"x"}', 415, "not-json", { "Content-Type": "text/plain" }],
    ["an unknown field", '{"who":"bob","text":"x","extra":1}', 400, "invalid-request"],
    ["a missing field", '{"who":"bob"}', 400, "invalid-request"],
    ["a wrong kind", '{"who":"bob","text":1}', 400, "invalid-request"],
    ["an empty text", '{"who":"bob","text":""}', 400, "invalid-request"],
    ["an array", "[]", 400, "invalid-request"],
    ["a lone surrogate", '{"who":"bob","text":"\\ud800"}', 400, "invalid-request"],
    ["__proto__", '{"who":"bob","text":"x","__proto__":{}}', 400, "invalid-request"],
  ];
  for (const [what, body, status, code, headers] of cases) {
    const answer = await post(body, headers);
    assert.deepEqual([answer.status, answer.code], [status, code], what);
  }
  const bodyless = await raw(server, `${API_BASE}/slips/${slipId(8)}/decline`, {
    method: "POST",
    body: "{}",
  });
  assert.equal(bodyless.code, "invalid-request");
});

test("queries and paths are strict", async (t) => {
  const { server } = await openApi(t);
  const bad = [
    "/slips?limit=501",
    "/slips?limit=1&limit=2",
    "/slips?limit=0x10",
    "/slips?limit=-1",
    "/slips?colour=red",
    "/slips?direction=up",
    "/slips/abc",
    `/slips/${slipId(1).toUpperCase()}`,
    "/blocks/1e3",
    "/blocks/007",
    "/status?x=1",
  ];
  for (const path of bad) {
    const answer = await raw(server, API_BASE + path);
    assert.deepEqual([answer.status, answer.code], [400, "invalid-request"], path);
  }
  assert.equal((await raw(server, `${API_BASE}/slips?limit=500`)).status, 200);
});

test("a body that stands still is given up, and its connection with it", async (t) => {
  const clock = new SimulatedClock();
  const { server } = await openApi(t, { clock });
  const answer = raw(server, `${API_BASE}/messages`, {
    method: "POST",
    headers: { ...JSON_TYPE, "Content-Length": "100" },
    body: '{"who":',
    unfinished: true,
  });
  const watched = await settled(answer, clock);
  assert.deepEqual([watched.status, watched.code], [408, "body-too-slow"]);
});

/** Lets simulated time pass, second by second, while real sockets do their work. */
async function settled<Value>(promise: Promise<Value>, clock: SimulatedClock): Promise<Value> {
  let done = false;
  const mark = () => {
    done = true;
  };
  promise.then(mark, mark);
  for (let round = 0; round < 10_000 && !done; round++) await clock.advance(1_000);
  return await promise;
}

test("an upload that stands still fails at the facade, which keeps nothing of it", async (t) => {
  const clock = new SimulatedClock();
  const failures: unknown[] = [];
  const { server } = await openApi(t, {
    clock,
    change: (facade) => ({
      ...facade,
      addUploadFile: async (_id, _path, body) => {
        try {
          await new Response(body).arrayBuffer();
        } catch (error) {
          failures.push(error);
        }
        return { ok: false, fault: { code: "upload-failed", cause: "It stood still.", nextStep: "Again." } };
      },
    }),
  });
  const answer = await settled(
    raw(server, `${API_BASE}/uploads/u1/files?path=a`, {
      method: "PUT",
      headers: { "Content-Length": "100" },
      body: "part",
      unfinished: true,
    }),
    clock,
  );
  assert.equal(answer.code, "upload-failed");
  assert.equal(failures.length, 1);
  assert.ok(clock.monotonicMs() >= UPLOAD_STALL_TIMEOUT_MS);
});

test("a fault of ours is logged and told without its details", async (t) => {
  const { server, faults } = await openApi(t, {
    change: (facade) => ({ ...facade, status: () => Promise.reject(new Error("secret place")) }),
  });
  const answer = await raw(server, `${API_BASE}/status`);
  assert.deepEqual([answer.status, answer.code], [500, "internal"]);
  assert.doesNotMatch(answer.body, /secret place|server\.ts/);
  assert.equal(faults.length, 1);
  assert.equal((await raw(server, `${API_BASE}/people`)).status, 200, "the server lives on");
});

test("a saved file comes as an attachment, whole or a range of it", async (t) => {
  const { server, client } = await openApi(t);
  const path = `${API_BASE}/slips/${slipId(9)}/files/content?path=${encodeURIComponent('ü "x".txt')}`;
  const whole = await raw(server, path);
  const expected = 'The bytes of ü "x".txt.\n';
  assert.equal(whole.body, expected);
  assert.equal(
    whole.headers["content-disposition"],
    `attachment; filename="_ _x_.txt"; filename*=UTF-8''%C3%BC%20%22x%22.txt`,
  );
  assert.match(String(whole.headers["content-security-policy"]), /sandbox/);
  const part = await raw(server, path, { headers: { Range: "bytes=4-8" } });
  assert.deepEqual([part.status, part.body], [206, "bytes"]);
  assert.equal(part.headers["content-range"], `bytes 4-8/${Buffer.byteLength(expected)}`);
  assert.equal((await raw(server, path, { headers: { Range: "bytes=900-" } })).status, 416);
  const streamed = must(await client.savedFile(slipId(9), 'ü "x".txt'));
  assert.equal(await new Response(streamed).text(), expected);
});

test("a ticket gives one download without the token, once and not for long", async (t) => {
  const clock = new SimulatedClock();
  const { client, server } = await openApi(t, { clock });
  const ticketPath = async () => new URL(must(await client.fileTicket(slipId(9), "budget.ods")).url).pathname;
  const download = (path: string) => raw(server, path, { headers: { Authorization: "" } });
  const path = await ticketPath();
  assert.equal((await download(path)).body, "The bytes of budget.ods.\n");
  assert.deepEqual((await download(path)).code, "ticket-unknown");
  const late = await ticketPath();
  await clock.advance(TICKET_LIFETIME_MS + 1);
  assert.equal((await download(late)).code, "ticket-unknown");
  assert.equal((await client.fileTicket(slipId(1), "x")).ok, false, "no ticket for what is not there");
});

test("a page ticket leads to the page with its token once, then to the page without", async (t) => {
  const { client, server } = await openApi(t);
  const path = new URL(must(await client.pageTicket()).url).pathname;
  const first = await raw(server, path, { headers: { Authorization: "" } });
  assert.deepEqual([first.status, first.headers["location"]], [303, `/#token=${TOKEN}`]);
  const second = await raw(server, path, { headers: { Authorization: "" } });
  assert.deepEqual([second.status, second.headers["location"]], [303, "/"]);
});

test("receipt and verify carry bytes unchanged, and the name of the file", async (t) => {
  const { client } = await openApi(t);
  const receipt = must(await client.receipt(slipId(3)));
  assert.equal(receipt.fileName, "Bob from the lab – 3.waybill");
  const verdict = must(await client.verify(receipt.bytes));
  assert.deepEqual([verdict.ok, verdict.grade], [true, "in-my-chain"]);
  assert.equal(must(await client.verify(new Uint8Array([1, 2, 3]))).ok, false);
});

test("proofs of the ledger's state come as files, and a kind that is none is refused", async (t) => {
  const { client, server } = await openApi(t);
  const proof = must(await client.prove("name", "chess-club"));
  assert.equal(proof.fileName, "chess-club.stateproof");
  assert.equal(Buffer.from(proof.bytes).toString(), "state of name chess-club");
  const refused = await client.prove("name", "No Name");
  assert.equal(refused.ok ? "saved" : refused.fault.code, "name-malformed");
  assert.equal((await raw(server, "/api/v1/state-proofs/block/7", {})).status, 400);
});

test("the page is served with a strict policy, its routes lead to it, and nothing outside its folder", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "waybill-api-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const webRoot = join(folder, "web");
  await mkdir(join(webRoot, "assets"), { recursive: true });
  await writeFile(join(webRoot, "index.html"), "<!doctype html>page");
  await writeFile(join(webRoot, "assets", "app-1a2b.js"), "plain");
  await writeFile(join(webRoot, "assets", "app-1a2b.js.br"), "brotli");
  await writeFile(join(folder, "secret.txt"), "secret");
  const { server } = await openApi(t, { webRoot });
  const get = (path: string, headers: Record<string, string> = {}) =>
    raw(server, path, { headers: { Authorization: "", ...headers } });
  const page = await get("/");
  assert.equal(page.body, "<!doctype html>page");
  const policy = String(page.headers["content-security-policy"]);
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self';/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.equal(page.headers["cache-control"], "no-cache");
  assert.equal((await get("/chats/bob")).body, "<!doctype html>page");
  const asset = await get("/assets/app-1a2b.js");
  assert.deepEqual([asset.body, asset.headers["content-type"]], ["plain", "text/javascript; charset=utf-8"]);
  assert.match(String(asset.headers["cache-control"]), /immutable/);
  const packed = await get("/assets/app-1a2b.js", { "Accept-Encoding": "gzip, br" });
  assert.deepEqual([packed.body, packed.headers["content-encoding"]], ["brotli", "br"]);
  assert.equal((await get("/assets/gone.js")).status, 404);
  for (const path of [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/%00",
  ]) {
    assert.doesNotMatch((await get(path)).body, /secret/, path);
  }
  assert.equal((await raw(server, "/", { method: "POST" })).status, 405);
});

test("a page that is not built says which command builds it", async (t) => {
  const { server } = await openApi(t);
  const page = await raw(server, "/", { headers: { Authorization: "" } });
  assert.equal(page.status, 503);
  assert.match(page.body, /npm run build/);
});

test("a port that is taken is stepped over, and it is said", async (t) => {
  const first = await openApi(t);
  const second = await openApi(t, { port: first.server.port });
  assert.equal(second.server.steppedOver, true);
  assert.notEqual(second.server.port, first.server.port);
  assert.equal((await second.client.status()).ok, true);
});

test("a peer that does not answer is a problem with a next step", async (t) => {
  const { client, server } = await openApi(t);
  await server.close();
  const answer = await client.status();
  assert.ok(!answer.ok);
  assert.equal(answer.fault.code, "peer-unreachable");
});

test("the kit's facade is a facade whose people and slips fit together", async (t) => {
  const kit = createKitFacade({ nowMs: () => 1_790_000_000_000 });
  t.after(kit.close);
  const states = new Set((await collect(kit)).map((slip) => slip.state));
  assert.equal(states.size, 9, "one slip at least in every state");
});

async function collect(kit: ReturnType<typeof createKitFacade>) {
  const slips = await kit.facade.slips({ limit: 100 });
  assert.ok(slips.ok);
  return slips.value;
}
