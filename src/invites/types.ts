/** Owns what the rest of the program sees of invites, and what they ask of the network. Types only. */
import type { PeerId } from "#base/brand.ts";
import type { Problem, Result } from "#base/result.ts";

/** open: whoever enters it is taken. used, expired, revoked: nobody is any more. */
export type InviteState = "open" | "used" | "expired" | "revoked";

export interface Invite {
  /** The meeting point, 64 hex digits. Says nothing of the secret. */
  readonly id: string;
  readonly state: InviteState;
  /** The user's own, not told to anybody: whom it is for. */
  readonly note: string | null;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly usedBy: PeerId | null;
  /** Times that somebody tried it, or one like it, without holding the secret. */
  readonly failedGuesses: number;
  /** With the addresses and trackers of now; null unless open. */
  readonly link: string | null;
  /** The secret as eight words; null unless open. */
  readonly words: string | null;
}

export interface Invites {
  /** @param hours how long it stands, 1 to `INVITE_HOURS_MAX`. */
  create(options: { readonly hours?: number; readonly note?: string }): Result<Invite, Problem>;
  /** Newest first. */
  list(): readonly Invite[];
  /** @param id or the beginning of one, when only one invite has it. */
  revoke(id: string): Result<Invite, Problem>;
  /**
   * Enters an invite. Resolves once both sides have proved it and this side has stored it, or after `JOIN_WAIT_MS`, or
   * when trying longer would change nothing. Entering the same invite again goes on where the last time ended.
   *
   * @param text link, or words.
   * @param address where to look as well: as `InviteReach.connect` takes it.
   */
  accept(text: string, address?: string): Promise<Result<PeerId, Problem>>;
  /** Stops answering, gives up what is being entered, awaits what runs. */
  close(): Promise<void>;
}

/** What invites ask of the network beyond streams. */
export interface InviteReach {
  /** Multiaddrs at which this peer is reached, most promising first. */
  addresses(): readonly string[];
  /** Trackers in use, as texts that `addTracker` of another peer takes. */
  trackers(): readonly string[];
  addTracker(address: string): Result<undefined, Problem>;
  /** Dials an address and remembers it. */
  connect(address: string): Promise<Result<PeerId, Problem>>;
  /** Notes where a peer may be; it is dialled there when a stream to it is opened. */
  suggest(peer: PeerId, addresses: readonly string[]): void;
  /** Who waits at a meeting point, as trackers say. */
  meet(id: Uint8Array): Promise<readonly PeerId[]>;
  /** Meeting points at which trackers let this peer be found; replaces those set before. */
  setRendezvous(ids: readonly Uint8Array[]): void;
}

/**
 * Keeps a peer as a verified contact. `alongside` is called with what writes that, and decides what else is written in
 * the same transaction; what it throws has changed nothing.
 */
export type KeepVerified = (peer: PeerId, alongside: (write: () => void) => void) => Result<unknown, Problem>;
