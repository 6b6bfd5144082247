/**
 * What invites ask of a store. Implementations: `storage/memory/invites.ts`, `storage/disk/invites.ts`; both pass
 * `test/contract/invites.ts`. Calls are synchronous; each is durable when it returns, and a call that throws has
 * changed nothing.
 */
import type { PeerId } from "#base/brand.ts";

export interface StoredInvite {
  /** The meeting point, 64 hex digits. */
  readonly id: string;
  /** 11 bytes. */
  readonly secret: Uint8Array;
  readonly note: string | null;
  readonly createdMs: number;
  readonly expiresMs: number;
  /** When and why it ended before its time; null while it stands or has expired. */
  readonly ended: { readonly how: "used" | "revoked"; readonly atMs: number } | null;
  readonly usedBy: PeerId | null;
  readonly failedGuesses: number;
}

export interface InviteStore {
  /** In the order in which they were added. */
  list(): readonly StoredInvite[];
  /** Adds, or replaces the one of the same id. `alongside` writes more in the same transaction. */
  put(invite: StoredInvite, alongside?: () => void): void;
  /** As `put`, all or none, in one commit. */
  putTogether(invites: readonly StoredInvite[]): void;
  remove(id: string): void;
}
