/**
 * Owns `/waybill/profile/1` and `/waybill/peers/1`: connected peers give each other their signed profiles, and
 * tell of further peers they are connected to. Dials nobody; what was learned goes to the directory.
 */
import type { PeerId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import { type Problem, problem } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Connected, FrameStream, Network } from "#ports/network.ts";
import { isDialable, isLoopback } from "../addresses.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  EXCHANGE_FRAME_BYTES_MAX,
  EXCHANGE_GATHER_MS,
  EXCHANGE_PROFILES_MAX,
  EXCHANGE_REPEAT_MS,
  EXCHANGE_TIMEOUT_MS,
  PROFILE_BYTES_MAX,
  PROFILES_PER_PEER_PER_MINUTE_MAX,
} from "../limits.ts";
import type { AddressBook } from "./address-book.ts";
import type { PeerDirectory } from "./directory.ts";
import { decodePeers, encodePeers } from "./peer-exchange-codec.ts";
import { decodeProfile, type Profile, type SignedProfile, signProfile } from "./profile.ts";

export const PROFILE_PROTOCOL = "/waybill/profile/1";
export const PEERS_PROTOCOL = "/waybill/peers/1";
const PROFILE_OPTIONS = { frameBytesMax: PROFILE_BYTES_MAX, streamsPerPeerMax: 4 };
const PEERS_OPTIONS = { frameBytesMax: EXCHANGE_FRAME_BYTES_MAX, streamsPerPeerMax: 4 };
const MINUTE_MS = 60_000;

export interface ExchangeOptions {
  readonly keypair: Keypair;
  readonly chainId: Uint8Array;
  readonly version: string;
  readonly capabilities: readonly string[];
}

export interface ExchangeDependencies {
  readonly network: Network;
  readonly directory: PeerDirectory;
  readonly book: AddressBook;
  readonly clock: Clock;
  readonly name: () => string;
  /** Multiaddrs without `/p2p` at which we listen. */
  readonly addresses: () => readonly string[];
  readonly isRefused: (peer: PeerId) => boolean;
}

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #dependencies: ExchangeDependencies;
  readonly #stops: (() => void)[];
  readonly #repeat: Timer;
  /** The newest profile of each peer that is connected. */
  readonly #profiles = new Map<PeerId, SignedProfile>();
  /** How many told profiles of each teller were looked into in the minute that began then. */
  readonly #told = new Map<PeerId, { count: number; sinceMs: number }>();
  #own: SignedProfile | null = null;
  #news = new Set<PeerId>();
  #gather: Timer | null = null;

  constructor(options: ExchangeOptions, dependencies: ExchangeDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const { network, clock } = dependencies;
    this.#stops = [
      network.handle(PROFILE_PROTOCOL, PROFILE_OPTIONS, (stream) => this.#receiveProfile(stream)),
      network.handle(PEERS_PROTOCOL, PEERS_OPTIONS, (stream) => this.#receivePeers(stream)),
      network.subscribe((event) => {
        if (event.type === "connected") this.greet(event.connection.peer);
        else if (event.type === "disconnected") this.#onDisconnected(event.peer);
      }),
    ];
    this.#repeat = clock.every(EXCHANGE_REPEAT_MS, () => {
      for (const { peer } of network.connected()) void this.#tellPeers(peer, [...this.#profiles.keys()]);
    });
  }

  /** Gives everybody our profile anew when it says something else than before. */
  refresh(): void {
    const before = this.#own;
    const own = this.#currentProfile();
    if (before === null || before === own) return;
    for (const { peer } of this.#dependencies.network.connected()) void this.#giveProfile(peer);
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#repeat.cancel();
    this.#gather?.cancel();
  }

  #currentProfile(): SignedProfile {
    const { name, addresses, clock } = this.#dependencies;
    const { chainId, version, capabilities, keypair } = this.#options;
    const said = addresses().filter(isDialable).slice(0, ADDRESSES_PER_PEER_MAX);
    const own = this.#own?.profile;
    if (
      this.#own !== null &&
      own?.name === name() &&
      own.addresses.length === said.length &&
      said.every((address, at) => own.addresses[at] === address)
    ) {
      return this.#own;
    }
    // Never before the last one, also when the clock was set back.
    const issuedMs = Math.max(clock.nowMs(), (own?.issuedMs ?? -1) + 1);
    this.#own = signProfile(
      { name: name(), version, capabilities, chainId, issuedMs, addresses: said },
      keypair,
    );
    return this.#own;
  }

  /** Gives our profile to a peer that has just connected, and tells it of the others. */
  greet(peer: PeerId): void {
    void this.#giveProfile(peer);
    void this.#tellPeers(peer, [...this.#profiles.keys()]);
  }

  #onDisconnected(peer: PeerId): void {
    this.#profiles.delete(peer);
    this.#told.delete(peer);
    this.#news.delete(peer);
  }

  async #giveProfile(peer: PeerId): Promise<void> {
    await this.#sendOne(peer, PROFILE_PROTOCOL, PROFILE_OPTIONS, this.#currentProfile().bytes);
  }

  async #tellPeers(peer: PeerId, about: readonly PeerId[]): Promise<void> {
    const profiles = about
      .filter((each) => each !== peer)
      .flatMap((each) => this.#profiles.get(each)?.bytes ?? [])
      .slice(-EXCHANGE_PROFILES_MAX);
    if (profiles.length === 0) return;
    await this.#sendOne(peer, PEERS_PROTOCOL, PEERS_OPTIONS, encodePeers(profiles));
  }

  /** One frame, then the end. A peer that does not take it has other troubles, which show elsewhere. */
  async #sendOne(
    peer: PeerId,
    protocol: string,
    options: { readonly frameBytesMax: number; readonly streamsPerPeerMax: number },
    frame: Uint8Array,
  ): Promise<void> {
    const isConnected = this.#dependencies.network.connected().some((each) => each.peer === peer);
    if (!isConnected) return;
    const opened = await this.#dependencies.network.open(peer, protocol, {
      ...options,
      timeoutMs: EXCHANGE_TIMEOUT_MS,
    });
    if (!opened.ok) return;
    await opened.value.send(frame);
    await opened.value.close();
  }

  async #receiveProfile(stream: FrameStream): Promise<void> {
    const { network, clock } = this.#dependencies;
    const frame = await stream.receive({ timeoutMs: EXCHANGE_TIMEOUT_MS });
    if (!frame.ok || frame.value === null) return;
    const decoded = decodeProfile(frame.value);
    // The sender is who the connection says; only that peer may describe itself here.
    if (!decoded.ok || decoded.value.profile.peer !== stream.peer) {
      network.judge(stream.peer, "reject");
      return;
    }
    const connection = this.#connectionTo(stream.peer);
    if (connection === undefined) return;
    const { profile } = decoded.value;
    this.#profiles.delete(profile.peer);
    this.#profiles.set(profile.peer, decoded.value);
    this.#described(profile, connection);
    this.#news.add(profile.peer);
    this.#gather ??= clock.after(EXCHANGE_GATHER_MS, () => this.#tellNews());
  }

  #described(profile: Profile, connection: Connected): void {
    const { directory, book } = this.#dependencies;
    const usable = usableFrom(profile.addresses, connection);
    directory.described(profile, usable, otherNetwork(profile.chainId, this.#options.chainId));
    book.learn(profile.peer, usable, connection.address);
  }

  #tellNews(): void {
    this.#gather = null;
    const news = [...this.#news];
    this.#news = new Set();
    for (const { peer } of this.#dependencies.network.connected()) void this.#tellPeers(peer, news);
  }

  async #receivePeers(stream: FrameStream): Promise<void> {
    const { network } = this.#dependencies;
    const frame = await stream.receive({ timeoutMs: EXCHANGE_TIMEOUT_MS });
    if (!frame.ok || frame.value === null) return;
    const list = decodePeers(frame.value);
    if (!list.ok) {
      network.judge(stream.peer, "reject");
      return;
    }
    const teller = this.#connectionTo(stream.peer);
    if (teller === undefined) return;
    for (const bytes of list.value) {
      if (!this.#mayTell(stream.peer)) return;
      const decoded = decodeProfile(bytes);
      if (!decoded.ok) {
        // A format that we do not know may be a newer one; a signature that does not stand is nobody's version.
        if (decoded.fault.code === "bad-signature") network.judge(stream.peer, "reject");
        continue;
      }
      this.#hearsay(decoded.value.profile, teller);
    }
  }

  #hearsay(profile: Profile, teller: Connected): void {
    const { directory, network, isRefused } = this.#dependencies;
    if (profile.peer === network.self || isRefused(profile.peer)) return;
    // What a connected peer says of itself is newer than what others say of it.
    if (this.#connectionTo(profile.peer) !== undefined) return;
    const usable = usableFrom(profile.addresses, teller);
    if (usable.length === 0) return;
    directory.heard(profile.peer, "exchange", usable, profile.name, teller.peer);
  }

  #mayTell(teller: PeerId): boolean {
    const nowMs = this.#dependencies.clock.monotonicMs();
    const told = this.#told.get(teller);
    if (told === undefined || nowMs - told.sinceMs > MINUTE_MS) {
      this.#told.set(teller, { count: 1, sinceMs: nowMs });
      return true;
    }
    told.count += 1;
    return told.count <= PROFILES_PER_PEER_PER_MINUTE_MAX;
  }

  #connectionTo(peer: PeerId): Connected | undefined {
    return this.#dependencies.network.connected().find((each) => each.peer === peer);
  }
}

/** Loopback addresses mean this computer, so only a peer on this computer can speak of them. */
function usableFrom(addresses: readonly string[], teller: Connected): readonly string[] {
  return addresses.filter((address) => teller.path === "loopback" || !isLoopback(address));
}

export function otherNetwork(theirs: Uint8Array, ours: Uint8Array): Problem | null {
  if (equalBytes(theirs, ours.subarray(0, theirs.length))) return null;
  return problem(
    "other-network",
    "This peer keeps another ledger: its network file differs from ours.",
    "Start both with the same network file to anchor receipts together; messages and files work all the same.",
  );
}
