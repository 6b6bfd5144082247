/** Owns a real API server over the kit's facade inside a test process, and raw requests that no proper client sends. */
import { request } from "node:http";
import type { TestContext } from "node:test";
import { type Client, createClient } from "#api/client.ts";
import { openServer, type RunningServer } from "#api/server.ts";
import type { Facade } from "#node/facade.ts";
import type { Clock } from "#ports/clock.ts";
import { createKitFacade, type KitFacade } from "./facade.ts";
import { faultLog, realClock, realRandom } from "./real.ts";

export const TOKEN = "t".repeat(43);

export interface ApiUnderTest {
  readonly kit: KitFacade;
  readonly server: RunningServer;
  readonly client: Client;
  readonly faults: unknown[];
}

export interface ApiTestOptions {
  readonly clock?: Clock;
  readonly webRoot?: string;
  readonly change?: (facade: Facade) => Facade;
  readonly epoch?: string;
  readonly port?: number;
}

export async function openApi(test: TestContext, options: ApiTestOptions = {}): Promise<ApiUnderTest> {
  const kit = createKitFacade({ nowMs: () => 1_790_000_000_000, epoch: options.epoch ?? "run1" });
  const { log, faults } = faultLog();
  const opened = await openServer(
    {
      port: options.port ?? 0,
      token: TOKEN,
      webRoot: options.webRoot ?? "/nonexistent/page",
      version: "0.0.1",
    },
    {
      facade: options.change?.(kit.facade) ?? kit.facade,
      log,
      clock: options.clock ?? realClock,
      random: realRandom,
    },
  );
  if (!opened.ok) throw new Error(opened.fault.cause);
  const server = opened.value;
  test.after(async () => {
    await server.close();
    await kit.close();
  });
  return { kit, server, client: clientOf(server.origin), faults };
}

/** A client that does not pause before it connects again, and never takes silence for an end. */
export function clientOf(origin: string, token = TOKEN): Client {
  const wait = (delayMs: number, signal: AbortSignal) => {
    if (delayMs < 10_000) return Promise.resolve();
    return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  };
  return createClient({ origin, token }, { fetch, wait });
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Of the error, when the body is one. */
  readonly code: string | null;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Leaves the request unfinished after the body. */
  readonly unfinished?: boolean;
}

/** One request as it stands, with the right token unless the headers say otherwise. */
export function raw(server: RunningServer, path: string, options: RawRequest = {}): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const sent = request(
    {
      host: "127.0.0.1",
      port: server.port,
      path,
      method: options.method ?? "GET",
      headers: { Authorization: `Bearer ${TOKEN}`, ...options.headers },
      agent: false,
    },
    (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, code: codeOf(body) });
        sent.destroy();
      });
    },
  );
  sent.on("error", reject);
  if (options.unfinished === true) sent.write(options.body ?? "");
  else sent.end(options.body);
  return promise;
}

function codeOf(body: string): string | null {
  try {
    const value: { readonly error?: { readonly code?: unknown } } = JSON.parse(body);
    return typeof value.error?.code === "string" ? value.error.code : null;
  } catch {
    return null;
  }
}
