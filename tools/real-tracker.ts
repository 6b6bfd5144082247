/**
 * Owns a real tracker as a child process, and crowds of simulated peers in processes beside it. For bench and tests.
 * No process is left behind: those still running when this one ends are killed, by their process ids.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { NODE_FLAGS } from "./setup/node-flags.mjs";
import type { CrowdOptions, CrowdReport } from "./tracker-crowd.ts";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const MAIN = path.join(ROOT, "src", "cli", "main.ts");
const CROWD = path.join(ROOT, "tools", "tracker-crowd.ts");

export interface RealTracker {
  readonly pid: number;
  readonly peerId: string;
  /** Multiaddrs with `/p2p`, for peers and on the web port. */
  readonly tcp: string;
  readonly web: string;
  readonly origin: string;
  /** What it printed as JSON. */
  readonly started: Readonly<Record<string, unknown>>;
  /** Ctrl-C; gives the exit code. */
  interrupt(): Promise<number | null>;
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function spawned(...words: readonly string[]): ChildProcess & { readonly stdout: NodeJS.ReadableStream } {
  const child = spawn(process.execPath, [...NODE_FLAGS, ...words], { stdio: ["pipe", "pipe", "inherit"] });
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

/** On free ports of loopback, without STUN. @param flags further ones. */
export async function startRealTracker(dataDir: string, flags: readonly string[] = []): Promise<RealTracker> {
  const child = spawned(
    ...[MAIN, "tracker", "--data", dataDir, "--json", "--listen", "127.0.0.1"],
    ...["--port", "0", "--web-port", "0", "--no-stun", ...flags],
  );
  const closed = once(child, "close");
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), "line").then(([text]) => String(text)),
    closed.then(([code]): never => {
      throw new Error(`the tracker ended with ${code}`);
    }),
  ]);
  const started = JSON.parse(line) as { peerId: string; addresses: readonly string[] };
  const [tcp = "", web = ""] = [false, true].map((isWeb) =>
    started.addresses.find((address) => /\/ws\//.test(address) === isWeb),
  );
  const ended = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const [code] = await closed;
    return code as number | null;
  };
  return {
    pid: child.pid ?? 0,
    peerId: started.peerId,
    tcp,
    web,
    origin: `http://127.0.0.1:${/\/tcp\/(\d+)/.exec(web)?.[1]}`,
    started,
    interrupt: () => ended("SIGINT"),
    kill: async () => void (await ended("SIGKILL")),
  };
}

export interface Crowd {
  readonly registered: CrowdReport;
  /** Has them look each other up for a while, and tells how long answers took. */
  lookUp(seconds: number, perSecond: number): Promise<CrowdReport>;
  end(): Promise<void>;
}

/** Resolves when all of them are registered. */
export async function startCrowd(options: CrowdOptions): Promise<Crowd> {
  const child = spawned(CROWD, JSON.stringify(options));
  const closed = once(child, "close");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<CrowdReport> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the crowd went away");
    return JSON.parse(value) as CrowdReport;
  };
  return {
    registered: await next(),
    lookUp: async (seconds, perSecond) => {
      child.stdin?.write(`${JSON.stringify({ seconds, perSecond })}\n`);
      return await next();
    },
    end: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
