import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { createClient, type ReceivedEvent } from "#api/client.ts";
import { EVENT_BUFFER_BYTES_MAX, EVENT_CLIENTS_MAX, HEARTBEAT_PERIOD_MS } from "#api/limits.ts";
import { API_BASE } from "#api/routes.ts";
import { openApi, raw, TOKEN } from "../kit/api-server.ts";
import { SimulatedClock } from "../kit/clock.ts";
import type { KitFacade } from "../kit/facade.ts";
import { MINING } from "../kit/view-samples.ts";

/** An event by which a test knows which it was. */
function named(kit: KitFacade, name: string): void {
  const reason = { code: name, cause: "", nextStep: "" };
  kit.feed.publish({ type: "mining", mining: { ...MINING, reason } });
}
const nameOf = ({ event }: ReceivedEvent) =>
  event.type === "mining" ? (event.mining.reason?.code ?? "") : event.type;

async function take(
  events: AsyncGenerator<ReceivedEvent, void, undefined>,
  count: number,
): Promise<readonly ReceivedEvent[]> {
  const taken: ReceivedEvent[] = [];
  for (let at = 0; at < count; at++) {
    const next = await events.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

test("a snapshot names its place, and events from there on bring it up to date", async (t) => {
  const { client, kit } = await openApi(t);
  named(kit, "before");
  const snapshot = await client.status();
  assert.ok(snapshot.ok);
  assert.equal(snapshot.eventId, "run1-1");
  named(kit, "a");
  named(kit, "b");
  const stop = new AbortController();
  const events = client.events({ signal: stop.signal, fromId: snapshot.eventId });
  const received = await take(events, 2);
  assert.deepEqual(received.map(nameOf), ["a", "b"]);
  assert.deepEqual(
    received.map(({ id }) => id),
    ["run1-2", "run1-3"],
  );
  stop.abort();
  await events.return();
});

test("after a broken connection nothing is missed and nothing comes twice", async (t) => {
  const { kit, server } = await openApi(t);
  const asked: (string | null)[] = [];
  const client = createClient(
    { origin: server.origin, token: TOKEN },
    {
      wait: (delayMs, signal) => (delayMs < 10_000 ? Promise.resolve() : aborted(signal)),
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        asked.push(new Headers(init.headers).get("Last-Event-ID"));
        return asked.length === 1 ? brokenOffAfter("run1-2", response) : response;
      },
    },
  );
  const stop = new AbortController();
  const states: string[] = [];
  const events = client.events({
    signal: stop.signal,
    fromId: "run1-0",
    onConnection: ({ state }) => {
      states.push(state);
      // While the reader is away, things happen.
      if (state === "waiting") named(kit, "c");
    },
  });
  named(kit, "a");
  named(kit, "b");
  assert.deepEqual((await take(events, 3)).map(nameOf), ["a", "b", "c"]);
  assert.deepEqual(states, ["open", "waiting", "open"]);
  assert.deepEqual(asked, ["run1-0", "run1-2"]);
  stop.abort();
  await events.return();
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** The same answer, whose body ends once `id` has come through. */
function brokenOffAfter(id: string, response: Response): Response {
  let seen = "";
  const cutter = new TransformStream<Uint8Array, Uint8Array>({
    transform: (piece, controller) => {
      controller.enqueue(piece);
      seen += new TextDecoder().decode(piece);
      if (seen.includes(`id: ${id}\n`)) controller.terminate();
    },
  });
  return new Response(response.body?.pipeThrough(cutter) ?? null, response);
}

test("a past too long to be told again is a reset", async (t) => {
  const { client, kit } = await openApi(t);
  named(kit, "x".repeat(EVENT_BUFFER_BYTES_MAX));
  const stop = new AbortController();
  const events = client.events({ signal: stop.signal, fromId: "run1-0" });
  const [first] = await take(events, 1);
  assert.deepEqual([first?.event.type, first?.id], ["reset", "run1-1"]);
  named(kit, "d");
  assert.deepEqual((await take(events, 1)).map(nameOf), ["d"]);
  stop.abort();
  await events.return();
});

test("a place of another run, and a place never reached, are answered with reset", async (t) => {
  const { client, kit } = await openApi(t);
  named(kit, "a");
  for (const fromId of ["run0-1", "run1-99", "nonsense", "run1-01"]) {
    const stop = new AbortController();
    const events = client.events({ signal: stop.signal, fromId });
    const [first] = await take(events, 1);
    assert.ok(first);
    assert.deepEqual([first.event.type, first.id], ["reset", "run1-1"], fromId);
    stop.abort();
    await events.return();
  }
});

test("the place may also be given in the query, as a browser's own reader would", async (t) => {
  const { server, kit } = await openApi(t);
  named(kit, "a");
  const response = await fetch(`${server.origin}${API_BASE}/events?after=run1-0`, {
    headers: { Authorization: `Bearer ${TOKEN}` },
  });
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  const reader = response.body?.getReader();
  const piece = await reader?.read();
  const text = new TextDecoder().decode(piece?.value);
  assert.match(text, /^id: run1-0\n\nevent: mining\nid: run1-1\ndata: \{/);
  await reader?.cancel();
});

test("an idle stream says that it lives", async (t) => {
  const clock = new SimulatedClock();
  const { server } = await openApi(t, { clock });
  const response = await fetch(`${server.origin}${API_BASE}/events`, {
    headers: { Authorization: `Bearer ${TOKEN}` },
  });
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  assert.equal(decoder.decode((await reader?.read())?.value), "id: run1-0\n\n");
  await clock.advance(HEARTBEAT_PERIOD_MS);
  assert.equal(decoder.decode((await reader?.read())?.value), ": alive\n\n");
  await reader?.cancel();
});

test("a reader that does not read is cut off, and others are not held up", async (t) => {
  const { server, kit, client } = await openApi(t);
  const stop = new AbortController();
  const events = client.events({ signal: stop.signal, fromId: "run1-0" });
  const slow = connect(server.port, "127.0.0.1");
  const closed = new Promise<void>((resolve) => slow.once("close", () => resolve()));
  slow.on("error", () => undefined);
  const started = new Promise<void>((resolve) => slow.once("data", () => resolve()));
  slow.write(
    `GET ${API_BASE}/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
  );
  await started;
  slow.pause();
  const big = "y".repeat(256 * 1024);
  let received = 0;
  // Loopback sockets swallow some megabytes by themselves before the server's own buffer fills.
  for (let round = 0; round < 120; round++) {
    named(kit, big);
    received += (await take(events, 1)).length;
  }
  slow.resume();
  await closed;
  assert.equal(received, 120);
  stop.abort();
  await events.return();
});

test("streams are limited in number, and a closed one makes room", async (t) => {
  const { server } = await openApi(t);
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const open = () => fetch(`${server.origin}${API_BASE}/events`, { headers });
  const streams = await Promise.all(Array.from({ length: EVENT_CLIENTS_MAX }, open));
  assert.ok(streams.every(({ status }) => status === 200));
  const refused = await raw(server, `${API_BASE}/events`);
  assert.deepEqual([refused.status, refused.code], [503, "too-many-followers"]);
  await Promise.all(streams.map(({ body }) => body?.cancel()));
});

test("closing the server ends the streams in order", async (t) => {
  const { server, client } = await openApi(t);
  const stop = new AbortController();
  const states: string[] = [];
  const events = client.events({
    signal: stop.signal,
    onConnection: (connection) => {
      states.push(connection.state);
      if (connection.state === "waiting") stop.abort();
      else void server.close();
    },
  });
  assert.deepEqual(await take(events, 1), []);
  assert.deepEqual(states, ["open", "waiting"]);
});
