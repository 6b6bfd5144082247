/**
 * Owns the relay that a tracker offers (circuit relay v2) and the meter on it: what each peer sends is counted as it
 * passes, and a peer that may send no more loses its relayed connections by a reset, never by an orderly end. How
 * much anybody may send is the policy's to say. The library's own limits are off: they end like an orderly close.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  type CircuitRelayServerComponents,
  type CircuitRelayService,
  circuitRelayServer,
  RELAY_V2_HOP_CODEC,
  RELAY_V2_STOP_CODEC,
} from "@libp2p/circuit-relay-v2";
import type { Connection, PeerId as Libp2pPeerId, Stream } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import { peerOf } from "../host/gate.ts";
import { RELAY_PLACE_TTL_MS, RELAYED_STREAMS_PER_CONNECTION_MAX } from "../limits.ts";

export interface RelayPolicy {
  /** How many peers may hold a place at once. */
  readonly placesMax: number;
  readonly connectionsPerPeerMax: number;
  /** Whether the relay may begin to join two peers. */
  readonly mayJoin: (caller: PeerId, called: PeerId) => boolean;
  /** Books bytes that `sender` has sent; false when it may send no more. */
  readonly charge: (sender: PeerId, bytes: number) => boolean;
}

export interface RelayUse {
  /** Peers that hold a place. */
  readonly places: number;
  /** Relayed connections that stand. */
  readonly connections: number;
  /** Connections refused or broken off for a quota since the start. */
  readonly refused: number;
}

/** One relayed connection: two streams, joined by the library. */
interface Joint {
  readonly caller: PeerId;
  readonly hop: Stream;
  called: PeerId | null;
  stop: Stream | null;
}

export class RelayMeter {
  readonly #policy: RelayPolicy;
  /** Which call the library's work belongs to, across its awaits. */
  readonly #current = new AsyncLocalStorage<Joint>();
  readonly #joints = new Map<PeerId, Set<Joint>>();
  #service: CircuitRelayService | null = null;
  #connections = 0;
  #refused = 0;

  constructor(policy: RelayPolicy) {
    this.#policy = policy;
  }

  /** The libp2p service, to be given to one host. */
  service(): (components: CircuitRelayServerComponents) => CircuitRelayService {
    const create = circuitRelayServer({
      reservations: {
        maxReservations: this.#policy.placesMax,
        applyDefaultLimit: false,
        reservationTtl: RELAY_PLACE_TTL_MS,
      },
      maxInboundHopStreams: RELAYED_STREAMS_PER_CONNECTION_MAX,
      maxOutboundHopStreams: RELAYED_STREAMS_PER_CONNECTION_MAX,
      maxOutboundStopStreams: RELAYED_STREAMS_PER_CONNECTION_MAX,
    });
    return (components) => {
      this.#service = create(this.#metered(components));
      return this.#service;
    };
  }

  use(): RelayUse {
    return {
      places: this.#service?.reservations.size ?? 0,
      connections: this.#connections,
      refused: this.#refused,
    };
  }

  /** A peer is gone: its place is free for others, and the library's timer must not take the next one it is given. */
  left(peer: Libp2pPeerId): void {
    this.#service?.reservations.get(peer)?.signal.clear();
    this.#service?.reservations.delete(peer);
  }

  /** The library's surroundings, with our ear on both streams of each relayed connection. */
  #metered(components: CircuitRelayServerComponents): CircuitRelayServerComponents {
    const { registrar, connectionManager, connectionGater } = components;
    return {
      peerStore: components.peerStore,
      addressManager: components.addressManager,
      peerId: components.peerId,
      privateKey: components.privateKey,
      logger: components.logger,
      registrar: overlaid(registrar, {
        handle: (protocol, handler, options) =>
          registrar.handle(
            protocol,
            protocol !== RELAY_V2_HOP_CODEC
              ? handler
              : (stream, connection) => {
                  const caller = peerOf(connection.remotePeer);
                  const joint: Joint = { caller, hop: stream, called: null, stop: null };
                  return this.#current.run(joint, () => handler(stream, connection));
                },
            options,
          ),
      }),
      connectionManager: overlaid(connectionManager, {
        getConnections: (peer) => connectionManager.getConnections(peer).map((each) => this.#watched(each)),
      }),
      connectionGater: {
        ...connectionGater,
        denyOutboundRelayedConnection: async (caller, called) =>
          !this.#mayJoin(peerOf(caller), peerOf(called)) ||
          (await connectionGater.denyOutboundRelayedConnection?.(caller, called)) === true,
      },
    };
  }

  #mayJoin(caller: PeerId, called: PeerId): boolean {
    const { connectionsPerPeerMax, mayJoin } = this.#policy;
    const isCrowded = (peer: PeerId) => (this.#joints.get(peer)?.size ?? 0) >= connectionsPerPeerMax;
    if (!isCrowded(caller) && !isCrowded(called) && mayJoin(caller, called)) return true;
    this.#refused += 1;
    return false;
  }

  #watched(connection: Connection): Connection {
    return overlaid(connection, {
      newStream: async (protocols, options) => {
        const stream = await connection.newStream(protocols, options);
        const joint = this.#current.getStore();
        if (protocols === RELAY_V2_STOP_CODEC && joint !== undefined) {
          this.#join(joint, peerOf(connection.remotePeer), stream);
        }
        return stream;
      },
    });
  }

  #join(joint: Joint, called: PeerId, stop: Stream): void {
    joint.called = called;
    joint.stop = stop;
    this.#connections += 1;
    for (const peer of [joint.caller, called]) {
      const joints = this.#joints.get(peer);
      if (joints === undefined) this.#joints.set(peer, new Set([joint]));
      else joints.add(joint);
    }
    joint.hop.addEventListener("message", ({ data }) => this.#carried(joint.caller, data.byteLength));
    stop.addEventListener("message", ({ data }) => this.#carried(called, data.byteLength));
    let open = 2;
    const onClose = () => {
      open -= 1;
      if (open === 0) this.#part(joint);
    };
    joint.hop.addEventListener("close", onClose, { once: true });
    stop.addEventListener("close", onClose, { once: true });
  }

  #part(joint: Joint): void {
    this.#connections -= 1;
    for (const peer of [joint.caller, joint.called]) {
      if (peer === null) continue;
      const joints = this.#joints.get(peer);
      if (joints?.delete(joint) === true && joints.size === 0) this.#joints.delete(peer);
    }
  }

  #carried(sender: PeerId, bytes: number): void {
    if (this.#policy.charge(sender, bytes)) return;
    const why = new Error("the relay's quota is used up");
    for (const joint of this.#joints.get(sender) ?? []) {
      this.#refused += 1;
      joint.hop.abort(why);
      joint.stop?.abort(why);
    }
  }
}

/** The same object but for some of its methods; all others run on the object itself. */
function overlaid<Whole extends object>(whole: Whole, own: Partial<Whole>): Whole {
  return new Proxy(whole, {
    get: (target, key) => {
      const value: unknown = Reflect.get(key in own ? own : target, key);
      return typeof value === "function" ? value.bind(key in own ? own : target) : value;
    },
  });
}
