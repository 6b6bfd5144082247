/**
 * Owns how much each peer may send through the relay, and all together, in a period. Pure: time comes in with each
 * call. A byte is charged to the peer that sent it, so that nobody can use up the quota of another.
 */
import type { PeerId } from "#base/brand.ts";
import type { RelayState } from "#net/index.ts";

export interface RelayQuotaOptions {
  /** Null: no limit. */
  readonly bytesPerPeer: number | null;
  /** Null: no limit. */
  readonly bytesTotal: number | null;
  readonly periodMs: number;
}

interface Account {
  readonly sinceMs: number;
  bytes: number;
}

export class RelayQuota {
  readonly #options: RelayQuotaOptions;
  /** Peers that sent something in their current period; those whose period began first come first. */
  readonly #accounts = new Map<PeerId, Account>();
  #all: Account = { sinceMs: 0, bytes: 0 };
  #carried = 0;

  constructor(options: RelayQuotaOptions) {
    this.#options = options;
  }

  /** Bytes carried since the start. */
  get carriedBytes(): number {
    return this.#carried;
  }

  /** Bytes of all peers in the current period. */
  usedBytes(nowMs: number): number {
    return this.#isOver(this.#all, nowMs) ? 0 : this.#all.bytes;
  }

  /** Books bytes that were sent. Whether the sender may go on. */
  charge(peer: PeerId, bytes: number, nowMs: number): boolean {
    this.#carried += bytes;
    if (this.#isOver(this.#all, nowMs)) this.#all = { sinceMs: nowMs, bytes: 0 };
    this.#all.bytes += bytes;
    this.#forgetOver(nowMs);
    const known = this.#accounts.get(peer);
    const account = known === undefined || this.#isOver(known, nowMs) ? { sinceMs: nowMs, bytes: 0 } : known;
    account.bytes += bytes;
    this.#accounts.set(peer, account);
    return !this.isUsedUp(peer, nowMs);
  }

  isUsedUp(peer: PeerId, nowMs: number): boolean {
    return this.state(peer, nowMs).bytesLeft === 0;
  }

  /** What is left for a peer: of its own quota or of what all share, whichever is less. */
  state(peer: PeerId, nowMs: number): RelayState {
    const { bytesPerPeer, bytesTotal } = this.#options;
    const own = bytesPerPeer === null ? null : this.#left(this.#accounts.get(peer), bytesPerPeer, nowMs);
    const all = bytesTotal === null ? null : this.#left(this.#all, bytesTotal, nowMs);
    if (own === null) return all ?? { bytesMax: null, bytesLeft: null, renewsMs: null };
    return all !== null && all.bytesLeft < own.bytesLeft ? all : own;
  }

  /** Of two that are joined: nothing when either may send nothing more, else what is left for the first. */
  stateBetween(peer: PeerId, other: PeerId, nowMs: number): RelayState {
    return this.isUsedUp(other, nowMs) ? this.state(other, nowMs) : this.state(peer, nowMs);
  }

  #left(account: Account | undefined, bytesMax: number, nowMs: number) {
    if (account === undefined || this.#isOver(account, nowMs)) {
      return { bytesMax, bytesLeft: bytesMax, renewsMs: nowMs + this.#options.periodMs };
    }
    const bytesLeft = Math.max(0, bytesMax - account.bytes);
    return { bytesMax, bytesLeft, renewsMs: account.sinceMs + this.#options.periodMs };
  }

  /** A clock set back starts the period anew: nobody waits longer than one. */
  #isOver(account: Account, nowMs: number): boolean {
    return nowMs >= account.sinceMs + this.#options.periodMs || nowMs < account.sinceMs;
  }

  #forgetOver(nowMs: number): void {
    for (const [peer, account] of this.#accounts) {
      if (!this.#isOver(account, nowMs)) return;
      this.#accounts.delete(peer);
    }
  }
}
