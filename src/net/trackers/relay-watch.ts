/**
 * Owns telling a relay that has used up its quota from a peer that is gone: when a relayed path ends, or none can be
 * made, the tracker that is the relay is asked what it still carries between the two.
 */
import type { PeerId } from "#base/brand.ts";
import { type Problem, problem } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import { DIRECTORY_PEERS_MAX, RELAY_QUOTA_ASK_MS } from "../limits.ts";
import type { RelayState } from "../reach.ts";

/** What a tracker said of the bytes it carries between this peer and another. */
export interface Carried {
  readonly relay: RelayState;
  /** The tracker as the user named it. */
  readonly name: string;
  /** By its clock, Unix time. */
  readonly nowMs: number;
}

export interface RelayWatchDependencies {
  readonly clock: Clock;
  /** Null where the relay is no tracker of ours, or does not answer. Never rejects. */
  readonly ask: (relay: PeerId, other: PeerId) => Promise<Carried | null>;
  /** The quota is why a peer is not reached. */
  readonly onQuota: (peer: PeerId, why: Problem) => void;
}

interface Noted {
  readonly why: Problem;
  /** Monotonic. */
  readonly untilMs: number;
}

export class RelayWatch {
  readonly #dependencies: RelayWatchDependencies;
  readonly #noted = new Map<PeerId, Noted>();
  /** When each peer's relay was asked last; monotonic. */
  readonly #asked = new Map<PeerId, number>();
  /** Relays being asked, by whom it is about. */
  readonly #looks = new Map<PeerId, Promise<void>>();

  constructor(dependencies: RelayWatchDependencies) {
    this.#dependencies = dependencies;
  }

  /** Why a peer is not reached, where that is the quota of its relay; null otherwise. */
  reason(peer: PeerId): Problem | null {
    const noted = this.#noted.get(peer);
    if (noted === undefined) return null;
    if (this.#dependencies.clock.monotonicMs() < noted.untilMs) return noted.why;
    this.#noted.delete(peer);
    return null;
  }

  /** As `reason`, once the relays that are being asked have answered. */
  async answered(peer: PeerId): Promise<Problem | null> {
    await this.#looks.get(peer);
    return this.reason(peer);
  }

  /** A way to a peer over one of these relays ended, or could not be made. */
  suspect(peer: PeerId, relays: readonly PeerId[]): void {
    const nowMs = this.#dependencies.clock.monotonicMs();
    if (
      relays.length === 0 ||
      nowMs - (this.#asked.get(peer) ?? Number.NEGATIVE_INFINITY) < RELAY_QUOTA_ASK_MS
    )
      return;
    if (this.#asked.size >= DIRECTORY_PEERS_MAX) this.#asked.clear();
    this.#asked.set(peer, nowMs);
    const look = this.#look(peer, relays).finally(() => this.#looks.delete(peer));
    this.#looks.set(peer, look);
  }

  /** The peer is reached. */
  reached(peer: PeerId): void {
    this.#noted.delete(peer);
  }

  async #look(peer: PeerId, relays: readonly PeerId[]): Promise<void> {
    const { ask, clock, onQuota } = this.#dependencies;
    const answers = await Promise.all(relays.map((relay) => ask(relay, peer)));
    const known = answers.filter((answer) => answer !== null);
    // One relay that still carries is a way; why it is not taken is another matter.
    const spent = known.filter(({ relay }) => relay.bytesLeft === 0 && relay.renewsMs !== null);
    if (known.length === 0 || spent.length < known.length) return;
    const waits = spent.map(({ relay, nowMs }) => Math.max(0, (relay.renewsMs ?? nowMs) - nowMs));
    const waitMs = Math.min(...waits);
    const why = quotaProblem(spent[0]?.name ?? "the relay", clock.nowMs() + waitMs);
    this.#noted.set(peer, { why, untilMs: clock.monotonicMs() + waitMs });
    onQuota(peer, why);
  }
}

function quotaProblem(name: string, renewsMs: number): Problem {
  const time = new Date(renewsMs).toTimeString().slice(0, 5);
  return problem(
    "relay-quota",
    `The relay ${name} has carried as much between the two as it may in this hour.`,
    `It goes on by itself at ${time}, or as soon as there is a straight path or another relay; nothing is lost.`,
  );
}
