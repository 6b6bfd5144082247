/**
 * Owns the HTTP face of a peer on loopback: it lets requests pass the gate, decodes them by the contract, asks the
 * facade, and words the answer. Serves the page beside it. Decides nothing about people, deliveries or the ledger.
 */
import type { Server, ServerResponse } from "node:http";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Facade } from "#node/facade.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import { bytesAnswer, fileAnswer, INTERNAL, jsonAnswer, refusalAnswer, statusOfProblem } from "./answers.ts";
import { contract, type Input, type OperationContract, type ValueOperation } from "./contract.ts";
import { type DecodedRequest, decodeRequest } from "./decode-request.ts";
import { createEventHub, type EventHub } from "./event-hub.ts";
import { checkHostAndOrigin, createTokenCheck, DATA_HEADERS, hostsOf } from "./gate.ts";
import { createHandlers } from "./handlers.ts";
import {
  CLOSE_GRACE_MS,
  CONNECTIONS_MAX,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  PORTS_TRIED,
} from "./limits.ts";
import { describeOperations, openApiDocument } from "./openapi.ts";
import { API_BASE, EVENT_ID_HEADER, OPEN_PATH, type Operation, routes } from "./routes.ts";
import { servePage } from "./static-page.ts";
import { createTickets, type ServerTickets } from "./tickets.ts";

/** Where a peer's page is by default; stepped over when taken. Not assigned by IANA. */
export const DEFAULT_PORT = 4747;

export interface ServerOptions {
  /** Preferred; the next free one above it is taken when it is in use. 0: any free port. */
  readonly port: number;
  /** IP address to listen on; absent: loopback alone. Whoever reaches it still needs the token. */
  readonly host?: string;
  /** Where users open the page when that is not where it listens: a container's published port. */
  readonly publicOrigin?: string;
  /** At least 32 characters of visible ASCII. */
  readonly token: string;
  /** Folder of the built page. */
  readonly webRoot: string;
  readonly version: string;
}

export interface ServerDependencies {
  readonly facade: Facade;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
}

export interface RunningServer {
  /** Where programs of this computer ask: `http://127.0.0.1:PORT`, unless it listens on another address alone. */
  readonly origin: string;
  readonly port: number;
  /** The page's address with the token in its fragment, which no request ever carries. */
  readonly pageUrl: string;
  /** True when the preferred port was in use. */
  readonly steppedOver: boolean;
  /** Ends event streams, waits for answers under way, then cuts what is left. Idempotent. */
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";

export async function openServer(
  options: ServerOptions,
  dependencies: ServerDependencies,
): Promise<Result<RunningServer, Problem>> {
  const hub = createEventHub(dependencies.facade.feed, dependencies.clock);
  let port = 0;
  const app = createApp(options, { ...dependencies, hub, portOf: () => port });
  const server = createAdaptorServer({
    fetch: (request, bindings) => app.fetch(request, bindings),
    serverOptions: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      // Uploads may take hours; the bodies themselves are timed in read-body.ts.
      requestTimeout: 0,
      connectionsCheckingInterval: 1_000,
    },
  }) as Server;
  server.maxConnections = CONNECTIONS_MAX;
  const underWay = trackAnswers(server);
  const bound = await listen(server, options.port, options.host ?? LOOPBACK);
  if (!bound.ok) {
    hub.close();
    return bound;
  }
  port = bound.value;
  const origin = originOf(options.host, port);
  let closing: Promise<void> | null = null;
  return ok({
    origin,
    port,
    pageUrl: `${options.publicOrigin ?? origin}/#token=${options.token}`,
    steppedOver: options.port !== 0 && port !== options.port,
    close: () => {
      closing ??= closeServer(server, underWay, hub, dependencies.clock);
      return closing;
    },
  });
}

/** Tries the preferred port, those above it, and then any. */
async function listen(server: Server, preferred: number, host: string): Promise<Result<number, Problem>> {
  const candidates = preferred === 0 ? [0] : [...portsFrom(preferred), 0];
  for (const candidate of candidates) {
    const error = await listenOn(server, candidate, host);
    const address = server.address();
    if (error === null && typeof address === "object" && address !== null) return ok(address.port);
    if (error !== null && error.code !== "EADDRINUSE" && error.code !== "EACCES") {
      return fail(
        problem("port-unusable", `The page cannot be served (${error.message}).`, "Name another --ui-port."),
      );
    }
  }
  return fail(problem("ports-taken", "No port of this computer is free.", "End some other program."));
}

/** How programs of this computer address what listens on `host`. */
function originOf(host: string | undefined, port: number): string {
  if (host === undefined || host === "0.0.0.0" || host === "::") return `http://${LOOPBACK}:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function portsFrom(preferred: number): readonly number[] {
  return Array.from({ length: PORTS_TRIED }, (_, step) => preferred + step).filter((port) => port <= 65_535);
}

function listenOn(server: Server, port: number, host: string): Promise<NodeJS.ErrnoException | null> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | null>();
  const onListening = () => resolve(null);
  server.once("error", resolve);
  server.once("listening", onListening);
  server.listen(port, host);
  // Ports are tried one after the other on one server: what waited for the last must not wait for the next.
  return promise.finally(() => {
    server.off("error", resolve);
    server.off("listening", onListening);
  });
}

/** The answers not yet finished, as they come and go. */
function trackAnswers(server: Server): ReadonlySet<ServerResponse> {
  const underWay = new Set<ServerResponse>();
  server.prependListener("request", (_, response) => {
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
  });
  return underWay;
}

async function closeServer(
  server: Server,
  underWay: ReadonlySet<ServerResponse>,
  hub: EventHub,
  clock: Clock,
): Promise<void> {
  hub.close();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections kept alive for a next request become idle only when the answers under way have ended.
  server.prependListener("request", (_, response) => response.setHeader("Connection", "close"));
  for (const response of underWay) response.once("close", () => server.closeIdleConnections());
  const timer = clock.after(CLOSE_GRACE_MS, () => server.closeAllConnections());
  await closed;
  timer.cancel();
}

interface AppDependencies extends ServerDependencies {
  readonly hub: EventHub;
  /** The port in use, known once the server listens. */
  readonly portOf: () => number;
}

function createApp(options: ServerOptions, dependencies: AppDependencies): OpenAPIHono {
  const { log, hub, portOf } = dependencies;
  const hosts = () => hostsOf(portOf(), options.publicOrigin ?? originOf(options.host, portOf()));
  const checkToken = createTokenCheck(options.token);
  const app = new OpenAPIHono();
  describeOperations(app);

  app.onError((error) => {
    log.fault("request failed", error);
    return refusalAnswer(500, INTERNAL);
  });
  app.use(async (context, next) => {
    const refusal = checkHostAndOrigin(hosts(), context.req.raw.headers);
    if (refusal !== null) return refusalAnswer(refusal.status, refusal.problem);
    return await next();
  });

  const tickets: ServerTickets = { files: createTickets(dependencies), page: createTickets(dependencies) };
  const answers = createAnswers(dependencies, tickets);
  for (const operation of Object.keys(contract) as Operation[]) {
    const entry: OperationContract = contract[operation];
    const { method, path } = routes[operation];
    app.on(method.toUpperCase(), (API_BASE + path).replaceAll(/\{(\w+)\}/g, ":$1"), async (context) => {
      const refusal = entry.open === true ? null : checkToken(context.req.raw.headers);
      if (refusal !== null) return refusalAnswer(refusal.status, refusal.problem);
      const position = hub.position();
      const decoded = await decodeRequest(entry, context, dependencies.clock);
      if (!decoded.ok) return refusalAnswer(decoded.fault.status, decoded.fault.problem);
      const response = await answers[operation](decoded.value, context);
      response.headers.set(EVENT_ID_HEADER, position);
      return response;
    });
  }

  app.get(`${API_BASE}/openapi.json`, (context) => {
    const refusal = checkToken(context.req.raw.headers);
    if (refusal !== null) return refusalAnswer(refusal.status, refusal.problem);
    return jsonAnswer(200, openApiDocument(app, options.version));
  });
  app.all("/api/*", (context) => {
    const refusal = checkToken(context.req.raw.headers);
    if (refusal !== null) return refusalAnswer(refusal.status, refusal.problem);
    const cause = `The API knows no ${context.req.method} at this path.`;
    return refusalAnswer(404, problem("route-unknown", cause, `See ${API_BASE}/openapi.json.`));
  });
  app.get(`${OPEN_PATH}:ticket`, (context) => openPage(tickets, context.req.param("ticket"), options.token));
  app.all("*", (context) => servePage(options.webRoot, context.req.raw));
  return app;
}

/** Leads a browser that holds a good ticket to the page with its token; others to the page, which asks for it. */
function openPage(tickets: ServerTickets, ticket: string, token: string): Response {
  const location = tickets.page.redeem(ticket) === null ? "/" : `/#token=${token}`;
  return new Response(null, { status: 303, headers: { ...DATA_HEADERS, Location: location } });
}

type Answer = (input: DecodedRequest, context: Context) => Promise<Response>;

/** How each operation is answered: most by their handler's value, a few in a way of their own. */
function createAnswers(
  dependencies: AppDependencies,
  tickets: ServerTickets,
): Readonly<Record<Operation, Answer>> {
  const { facade, hub } = dependencies;
  const handlers = createHandlers(facade, tickets);
  const values = Object.fromEntries(
    (Object.keys(handlers) as ValueOperation[]).map((operation) => [
      operation,
      valueAnswer(handlers, operation),
    ]),
  ) as Record<ValueOperation, Answer>;

  const savedFile = async (id: string, path: string, context: Context) => {
    const saved = await facade.savedFile(id, path);
    if (!saved.ok) return refusalAnswer(statusOfProblem(saved.fault), saved.fault);
    return await fileAnswer(saved.value, context.req.header("Range") ?? null);
  };
  return {
    ...values,
    savedFile: (input, context) => {
      const { params, query } = input as Input<"savedFile">;
      return savedFile(params.id, query.path, context);
    },
    download: async (input, context) => {
      const redeemed = tickets.files.redeem((input as Input<"download">).params.ticket);
      if (redeemed !== null) return await savedFile(redeemed.subject.id, redeemed.subject.path, context);
      const cause = "The link was used already, or is older than a minute.";
      return refusalAnswer(404, problem("ticket-unknown", cause, "Start the download again from the page."));
    },
    receipt: async (input) => {
      const receipt = await facade.receipt((input as Input<"receipt">).params.id);
      if (!receipt.ok) return refusalAnswer(statusOfProblem(receipt.fault), receipt.fault);
      return bytesAnswer(receipt.value.fileName, receipt.value.bytes);
    },
    prove: async (input) => {
      const { kind, of } = (input as Input<"prove">).params;
      const proof = await facade.prove(kind, of);
      if (!proof.ok) return refusalAnswer(statusOfProblem(proof.fault), proof.fault);
      return bytesAnswer(proof.value.fileName, proof.value.bytes);
    },
    events: async (input, context) => {
      const { query } = input as Input<"events">;
      const after = context.req.header("Last-Event-ID") ?? query.after ?? null;
      const { outgoing }: Partial<HttpBindings> = context.env ?? {};
      const opened = hub.open(after, () => outgoing?.destroy());
      return opened instanceof Response ? opened : refusalAnswer(503, opened);
    },
  };
}

function valueAnswer<O extends ValueOperation>(
  handlers: ReturnType<typeof createHandlers>,
  operation: O,
): Answer {
  return async (input) => {
    // `decodeRequest` has just made this input by the contract of this very operation.
    const answer = await handlers[operation](input as unknown as Input<O>);
    if (!answer.ok) return refusalAnswer(statusOfProblem(answer.fault), answer.fault);
    return answer.value === undefined ? new Response(null, { status: 204 }) : jsonAnswer(200, answer.value);
  };
}
