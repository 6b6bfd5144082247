/**
 * Owns the one ordered stream of events that page, CLI and scripts follow, and its recent past. An event says what
 * something is now; it is never the only record of it: whoever missed events reads the snapshots again.
 */
import type { EventView } from "#api/views.ts";
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import type { EventFeed, SequencedEvent } from "./facade.ts";
import { FEED_EVENTS_MAX } from "./limits.ts";

export interface WritableFeed extends EventFeed {
  publish(event: EventView): void;
}

/** @param epoch names this run; must differ from that of every other run. */
export function createFeed(epoch: string, onFault: (error: unknown) => void): WritableFeed {
  const emitter = new Emitter<SequencedEvent>(onFault);
  let held: SequencedEvent[] = [];
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
      // Trimmed by halves, so that each publish costs the same however long the peer runs.
      if (held.length > FEED_EVENTS_MAX * 2) held = held.slice(-FEED_EVENTS_MAX);
      emitter.emit(sequenced);
    },
  };
}
