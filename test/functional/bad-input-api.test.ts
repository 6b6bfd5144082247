import assert from "node:assert/strict";
import { request } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { freshFolder, must, peer, type RealPeer, waybill } from "#test/kit/process.ts";

const ALONE = ["--no-discovery", "--no-mine"];

interface Answer {
  readonly status: number;
  readonly code: string;
}

/** One request with headers as given: `fetch` would set Host by itself. */
function ask(
  target: RealPeer,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: { readonly method: string; readonly bytes: Uint8Array } = { method: "GET", bytes: new Uint8Array(0) },
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(
    `${target.origin}${path}`,
    { method: body.method, headers, agent: false },
    (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.once("end", () => {
        const code: unknown = JSON.parse(text || "{}")?.error?.code;
        resolve({ status: response.statusCode ?? 0, code: typeof code === "string" ? code : "" });
      });
    },
  );
  sent.once("error", reject);
  sent.end(body.bytes);
  return promise;
}

async function alone(t: TestContext): Promise<RealPeer> {
  return peer(t, { name: "alice", flags: ALONE });
}

test("a wrong token, Host or Origin is refused with its code", async (t) => {
  const alice = await alone(t);
  const host = new URL(alice.origin).host;
  const good = { Host: host, Authorization: `Bearer ${alice.token}` };
  const status = "/api/v1/status";
  assert.equal((await ask(alice, status, good)).status, 200);
  for (const [headers, expected] of [
    [{ Host: host }, { status: 401, code: "wrong-token" }],
    [
      { ...good, Authorization: "Bearer wrong" },
      { status: 401, code: "wrong-token" },
    ],
    [
      { ...good, Authorization: `Bearer ${alice.token}x` },
      { status: 401, code: "wrong-token" },
    ],
    [
      { ...good, Host: "evil.example" },
      { status: 421, code: "wrong-host" },
    ],
    [
      { ...good, Host: "127.0.0.1:1" },
      { status: 421, code: "wrong-host" },
    ],
    [
      { ...good, Origin: "https://evil.example" },
      { status: 403, code: "wrong-origin" },
    ],
    [
      { ...good, Origin: "null" },
      { status: 403, code: "wrong-origin" },
    ],
  ] as const) {
    assert.deepEqual(await ask(alice, status, headers), expected, JSON.stringify(headers));
  }
});

test("bodies that are no JSON, of another shape, or far too long are refused, and the peer lives", async (t) => {
  const alice = await alone(t);
  const headers = {
    Host: new URL(alice.origin).host,
    Authorization: `Bearer ${alice.token}`,
    "Content-Type": "application/json",
  };
  const post = async (text: string) =>
    ask(alice, "/api/v1/messages", headers, { method: "POST", bytes: Buffer.from(text) });
  for (const text of ["", "{", "[]", '{"who":7,"text":"x"}', '{"who":"bob"}', `"${"x".repeat(1000)}"`]) {
    const answer = await post(text);
    assert.ok(answer.status >= 400 && answer.status < 500, `${text.slice(0, 20)}: ${answer.status}`);
    assert.notEqual(answer.code, "");
  }
  const long = await post(JSON.stringify({ who: "bob", text: "x".repeat(4 * 1024 * 1024) })).catch(
    () => null,
  );
  assert.ok(long === null || long.status === 413 || long.status === 400, `${long?.status}`);
  assert.equal((await ask(alice, "/api/v1/nothing", headers)).status, 404);
  await must(alice.client.status());
});

test("an upload whose name leads out of its folder is refused", async (t) => {
  const alice = await alone(t);
  const { uploadId } = await must(alice.client.beginUpload());
  for (const path of ["../../x", "/etc/x", "a/../../x", ""]) {
    const answer = await alice.client.addUploadFile(uploadId, path, new Uint8Array([1]));
    assert.equal(answer.ok, false, path);
  }
  assert.equal((await alice.client.addUploadFile("../..", "x", new Uint8Array([1]))).ok, false);
});

test("a path of the page cannot leave the page's folder", async (t) => {
  const alice = await alone(t);
  const host = new URL(alice.origin).host;
  for (const path of ["/../package.json", "/%2e%2e/%2e%2e/package.json", "/..%2f..%2fpackage.json", "/%00"]) {
    const { promise, resolve } = Promise.withResolvers<string>();
    const [hostname, port] = host.split(":");
    request({ hostname, port, path, headers: { Host: host } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.once("end", () => resolve(text));
    }).end();
    assert.ok(!(await promise).includes('"devDependencies"'), path);
  }
});

test("commands end with stable codes: no peer 3, wrong use 2, a refusal 1 with code, cause and next step", async (t) => {
  const folder = freshFolder(t);
  const nobody = await waybill("status", "--data", join(folder, "nobody"), "--json");
  assert.equal(nobody.code, 3, nobody.stderr);
  assert.ok(JSON.parse(nobody.stderr).error.nextStep);
  assert.equal((await waybill("nonsense")).code, 2);
  assert.equal((await waybill("say", "--data", folder)).code, 2);

  const alice = await alone(t);
  const data = ["--data", alice.options.dataDir, "--json"];
  for (const command of [
    ["say", "nobody-of-that-name", "hello"],
    ["send", "nobody-of-that-name", join(folder, "missing.txt")],
    ["connect", "not an address"],
    ["chain", "block", "123456"],
    ["receipt", "0000", "-o", join(folder, "x.waybill")],
  ]) {
    const refused = await waybill(...command, ...data);
    assert.ok(refused.stderr.startsWith("{"), `${command.join(" ")}: ${refused.stderr}`);
    assert.equal(refused.code, 1, `${command.join(" ")}: ${refused.stdout}${refused.stderr}`);
    const { error } = JSON.parse(refused.stderr);
    assert.ok(error.code && error.cause && error.nextStep, refused.stderr);
  }
  assert.equal((await waybill("verify", join(folder, "missing.waybill"), "--json")).code, 1);
});
