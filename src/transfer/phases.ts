/**
 * Owns the two state machines of a transfer, one for each side: what may follow what, and nothing else. Diagrams
 * stand in spec/transfer.md. Waiting for a peer, a place in the queue or disk space is no phase: it ends with the
 * process and is found out anew, while a phase is what the store keeps.
 */
import { unreachable } from "#base/assert.ts";

/**
 * offering: the other side does not know of it yet. offered: somebody there has to say yes. accepted: the other
 * side fetches when it can. The rest are ends.
 */
export type OutgoingPhase =
  | "offering"
  | "offered"
  | "accepted"
  | "receipted"
  | "declined"
  | "cancelled"
  | "failed";

/**
 * asking: the user has to say yes. fetching: accepted, pieces are still missing. placing: all pieces were checked
 * as stored, and move to their places. The rest are ends.
 */
export type IncomingPhase =
  | "asking"
  | "fetching"
  | "placing"
  | "receipted"
  | "declined"
  | "cancelled"
  | "failed";

export type OutgoingEvent =
  /** The other side holds the offer and asks its user. */
  | "held"
  /** The other side said yes, or fetches. */
  | "accepted"
  /** A valid completion came. */
  | "completed"
  /** The other side said no. */
  | "declined"
  /** Either side called it off. */
  | "cancelled"
  /** The sources are gone or changed, or the other side cannot take it. */
  | "failed";

export type IncomingEvent =
  | "accepted"
  /** Every file was read back from disk and is whole. */
  | "verified"
  /** Every file is in its place, and folders are synced. */
  | "placed"
  | "declined"
  | "cancelled"
  | "failed";

/** The next phase, or `null` when the event changes nothing: late, repeated, or not for this phase. */
export function stepOutgoing(phase: OutgoingPhase, event: OutgoingEvent): OutgoingPhase | null {
  switch (phase) {
    case "offering":
      if (event === "held") return "offered";
      return event === "completed" ? "receipted" : event;
    case "offered":
      if (event === "held") return null;
      return event === "completed" ? "receipted" : event;
    case "accepted":
      if (event === "held" || event === "accepted") return null;
      return event === "completed" ? "receipted" : event;
    case "cancelled":
    case "failed":
      // The other side may have signed before it heard of the end: what it signed for did arrive.
      return event === "completed" ? "receipted" : null;
    case "receipted":
    case "declined":
      return null;
    default:
      return unreachable(phase);
  }
}

export function stepIncoming(phase: IncomingPhase, event: IncomingEvent): IncomingPhase | null {
  switch (phase) {
    case "asking":
      if (event === "accepted") return "fetching";
      return event === "declined" || event === "cancelled" || event === "failed" ? event : null;
    case "fetching":
      if (event === "verified") return "placing";
      return event === "cancelled" || event === "failed" ? event : null;
    case "placing":
      // No way back: files may already stand in their places, so only the signature is left to give.
      return event === "placed" ? "receipted" : null;
    case "receipted":
    case "declined":
    case "cancelled":
    case "failed":
      return null;
    default:
      return unreachable(phase);
  }
}

export function isEnd(phase: OutgoingPhase | IncomingPhase): boolean {
  return phase === "receipted" || phase === "declined" || phase === "cancelled" || phase === "failed";
}
