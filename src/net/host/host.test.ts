/** The contract of the network port on libp2p over real sockets of loopback: straight, relayed, and punched. */
import { once } from "node:events";
import { test } from "node:test";
import { multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "#base/brand.ts";
import type { PathKind } from "#ports/network.ts";
import { testNetwork } from "#test/contract/network.ts";
import type { NetworkRig } from "#test/contract/network-rig.ts";
import { type HostPeer, startHostPeer, startRelay, untilPath } from "#test/kit/network-hosts.ts";
import { withoutPeer } from "../addresses.ts";
import { CREDIT_FIRST_BYTES, STREAM_WINDOW_BYTES_MAX } from "../limits.ts";
import type { Host } from "./host.ts";

const LISTENING = ["/ip4/127.0.0.1/tcp/0"];
let seeds = 0;

async function startOne(listen: readonly string[]): Promise<HostPeer> {
  seeds += 1;
  return await startHostPeer({ seed: seeds, listen });
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

/** How two of the hosts are joined. */
interface Wiring {
  readonly listen: readonly string[];
  join(from: HostPeer, to: HostPeer): Promise<void>;
  readonly path: PathKind;
  /** Read ahead of the reader, and once more allowed to be sent when the stream was resumed for that. */
  readonly streamBufferBytesMax: number;
  readonly reroute?: (from: HostPeer, to: HostPeer, path: "better" | "relayed") => Promise<void>;
  stop(): Promise<void>;
}

const straight = async (): Promise<Wiring> => ({
  listen: LISTENING,
  join: async (from, to) => {
    const [address] = to.host.getMultiaddrs();
    await from.dial(withoutPeer(String(address)), to.network.self);
  },
  path: "loopback",
  streamBufferBytesMax: 2 * STREAM_WINDOW_BYTES_MAX,
  stop: async () => undefined,
});

const relayed = async (): Promise<Wiring> => {
  const relay = await startRelay();
  return {
    listen: [relay.address],
    join: (from, to) => from.dial(relay.address, to.network.self),
    path: "relayed",
    streamBufferBytesMax: 2 * STREAM_WINDOW_BYTES_MAX,
    reroute: async (from, to, path) => {
      if (path === "better") return await from.punch(relay.address, to.network.self);
      for (const connection of from.connections.ofClass(to.network.self, "punched")) {
        connection.abort(new Error("lost by the test"));
      }
    },
    stop: relay.stop,
  };
};

const punched = async (): Promise<Wiring> => {
  const relay = await relayed();
  return {
    listen: relay.listen,
    stop: relay.stop,
    join: async (from, to) => {
      await relay.join(from, to);
      await from.punch(String(relay.listen[0]), to.network.self);
    },
    path: "punched",
    streamBufferBytesMax: 2 * CREDIT_FIRST_BYTES,
  };
};

const openRig =
  (startWiring: () => Promise<Wiring>) =>
  async (count: number, links: readonly (readonly [number, number])[]): Promise<NetworkRig> => {
    const wiring = await startWiring();
    const nodes = await Promise.all(Array.from({ length: count }, () => startOne(wiring.listen)));
    const at = (index: number) => {
      const node = nodes[index];
      if (node === undefined) throw new Error(`no network ${index}`);
      return node;
    };
    for (const [from, to] of links) {
      await wiring.join(at(from), at(to));
      await untilPath(at(to), at(from).network.self, wiring.path);
    }
    return {
      networks: nodes.map((node) => node.network),
      streamBufferBytesMax: wiring.streamBufferBytesMax,
      reroute:
        wiring.reroute === undefined
          ? null
          : async (a, b, path) => await wiring.reroute?.(at(a), at(b), path),
      listening: (index, topic, peers) => untilListening(at(index).host, topic, peers),
      cut: async (a, b) => {
        at(a).network.disconnect(at(b).network.self, "cut by the test");
        await untilPath(at(b), at(a).network.self, null);
      },
      close: async () => {
        await Promise.all(nodes.map((node) => node.close()));
        await wiring.stop();
      },
    };
  };

testNetwork("libp2p", openRig(straight));
testNetwork("libp2p over a relay", openRig(relayed));
testNetwork("libp2p on punched paths", openRig(punched));

test("dialled at once from both sides, one connection is left on both", { timeout: 10_000 }, async () => {
  const [a, b] = await Promise.all([startOne(LISTENING), startOne(LISTENING)]);
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
