/**
 * A real peer (`waybill start`) inside a namespace, with a go-between that reaches its API there: calls of the client
 * come as lines of JSON on standard input, answers and events leave as lines on standard output. Run by
 * `nat-programs.ts`. It ends the peer in order when its input ends, and nothing of either outlives the namespace.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { EventView } from "#api/views.ts";
import { type PeerOptions, startPeer } from "../../tools/real-peer.ts";

/** What comes in. `call` is the name of a method of `Client`. */
export interface PeerCall {
  readonly id: number;
  readonly call: string;
  readonly given: readonly unknown[];
}

/** What goes out. */
export type PeerNews =
  | { readonly type: "ready"; readonly peerId: string; readonly readyMs: number }
  | { readonly type: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly type: "event"; readonly event: EventView };

const say = (news: PeerNews): void => {
  process.stdout.write(`${JSON.stringify(news)}\n`);
};

const peer = await startPeer(JSON.parse(process.argv[2] ?? "") as PeerOptions);
peer.subscribe((event) => {
  if (event.type === "person" || event.type === "slip") say({ type: "event", event });
});
const status = await peer.client.status();
if (!status.ok) throw new Error(status.fault.cause);
say({ type: "ready", peerId: status.value.peerId, readyMs: peer.readyMs });

const methods: ReadonlyMap<string, (...given: readonly unknown[]) => Promise<unknown>> = new Map(
  Object.entries(peer.client),
);
for await (const line of createInterface({ input: process.stdin })) {
  const { id, call, given } = JSON.parse(line) as PeerCall;
  const method = methods.get(call);
  if (method === undefined) throw new Error(`no such call: ${call}`);
  void method(...given).then((answer) => say({ type: "answer", id, answer }));
}
await peer.interrupt();
process.exit();
