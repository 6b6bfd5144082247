/** Owns how many transfers come in at once, in all and from one peer. */
import type { DeliveryId, PeerId } from "#base/brand.ts";
import { PULLS_MAX, PULLS_PER_PEER_MAX } from "./limits.ts";

export class Slots {
  readonly #taken = new Map<DeliveryId, PeerId>();
  /** Who was turned away, in their order. */
  readonly #waiting = new Set<DeliveryId>();
  readonly #wake: (id: DeliveryId) => void;

  /** @param wake told of those turned away when a place is free. */
  constructor(wake: (id: DeliveryId) => void) {
    this.#wake = wake;
  }

  /** False when there is no place now. */
  take(id: DeliveryId, peer: PeerId): boolean {
    const ofPeer = [...this.#taken.values()].filter((other) => other === peer).length;
    if (this.#taken.size >= PULLS_MAX || ofPeer >= PULLS_PER_PEER_MAX) {
      this.#waiting.add(id);
      return false;
    }
    this.#waiting.delete(id);
    this.#taken.set(id, peer);
    return true;
  }

  /** Idempotent. */
  free(id: DeliveryId): void {
    if (!this.#taken.delete(id)) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const other of waiting) this.#wake(other);
  }
}
