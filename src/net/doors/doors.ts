/**
 * Owns who is let in: the mode, the lists, and the bounds on those who call, asked by the gate (`gate.ts`) at each
 * step of a connection, cheapest first, and counted by reason. What peers earn by their conduct is `standing.ts`.
 */
import { Socket } from "node:net";
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import { type DoorLimits, PEER_DOOR_LIMITS } from "./door-limits.ts";
import { type Caller, DoorLaw, type DoorLists, type ListVerdict } from "./door-lists.ts";
import { callerKeyOf, hostOf, type Origin, originOf } from "./door-origin.ts";
import { HalfOpen } from "./half-open.ts";
import { InboundPlaces, type PlaceRefusal } from "./inbound-places.ts";
import { RateLimit } from "./rate-limits.ts";

/**
 * `outbound-only`: nothing listens; others come over a relay that was called from here. `no-inbound`: no connection
 * that others began is taken, over a relay neither.
 */
export type DoorMode = "open" | "outbound-only" | "no-inbound";

export interface DoorSettings extends DoorLists {
  readonly mode: DoorMode;
}

export interface DoorsState extends DoorSettings {
  /** Only holders of the network's key connect. */
  readonly privateNetwork: boolean;
  /** How often whom was not let in since the start, by reason. */
  readonly refused: Readonly<Partial<Record<DoorRefusal, number>>>;
}

export const OPEN_DOORS: DoorSettings = Object.freeze({ mode: "open", allow: [], block: [] });

/** Why somebody was not let in, as it is counted. */
export type DoorRefusal =
  | "mode"
  | "blocked"
  | "not-allowed"
  | "half-open-silent"
  | "half-open-displaced"
  | "half-open-slow"
  | "half-open-full"
  | "handshakes-of-address"
  | "handshakes-in-all"
  /** Speaks something else than Waybill. */
  | "not-waybill"
  /** The same, where this network has a key: holds another one, or none. */
  | "network-key"
  | PlaceRefusal;

/** The slice of libp2p's connection under way that doors look at. */
export interface ArrivingConnection {
  readonly remoteAddr: { toString(): string };
  readonly direction: "inbound" | "outbound";
  /** `open` while it stands. */
  readonly status: string;
  abort(error: Error): void;
  addEventListener(type: "close", listener: () => void): void;
}

/** The slice of a connection that stands. */
export interface StandingConnection {
  readonly remoteAddr: { toString(): string };
  readonly remotePeer: { toString(): string };
  readonly direction: "inbound" | "outbound";
}

export interface DoorsDependencies {
  readonly clock: Clock;
  readonly limits?: DoorLimits;
  /** Peers whom no stranger may push out: whom the user typed, or chose. */
  readonly isProtected?: (peer: PeerId) => boolean;
  /**
   * Whether a call of ours goes to a tracker that the user named, by who answers or where it leads: that is said once,
   * and not again on the allow list.
   */
  readonly isTracker?: (peer: PeerId | null, remote: string) => boolean;
}

export class Doors {
  readonly #limits: DoorLimits;
  readonly #halfOpen: HalfOpen;
  readonly #places: InboundPlaces;
  readonly #callers: RateLimit;
  readonly #refused = new Map<DoorRefusal, number>();
  readonly #isTracker: (peer: PeerId | null, remote: string) => boolean;
  #mode: DoorMode;
  #law: DoorLaw;

  constructor(settings: DoorSettings, dependencies: DoorsDependencies) {
    const { clock, limits, isProtected, isTracker } = dependencies;
    this.#isTracker = isTracker ?? (() => false);
    this.#limits = limits ?? PEER_DOOR_LIMITS;
    this.#mode = settings.mode;
    this.#law = new DoorLaw(settings);
    this.#callers = new RateLimit(clock, this.#limits.handshakeSourcesMax);
    this.#halfOpen = new HalfOpen(this.#limits.halfOpen, {
      clock,
      onDropped: (why) => this.count(`half-open-${why}`),
    });
    this.#places = new InboundPlaces(this.#limits.inbound, isProtected ?? (() => false));
  }

  get settings(): DoorSettings {
    return { mode: this.#mode, allow: this.#law.lists.allow, block: this.#law.lists.block };
  }

  /** For those who come after; what stands and no longer fits, the caller closes (`admits`). */
  change(settings: DoorSettings): void {
    this.#mode = settings.mode;
    this.#law = new DoorLaw(settings);
  }

  /** How often whom was not let in since the start, by reason. */
  refusals(): Readonly<Partial<Record<DoorRefusal, number>>> {
    return Object.fromEntries(this.#refused);
  }

  count(reason: DoorRefusal): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  /** Somebody called; not a byte is read. */
  begins(connection: ArrivingConnection): boolean {
    const origin = originOf(connection.remoteAddr.toString());
    const refusal = this.#againstArrival(origin);
    if (refusal !== null) return this.#refuse(refusal);
    const key = callerKeyOf(origin);
    if (key === null) return true;
    const caller = { key, keyMax: this.#halfOpenMaxOf(origin), bytesRead: () => bytesReadOf(connection) };
    return this.#halfOpen.begin(connection, caller) || this.#refuse("half-open-full");
  }

  /** Somebody who called asks for the costly part. */
  mayHandshake(remote: string): boolean {
    const origin = originOf(remote);
    const key = callerKeyOf(origin);
    if (key === null) return true;
    const { ownAddress, publicAddress, all } = this.#limits.handshakes;
    const isOwn = origin.via === "address" && origin.place.reach === "own";
    if (!this.#callers.take(key, isOwn ? ownAddress : publicAddress)) {
      return this.#refuse("handshakes-of-address");
    }
    return this.#callers.take("all", all) || this.#refuse("handshakes-in-all");
  }

  /** The other side has proven who it is. */
  admits(peer: PeerId, remote: string, direction: "inbound" | "outbound"): boolean {
    const origin = originOf(remote);
    if (direction === "inbound" && this.#againstMode(origin) !== null) return this.#refuse("mode");
    const verdict = this.#verdictOn(peer, remote, direction);
    return verdict === "admitted" || this.#refuse(verdict);
  }

  /** A connection that others began is about to stand; it takes a place until it closes. */
  enters(peer: PeerId, connection: ArrivingConnection): boolean {
    this.#halfOpen.end(connection);
    // Of one that is gone by now no event would tell, and its place would be taken for ever.
    if (connection.status !== "open") return false;
    const refusal = this.#places.take(connection, peer, originOf(connection.remoteAddr.toString()));
    return refusal === null || this.#refuse(refusal);
  }

  /**
   * Whether this peer may call, by what is known before; the lists are asked again once more is.
   * @param remote the multiaddr to be called, where one was chosen.
   */
  mayDial(caller: Caller, remote = ""): boolean {
    const verdict = this.#law.judgeBefore(caller);
    return verdict === "admitted" || (verdict === "not-allowed" && this.#isTracker(caller.peer, remote));
  }

  /** Whether a connection that stands would still be let in. */
  fits(connection: StandingConnection): boolean {
    const origin = originOf(connection.remoteAddr.toString());
    if (connection.direction === "inbound" && this.#againstMode(origin) !== null) return false;
    const peer = connection.remotePeer.toString() as PeerId;
    return this.#verdictOn(peer, connection.remoteAddr.toString(), connection.direction) === "admitted";
  }

  #againstArrival(origin: Origin): DoorRefusal | null {
    const against = this.#againstMode(origin);
    if (against !== null) return against;
    const verdict = this.#law.judge({ peer: null, host: hostOf(origin) });
    return verdict === "admitted" ? null : verdict;
  }

  #againstMode(origin: Origin): DoorRefusal | null {
    if (this.#mode === "no-inbound") return "mode";
    const isStraight = origin.via === "address" || origin.via === "punched";
    return this.#mode === "outbound-only" && isStraight ? "mode" : null;
  }

  #verdictOn(peer: PeerId, remote: string, direction: "inbound" | "outbound"): ListVerdict {
    const verdict = this.#law.judge({ peer, host: hostOf(originOf(remote)) });
    const isExempt = verdict === "not-allowed" && direction === "outbound" && this.#isTracker(peer, remote);
    return isExempt ? "admitted" : verdict;
  }

  #halfOpenMaxOf(origin: Origin): number {
    const { perOwnAddress, perPublicAddress, perRelay } = this.#limits.halfOpen;
    if (origin.via !== "address") return perRelay;
    return origin.place.reach === "own" ? perOwnAddress : perPublicAddress;
  }

  #refuse(reason: DoorRefusal): false {
    this.count(reason);
    return false;
  }
}

/**
 * Bytes that came over a TCP connection; null for others. Asked of the socket: a listener for them would take them
 * from the handshake.
 */
function bytesReadOf(connection: ArrivingConnection): number | null {
  return "socket" in connection && connection.socket instanceof Socket ? connection.socket.bytesRead : null;
}
