/**
 * Owns the calling and hearing of signed announcements: a burst at the start, one every few seconds, one on a
 * change, and an answer to newcomers, on every interface. Hands on what is well signed and new; dials nobody.
 */
import type { Socket } from "node:dgram";
import type { PeerId } from "#base/brand.ts";
import { type Problem, problem } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import { addressOf, endpointOf, isDialable, isLoopback, isLoopbackHost } from "../addresses.ts";
import {
  ANNOUNCEMENT_ADDRESSES_MAX,
  ANNOUNCEMENT_BURST_MS,
  ANNOUNCEMENT_PERIOD_MS,
  ANNOUNCEMENT_REPLY_PERIOD_MS,
  ANNOUNCEMENT_REPLY_SPREAD_MS,
} from "../limits.ts";
import {
  type Announcement,
  chainPrefixOf,
  checkAnnouncement,
  decodeAnnouncement,
  signAnnouncement,
} from "./announcement.ts";
import { AnnouncementGuard } from "./announcement-guard.ts";
import { join, openEars, openMouth } from "./announcement-sockets.ts";
import { InterfaceLog } from "./interface-log.ts";
import { type LocalInterface, localInterfaces } from "./local-interfaces.ts";

export interface AnnouncerOptions {
  readonly keypair: Keypair;
  readonly chainId: Uint8Array;
  readonly port: number;
  /** Also on interfaces that lead out of this computer. */
  readonly lan: boolean;
  /** Absent: `ANNOUNCEMENT_PERIOD_MS`. */
  readonly periodMs?: number;
  /** Names of interfaces on which nothing is said or heard. */
  readonly excluded?: ReadonlySet<string>;
}

export interface AnnouncerDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly name: () => string;
  /** Where we listen now: multiaddrs without `/p2p`. */
  readonly addresses: () => readonly string[];
  readonly onPeer: (heard: HeardPeer) => void;
}

export interface HeardPeer {
  readonly peer: PeerId;
  readonly name: string;
  readonly chainPrefix: Uint8Array;
  /** Where it may be dialled from here, most promising first. */
  readonly addresses: readonly string[];
}

export class Announcer {
  readonly guard: AnnouncementGuard;
  readonly interfaces: InterfaceLog;
  readonly #options: AnnouncerOptions;
  readonly #dependencies: AnnouncerDependencies;
  readonly #runMs: number;
  readonly #repeat: Timer;
  readonly #excluded: ReadonlySet<string>;
  readonly #ears = new Map<4 | 6, Socket>();
  readonly #mouths = new Map<string, Socket>();
  #burst: readonly Timer[] = [];
  #counter = 0;
  #reply: Timer | null = null;
  #lastReplyMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #round: Promise<void> = Promise.resolve();
  readonly #problems = new Map<4 | 6, Problem>();

  private constructor(options: AnnouncerOptions, dependencies: AnnouncerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.guard = new AnnouncementGuard(dependencies.clock);
    this.#runMs = dependencies.clock.nowMs();
    this.#excluded = options.excluded ?? new Set();
    this.interfaces = new InterfaceLog({ excluded: this.#excluded, clock: dependencies.clock });
    this.#repeat = dependencies.clock.every(options.periodMs ?? ANNOUNCEMENT_PERIOD_MS, () =>
      this.#announce(false),
    );
  }

  static async open(options: AnnouncerOptions, dependencies: AnnouncerDependencies): Promise<Announcer> {
    const announcer = new Announcer(options, dependencies);
    for (const family of [4, 6] as const) await announcer.#listen(family);
    announcer.arrived();
    return announcer;
  }

  /** Why nothing is heard, when nothing can be. */
  get problem(): Problem | null {
    return this.#problems.get(4) ?? this.#problems.get(6) ?? null;
  }

  /** In which families announcements are heard now, on the port of the options. */
  get hears(): readonly (4 | 6)[] {
    return [...this.#ears.keys()];
  }

  /** Says at once what is new. */
  changed(): void {
    this.#announce(false);
  }

  /** We are new here, or reached in another way than before: says so, and asks who else is here. */
  arrived(): void {
    for (const timer of this.#burst) timer.cancel();
    this.#burst = ANNOUNCEMENT_BURST_MS.map((delayMs) =>
      this.#dependencies.clock.after(delayMs, () => this.#announce(true)),
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of [this.#repeat, ...this.#burst]) timer.cancel();
    this.#reply?.cancel();
    await this.#round;
    for (const socket of this.#ears.values()) socket.close();
    this.#closeMouthsBut([]);
  }

  async #listen(family: 4 | 6): Promise<void> {
    const { port } = this.#options;
    try {
      const socket = await openEars(family, port, (bytes, source) => this.#onPacket(bytes, source));
      this.#ears.set(family, socket);
      this.#problems.delete(family);
    } catch (error) {
      // A computer without one of the families is no trouble; one whose port is held alone by another program is.
      if (family === 6 && !isTaken(error)) return;
      const cause = error instanceof Error ? error.message : String(error);
      this.#problems.set(
        family,
        problem(
          "announcements-unavailable",
          `UDP port ${port} cannot be listened on over IPv${family} (${cause}), so peers nearby are not heard.`,
          "End the program that holds the port: it is tried again by itself. Or connect to peers by their address.",
        ),
      );
    }
  }

  #announce(isNewcomer: boolean): void {
    // One round after the other: sockets of an interface are opened once.
    this.#round = this.#round
      .then(() => this.#announceEverywhere(isNewcomer))
      .catch((error: unknown) => this.#dependencies.log.fault("announcing", error));
  }

  async #announceEverywhere(isNewcomer: boolean): Promise<void> {
    if (this.#isClosed) return;
    // A port that was held when we started may be free by now.
    for (const family of [4, 6] as const) if (!this.#ears.has(family)) await this.#listen(family);
    this.interfaces.refresh();
    const locals = localInterfaces(this.#options.lan, this.#excluded);
    this.#closeMouthsBut(locals);
    for (const local of locals) {
      const ears = this.#ears.get(local.family);
      if (ears !== undefined) join(ears, local);
      const packet = this.#packetFor(local, locals, isNewcomer);
      if (packet !== null) await this.#speak(local, packet);
    }
  }

  async #speak(local: LocalInterface, packet: Uint8Array): Promise<void> {
    const key = keyOf(local);
    let mouth = this.#mouths.get(key);
    if (mouth === undefined) {
      try {
        mouth = await openMouth(local, this.#options.port);
      } catch (error) {
        // The interface went away, or has no address yet; the next round looks again.
        this.interfaces.failed(local.name, error);
        return;
      }
      this.#mouths.set(key, mouth);
    }
    // One of an interface that was taken out and put in again never speaks again: the next round opens another.
    mouth.send(packet, (error) => {
      if (error === null) return this.interfaces.sent(local.name);
      this.interfaces.failed(local.name, error);
      if (this.#mouths.get(key) === mouth) this.#closeMouth(key);
    });
  }

  #closeMouthsBut(locals: readonly LocalInterface[]): void {
    const kept = new Set(locals.map(keyOf));
    for (const key of [...this.#mouths.keys()]) if (!kept.has(key)) this.#closeMouth(key);
  }

  #closeMouth(key: string): void {
    this.#mouths.get(key)?.close();
    this.#mouths.delete(key);
  }

  /** What to say on one interface: only where we are reached from there. Null when that is nowhere. */
  #packetFor(
    local: LocalInterface,
    locals: readonly LocalInterface[],
    isNewcomer: boolean,
  ): Uint8Array | null {
    const elsewhere = locals.filter((each) => each.name !== local.name).map((each) => each.address);
    const unsaid = new Set([...elsewhere, ...this.interfaces.excludedAddresses()]);
    const { port, addresses } = saidOn(local, this.#dependencies.addresses(), unsaid);
    if (port === 0 && addresses.length === 0) return null;
    // Each packet its own count: a peer that hears us on two interfaces learns both ways.
    this.#counter += 1;
    return signAnnouncement(
      {
        name: this.#dependencies.name(),
        chainPrefix: chainPrefixOf(this.#options.chainId),
        runMs: this.#runMs,
        counter: this.#counter,
        isNewcomer,
        port,
        addresses: addresses.slice(0, ANNOUNCEMENT_ADDRESSES_MAX),
      },
      this.#options.keypair,
    );
  }

  #onPacket(bytes: Uint8Array, source: string): void {
    if (this.#isClosed || this.interfaces.isDeaf(source) || !this.guard.admits(source)) return;
    const decoded = decodeAnnouncement(bytes);
    if (!decoded.ok) {
      this.guard.counts.malformed += 1;
      return;
    }
    if (decoded.value.announcement.peer === this.#options.keypair.peerId) return;
    if (!this.guard.isNews(decoded.value.announcement)) return;
    const checked = checkAnnouncement(decoded.value);
    if (!checked.ok) {
      this.guard.counts.badSignature += 1;
      return;
    }
    this.guard.accepted(checked.value, source);
    this.interfaces.heard(source);
    this.#accept(checked.value, source);
  }

  #accept(announcement: Announcement, source: string): void {
    const { peer, name, chainPrefix } = announcement;
    const addresses = reachableFrom(announcement, source);
    if (announcement.isNewcomer) this.#replySoon();
    this.#dependencies.onPeer({ peer, name, chainPrefix, addresses });
  }

  /** Announces to everybody soon: a packet to the shared port of a computer would reach one of its peers only. */
  #replySoon(): void {
    const { clock, random } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    if (this.#reply !== null || nowMs - this.#lastReplyMs < ANNOUNCEMENT_REPLY_PERIOD_MS) return;
    this.#reply = clock.after(random.below(ANNOUNCEMENT_REPLY_SPREAD_MS), () => {
      this.#reply = null;
      this.#lastReplyMs = clock.monotonicMs();
      this.#announce(false);
    });
  }
}

/**
 * Of our own addresses those that help on one interface: the port that goes with the packet's source, and what else
 * leads here from there.
 * @param unsaid hosts that belong to other interfaces.
 */
export function saidOn(
  local: LocalInterface,
  own: readonly string[],
  unsaid: ReadonlySet<string>,
): { readonly port: number; readonly addresses: readonly string[] } {
  const port = own.map(endpointOf).find((endpoint) => endpoint?.host === local.address)?.port ?? 0;
  const addresses = own.filter((address) => {
    const host = endpointOf(address)?.host ?? "";
    if (isLoopback(address) !== local.isLoopback || !isDialable(address)) return false;
    return host !== local.address && !unsaid.has(host);
  });
  return { port, addresses };
}

/** The sender's own address first; loopback addresses count only for what came over loopback. */
export function reachableFrom(announcement: Announcement, source: string): readonly string[] {
  const isLocal = isLoopbackHost(source);
  const bySource = announcement.port === 0 ? null : addressOf(source, announcement.port);
  const said = announcement.addresses.filter((address) => isLocal || !isLoopback(address));
  return bySource === null || !isDialable(bySource) ? said : [...new Set([bySource, ...said])];
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

function keyOf(local: LocalInterface): string {
  return `${local.family} ${local.name} ${local.address}`;
}
