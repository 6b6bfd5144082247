/**
 * Owns waiting for a delivery to get as far as the user asked, by the event stream. What has been said or sent goes
 * on whether or not somebody waits here.
 */
import type { Client } from "#api/client.ts";
import type { SlipState, SlipView } from "#api/views.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { waitFor } from "./wait.ts";

export const WAIT_GOALS = ["queued", "delivered", "receipted", "anchored"] as const;
export type WaitGoal = (typeof WAIT_GOALS)[number];

/** How far a state is on the way; -1 for those that lead nowhere. */
const PROGRESS: Readonly<Record<SlipState, number>> = {
  queued: 0,
  offered: 1,
  sending: 2,
  delivered: 3,
  receipted: 4,
  anchored: 5,
  declined: -1,
  cancelled: -1,
  failed: -1,
};

function hasReached(slip: SlipView, goal: WaitGoal): boolean {
  return PROGRESS[slip.state] >= PROGRESS[goal];
}

export function hasFailed(slip: SlipView): boolean {
  return PROGRESS[slip.state] < 0;
}

export interface Wait {
  readonly goal: WaitGoal;
  /** Stop as soon as it is queued for a reason that may last: the other side is away, perhaps for days. */
  readonly leaveQueued: boolean;
  /** `null`: as long as it takes. */
  readonly timeoutMs: number | null;
  readonly onChange: (slip: SlipView) => void;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Waited {
  readonly slip: SlipView;
  readonly end: "reached" | "failed" | "left-queued" | "timeout" | "interrupted";
}

/** Reasons for which something waits a moment only: its turn, the first attempt, the next try on a live path. */
const PASSING_REASONS: ReadonlySet<string> = new Set([
  "not-sent-yet",
  "not-offered-yet",
  "waits-turn",
  "waits-for-fetch",
  "connection-lost",
  "busy",
]);

function waitsLong({ state, reason }: SlipView): boolean {
  return state === "queued" && reason !== null && !PASSING_REASONS.has(reason.code);
}

function endOf(slip: SlipView, wait: Wait): Waited["end"] | null {
  if (hasReached(slip, wait.goal)) return "reached";
  if (hasFailed(slip)) return "failed";
  return wait.leaveQueued && waitsLong(slip) ? "left-queued" : null;
}

/**
 * @param first the slip as the operation answered it.
 * @param fromId place in the event stream from before the operation: nothing that follows can be missed.
 */
export async function waitForSlip(
  client: Client,
  first: SlipView,
  fromId: string | null,
  wait: Wait,
): Promise<Result<Waited, Problem>> {
  let slip = first;
  const ended = endOf(slip, wait);
  if (ended !== null) return ok({ slip, end: ended });
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  wait.signal.addEventListener("abort", onInterrupt, { once: true });
  // It may have come while the operation was under way.
  if (wait.signal.aborted) onInterrupt();
  if (wait.timeoutMs !== null) void waitFor(wait.timeoutMs, stop.signal).then(() => stop.abort());
  let gone: Problem | null = null;
  const events = client.events({
    signal: stop.signal,
    fromId,
    onConnection: (connection) => {
      // The peer has ended: commands wait for deliveries, not for somebody to start it again.
      if (connection.state === "waiting" && connection.problem.code === "peer-unreachable") {
        gone = connection.problem;
        stop.abort();
      }
    },
  });
  try {
    wait.onChange(slip);
    for await (const { event } of events) {
      const changed = await changeOf(client, slip, event);
      if (changed === null) continue;
      slip = changed;
      const end = endOf(slip, wait);
      if (end !== null) return ok({ slip, end });
      wait.onChange(slip);
    }
  } finally {
    stop.abort();
    wait.signal.removeEventListener("abort", onInterrupt);
  }
  if (gone !== null && !wait.signal.aborted) return fail(gone);
  return ok({ slip, end: wait.signal.aborted ? "interrupted" : "timeout" });
}

/** The slip as an event shows it, read anew after a reset; `null` when the event is about something else. */
async function changeOf(
  client: Client,
  slip: SlipView,
  event: { readonly type: string; readonly slip?: SlipView },
): Promise<SlipView | null> {
  if (event.type === "slip" && event.slip?.id === slip.id) return event.slip;
  if (event.type !== "reset") return null;
  const read = await client.slip(slip.id);
  return read.ok ? read.value : null;
}

/** Why waiting ended without what was asked for. */
export function notReached({ slip, end }: Waited, goal: WaitGoal): Problem {
  if (slip.reason !== null && end === "failed") return slip.reason;
  if (end === "failed") return problem(slip.state, "The delivery ended without success.", "Send it again.");
  const detail = slip.reason === null ? "" : ` ${slip.reason.cause}`;
  return problem(
    "wait-timeout",
    `It is ${slip.state}, not yet ${goal}.${detail}`,
    "Nothing is lost: the delivery goes on while the peer runs. See it with: waybill history.",
  );
}
