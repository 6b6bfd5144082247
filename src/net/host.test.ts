/** The contract of the network port on libp2p over real sockets of loopback, without discovery. */
import { once } from "node:events";
import { test } from "node:test";
import { multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "#base/brand.ts";
import { fail, problem } from "#base/result.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { type NetworkRig, testNetwork } from "#test/contract/network.ts";
import { faultLog, realClock } from "#test/kit/real.ts";
import { ConnectionBook } from "./connection-book.ts";
import { Doors, OPEN_DOORS } from "./doors.ts";
import { createGate } from "./gate.ts";
import { type Host, startHost } from "./host.ts";
import { Libp2pNetwork } from "./libp2p-network.ts";
import { STREAM_WINDOW_BYTES_MAX } from "./limits.ts";
import { Standings } from "./standing.ts";

let seeds = 0;

async function startOne(): Promise<{ readonly host: Host; readonly network: Libp2pNetwork }> {
  seeds += 1;
  const keypair = createKeypair(new Uint8Array(32).fill(seeds));
  const connections = new ConnectionBook(realClock);
  let disconnect = (_peer: PeerId): void => undefined;
  const standings = new Standings(realClock, (peer) => disconnect(peer));
  const host = await startHost({
    keypair,
    version: "0.0.0-test",
    listen: ["/ip4/127.0.0.1/tcp/0"],
    gate: createGate({
      self: keypair.peerId,
      isRefused: (peer) => standings.isBanned(peer),
      connections,
    }),
    doors: new Doors(OPEN_DOORS, { clock: realClock }),
    standing: (peer) => standings.points(peer),
    discovery: undefined,
  });
  const network = new Libp2pNetwork({
    host,
    connections,
    standings,
    clock: realClock,
    log: faultLog().log,
    dial: async () => fail(problem("unreachable", "No address is known.", "Connect by address.")),
  });
  disconnect = (peer) => network.disconnect(peer, "banned");
  return { host, network };
}

/** What gossip does with a topic, which its public interface does not tell. */
interface Mesh {
  getMeshPeers(topic: string): readonly string[];
}

async function untilListening(host: Host, topic: string, peers: readonly PeerId[]): Promise<void> {
  const gossip = host.services.gossip;
  const mesh = gossip as unknown as Mesh;
  while (!peers.every((peer) => mesh.getMeshPeers(topic).includes(peer))) {
    await once(gossip, "gossipsub:heartbeat");
  }
}

async function openRig(count: number, links: readonly (readonly [number, number])[]): Promise<NetworkRig> {
  const nodes = await Promise.all(Array.from({ length: count }, startOne));
  const at = (index: number) => {
    const node = nodes[index];
    if (node === undefined) throw new Error(`no network ${index}`);
    return node;
  };
  for (const [from, to] of links) {
    const inbound = once(at(to).host, "connection:open");
    await at(from).host.dial(
      at(to)
        .host.getMultiaddrs()
        .map((address) => multiaddr(address.toString())),
    );
    await inbound;
  }
  return {
    networks: nodes.map((node) => node.network),
    // Read ahead of the reader, and once more allowed to be sent when the stream was resumed for that.
    streamBufferBytesMax: 2 * STREAM_WINDOW_BYTES_MAX,
    listening: (index, topic, peers) => untilListening(at(index).host, topic, peers),
    cut: async (a, b) => {
      const isGone = once(at(b).host, "connection:close");
      at(a).network.disconnect(at(b).network.self, "cut by the test");
      await isGone;
    },
    close: async () => {
      await Promise.all(nodes.map((node) => node.host.stop()));
    },
  };
}

testNetwork("libp2p", openRig);

test("dialled at once from both sides, one connection is left on both", { timeout: 10_000 }, async () => {
  const [a, b] = await Promise.all([startOne(), startOne()]);
  const addressesOf = ({ host }: typeof a) => host.getMultiaddrs().map((each) => multiaddr(each.toString()));
  try {
    await Promise.allSettled([a.host.dial(addressesOf(b)), b.host.dial(addressesOf(a))]);
    // The one that is left is one side's outbound and the other's inbound.
    const isSettled = () => {
      const left = [a, b].flatMap(({ host }) => host.getConnections().map(({ direction }) => direction));
      return left.length === 2 && left[0] !== left[1];
    };
    while (!isSettled()) {
      const changes = [a, b].flatMap(({ host }) => [
        once(host, "connection:open"),
        once(host, "connection:close"),
      ]);
      await Promise.race(changes);
    }
  } finally {
    await Promise.all([a.host.stop(), b.host.stop()]);
  }
});
