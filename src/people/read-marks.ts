/** Owns how far the user has read each conversation: the `order` of the last slip seen. Kept over restarts. */
import type { PeerId } from "#base/brand.ts";

/** Synchronous: each call is durable when it returns. */
export interface ReadMarkStore {
  /** 0 when nothing was read. */
  get(peer: PeerId): number;
  /** Never goes back. */
  advance(peer: PeerId, order: number): void;
}
