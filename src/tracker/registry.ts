/**
 * Owns who is online in which network, as far as peers said so: signed presence records, kept until they expire, and
 * found by peer, by rendezvous or by network. Pure: time comes in with each call. Bounded, and shared fairly: no
 * network takes the floor of another, no address fills the whole. Checks no signature: what comes in is decoded.
 */
import type { PeerId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { presenceLapse, type SignedPresence } from "#net/index.ts";
import {
  NETWORKS_MAX,
  NETWORKS_PER_ADDRESS_MAX,
  PEERS_PER_RENDEZVOUS_MAX,
  RECORDS_MAX,
  RECORDS_PER_ADDRESS_MAX,
  REMEMBERED_ISSUES_MAX,
} from "./limits.ts";

export interface RegistryLimits {
  readonly recordsMax: number;
  readonly networksMax: number;
  readonly recordsPerAddressMax: number;
  readonly networksPerAddressMax: number;
}

const REGISTRY_LIMITS: RegistryLimits = {
  recordsMax: RECORDS_MAX,
  networksMax: NETWORKS_MAX,
  recordsPerAddressMax: RECORDS_PER_ADDRESS_MAX,
  networksPerAddressMax: NETWORKS_PER_ADDRESS_MAX,
};

/** Who sent a record, as limits count senders. */
export interface Sender {
  /** An address, or what stands for one. */
  readonly key: string;
  /** On the operator's own network: bounded only with all others together. */
  readonly isOwn: boolean;
}

/** `clock`: issued in the future or long ago. `older`: another of the same or a later time was seen. */
export type RegistryFault = { readonly code: "clock" | "older" | "full" };

interface Entry {
  readonly record: SignedPresence;
  readonly network: string;
  readonly address: string;
  readonly rendezvous: readonly string[];
  readonly expiresMs: number;
}

interface NetworkRecords {
  /** In the order in which they were last announced: the first is the stalest. */
  readonly entries: Map<PeerId, Entry>;
  /** Peer ids of listed entries, ascending: kept in order, because every announcement asks for some of them. */
  readonly listed: PeerId[];
}

export interface NetworkSummary {
  /** 64 hex digits. */
  readonly chainId: string;
  readonly peers: number;
  readonly listed: number;
}

export class Registry {
  readonly #limits: RegistryLimits;
  readonly #networks = new Map<string, NetworkRecords>();
  readonly #peers = new Map<PeerId, Entry>();
  readonly #rendezvous = new Map<string, Set<PeerId>>();
  /** For each address the peers it announced. */
  readonly #addresses = new Map<string, Set<PeerId>>();
  /** Of each peer the latest time of issue, and until when an older record could still pass for one in force. */
  readonly #issues = new Map<PeerId, { issuedMs: number; untilMs: number }>();

  constructor(limits: RegistryLimits = REGISTRY_LIMITS) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#peers.size;
  }

  /**
   * Keeps a record in place of the peer's last one.
   * @param rendezvous 32 bytes each.
   * @returns until when it is kept.
   */
  announce(
    record: SignedPresence,
    rendezvous: readonly Uint8Array[],
    sender: Sender,
    nowMs: number,
  ): Result<number, RegistryFault> {
    const { presence } = record;
    if (presenceLapse(presence, nowMs) !== null) return fail({ code: "clock" });
    const known = this.#peers.get(presence.peer);
    // The same record again was not signed again: whoever sends it, nothing changes by it.
    if (known !== undefined && Buffer.compare(known.record.bytes, record.bytes) === 0)
      return ok(known.expiresMs);
    const issue = this.#issues.get(presence.peer);
    if (issue !== undefined && presence.issuedMs <= issue.issuedMs) return fail({ code: "older" });
    const network = toHex(presence.chainId);
    if (!this.#hasRoom(presence.peer, network, sender)) return fail({ code: "full" });
    this.#remove(presence.peer);
    const expiresMs = nowMs + presence.ttlSeconds * 1000;
    this.#insert({ record, network, address: sender.key, rendezvous: rendezvous.map(toHex), expiresMs });
    this.#rememberIssue(record, nowMs);
    return ok(expiresMs);
  }

  /** Whether there was one to forget. */
  leave(peer: PeerId): boolean {
    return this.#remove(peer);
  }

  find(peer: PeerId, nowMs: number): SignedPresence | null {
    const entry = this.#peers.get(peer);
    return entry !== undefined && entry.expiresMs > nowMs ? entry.record : null;
  }

  meet(rendezvous: Uint8Array, nowMs: number): readonly SignedPresence[] {
    const peers = this.#rendezvous.get(toHex(rendezvous)) ?? [];
    return [...peers].flatMap((peer) => this.find(peer, nowMs) ?? []);
  }

  /** Listed records of a network, by ascending peer id, those after `after`, and how many there are in all. */
  online(
    chainId: Uint8Array,
    after: PeerId | null,
    count: number,
    nowMs: number,
  ): { readonly total: number; readonly records: readonly SignedPresence[]; readonly next: PeerId | null } {
    const listed = this.#listed(toHex(chainId));
    const start = after === null ? 0 : firstAfter(listed, after);
    const page = listed.slice(start, start + count);
    const records = page.flatMap((peer) => this.find(peer, nowMs) ?? []);
    const next = start + count < listed.length ? (page.at(-1) ?? null) : null;
    return { total: listed.length, records, next };
  }

  /** Peers of a network, listed or not. */
  countOf(chainId: Uint8Array): number {
    return this.#networks.get(toHex(chainId))?.entries.size ?? 0;
  }

  /**
   * Some listed peers of a network, beginning anywhere.
   * @param start chosen by chance from `[0, 2^32)`, so that everybody meets others.
   */
  introductions(
    chainId: Uint8Array,
    besides: PeerId,
    count: number,
    start: number,
    nowMs: number,
  ): readonly SignedPresence[] {
    const listed = this.#listed(toHex(chainId));
    const records: SignedPresence[] = [];
    for (let step = 0; step < listed.length && records.length < count; step++) {
      const peer = listed[(start + step) % listed.length];
      const record = peer === undefined || peer === besides ? null : this.find(peer, nowMs);
      if (record !== null) records.push(record);
    }
    return records;
  }

  networks(): readonly NetworkSummary[] {
    return [...this.#networks].map(([chainId, { entries, listed }]) => ({
      chainId,
      peers: entries.size,
      listed: listed.length,
    }));
  }

  /** Drops what has expired. Returns how many records that were. */
  sweep(nowMs: number): number {
    const expired = [...this.#peers.values()].filter((entry) => entry.expiresMs <= nowMs);
    for (const entry of expired) this.#remove(entry.record.presence.peer);
    for (const [peer, issue] of this.#issues) if (issue.untilMs <= nowMs) this.#issues.delete(peer);
    return expired.length;
  }

  #hasRoom(peer: PeerId, network: string, { key, isOwn }: Sender): boolean {
    const known = this.#peers.get(peer);
    const sent = this.#addresses.get(key);
    const { recordsPerAddressMax, networksPerAddressMax, networksMax } = this.#limits;
    if (!isOwn && known?.address !== key && (sent?.size ?? 0) >= recordsPerAddressMax) return false;
    if (!this.#networks.has(network)) {
      if (this.#networks.size >= networksMax) return false;
      const brought = new Set([...(sent ?? [])].map((each) => this.#peers.get(each)?.network));
      if (!isOwn && brought.size >= networksPerAddressMax) return false;
    }
    if (known !== undefined || this.#peers.size < this.#limits.recordsMax) return true;
    return this.#makeRoom(network);
  }

  /** A network below its floor takes the stalest record of the largest one; above it, nothing is taken from anybody. */
  #makeRoom(network: string): boolean {
    const floor = Math.floor(this.#limits.recordsMax / this.#limits.networksMax);
    if ((this.#networks.get(network)?.entries.size ?? 0) >= floor) return false;
    const largest = [...this.#networks.values()].reduce((a, b) => (b.entries.size > a.entries.size ? b : a));
    const stalest = largest.entries.keys().next();
    return stalest.done !== true && this.#remove(stalest.value);
  }

  #insert(entry: Entry): void {
    const { peer } = entry.record.presence;
    const network = this.#networks.get(entry.network) ?? { entries: new Map(), listed: [] };
    this.#networks.set(entry.network, network);
    network.entries.set(peer, entry);
    if (entry.record.presence.isListed) network.listed.splice(firstAfter(network.listed, peer), 0, peer);
    this.#peers.set(peer, entry);
    putInto(this.#addresses, entry.address, peer);
    for (const id of entry.rendezvous) {
      if ((this.#rendezvous.get(id)?.size ?? 0) < PEERS_PER_RENDEZVOUS_MAX)
        putInto(this.#rendezvous, id, peer);
    }
  }

  #remove(peer: PeerId): boolean {
    const entry = this.#peers.get(peer);
    if (entry === undefined) return false;
    this.#peers.delete(peer);
    const network = this.#networks.get(entry.network);
    if (network !== undefined) {
      network.entries.delete(peer);
      if (entry.record.presence.isListed) network.listed.splice(firstAfter(network.listed, peer) - 1, 1);
      if (network.entries.size === 0) this.#networks.delete(entry.network);
    }
    takeFrom(this.#addresses, entry.address, peer);
    for (const id of entry.rendezvous) takeFrom(this.#rendezvous, id, peer);
    return true;
  }

  #rememberIssue({ presence }: SignedPresence, nowMs: number): void {
    // Twice its life covers the reader's tolerance for clocks as well, whatever the record says of its time.
    const untilMs = Math.max(nowMs, presence.issuedMs) + 2 * presence.ttlSeconds * 1000 + ISSUE_MEMORY_MS;
    this.#issues.delete(presence.peer);
    this.#issues.set(presence.peer, { issuedMs: presence.issuedMs, untilMs });
    if (this.#issues.size <= REMEMBERED_ISSUES_MAX) return;
    const oldest = this.#issues.keys().next();
    if (oldest.done !== true) this.#issues.delete(oldest.value);
  }

  #listed(network: string): readonly PeerId[] {
    return this.#networks.get(network)?.listed ?? [];
  }
}

/** How long a record may still be in force for a reader whose clock is behind. */
const ISSUE_MEMORY_MS = 600_000;

function firstAfter(sorted: readonly PeerId[], after: PeerId): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = sorted[middle];
    if (at !== undefined && at <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

function putInto<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

function takeFrom<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = sets.get(key);
  if (set?.delete(value) === true && set.size === 0) sets.delete(key);
}
