/**
 * Decides what follows an attempt to deliver the oldest message of an outbox. Pure; the shell carries out the
 * effect. One message is on its way at a time, which is what keeps the order.
 */
import { unreachable } from "#base/assert.ts";
import type { Problem } from "#base/result.ts";
import type { DialFault, StreamFault } from "#ports/network.ts";
import { type Completion, verifyCompletion } from "#receipts/index.ts";
import type { Frame } from "./codec.ts";
import {
  PROTOCOL_RETRY_MS,
  REFUSED_RETRY_MS,
  RENUMBERS_PER_FLUSH_MAX,
  RETRY_FIRST_MS,
  RETRY_LAST_MS,
} from "./limits.ts";
import { BAD_ANSWER, dialProblem, refusalProblem, streamProblem } from "./problems.ts";
import type { Message } from "./types.ts";

export interface Attempt {
  readonly message: Message;
  readonly number: number;
  /** How often this flush took over an expected number already. */
  readonly renumbers: number;
  /** Attempts in a row that came to nothing. */
  readonly failures: number;
}

export type OutboxEffect =
  /** Store the signature and the next number in one commit, then send the next message. */
  | { readonly do: "complete"; readonly completion: Completion; readonly nextOut: number }
  /** Store the number and send the same message with it. */
  | { readonly do: "renumber"; readonly nextOut: number }
  /** Give this message up and send the next one. */
  | { readonly do: "fail"; readonly reason: Problem }
  /** End the flush; the next begins after the pause, or when the peer connects. */
  | { readonly do: "wait"; readonly reason: Problem; readonly delayMs: number; readonly offence: boolean };

export function afterAnswer(attempt: Attempt, answer: Frame): OutboxEffect {
  const pause = retryDelayMs(attempt.failures);
  switch (answer.type) {
    case "completed":
      return verifyCompletion(attempt.message.dispatch, answer.completion)
        ? { do: "complete", completion: answer.completion, nextOut: attempt.number + 1 }
        : { do: "wait", reason: BAD_ANSWER, delayMs: pause, offence: true };
    case "expected":
      // A number is no part of what was signed: it only keeps two sides in step, also after one was restored.
      return attempt.renumbers < RENUMBERS_PER_FLUSH_MAX && answer.number !== attempt.number
        ? { do: "renumber", nextOut: answer.number }
        : { do: "wait", reason: BAD_ANSWER, delayMs: pause, offence: false };
    case "refused": {
      const reason = refusalProblem(answer.refusal);
      if (answer.refusal === "invalid") return { do: "fail", reason };
      const delayMs = answer.refusal === "blocked" ? REFUSED_RETRY_MS : pause;
      return { do: "wait", reason, delayMs, offence: false };
    }
    case "envelope":
      return { do: "wait", reason: BAD_ANSWER, delayMs: pause, offence: true };
    default:
      return unreachable(answer);
  }
}

export function afterDialFault(fault: DialFault, failures: number): OutboxEffect {
  const delayMs = fault.code === "protocol-unknown" ? PROTOCOL_RETRY_MS : retryDelayMs(failures);
  return { do: "wait", reason: dialProblem(fault), delayMs, offence: false };
}

export function afterStreamFault(fault: StreamFault, failures: number): OutboxEffect {
  return { do: "wait", reason: streamProblem(fault), delayMs: retryDelayMs(failures), offence: false };
}

/** Doubles from the first pause to the longest. */
export function retryDelayMs(failures: number): number {
  return Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** Math.min(failures, 20));
}
