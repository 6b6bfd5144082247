/**
 * Owns what a slip says: the word of its state, what was signed by whom, why it waits and which step is offered.
 * Pure; slip.tsx draws it.
 */
import type { SlipState, SlipView } from "#api/views.ts";
import type { SignName } from "../shell/sign.tsx";

export type Tone = "quiet" | "moving" | "good" | "waiting" | "bad" | "asking";

export interface StateWords {
  readonly word: string;
  /** Stands beside the word, so that colour never speaks alone. */
  readonly sign: SignName;
  readonly tone: Tone;
}

const WORDS: Readonly<Record<SlipState, StateWords>> = {
  queued: { word: "waiting", sign: "waits", tone: "waiting" },
  offered: { word: "offered", sign: "waits", tone: "waiting" },
  sending: { word: "on its way", sign: "arrow", tone: "moving" },
  delivered: { word: "delivered", sign: "check", tone: "quiet" },
  receipted: { word: "receipted", sign: "checks", tone: "good" },
  anchored: { word: "anchored", sign: "checks", tone: "good" },
  declined: { word: "declined", sign: "cross", tone: "bad" },
  cancelled: { word: "cancelled", sign: "cross", tone: "bad" },
  failed: { word: "failed", sign: "alert", tone: "bad" },
};

export function stateWords(slip: Pick<SlipView, "state" | "direction">): StateWords {
  if (slip.state === "offered" && slip.direction === "in") {
    return { word: "asks for your yes", sign: "asks", tone: "asking" };
  }
  if (slip.state === "sending" && slip.direction === "in") {
    return { word: "arriving", sign: "arrow", tone: "moving" };
  }
  return WORDS[slip.state];
}

export interface SignatureLine {
  readonly label: string;
  /** Whether the evidence is there. */
  readonly signed: boolean;
  readonly atMs: number | null;
}

/** The sender signs when the slip is written; the receiver when every byte was stored and checked. */
export function signatureLines(slip: SlipView): { dispatch: SignatureLine; completion: SignatureLine } {
  const evidence = hasArrived(slip);
  return {
    dispatch: { label: "Dispatched", signed: true, atMs: slip.createdMs },
    completion: { label: "Received", signed: evidence, atMs: evidence ? slip.deliveredMs : null },
  };
}

/** Whether it ended without delivery: nothing more will be signed or stamped. */
export function isEnded({ state }: Pick<SlipView, "state">): boolean {
  return state === "declined" || state === "cancelled" || state === "failed";
}

/** Whether the receiver has it: what it still waits for is a record, which nobody in the conversation has to read about. */
export function hasArrived({ state }: Pick<SlipView, "state">): boolean {
  return state === "delivered" || state === "receipted" || state === "anchored";
}

export type SlipStep = "accept-or-decline" | "cancel" | "none";

export function stepOf(slip: Pick<SlipView, "state" | "direction" | "kind">): SlipStep {
  if (slip.state === "offered" && slip.direction === "in") return "accept-or-decline";
  const unfinished = slip.state === "queued" || slip.state === "offered" || slip.state === "sending";
  if (unfinished && (slip.kind === "files" || slip.direction === "out")) return "cancel";
  return "none";
}

/** Why it stands where it stands, in a sentence; `null` when there is nothing to say. */
export function sentenceOf(slip: SlipView): string | null {
  if (slip.reason !== null) return slip.reason.cause;
  switch (slip.state) {
    case "queued":
      return slip.direction === "out" ? `Waits until ${slip.peerName} is here.` : "Waits for the other side.";
    case "offered":
      return slip.direction === "in"
        ? `${slip.peerName} would like to send you this.`
        : `Waits for ${slip.peerName} to say yes.`;
    case "declined":
      return slip.direction === "in" ? "You said no." : `${slip.peerName} said no.`;
    default:
      return null;
  }
}

/** Time left at the current rate; `null` while no rate is known. */
export function timeLeftMs(progress: NonNullable<SlipView["progress"]>): number | null {
  if (progress.bytesPerSecond < 1) return null;
  return ((progress.bytesTotal - progress.bytesDone) / progress.bytesPerSecond) * 1000;
}
