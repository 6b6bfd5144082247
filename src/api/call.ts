/**
 * Owns one request of a client and its answer: address, token, encoding, and refusals as `Problem`. Does not know
 * what is asked, nor the shapes of what comes back.
 */
import { type Problem, problem } from "#base/result.ts";
import { EVENT_ID_HEADER, type Operation, pathOf, routes } from "./routes.ts";

/**
 * Assignable to `Result<Value, Problem>`. `eventId` is the place in the event stream that the value holds at least:
 * events read from there on bring it up to date. `null` where the peer gave none.
 */
export type Answered<Value> =
  | { readonly ok: true; readonly value: Value; readonly eventId: string | null }
  | { readonly ok: false; readonly fault: Problem };

export type Reply<Value> = Promise<Answered<Value>>;

export interface ClientOptions {
  /** Where the peer's page is, without a path: `http://127.0.0.1:4242`. */
  readonly origin: string;
  readonly token: string;
}

export interface ClientDependencies {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Resolves after `delayMs`, or at once when `signal` is aborted; never rejects. */
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<void>;
}

export type UploadBody = Blob | ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>;

export interface Call {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly json?: unknown;
  readonly body?: UploadBody;
  readonly signal?: AbortSignal;
}

/** One request and its answer, without any knowledge of what is asked. */
export class Caller {
  readonly #options: ClientOptions;
  readonly #dependencies: ClientDependencies;

  constructor(options: ClientOptions, dependencies: ClientDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async json<Value>(operation: Operation, call: Call = {}): Reply<Value> {
    return this.#read(operation, call, async (response) =>
      // The peer is ours and proved it by knowing the token's URL; its answers are typed by its own contract.
      response.status === 204 ? (undefined as Value) : ((await response.json()) as Value),
    );
  }

  async stream(operation: Operation, call: Call): Reply<ReadableStream<Uint8Array>> {
    return this.#read(operation, call, async (response) => response.body ?? new ReadableStream<Uint8Array>());
  }

  async attachment(
    operation: Operation,
    call: Call,
  ): Reply<{ fileName: string; bytes: Uint8Array<ArrayBuffer> }> {
    return this.#read(operation, call, async (response) => ({
      fileName: attachmentName(response.headers.get("Content-Disposition")) ?? "receipt.waybill",
      bytes: new Uint8Array(await response.arrayBuffer()),
    }));
  }

  /** @throws what `fetch` throws when the peer cannot be reached or the signal is aborted. */
  async request(operation: Operation, call: Call, headers: Readonly<Record<string, string>> = {}) {
    const { origin, token } = this.#options;
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) search.set(name, String(value));
    }
    const body = call.json === undefined ? call.body : JSON.stringify(call.json);
    const init: RequestInit & { duplex?: "half" } = {
      method: routes[operation].method.toUpperCase(),
      headers: {
        Authorization: `Bearer ${token}`,
        ...(call.json === undefined ? {} : { "Content-Type": "application/json" }),
        ...(call.body === undefined ? {} : { "Content-Type": "application/octet-stream" }),
        ...headers,
      },
      // A redirect is never ours, and would carry the token elsewhere.
      redirect: "error",
      cache: "no-store",
      ...(body === undefined ? {} : { body, duplex: "half" as const }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    };
    const path = pathOf(operation, call.parameters);
    const query = search.size === 0 ? "" : `?${search}`;
    return await this.#dependencies.fetch(origin + path + query, init);
  }

  async #read<Value>(
    operation: Operation,
    call: Call,
    read: (response: Response) => Promise<Value>,
  ): Reply<Value> {
    // In a path these would stand for another operation.
    const isNothing = Object.values(call.parameters ?? {}).some((value) => /^\.{0,2}$/.test(value));
    if (isNothing) return refused(NOTHING_NAMED);
    try {
      const response = await this.request(operation, call);
      if (!response.ok) return refused(await refusalOf(response));
      return { ok: true, value: await read(response), eventId: response.headers.get(EVENT_ID_HEADER) };
    } catch (error) {
      return refused(unreachablePeer(this.#options.origin, error));
    }
  }
}

const NOTHING_NAMED = problem(
  "invalid-request",
  "Nothing is called like that: a name or an id has at least one letter or digit.",
  "Say who or what is meant.",
);

function refused(fault: Problem): { readonly ok: false; readonly fault: Problem } {
  return { ok: false, fault };
}

export async function refusalOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  const { error } = isRecord(body) ? body : {};
  const { code, cause, nextStep } = isRecord(error) ? error : {};
  if (typeof code === "string" && typeof cause === "string" && typeof nextStep === "string") {
    return problem(code, cause, nextStep);
  }
  return problem(
    "strange-answer",
    `The answer was HTTP ${response.status}, and not in the form of Waybill's API.`,
    "Check that this address is that of a Waybill peer.",
  );
}

export function unreachablePeer(origin: string, error: unknown): Problem {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && error.name === "AbortError") {
    return problem("given-up", "The request was given up before an answer came.", "Try again.");
  }
  return problem(
    "peer-unreachable",
    `No answer from the peer at ${origin} (${detail}).`,
    "Check that the peer is running: waybill start.",
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The UTF-8 file name of a Content-Disposition header (RFC 6266, `filename*`); `null` when it has none. */
function attachmentName(header: string | null): string | null {
  const encoded = header === null ? null : /filename\*=UTF-8''([^;]+)/.exec(header)?.[1];
  try {
    return typeof encoded === "string" ? decodeURIComponent(encoded) : null;
  } catch {
    return null;
  }
}
