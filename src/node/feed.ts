/**
 * Owns the one ordered stream of events that page, CLI and scripts follow, and its recent past. An event says what
 * something is now; it is never the only record of it: whoever missed events reads the snapshots again.
 */
import type { EventView } from "#api/views.ts";
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import type { EventFeed, SequencedEvent } from "./facade.ts";
import { FEED_EVENTS_MAX, FEED_ITEMS_MAX } from "./limits.ts";

export interface WritableFeed extends EventFeed {
  publish(event: EventView): void;
}

/** @param epoch names this run; must differ from that of every other run. */
export function createFeed(epoch: string, onFault: (error: unknown) => void): WritableFeed {
  const emitter = new Emitter<SequencedEvent>(onFault);
  let held: SequencedEvent[] = [];
  let heldItems = 0;
  let sequence = 0;
  return {
    epoch,
    latest: () => sequence,
    since(after) {
      const oldest = held[0]?.sequence ?? sequence + 1;
      if (after > sequence || after < oldest - 1) return null;
      return held.slice(held.length - (sequence - after));
    },
    subscribe: (listener): Unsubscribe => emitter.subscribe(listener),
    publish(event) {
      sequence += 1;
      const sequenced = { epoch, sequence, event };
      held.push(sequenced);
      heldItems += itemsOf(event);
      // Trimmed by halves, so that each publish costs the same however long the peer runs.
      if (held.length > FEED_EVENTS_MAX * 2 || heldItems > FEED_ITEMS_MAX * 2) {
        held = newest(held);
        heldItems = held.reduce((sum, each) => sum + itemsOf(each.event), 0);
      }
      emitter.emit(sequenced);
    },
  };
}

/** A chain that catches up tells of fifty blocks at a time. */
function itemsOf(event: EventView): number {
  if (event.type === "chain") return 1 + event.connected.length + event.disconnected.length;
  if (event.type === "pool") return 1 + event.added.length + event.removed.length;
  return 1;
}

/** As many as are held at least: within both bounds. */
function newest(held: readonly SequencedEvent[]): SequencedEvent[] {
  let from = held.length;
  for (let items = 0; from > 0 && held.length - from < FEED_EVENTS_MAX; from--) {
    items += itemsOf(held[from - 1]?.event ?? { type: "reset" });
    if (items > FEED_ITEMS_MAX) break;
  }
  return held.slice(from);
}
