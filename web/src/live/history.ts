/**
 * Owns the slips of one conversation as far as they were read, and how a page of older ones or an event changes
 * them. Pure.
 */
import type { EventView, SlipView } from "#api/views.ts";

export interface History {
  /** Oldest first, by `order`. */
  readonly slips: readonly SlipView[];
  /** Whether the oldest slip there is stands first. */
  readonly complete: boolean;
}

/** @param page newest first, as the peer gives it. */
export function historyOf(page: readonly SlipView[], limit: number): History {
  return { slips: page.toReversed(), complete: page.length < limit };
}

/** Puts a page of older slips (newest first) before what is there. */
export function withOlder(history: History, page: readonly SlipView[], limit: number): History {
  const known = new Set<string>(history.slips.map(({ id }) => id));
  const older = page.filter(({ id }) => !known.has(id)).toReversed();
  return { slips: [...older, ...history.slips], complete: page.length < limit };
}

/** A slip that changed takes its place; a new one goes where its order puts it, which is nearly always the end. */
export function withSlip(history: History, slip: SlipView): History {
  const at = history.slips.findLastIndex(({ id }) => id === slip.id);
  if (at >= 0) return { ...history, slips: history.slips.with(at, slip) };
  const before = history.slips.findLastIndex(({ order }) => order < slip.order);
  // Older than all that was read: it comes when that page is read.
  if (before < 0 && history.slips.length > 0 && !history.complete) return history;
  return { ...history, slips: history.slips.toSpliced(before + 1, 0, slip) };
}

export function reduceHistory(history: History, event: EventView): History {
  return event.type === "slip" ? withSlip(history, event.slip) : history;
}
