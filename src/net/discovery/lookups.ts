/**
 * Owns looking for somebody by peer id: at trackers first, by Kademlia where they know nothing. Whoever is wanted and
 * away is looked for again and again, within bounds; what is found goes into the directory, and is dialled from there.
 */
import type { PeerId } from "#base/brand.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import {
  KADEMLIA_FIND_PERIOD_MS,
  KADEMLIA_FINDS_AT_ONCE_MAX,
  LOOKUP_PERIOD_MS,
  LOOKUP_REPEAT_MS,
  LOOKUP_WANTED_MAX,
} from "../limits.ts";
import type { PeerDirectory } from "./directory.ts";

export interface LookupsDependencies {
  readonly directory: Pick<PeerDirectory, "list" | "get" | "heard">;
  readonly clock: Clock;
  /** Typed by the user, or known from before: worth asking others for. */
  readonly isWanted: (peer: PeerId) => boolean;
  /** Asks trackers, enters what they know into the directory, and says whom they know. */
  readonly atTrackers: (peers: readonly PeerId[]) => Promise<readonly PeerId[]>;
  /** Addresses without `/p2p`; empty when nobody knows. Never rejects. */
  readonly byKademlia: (peer: PeerId, signal: AbortSignal) => Promise<readonly string[]>;
  /** Whether there is anybody to ask by Kademlia. */
  readonly hasKademlia: () => boolean;
  readonly onFault: (error: unknown) => void;
}

interface Past {
  readonly trackersMs: number;
  readonly kademliaMs: number;
}

const NEVER: Past = { trackersMs: Number.NEGATIVE_INFINITY, kademliaMs: Number.NEGATIVE_INFINITY };

export class Lookups {
  readonly #dependencies: LookupsDependencies;
  readonly #stopped = new AbortController();
  readonly #timer: Timer;
  readonly #past = new Map<PeerId, Past>();
  readonly #underWay = new Set<Promise<void>>();
  #kademliaCount = 0;
  #turn = 0;

  constructor(dependencies: LookupsDependencies) {
    this.#dependencies = dependencies;
    this.#timer = dependencies.clock.every(LOOKUP_PERIOD_MS, () => this.#track(this.#round()));
  }

  /** Looks for one peer now, unless that was done a moment ago. Resolves when all that were asked have answered. */
  async seek(peer: PeerId, signal: AbortSignal): Promise<void> {
    const nowMs = this.#dependencies.clock.monotonicMs();
    if (nowMs - this.#pastOf(peer).trackersMs < LOOKUP_REPEAT_MS) return;
    this.#note(peer, { trackersMs: nowMs });
    const found = await this.#dependencies.atTrackers([peer]);
    if (found.length === 0 && !signal.aborted) await this.#byKademlia(peer, signal);
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    this.#stopped.abort();
    await Promise.all(this.#underWay);
  }

  async #round(): Promise<void> {
    const { clock, atTrackers } = this.#dependencies;
    const wanted = this.#wanted();
    for (const peer of [...this.#past.keys()]) if (!this.#isKnown(peer)) this.#past.delete(peer);
    if (wanted.length === 0) return;
    const nowMs = clock.monotonicMs();
    for (const peer of wanted) this.#note(peer, { trackersMs: nowMs });
    const found = await atTrackers(wanted);
    for (const peer of wanted) {
      if (!found.includes(peer)) this.#track(this.#byKademlia(peer, this.#stopped.signal));
    }
  }

  /** Offline and wanted; where there are too many, others at each turn. */
  #wanted(): readonly PeerId[] {
    const { directory, isWanted } = this.#dependencies;
    const all = directory.list().filter((entry) => !entry.online && isWanted(entry.peer));
    const start = all.length > LOOKUP_WANTED_MAX ? (this.#turn++ * LOOKUP_WANTED_MAX) % all.length : 0;
    const turned = [...all.slice(start), ...all.slice(0, start)];
    return turned.slice(0, LOOKUP_WANTED_MAX).map((entry) => entry.peer);
  }

  async #byKademlia(peer: PeerId, signal: AbortSignal): Promise<void> {
    const { clock, byKademlia, hasKademlia, directory } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    if (!hasKademlia() || this.#kademliaCount >= KADEMLIA_FINDS_AT_ONCE_MAX) return;
    if (nowMs - this.#pastOf(peer).kademliaMs < KADEMLIA_FIND_PERIOD_MS) return;
    this.#note(peer, { kademliaMs: nowMs });
    this.#kademliaCount += 1;
    const addresses = await byKademlia(peer, AbortSignal.any([signal, this.#stopped.signal]));
    this.#kademliaCount -= 1;
    if (addresses.length === 0 || this.#stopped.signal.aborted) return;
    // Hearsay: it stands behind what was known before.
    const known = directory.get(peer)?.addresses ?? [];
    directory.heard(peer, "kademlia", [...known, ...addresses]);
  }

  #pastOf(peer: PeerId): Past {
    return this.#past.get(peer) ?? NEVER;
  }

  #note(peer: PeerId, change: Partial<Past>): void {
    this.#past.set(peer, { ...this.#pastOf(peer), ...change });
  }

  #isKnown(peer: PeerId): boolean {
    return this.#dependencies.directory.get(peer) !== null;
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch(this.#dependencies.onFault)
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }
}
