/**
 * Owns the HTTP servers of the web port: one for each address, plain or TLS, with bounds on time and number. What they
 * answer is in `web-answers.ts`; that they listen, and that WebSockets on them become connections, is the network's.
 */
import type { IncomingMessage, Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { placeOf } from "#net/index.ts";
import {
  WEB_BODY_TIMEOUT_MS,
  WEB_CONNECTIONS_MAX,
  WEB_CONNECTIONS_PER_ADDRESS_MAX,
  WEB_HEADERS_TIMEOUT_MS,
  WEB_KEEP_ALIVE_TIMEOUT_MS,
} from "./limits.ts";
import type { WebBindings } from "./web-answers.ts";

export interface TlsFiles {
  /** PEM, the whole chain. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
}

export interface WebServerOptions {
  /** Null: plain HTTP. */
  readonly tls: TlsFiles | null;
  /** Whether a proxy of the operator's stands in front: then a private address may say for whom it calls. */
  readonly isBehindProxy: boolean;
}

/** A server that does not listen yet. */
export function createWebServer(
  options: WebServerOptions,
  answer: (request: Request, bindings: WebBindings) => Promise<Response>,
): Server {
  const bounds = {
    headersTimeout: WEB_HEADERS_TIMEOUT_MS,
    requestTimeout: WEB_HEADERS_TIMEOUT_MS + WEB_BODY_TIMEOUT_MS,
    keepAliveTimeout: WEB_KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: 1_000,
  };
  const { tls } = options;
  const server = createAdaptorServer({
    fetch: (request, bindings) =>
      answer(request, { caller: callerOf((bindings as HttpBindings).incoming, options.isBehindProxy) }),
    ...(tls === null
      ? { serverOptions: bounds }
      : {
          createServer: createSecureServer,
          serverOptions: { ...bounds, cert: tls.certificate, key: tls.key },
        }),
  }) as Server;
  server.maxConnections = WEB_CONNECTIONS_MAX;
  boundEachAddress(server);
  // Scanners speak all sorts of protocols to a port of HTTPS.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}

/** Silent sockets cost their own address its places, and nobody else. A proxy's address is private, and not bounded. */
function boundEachAddress(server: Server): void {
  const open = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const place = placeOf(socket.remoteAddress ?? "");
    if (place === null || place.reach === "own") return;
    const count = (open.get(place.address) ?? 0) + 1;
    if (count > WEB_CONNECTIONS_PER_ADDRESS_MAX) {
      socket.destroy();
      return;
    }
    open.set(place.address, count);
    socket.once("close", () => {
      const left = (open.get(place.address) ?? 1) - 1;
      if (left === 0) open.delete(place.address);
      else open.set(place.address, left);
    });
  });
}

/** The IP address that calls. A proxy's word is taken from a private address alone, and only its last one. */
export function callerOf(
  request: Pick<IncomingMessage, "socket" | "headers">,
  isBehindProxy: boolean,
): string {
  const direct = request.socket.remoteAddress ?? "0.0.0.0";
  if (!isBehindProxy || placeOf(direct)?.reach !== "own") return direct;
  const forwarded = request.headers["x-forwarded-for"];
  const last =
    (Array.isArray(forwarded) ? forwarded.join(",") : (forwarded ?? "")).split(",").at(-1)?.trim() ?? "";
  return placeOf(last) === null ? direct : last;
}
