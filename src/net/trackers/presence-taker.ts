/**
 * Owns which records of others, handed on by trackers, are believed: signed by the peer itself, in force, newer than the
 * last, and answering what was asked. A tracker can keep somebody back; it cannot put anybody elsewhere. What is not
 * believed is counted by reason.
 */
import type { PeerId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import type { Clock } from "#ports/clock.ts";
import { isDialable, isLoopback } from "../addresses.ts";
import { TRACKER_RECORDS_PER_MINUTE_MAX, TRACKER_RECORDS_REMEMBERED_MAX } from "../limits.ts";
import { decodePresence, type Presence, presenceLapse } from "./presence-record.ts";

const MINUTE_MS = 60_000;

export type PresenceRefusal =
  | "presence-malformed"
  | "presence-forged"
  | "presence-expired"
  | "presence-from-the-future"
  | "presence-replayed"
  | "presence-other-network"
  | "presence-unasked"
  | "presence-flood";

export interface Handed {
  /** The tracker that handed the records on. */
  readonly tracker: PeerId;
  /** Whether that tracker runs on this computer: then loopback addresses mean the same for it and us. */
  readonly isHere: boolean;
  /** That tracker's clock as it answered: peers whose clocks differ sign by it. It can gain a dial that fails by lying. */
  readonly nowMs: number;
  /** Who was asked for; `anybody` who knows a secret of ours; null: strangers who keep the same ledger. */
  readonly asked: readonly PeerId[] | "anybody" | null;
}

export interface PresenceTakerDependencies {
  readonly self: PeerId;
  readonly chainId: Uint8Array;
  readonly clock: Clock;
  readonly isRefused: (peer: PeerId) => boolean;
}

export class PresenceTaker {
  readonly refused = new Map<PresenceRefusal, number>();
  readonly #dependencies: PresenceTakerDependencies;
  /** Time of issue of the newest record of each peer; least recently heard of first. */
  readonly #newest = new Map<PeerId, number>();
  readonly #checked = new Map<PeerId, { count: number; sinceMs: number }>();

  constructor(dependencies: PresenceTakerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Those of the records that are believed, their addresses reduced to those that mean something here. */
  take(records: readonly Uint8Array[], handed: Handed): readonly Presence[] {
    return records.flatMap((bytes) => this.#takeOne(bytes, handed) ?? []);
  }

  #takeOne(bytes: Uint8Array, handed: Handed): Presence | null {
    const { self, isRefused } = this.#dependencies;
    if (!this.#mayHand(handed.tracker)) return this.#refuse("presence-flood");
    const decoded = decodePresence(bytes);
    if (!decoded.ok) {
      return this.#refuse(decoded.fault.code === "bad-signature" ? "presence-forged" : "presence-malformed");
    }
    const { presence } = decoded.value;
    // Two trackers may know it from us, and tell us of ourselves.
    if (presence.peer === self || isRefused(presence.peer)) return null;
    const why = this.#whyNot(presence, handed);
    if (why !== null) return this.#refuse(why);
    this.#newest.delete(presence.peer);
    this.#newest.set(presence.peer, presence.issuedMs);
    if (this.#newest.size > TRACKER_RECORDS_REMEMBERED_MAX) {
      const oldest = this.#newest.keys().next();
      if (oldest.done !== true) this.#newest.delete(oldest.value);
    }
    const addresses = presence.addresses.filter(
      (address) => isDialable(address) && (handed.isHere || !isLoopback(address)),
    );
    return { ...presence, addresses };
  }

  #whyNot(presence: Presence, { asked, nowMs }: Handed): PresenceRefusal | null {
    const lapse = presenceLapse(presence, nowMs);
    if (lapse !== null) return lapse === "expired" ? "presence-expired" : "presence-from-the-future";
    if (presence.issuedMs < (this.#newest.get(presence.peer) ?? 0)) return "presence-replayed";
    // Who is asked for by id, or meets us by a secret, may keep another ledger; strangers are introduced within ours.
    if (asked === "anybody") return null;
    if (asked !== null) return asked.includes(presence.peer) ? null : "presence-unasked";
    return equalBytes(presence.chainId, this.#dependencies.chainId) ? null : "presence-other-network";
  }

  #mayHand(tracker: PeerId): boolean {
    const nowMs = this.#dependencies.clock.monotonicMs();
    const known = this.#checked.get(tracker);
    if (known === undefined || nowMs - known.sinceMs > MINUTE_MS) {
      this.#checked.set(tracker, { count: 1, sinceMs: nowMs });
      return true;
    }
    known.count += 1;
    return known.count <= TRACKER_RECORDS_PER_MINUTE_MAX;
  }

  /** A tracker that is not dealt with any more. */
  forget(tracker: PeerId): void {
    this.#checked.delete(tracker);
  }

  #refuse(why: PresenceRefusal): null {
    this.refused.set(why, (this.refused.get(why) ?? 0) + 1);
    return null;
  }
}
