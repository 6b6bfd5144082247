/**
 * Owns real peers as child processes: starts `waybill start`, waits until it says where its page is, gives a client
 * of its API, and ends it in order or by force. For demo, bench and tests; knows nothing of what peers are used for.
 *
 * Waiting is done on the peer's own event stream. No process is left behind: those still running when this process
 * ends are killed, by their process ids.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readApiFile } from "#api/api-file.ts";
import { type Answered, type Client, createClient } from "#api/client.ts";
import type { EventView } from "#api/views.ts";
import { NODE_FLAGS } from "./setup/node-flags.mjs";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
export const MAIN = path.join(ROOT, "src", "cli", "main.ts");
/** The small network whose first coins can be spent within minutes. */
export const CLASSROOM = path.join(ROOT, "networks", "classroom.json");

/** A start takes about a second; on a busy computer with eight others, several. */
const READY_TIMEOUT_MS = 30_000;
/** Closing in order syncs files and ends streams; beyond this something hangs. */
const CLOSE_TIMEOUT_MS = 20_000;
/** Not all that can be waited for is told by an event (the age of a lock, a confirmation): look again after this. */
const LOOK_AGAIN_MS = 500;
/** Output kept for error messages. */
const OUTPUT_CHARACTERS_MAX = 64 * 1024;

export interface PeerOptions {
  readonly name: string;
  readonly dataDir: string;
  /** Genesis file; the classroom network when not given. */
  readonly network?: string;
  /** Multiaddrs to listen on; any free TCP port of 127.0.0.1 when not given. */
  readonly listen?: readonly string[];
  readonly accept?: "all" | "contacts" | "ask";
  /** Keeps the terminal's Ctrl-C from the peer: whoever started it passes on its own, once. */
  readonly ownGroup?: boolean;
  /** Further flags of `waybill start`. */
  readonly flags?: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RealPeer {
  readonly options: PeerOptions;
  readonly pid: number;
  readonly client: Client;
  readonly origin: string;
  readonly token: string;
  /** Address of the page as the peer printed it, with its token. */
  readonly pageUrl: string;
  /** Milliseconds from spawning to readiness. */
  readonly readyMs: number;
  readonly exited: Promise<Exit>;
  /** All that was printed so far, standard output and error. */
  output(): string;
  /** Told of every event of the peer. */
  subscribe(listener: (event: EventView) => void): () => void;
  /** Asks again after every event of the peer until `look` gives something; throws when `timeoutMs` have passed. */
  until<Value>(what: string, timeoutMs: number, look: () => Promise<Value | null>): Promise<Value>;
  /** Ctrl-C. Resolves when the process has ended. */
  interrupt(): Promise<Exit>;
  /** kill -9. Resolves when the process has ended. */
  kill(): Promise<Exit>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** The value of an answer. @throws Error with the peer's own words when it is a refusal. */
export async function must<Value>(reply: Promise<Answered<Value>>): Promise<Value> {
  const answer = await reply;
  if (answer.ok) return answer.value;
  throw new Error(`${answer.fault.code}: ${answer.fault.cause} ${answer.fault.nextStep}`);
}

/** Arguments of `waybill start` for these options. */
export function startArguments(options: PeerOptions): readonly string[] {
  const listen = options.listen ?? ["/ip4/127.0.0.1/tcp/0"];
  return [
    ...["start", "--data", options.dataDir, "--name", options.name, "--no-open", "--ui-port", "0"],
    ...["--network", options.network ?? CLASSROOM],
    ...listen.flatMap((address) => ["--listen", address]),
    ...(options.accept === undefined ? [] : ["--accept", options.accept]),
    ...(options.flags ?? []),
  ];
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one `waybill` command to its end. */
export async function waybill(...commandArguments: readonly string[]): Promise<CommandResult> {
  const child = spawnMain(commandArguments);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, "close");
  return { code: typeof code === "number" ? code : null, stdout, stderr };
}

function spawnMain(commandArguments: readonly string[], ownGroup = false) {
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, ...commandArguments], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: ownGroup,
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** @throws Error with all the peer printed when it ends, or says nothing for too long, before it is ready. */
export async function startPeer(options: PeerOptions): Promise<RealPeer> {
  const startedMs = performance.now();
  const child = spawnMain(startArguments(options), options.ownGroup);
  let printed = "";
  const exited = new Promise<Exit>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const page = new Promise<string>((resolve) => {
    const read = (text: string): void => {
      printed = (printed + text).slice(-OUTPUT_CHARACTERS_MAX);
      const url = /http:\/\/(?:127\.0\.0\.1|\[::1\]):\d+\S*(?=\s)/.exec(printed)?.[0];
      if (url !== undefined) resolve(url);
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
  });
  const late = new AbortController();
  const outcome = await Promise.race([
    page,
    exited,
    delay(READY_TIMEOUT_MS, "late" as const, { signal: late.signal, ref: false }),
  ]);
  late.abort();
  if (typeof outcome !== "string" || outcome === "late") {
    child.kill("SIGKILL");
    const why =
      outcome === "late" ? `was not ready within ${READY_TIMEOUT_MS} ms` : `ended (${outcome.code})`;
    throw new Error(`the peer ${options.name} ${why}; it printed:\n${printed}`);
  }
  const readyMs = performance.now() - startedMs;
  const api = await readApiFile(options.dataDir);
  if (!api.ok || api.value === null)
    throw new Error(`${options.name} left no api.json; it printed:\n${printed}`);
  const { origin, token } = api.value;
  const client = createClient({ origin, token }, { fetch, wait });
  const changes = followEvents(client, exited);
  return {
    options,
    pid: child.pid ?? 0,
    client,
    origin,
    token,
    pageUrl: outcome,
    readyMs,
    exited,
    output: () => printed,
    subscribe: changes.subscribe,
    until: (what, timeoutMs, look) =>
      until(`${options.name}: ${what}`, timeoutMs, look, changes.subscribe, () => child.exitCode !== null),
    interrupt: () => end(child, "SIGINT", exited, options.name, () => printed),
    kill: () => end(child, "SIGKILL", exited, options.name, () => printed),
  };
}

async function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  await delay(delayMs, undefined, { signal, ref: false }).catch(() => undefined);
}

function followEvents(client: Client, exited: Promise<Exit>) {
  const listeners = new Set<(event: EventView) => void>();
  const ended = new AbortController();
  void exited.then(() => ended.abort());
  void (async () => {
    for await (const { event } of client.events({ signal: ended.signal })) {
      for (const listener of [...listeners]) listener(event);
    }
  })();
  return {
    subscribe: (listener: (event: EventView) => void) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** Asks again after every event until `look` gives something. @throws Error when `timeoutMs` have passed, or it has ended. */
export async function until<Value>(
  what: string,
  timeoutMs: number,
  look: () => Promise<Value | null>,
  subscribe: RealPeer["subscribe"],
  hasEnded: () => boolean,
): Promise<Value> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const moved = new AbortController();
    // Subscribed before looking: a change in between is not missed.
    const unsubscribe = subscribe(() => moved.abort());
    try {
      const value = await look();
      if (value !== null) return value;
      if (hasEnded()) throw new Error(`${what}: the process has ended`);
      if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
      await wait(LOOK_AGAIN_MS, moved.signal);
    } finally {
      unsubscribe();
    }
  }
}

async function end(
  child: ChildProcess,
  signal: NodeJS.Signals,
  exited: Promise<Exit>,
  name: string,
  printed: () => string,
): Promise<Exit> {
  child.kill(signal);
  const late = new AbortController();
  const outcome = await Promise.race([
    exited,
    delay(CLOSE_TIMEOUT_MS, null, { signal: late.signal, ref: false }),
  ]);
  late.abort();
  if (outcome !== null) return outcome;
  child.kill("SIGKILL");
  throw new Error(
    `${name} did not end within ${CLOSE_TIMEOUT_MS} ms of ${signal}; it printed:\n${printed()}`,
  );
}
