/**
 * Owns computers made on the spot: namespaces of Linux for network and processes. One lives as long as its first
 * process, and that one ends when its input does, and takes all others of the namespace along: nothing is left behind,
 * also when a test is killed. Nothing in one leads to a real network. How they are joined is for `lan.ts` and
 * `nat-lab.ts`.
 */
import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";

/** Linux checks each new IPv6 address for duplicates, which takes up to two seconds and is not what is tested. */
const HOLD = `
  ip link set lo up
  echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
  echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad
  echo ready
  exec cat`;

/** Whatever has an end that others can hang something on: a test, or one cell of a table. */
export interface Scope {
  after(end: () => void | Promise<void>): void;
}

export type Inside = ChildProcessByStdio<Writable, Readable, null>;

export interface Namespace {
  /** Of the process that holds it; `ip link … netns PID`. */
  readonly pid: number;
  /** Runs `ip` there. @throws Error with what it said. */
  ip(...given: readonly string[]): void;
  /** Runs a shell script there to its end, and gives what it printed. @throws Error with what it said. */
  run(script: string): string;
  /** Starts a program of Node there; killed with the scope. What it says on standard error is shown. */
  node(...given: readonly string[]): Inside;
}

/** kill -9 for a program that {@link Namespace.node} started; resolves when it has ended. */
export async function killInside(program: Inside): Promise<void> {
  const closed = once(program, "close");
  // nsenter waits for the program, which is its only child.
  const children = readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, "utf8");
  process.kill(Number(children), "SIGKILL");
  await closed;
}

/** Why no namespace can be made here; false when one can. @param trial a shell script that has to work in one. */
export function whyNoNamespace(trial: string): string | false {
  if (process.platform !== "linux") return "network namespaces are of Linux alone";
  if (process.getuid?.() !== 0) return "only root may make network namespaces";
  try {
    execFileSync("unshare", ["--net", "sh", "-ec", trial], { stdio: "pipe" });
    return false;
  } catch (error) {
    const said = error instanceof Error ? error.message.trim() : String(error);
    return `no network can be made here: ${said.split("\n").at(-1) ?? said}`;
  }
}

/** A computer on no network; gone with the scope. */
export async function openNamespace(scope: Scope): Promise<Namespace> {
  const unshare = ["--net", "--pid", "--mount-proc", "--fork", "--kill-child", "sh", "-c", HOLD];
  const holder = spawn("unshare", unshare, { stdio: ["pipe", "pipe", "ignore"] });
  scope.after(async () => {
    const ended = once(holder, "close");
    holder.kill("SIGKILL");
    await ended;
  });
  await once(holder.stdout, "data");
  // unshare stays outside; its only child is the first process inside.
  const pid = Number(readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8"));
  const inside = ["--target", String(pid), "--net"];
  // Seen from here process ids are those of this computer, by which `ip` finds other namespaces.
  const run = (program: string, given: readonly string[]) =>
    execFileSync("nsenter", [...inside, program, ...given], { stdio: "pipe", encoding: "utf8" });
  return {
    pid,
    ip: (...given) => {
      run("ip", given);
    },
    run: (script) => run("sh", ["-ec", script]),
    node: (...given) => {
      const child: Inside = spawn("nsenter", [...inside, "--pid", "--mount", process.execPath, ...given], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      // Whoever writes to one that has just ended learns of it by its end.
      child.stdin.on("error", () => undefined);
      return child;
    },
  };
}
