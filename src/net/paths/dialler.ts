/**
 * Owns who is dialled when: everybody in the directory who is away, and typed addresses at which nobody has
 * answered yet. Straight addresses and relays are tried side by side. The timing is `dial-policy.ts`, how addresses
 * race `dial-race.ts`; better paths to whom is there already are `path-upgrades.ts`; the sockets are the host's. The
 * file is long because one dial is one thing, with its ways, its late relays and its conclusion.
 */
import type { Connection } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import { pathKindOf, readableAddress, routeOf, withoutPeer } from "../addresses.ts";
import type { AddressBook } from "../discovery/address-book.ts";
import type { PeerDirectory } from "../discovery/directory.ts";
import type { Candidate } from "../doors/eclipse.ts";
import { type ConnectionBook, pathClassOf } from "../host/connection-book.ts";
import { dialAddress } from "../host/dial-address.ts";
import { peerOf } from "../host/gate.ts";
import type { Host } from "../host/host.ts";
import {
  ADDRESS_DIAL_TIMEOUT_MS,
  DIAL_STAGGER_MS,
  DIAL_TICK_MS,
  DIAL_TIMEOUT_MS,
  DIALS_AT_ONCE_MAX,
  DIRECTORY_PEERS_MAX,
  RELAY_DIAL_TIMEOUT_MS,
  RELAY_HEAD_START_MS,
  SEEN_RECENTLY_MS,
} from "../limits.ts";
import type { DialAttempt } from "../reach.ts";
import { AttemptLog } from "./attempt-log.ts";
import { CallList } from "./call-list.ts";
import {
  type Attempts,
  afterFailure,
  afterLoss,
  afterWord,
  firstAttempt,
  isDue,
  turnMs,
} from "./dial-policy.ts";
import { dialProblem, whyUnreached } from "./dial-problem.ts";
import { raceAddresses, SUPERSEDED } from "./dial-race.ts";

export interface DiallerDependencies {
  readonly host: Host;
  readonly directory: PeerDirectory;
  readonly connections: ConnectionBook;
  readonly book: AddressBook;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly isRefused: (peer: PeerId) => boolean;
  /** Called in any case; absent: those typed. */
  readonly isWanted?: (peer: PeerId) => boolean;
  /** Whether the doors let an address be called; absent: every one. */
  readonly mayCall?: (address: string) => boolean;
}

/** A connection that was reached, and at which of the addresses. */
interface Reached {
  readonly connection: Connection;
  readonly address: string;
}

/** A dial under way: the first way that stands, and when nothing is tried any more. */
interface Dial {
  readonly first: Promise<Result<PeerId, Problem>>;
  readonly over: Promise<void>;
  /** Tries these relays too, the first time that it is called; where relays were known at the start, never. */
  readonly widen: (relayed: readonly string[]) => void;
}

export class Dialler {
  readonly #dependencies: DiallerDependencies;
  /** By peer id, or by address where nobody's peer id is known. */
  readonly #attempts = new Map<string, Attempts>();
  readonly #underWay = new Map<string, Dial>();
  readonly #calls: CallList;
  readonly #log = new AttemptLog();
  readonly #stopped = new AbortController();
  readonly #timer: Timer;

  constructor(dependencies: DiallerDependencies) {
    this.#dependencies = dependencies;
    this.#calls = new CallList(dependencies);
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
    // Its first word came before it had a place at a relay: straight addresses alone may take their time to fail.
    const relayed = this.#calls.addressesOf(peer).filter((address) => pathClassOf(address) === "relayed");
    if (relayed.length > 0) this.#underWay.get(peer)?.widen(relayed);
    this.#callDue((each) => each === peer);
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
    if (this.#dependencies.connections.best(peer) !== null) return ok();
    const addresses = this.#calls.addressesOf(peer);
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

  /** Whom nobody asked for and who is not called either, because enough others are. */
  spared(): readonly Candidate[] {
    return this.#calls.spared();
  }

  /** How each address of a peer went last, newest first. */
  attempts(peer: PeerId): readonly DialAttempt[] {
    return this.#log.of(peer);
  }

  /** Tries the straight addresses of a peer that is there already. Whether one stands now. */
  async straighten(peer: PeerId, signal: AbortSignal): Promise<boolean> {
    const straight = this.#calls.addressesOf(peer).filter((address) => pathClassOf(address) === "straight");
    if (straight.length === 0) return false;
    return await this.#race(straight, peer, ADDRESS_DIAL_TIMEOUT_MS, signal).then(
      () => true,
      () => false,
    );
  }

  /** Dials one address of a peer and keeps in mind how that went. @throws what the dial throws. */
  async dialOne(address: string, peer: PeerId, signal: AbortSignal): Promise<Connection> {
    return (await this.#tryOne(address, peer, signal)).connection;
  }

  /** Dials an address that the user typed, whoever answers there. */
  async reachAddress(address: string, peer: PeerId | null): Promise<Result<PeerId, Problem>> {
    const there = this.#connectedAt(address);
    if (there !== null && (peer === null || peer === there)) return ok(there);
    const { connections } = this.#dependencies;
    if (peer !== null && connections.ofClass(peer, pathClassOf(address)).length > 0) return ok(peer);
    // What is under way may be trying other addresses: its failure would say nothing about this one.
    return await this.#dial(peer === null || this.#underWay.has(peer) ? address : peer, [address], peer);
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
    await Promise.allSettled([...this.#underWay.values()].map(({ over }) => over));
  }

  #tick(): void {
    this.#forgetAttempts();
    this.#callDue(() => true);
    const typed = this.#dependencies.book.typed();
    for (const row of typed) if (row.peer === null) this.#dialIfDue(row.address, [row.address], null);
  }

  #callDue(isMeant: (peer: PeerId) => boolean): void {
    const calls = this.#calls.toMake((peer) => isMeant(peer) && this.#isDue(peer, peer));
    for (const { peer, addresses } of calls) this.#dialIfDue(peer, addresses, peer);
  }

  /** Of those whom the directory has forgotten: strangers come and go without end. */
  #forgetAttempts(): void {
    if (this.#attempts.size <= 2 * DIRECTORY_PEERS_MAX) return;
    const { directory, book } = this.#dependencies;
    const typed = new Set(book.typed().map(({ address }) => address));
    for (const target of this.#attempts.keys()) {
      if (directory.get(target as PeerId) === null && !typed.has(target)) this.#attempts.delete(target);
    }
  }

  #dialIfDue(target: string, addresses: readonly string[], peer: PeerId | null): void {
    if (this.#underWay.has(target) || this.#underWay.size >= DIALS_AT_ONCE_MAX) return;
    if (this.#stopped.signal.aborted || !this.#isDue(target, peer)) return;
    this.#dial(target, addresses, peer).catch((error: unknown) =>
      this.#dependencies.log.fault("dialling", error),
    );
  }

  #isDue(target: string, peer: PeerId | null): boolean {
    const nowMs = this.#dependencies.clock.monotonicMs();
    const attempts = this.#attempts.get(target) ?? firstAttempt(peer === null ? nowMs : this.#turnMs(peer));
    this.#attempts.set(target, attempts);
    return isDue(attempts, nowMs);
  }

  #dial(target: string, addresses: readonly string[], peer: PeerId | null): Promise<Result<PeerId, Problem>> {
    const running = this.#underWay.get(target);
    if (running !== undefined) return running.first;
    const known = this.#startWays(addresses, peer);
    const { way, widen } = this.#lateWay(known, addresses, peer);
    const ways = [...known, way];
    const first = this.#conclude(target, addresses, peer, ways);
    const over = Promise.allSettled([...ways, first]).then(() => {
      this.#underWay.delete(target);
    });
    this.#underWay.set(target, { first, over, widen });
    return first;
  }

  /** Room for relays that become known while straight addresses alone are tried. */
  #lateWay(known: readonly Promise<Reached>[], addresses: readonly string[], peer: PeerId | null) {
    const { promise: way, resolve, reject } = Promise.withResolvers<Reached>();
    const late = new AbortController();
    let isOpen = !addresses.some((address) => pathClassOf(address) === "relayed");
    void Promise.any(known).then(
      () => late.abort(SUPERSEDED),
      () => undefined,
    );
    void Promise.allSettled(known).then(() => {
      if (isOpen || addresses.some((address) => pathClassOf(address) === "relayed")) {
        reject(new AggregateError([], "no relay became known"));
      }
    });
    const widen = (relayed: readonly string[]): void => {
      if (!isOpen) return;
      isOpen = false;
      const signal = AbortSignal.any([late.signal, this.#stopped.signal]);
      this.#race(relayed, peer, RELAY_DIAL_TIMEOUT_MS, signal).then(resolve, reject);
    };
    return { way, widen };
  }

  /**
   * Straight addresses, and a moment later relays, at the same time. A straight way makes relays needless; a relay is
   * used at once, and straight addresses are tried on.
   */
  #startWays(addresses: readonly string[], peer: PeerId | null): readonly Promise<Reached>[] {
    const straight = addresses.filter((address) => pathClassOf(address) === "straight");
    const relayed = addresses.filter((address) => pathClassOf(address) === "relayed");
    const { clock } = this.#dependencies;
    const [all, relays] = [new AbortController(), new AbortController()];
    const timer = clock.after(DIAL_TIMEOUT_MS, () => all.abort());
    const stop = () => all.abort();
    this.#stopped.signal.addEventListener("abort", stop, { once: true });
    if (this.#stopped.signal.aborted) stop();
    all.signal.addEventListener("abort", () => relays.abort(), { once: true });
    const ways: Promise<Reached>[] = [];
    if (straight.length > 0) ways.push(this.#race(straight, peer, ADDRESS_DIAL_TIMEOUT_MS, all.signal));
    const [straightWay] = ways;
    if (relayed.length > 0) {
      const headStartMs = straight.length > 0 ? RELAY_HEAD_START_MS : 0;
      ways.push(
        this.#waited(headStartMs, straightWay).then(() =>
          this.#race(relayed, peer, RELAY_DIAL_TIMEOUT_MS, relays.signal),
        ),
      );
    }
    straightWay?.then(
      () => relays.abort(SUPERSEDED),
      () => undefined,
    );
    void Promise.allSettled(ways).then(() => {
      timer.cancel();
      this.#stopped.signal.removeEventListener("abort", stop);
    });
    return ways;
  }

  /** Resolves after a while, or as soon as what is waited for has failed or succeeded. */
  #waited(delayMs: number, orUntil: Promise<unknown> | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#dependencies.clock.after(delayMs, resolve);
    const settled = () => {
      timer.cancel();
      resolve();
    };
    orUntil?.then(settled, settled);
    return promise;
  }

  #race(
    addresses: readonly string[],
    peer: PeerId | null,
    addressTimeoutMs: number,
    signal: AbortSignal,
  ): Promise<Reached> {
    return raceAddresses<Reached>(
      addresses,
      { staggerMs: DIAL_STAGGER_MS, addressTimeoutMs, signal },
      {
        clock: this.#dependencies.clock,
        dial: (address, patience) => this.#tryOne(address, peer, patience),
        drop: ({ connection }) => connection.abort(new Error("another address was faster")),
      },
    );
  }

  async #tryOne(address: string, peer: PeerId | null, signal: AbortSignal): Promise<Reached> {
    const { host, clock, book } = this.#dependencies;
    const [atMs, startMs] = [clock.nowMs(), clock.monotonicMs()];
    const note = (about: PeerId | null, problem: Problem | null) => {
      const tookMs = clock.monotonicMs() - startMs;
      if (about !== null) this.#log.note(about, { address, atMs, tookMs, problem });
    };
    try {
      const connection = await dialAddress(host.services.internals, address, peer, signal);
      const reached = peerOf(connection.remotePeer);
      note(reached, null);
      if (pathKindOf(address) !== "punched") book.reached(address, reached);
      return { connection, address };
    } catch (error) {
      if (signal.reason !== SUPERSEDED) note(peer, dialProblem(error, readableAddress(address)));
      throw error;
    }
  }

  async #conclude(
    target: string,
    addresses: readonly string[],
    peer: PeerId | null,
    ways: readonly Promise<Reached>[],
  ): Promise<Result<PeerId, Problem>> {
    const { clock, directory } = this.#dependencies;
    try {
      const { connection } = await Promise.any(ways);
      this.#attempts.delete(target);
      return ok(peerOf(connection.remotePeer));
    } catch (error) {
      const kept = this.#keptInstead(addresses, peer);
      if (kept !== null) {
        this.#attempts.delete(target);
        return ok(kept);
      }
      const why = whyUnreached(error, addresses, peer === null ? [] : this.#log.of(peer));
      this.#failed(target, peer, clock.monotonicMs());
      if (peer !== null) directory.unreached(peer, why);
      return fail(why);
    }
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
}

function fraction(random: Random): number {
  return random.below(1 << 16) / (1 << 16);
}

/** Ports alone: of a DNS name the connection knows only what it stands for. */
function hasSamePort(address: string, other: string): boolean {
  return routeOf(address)?.first.port === routeOf(withoutPeer(other))?.first.port;
}
