/** Owns local networks made on the spot: computers that are namespaces of Linux, and a switch between them. */
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import type { Problem } from "#base/result.ts";
import type { DirectoryEvent } from "#net/index.ts";
import type { LanPeerOptions } from "./lan-peer.ts";
import { type Inside, openNamespace, whyNoNamespace } from "./namespace.ts";

const PROGRAM = join(import.meta.dirname, "lan-peer.ts");

export interface Self {
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly warnings: readonly Problem[];
}

/** What a peer tells, as `lan-peer.ts` writes it. */
export type News = { readonly atMs: number } & (
  | ({ readonly type: "ready" | "self" } & Self)
  | Exclude<DirectoryEvent, { readonly type: "self" }>
  | { readonly type: "connect"; readonly address: string; readonly code: string | null }
  | { readonly type: "closed"; readonly faults: readonly string[] }
);

export interface LanPeer {
  /** Resolves with the first news since `sinceMs` that `look` makes something of. */
  until<Value>(look: (news: News) => Value | null, sinceMs?: number): Promise<Value>;
  ready(): Promise<Self & { readonly atMs: number }>;
  /** When it had the other one online, since then. */
  meets(other: LanPeer, sinceMs?: number): Promise<number>;
  /** When it had the other one offline, since then. */
  loses(other: LanPeer, sinceMs: number): Promise<number>;
  connect(address: string): void;
  /** Closes in order, and rejects when a listener was at fault. */
  stop(): Promise<void>;
}

export interface Computer {
  /** Runs `ip` there. */
  ip(...given: readonly string[]): void;
  start(options: LanPeerOptions): LanPeer;
}

/** Why no local network can be made here; false when one can. */
export function whyNoLan(): string | false {
  return whyNoNamespace("ip link add br0 type bridge; ip link add one type veth peer name other");
}

/** Computers on no network; gone with the test. */
export async function computers(t: TestContext, count: number): Promise<readonly Computer[]> {
  return Promise.all(Array.from({ length: count }, async () => (await openComputer(t)).computer));
}

/**
 * Computers on one switch, without a way further: the first has 10.77.0.1 and fd77::1, and so on.
 * @param families IPv6 addresses of a kind that is not asked for, link-local ones too, are left out.
 */
export async function lan(
  t: TestContext,
  count: number,
  families: readonly (4 | 6)[],
): Promise<readonly Computer[]> {
  const hub = await openComputer(t);
  hub.computer.ip("link", "add", "br0", "up", "type", "bridge");
  const joined: Computer[] = [];
  for (let number = 1; number <= count; number++) {
    const { computer, pid } = await openComputer(t);
    const port = `port${number}`;
    hub.computer.ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", `${pid}`);
    hub.computer.ip("link", "set", port, "master", "br0", "up");
    if (!families.includes(6)) computer.ip("link", "set", "eth0", "addrgenmode", "none");
    if (families.includes(4)) computer.ip("addr", "add", `10.77.0.${number}/24`, "brd", "+", "dev", "eth0");
    if (families.includes(6)) computer.ip("addr", "add", `fd77::${number}/64`, "dev", "eth0", "nodad");
    computer.ip("link", "set", "eth0", "up");
    joined.push(computer);
  }
  return joined;
}

async function openComputer(t: TestContext): Promise<{ readonly computer: Computer; readonly pid: number }> {
  const { pid, ip, node } = await openNamespace(t);
  return { computer: { ip, start: (options) => lanPeer(node(PROGRAM, JSON.stringify(options))) }, pid };
}

function lanPeer(child: Inside): LanPeer {
  const { stdin, stdout } = child;
  const told: News[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: stdout }).on("line", (line) => {
    told.push(JSON.parse(line) as News);
    for (const look of [...waiting]) look();
  });
  const until: LanPeer["until"] = (make, sinceMs = 0) =>
    new Promise((resolve, reject) => {
      const look = () => {
        for (const news of told) {
          const made = news.atMs < sinceMs ? null : make(news);
          if (made === null) continue;
          waiting.delete(look);
          resolve(made);
          return;
        }
      };
      waiting.add(look);
      child.once("exit", (code) => reject(new Error(`the peer ended with ${code}`)));
      look();
    });
  const ready = () => until((news) => (news.type === "ready" ? news : null));
  const turns = async (other: LanPeer, online: boolean, sinceMs: number): Promise<number> => {
    const { peer } = await other.ready();
    return until(
      (news) =>
        news.type === "peer" && news.entry.peer === peer && news.entry.online === online ? news.atMs : null,
      sinceMs,
    );
  };
  return {
    until,
    ready,
    meets: (other, sinceMs = 0) => turns(other, true, sinceMs),
    loses: (other, sinceMs) => turns(other, false, sinceMs),
    connect: (address) => {
      stdin.write(`${address}\n`);
    },
    stop: async () => {
      const exited = once(child, "close");
      stdin.end();
      await exited;
      const closed = told.find((news) => news.type === "closed");
      if (closed?.faults.length !== 0) throw new Error(`not closed in order: ${JSON.stringify(closed)}`);
    },
  };
}
