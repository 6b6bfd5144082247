/**
 * Owns what runs on the hosts of the lab: whole processes of the command line, a tracker or a peer, each in the
 * namespace of its host. They end with the namespace.
 */
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Client, Reply } from "#api/client.ts";
import type { EventView, PersonView, SlipView } from "#api/views.ts";
import { MAIN, must, type PeerOptions, until } from "../../tools/real-peer.ts";
import { NODE_FLAGS } from "../../tools/setup/node-flags.mjs";
import { killInside, type Namespace } from "./namespace.ts";
import type { PeerCall, PeerNews } from "./nat-peer.ts";

const PEER_PROGRAM = join(import.meta.dirname, "nat-peer.ts");

type Operation = {
  [Name in keyof Client]: Client[Name] extends (...given: never[]) => Reply<unknown> ? Name : never;
}[keyof Client];
type Value<Name extends Operation> = Client[Name] extends (...given: never[]) => Reply<infer Given>
  ? Given
  : never;

export interface NatPeer {
  readonly peerId: string;
  /** Calls the method of the client. @throws Error with the peer's words when it refuses. */
  call<Name extends Operation>(name: Name, ...given: Parameters<Client[Name]>): Promise<Value<Name>>;
  subscribe(listener: (event: EventView) => void): () => void;
  /** Resolves with the first that `look` makes of the other's entry. */
  sees<Made>(
    what: string,
    other: NatPeer,
    timeoutMs: number,
    look: (person: PersonView) => Made | null,
  ): Promise<Made>;
  /** Resolves with the first that `look` makes of the delivery. */
  watches<Made>(
    what: string,
    id: string,
    timeoutMs: number,
    look: (slip: SlipView) => Made | null,
  ): Promise<Made>;
  /** Asks again after every event of the peer until `look` gives something. */
  until<Made>(what: string, timeoutMs: number, look: () => Promise<Made | null>): Promise<Made>;
  /** Ctrl-C; resolves when it has ended. */
  stop(): Promise<void>;
}

export interface NatTracker {
  /** kill -9; resolves when it has ended. */
  kill(): Promise<void>;
}

/** Resolves when the tracker says what it listens on. @param flags of `waybill tracker`. */
export async function startTracker(
  namespace: Namespace,
  dataDir: string,
  flags: readonly string[],
): Promise<NatTracker> {
  const child = namespace.node(...NODE_FLAGS, MAIN, "tracker", "--data", dataDir, "--json", ...flags);
  await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(([code]) => {
      throw new Error(`the tracker ended with ${code}`);
    }),
  ]);
  child.stdout.resume();
  return { kill: () => killInside(child) };
}

/** Resolves when the peer is ready. */
export async function startNatPeer(namespace: Namespace, options: PeerOptions): Promise<NatPeer> {
  const child = namespace.node(PEER_PROGRAM, JSON.stringify(options));
  const listeners = new Set<(event: EventView) => void>();
  const answers = new Map<number, (answer: unknown) => void>();
  const ended = once(child, "close").then(([code]) => {
    throw new Error(`${options.name} ended with ${code}`);
  });
  ended.catch(() => undefined);
  const ready = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const news = JSON.parse(line) as PeerNews;
    if (news.type === "ready") ready.resolve(news.peerId);
    else if (news.type === "answer") answers.get(news.id)?.(news.answer);
    else for (const listener of [...listeners]) listener(news.event);
  });
  const peerId = await Promise.race([ready.promise, ended]);
  let calls = 0;
  const ask = (call: string, given: readonly unknown[]): Promise<unknown> => {
    const id = ++calls;
    const answered = new Promise<unknown>((resolve) => {
      answers.set(id, resolve);
    });
    child.stdin.write(`${JSON.stringify({ id, call, given } satisfies PeerCall)}\n`);
    return Promise.race([answered, ended]).finally(() => answers.delete(id));
  };
  const peer: NatPeer = {
    peerId,
    call: (name, ...given) => must(ask(name, given) as Reply<Value<typeof name>>),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    until: (what, timeoutMs, look) =>
      until(`${options.name}: ${what}`, timeoutMs, look, peer.subscribe, () => child.exitCode !== null),
    sees: (what, other, timeoutMs, look) =>
      peer.until(what, timeoutMs, async () => {
        const found = (await peer.call("people")).find((person) => person.peerId === other.peerId);
        return found === undefined ? null : look(found);
      }),
    watches: (what, id, timeoutMs, look) =>
      peer.until(what, timeoutMs, async () => look(await peer.call("slip", id))),
    stop: async () => {
      const exited = once(child, "close");
      child.stdin.end();
      await exited;
    },
  };
  return peer;
}
