/**
 * Owns which connections stand to each peer, and which of them is the best that lives. A peer may have one for each
 * class of path: straight, punched, relayed (spec/paths.md). Opens and closes none.
 */
import type { Connection } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import type { PathKind } from "#ports/network.ts";
import { comparePaths, pathKindOf } from "../addresses.ts";
import { SUSPECT_SILENCE_MS } from "../limits.ts";

/** Within a class there is one connection to a peer; those of different classes stand side by side. */
export type PathClass = "straight" | "punched" | "relayed";

export function pathClassOf(address: string): PathClass {
  const kind = pathKindOf(address);
  return kind === "punched" || kind === "relayed" ? kind : "straight";
}

export function pathOf(connection: Connection): PathKind {
  return pathKindOf(connection.remoteAddr.toString());
}

export function classOf(connection: Connection): PathClass {
  return pathClassOf(connection.remoteAddr.toString());
}

function ownerOf(connection: Connection): PeerId {
  return connection.remotePeer.toString() as PeerId;
}

/** Times by a clock that does not jump. */
interface Standing {
  readonly sinceMs: number;
  /** When bytes last came over it, or left where only the other side's reading makes room. */
  aliveMs: number;
}

export class ConnectionBook {
  readonly #clock: Clock;
  readonly #open = new Map<PeerId, Map<Connection, Standing>>();
  #spared: { readonly peer: PeerId; readonly address: string } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(connection: Connection): void {
    // Of one that is gone by now no event would tell: its peer would be taken for connected for ever.
    if (connection.status !== "open") return;
    const peer = ownerOf(connection);
    const nowMs = this.#clock.monotonicMs();
    const known = this.#open.get(peer) ?? new Map<Connection, Standing>();
    this.#open.set(peer, known);
    known.set(connection, { sinceMs: nowMs, aliveMs: nowMs });
  }

  remove(connection: Connection): void {
    const peer = ownerOf(connection);
    const known = this.#open.get(peer);
    known?.delete(connection);
    if (known?.size === 0) this.#open.delete(peer);
  }

  of(peer: PeerId): readonly Connection[] {
    return [...(this.#open.get(peer)?.keys() ?? [])];
  }

  /** Those of one class that take streams. */
  ofClass(peer: PeerId, wanted: PathClass): readonly Connection[] {
    return this.of(peer).filter((each) => each.status === "open" && classOf(each) === wanted);
  }

  peers(): readonly PeerId[] {
    return [...this.#open.keys()];
  }

  /** The best one that takes streams; one that was silent for too long yields to one that lives. */
  best(peer: PeerId): Connection | null {
    const open = this.of(peer).filter((connection) => connection.status === "open");
    const isSuspect = (connection: Connection) => this.silentMs(connection) >= SUSPECT_SILENCE_MS;
    // Of two alike the younger: whoever dialled it may have lost the other.
    const sorted = open
      .toReversed()
      .sort((a, b) => Number(isSuspect(a)) - Number(isSuspect(b)) || comparePaths(pathOf(a), pathOf(b)));
    return sorted[0] ?? null;
  }

  noteAlive(connection: Connection): void {
    const standing = this.#standingOf(connection);
    if (standing !== undefined) standing.aliveMs = this.#clock.monotonicMs();
  }

  /** How long nothing showed that the other side lives; 0 for a connection that does not stand. */
  silentMs(connection: Connection): number {
    const standing = this.#standingOf(connection);
    return standing === undefined ? 0 : this.#clock.monotonicMs() - standing.aliveMs;
  }

  ageMs(connection: Connection): number {
    const standing = this.#standingOf(connection);
    return standing === undefined ? 0 : this.#clock.monotonicMs() - standing.sinceMs;
  }

  /** A connection dialled by us was not needed: the peer, who proved to be there, is connected already. */
  spare(peer: PeerId, address: string): void {
    this.#spared = { peer, address };
  }

  /** The last one spared, told once. */
  takeSpared(): { readonly peer: PeerId; readonly address: string } | null {
    const spared = this.#spared;
    this.#spared = null;
    return spared;
  }

  #standingOf(connection: Connection): Standing | undefined {
    return this.#open.get(ownerOf(connection))?.get(connection);
  }
}
