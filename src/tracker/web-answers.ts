/**
 * Owns what a tracker answers over HTTP: who is online, "I am online", its status, its metrics, its health. For people
 * with a browser and for scripts; needs no account, and gives nobody what its peer did not let be told.
 */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { fromHex, toHex } from "#base/bytes.ts";
import { type Problem, problem } from "#base/result.ts";
import { parsePeerId } from "#crypto/peer-id.ts";
import { presenceExpiryMs, type SignedPresence } from "#net/index.ts";
import type { Log } from "#ports/log.ts";
import type { Desk, Refusal } from "./desk.ts";
import { ANSWER_RECORDS_MAX, STATUS_PEERS_SHOWN_MAX, WEB_BODY_BYTES_MAX } from "./limits.ts";
import { METRICS_TYPE, renderMetrics } from "./metrics.ts";
import type { Registry } from "./registry.ts";
import type { TrackerStatus } from "./status.ts";
import { PAGE_POLICY, renderStatusPage } from "./status-page.ts";

export interface WebAnswersDependencies {
  readonly desk: Desk;
  readonly registry: Registry;
  readonly status: () => TrackerStatus;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** What each request brings from the socket: who calls, as an IP address. */
export interface WebBindings {
  readonly caller: string;
}

const CHAIN_ID = /^[0-9a-f]{64}$/;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** @returns answers a request; never throws. */
export function createWebAnswers(
  dependencies: WebAnswersDependencies,
): (request: Request, bindings: WebBindings) => Promise<Response> {
  const { desk, registry, status, nowMs, log } = dependencies;
  const app = new Hono<{ Bindings: WebBindings }>();
  app.onError((error) => {
    log.fault("answering over HTTP", error);
    return refusal(500, problem("internal", "A fault of the tracker itself.", "Tell whoever runs it."));
  });
  app.use(async (context, next) => {
    if (!desk.admits(context.env.caller)) return refusal(429, BUSY, { "Retry-After": "1" });
    return await next();
  });
  app.get("/", (context) => {
    const peersOf = (chainId: string) =>
      pageOf(registry, chainId, null, STATUS_PEERS_SHOWN_MAX, nowMs()).records;
    return context.html(renderStatusPage(status(), peersOf), 200, { "Content-Security-Policy": PAGE_POLICY });
  });
  app.get("/health", () => json(200, { ok: true }));
  app.get("/metrics", (context) =>
    context.body(renderMetrics(status()), 200, { "Content-Type": METRICS_TYPE }),
  );
  app.get("/api/v1/status", () => json(200, status()));
  app.get("/api/v1/online", (context) => {
    const network = context.req.query("network") ?? "";
    if (!CHAIN_ID.test(network)) return refusal(400, NETWORK_MALFORMED);
    const asked = context.req.query("after");
    const after = asked === undefined ? null : parsePeerId(asked);
    if (asked !== undefined && after === null) return refusal(400, AFTER_MALFORMED);
    const page = pageOf(registry, network, after, ANSWER_RECORDS_MAX, nowMs());
    return json(200, {
      network,
      nowMs: nowMs(),
      total: page.total,
      peers: page.records.map(shown),
      next: page.next,
    });
  });
  const tooLarge = () => refusal(413, BODY_TOO_LARGE);
  app.post(
    "/api/v1/presence",
    bodyLimit({ maxSize: WEB_BODY_BYTES_MAX, onError: tooLarge }),
    async (context) => {
      const record = recordOf(
        new Uint8Array(await context.req.arrayBuffer()),
        context.req.header("Content-Type"),
      );
      if (record === null) return refusal(400, BODY_MALFORMED);
      const registered = desk.register(record, context.env.caller);
      if (!registered.ok) return refused(registered.fault, nowMs());
      const { record: kept, expiresMs } = registered.value;
      return json(200, { peerId: kept.presence.peer, expiresMs, nowMs: nowMs() });
    },
  );
  app.notFound(() => refusal(404, ROUTE_UNKNOWN));
  return async (request, bindings) => await app.fetch(request, bindings);
}

function pageOf(
  registry: Registry,
  chainId: string,
  after: ReturnType<typeof parsePeerId>,
  count: number,
  nowMs: number,
) {
  return registry.online(fromHex(chainId) ?? new Uint8Array(), after, count, nowMs);
}

/** Binary, or base64url as text. */
function recordOf(body: Uint8Array, contentType: string | undefined): Uint8Array | null {
  if (contentType?.startsWith("application/octet-stream") === true) return body;
  const text = Buffer.from(body).toString("latin1").trim();
  return BASE64URL.test(text) ? new Uint8Array(Buffer.from(text, "base64url")) : null;
}

function shown({ presence, bytes }: SignedPresence) {
  const { peer, name, addresses, issuedMs, chainId } = presence;
  return {
    peerId: peer,
    name,
    addresses,
    network: toHex(chainId),
    issuedMs,
    expiresMs: presenceExpiryMs(presence),
    record: Buffer.from(bytes).toString("base64url"),
  };
}

function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(value, { status, headers: { "Cache-Control": "no-store", ...headers } });
}

function refusal(status: number, error: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return json(status, { error }, headers);
}

const BUSY = problem("busy", "This address asks too often.", "Wait a second, and ask less often.");
const NETWORK_MALFORMED = problem(
  "network-malformed",
  "The network is named by its chain id: 64 lower-case hex digits.",
  "Ask for /api/v1/online?network=CHAIN-ID; `waybill status --json` shows yours.",
);
const AFTER_MALFORMED = problem(
  "after-malformed",
  "`after` is not a peer id.",
  "Give what the last page had as `next`, or leave it out.",
);
const BODY_TOO_LARGE = problem(
  "body-too-large",
  `A presence record is no larger than ${WEB_BODY_BYTES_MAX} bytes.`,
  "Send one signed record.",
);
const BODY_MALFORMED = problem(
  "body-malformed",
  "The body is not a presence record.",
  "Send it as application/octet-stream, or as text in base64url.",
);
const ROUTE_UNKNOWN = problem(
  "route-unknown",
  "There is nothing at this address.",
  "See /, /api/v1/status, /api/v1/online?network=…, /metrics, /health; POST to /api/v1/presence.",
);

const REFUSALS: Readonly<
  Record<Refusal["code"], readonly [status: number, cause: string, nextStep: string]>
> = {
  malformed: [400, "The request could not be read.", "See spec/tracker.md."],
  "bad-record": [400, "The record's form or signature does not stand.", "Sign it as spec/presence.md says."],
  "not-yours": [403, "The record is of another peer.", "Send one of your own key."],
  clock: [
    409,
    "The record's time does not fit this tracker's clock.",
    "Sign a new one by `nowMs` of this answer.",
  ],
  older: [409, "A record of the same or a later time is known.", "Sign a new one."],
  full: [
    503,
    "There is no room for more records of this network or address.",
    "Try again later, or another tracker.",
  ],
  busy: [429, "Too many requests.", "Wait a second, and ask less often."],
};

function refused({ code, retryAfterSeconds }: Refusal, nowMs: number): Response {
  const [status, cause, nextStep] = REFUSALS[code];
  const headers: Record<string, string> =
    retryAfterSeconds === 0 ? {} : { "Retry-After": String(retryAfterSeconds) };
  return json(status, { error: problem(code, cause, nextStep), nowMs }, headers);
}
