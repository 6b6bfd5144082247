/**
 * Owns who is dialled when: everybody in the directory who is away, and typed addresses at which nobody has
 * answered yet. The timing is `dial-policy.ts`; the sockets are the host's.
 */
import type { Connection } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import type { AddressBook } from "./address-book.ts";
import { compareAddresses, endpointOf, isDialable, withoutPeer } from "./addresses.ts";
import {
  type Attempts,
  afterFailure,
  afterLoss,
  afterWord,
  firstAttempt,
  isDue,
  turnMs,
} from "./dial-policy.ts";
import { dialProblem } from "./dial-problem.ts";
import type { PeerDirectory, PeerEntry } from "./directory.ts";
import { type ConnectionBook, peerOf } from "./gate.ts";
import type { Host } from "./host.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  DIAL_TICK_MS,
  DIAL_TIMEOUT_MS,
  DIALS_AT_ONCE_MAX,
  SEEN_RECENTLY_MS,
  UNASKED_CONNECTIONS_MAX,
} from "./limits.ts";

export interface DiallerDependencies {
  readonly host: Host;
  readonly directory: PeerDirectory;
  readonly connections: ConnectionBook;
  readonly book: AddressBook;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly isRefused: (peer: PeerId) => boolean;
}

export class Dialler {
  readonly #dependencies: DiallerDependencies;
  /** By peer id, or by address where nobody's peer id is known. */
  readonly #attempts = new Map<string, Attempts>();
  readonly #underWay = new Map<string, Promise<Result<PeerId, Problem>>>();
  readonly #stopped = new AbortController();
  readonly #timer: Timer;

  constructor(dependencies: DiallerDependencies) {
    this.#dependencies = dependencies;
    this.#timer = dependencies.clock.every(DIAL_TICK_MS, () => this.#tick());
  }

  /** Whoever is due is dialled now instead of at the next tick. */
  start(): void {
    this.#tick();
  }

  /** A signed word of this peer itself was heard just now. */
  heard(peer: PeerId): void {
    const soonestMs = this.#turnMs(peer);
    this.#attempts.set(peer, afterWord(this.#attempts.get(peer) ?? firstAttempt(soonestMs), soonestMs));
    this.#tick();
  }

  /** We are reached, and reach others, in another way than before: what failed may work now. */
  moved(): void {
    this.#attempts.clear();
    this.#tick();
  }

  lost(peer: PeerId): void {
    const { clock, random } = this.#dependencies;
    this.#attempts.set(peer, afterLoss(clock.monotonicMs(), fraction(random)));
  }

  /** Dials a peer now, at all addresses known for it. */
  async reach(peer: PeerId, signal: AbortSignal): Promise<Result<undefined, Problem>> {
    const addresses = this.#addressesOf(peer);
    if (addresses.length === 0) {
      return fail(
        problem("no-address", "No address of this peer is known.", "Connect to it by its address."),
      );
    }
    const dialled = this.#dial(peer, addresses, peer);
    const given = Promise.withResolvers<Result<PeerId, Problem>>();
    const giveUp = () => given.resolve(fail(dialProblem("aborted", addresses[0] ?? "it")));
    signal.addEventListener("abort", giveUp, { once: true });
    const outcome = await Promise.race([dialled, given.promise]);
    signal.removeEventListener("abort", giveUp);
    return outcome.ok ? ok() : outcome;
  }

  /** Dials an address that the user typed, whoever answers there. */
  async reachAddress(address: string, peer: PeerId | null): Promise<Result<PeerId, Problem>> {
    const there = this.#connectedAt(address);
    if (there !== null && (peer === null || peer === there)) return ok(there);
    return await this.#dial(peer ?? address, [address], peer);
  }

  /** Whom we dialled at this address and still hold: a second connection would only end the first. */
  #connectedAt(address: string): PeerId | null {
    const { connections } = this.#dependencies;
    const isThere = ({ direction, remoteAddr }: Connection) =>
      direction === "outbound" && withoutPeer(remoteAddr.toString()) === address;
    return connections.peers().find((peer) => connections.of(peer).some(isThere)) ?? null;
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    this.#stopped.abort();
    await Promise.allSettled(this.#underWay.values());
  }

  #tick(): void {
    if (this.#stopped.signal.aborted) return;
    const { directory, book, host, isRefused } = this.#dependencies;
    const online = host.getPeers().length;
    for (const entry of directory.list()) {
      if (entry.online || isRefused(entry.peer)) continue;
      if (online >= UNASKED_CONNECTIONS_MAX && !book.isTyped(entry.peer)) continue;
      const addresses = this.#addressesOf(entry.peer);
      if (addresses.length > 0) this.#dialIfDue(entry.peer, addresses, entry.peer);
    }
    for (const row of book.typed()) if (row.peer === null) this.#dialIfDue(row.address, [row.address], null);
  }

  #dialIfDue(target: string, addresses: readonly string[], peer: PeerId | null): void {
    if (this.#underWay.has(target) || this.#underWay.size >= DIALS_AT_ONCE_MAX) return;
    const nowMs = this.#dependencies.clock.monotonicMs();
    const attempts = this.#attempts.get(target) ?? firstAttempt(peer === null ? nowMs : this.#turnMs(peer));
    this.#attempts.set(target, attempts);
    if (!isDue(attempts, nowMs)) return;
    this.#dial(target, addresses, peer).catch((error: unknown) =>
      this.#dependencies.log.fault("dialling", error),
    );
  }

  #dial(target: string, addresses: readonly string[], peer: PeerId | null): Promise<Result<PeerId, Problem>> {
    const running = this.#underWay.get(target);
    if (running !== undefined) return running;
    const outcome = this.#dialNow(target, addresses, peer).finally(() => this.#underWay.delete(target));
    this.#underWay.set(target, outcome);
    return outcome;
  }

  async #dialNow(
    target: string,
    addresses: readonly string[],
    peer: PeerId | null,
  ): Promise<Result<PeerId, Problem>> {
    const { host, clock, book, directory } = this.#dependencies;
    const suffix = peer === null ? "" : `/p2p/${peer}`;
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]);
    let connection: Connection;
    try {
      connection = await host.dial(
        addresses.map((address) => multiaddr(address + suffix)),
        { signal },
      );
    } catch (error) {
      const kept = this.#keptInstead(addresses, peer);
      if (kept !== null) {
        this.#attempts.delete(target);
        return ok(kept);
      }
      const why = dialProblem(error, addresses.map(readable).join(", "));
      this.#failed(target, peer, clock.monotonicMs());
      if (peer !== null) directory.unreached(peer, why);
      return fail(why);
    }
    this.#attempts.delete(target);
    const reached = peerOf(connection.remotePeer);
    for (const address of addresses) {
      if (connection.remoteAddr.toString().startsWith(address)) book.reached(address, reached);
    }
    return ok(reached);
  }

  /** Whom a dial that failed was for, when they dialled us in the same moment and that connection was kept. */
  #keptInstead(addresses: readonly string[], peer: PeerId | null): PeerId | null {
    const { connections } = this.#dependencies;
    const spared = connections.takeSpared();
    if (peer !== null) return connections.of(peer).length > 0 ? peer : null;
    return spared !== null && addresses.some((each) => hasSamePort(each, spared.address))
      ? spared.peer
      : null;
  }

  #turnMs(peer: PeerId): number {
    const { host, clock } = this.#dependencies;
    return turnMs(peerOf(host.peerId), peer, clock.monotonicMs());
  }

  #failed(target: string, peer: PeerId | null, nowMs: number): void {
    const attempts = this.#attempts.get(target) ?? firstAttempt(nowMs);
    const isWanted = peer === null || this.#isWanted(peer);
    this.#attempts.set(target, afterFailure(attempts, nowMs, isWanted, fraction(this.#dependencies.random)));
  }

  #isWanted(peer: PeerId): boolean {
    const { book, clock, directory } = this.#dependencies;
    const lastSeenMs = directory.get(peer)?.lastSeenMs ?? null;
    return book.isTyped(peer) || (lastSeenMs !== null && clock.nowMs() - lastSeenMs < SEEN_RECENTLY_MS);
  }

  #addressesOf(peer: PeerId): readonly string[] {
    const entry: PeerEntry | null = this.#dependencies.directory.get(peer);
    const typed = this.#dependencies.book
      .typed()
      .filter((row) => row.peer === peer)
      .map((row) => row.address);
    const all = [...new Set([...typed, ...(entry?.addresses ?? [])])].filter(isDialable);
    return all.slice(0, ADDRESSES_PER_PEER_MAX).sort(compareAddresses);
  }
}

function fraction(random: Random): number {
  return random.below(1 << 16) / (1 << 16);
}

/** Ports alone: of a DNS name the connection knows only what it stands for. */
function hasSamePort(address: string, other: string): boolean {
  return endpointOf(address)?.port === endpointOf(withoutPeer(other))?.port;
}

/** `/ip4/10.0.0.1/tcp/5` as people write it. */
function readable(address: string): string {
  const match = /^\/(ip4|ip6|dns)\/([^/]+)\/tcp\/(\d+)/.exec(address);
  if (match === null) return address;
  return match[1] === "ip6" ? `[${match[2]}]:${match[3]}` : `${match[2]}:${match[3]}`;
}
