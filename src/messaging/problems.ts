/** Owns what people are told about messages that wait or failed. Codes are stable. */
import { unreachable } from "#base/assert.ts";
import { type Problem, problem } from "#base/result.ts";
import type { DialFault, StreamFault } from "#ports/network.ts";
import { MESSAGE_BYTES_MAX } from "#receipts/index.ts";
import type { Refusal } from "./codec.ts";
import { OUTBOX_MESSAGES_MAX } from "./limits.ts";

export const NOT_SENT_YET = problem(
  "not-sent-yet",
  "The message is about to be sent.",
  "Nothing to do; it goes by itself.",
);

export const BAD_ANSWER = problem(
  "bad-answer",
  "The other side answered with something that is not a valid receipt.",
  "Ask for the version of Waybill there; it is tried again by itself.",
);

export const STORAGE_FAILED = problem(
  "storage-failed",
  "This computer could not write to its data folder.",
  "Make room on the disk or check its rights; it is tried again by itself.",
);

export const EMPTY_TEXT = problem("empty-text", "The message has no text.", "Write something.");
export const TEXT_NOT_UNICODE = problem(
  "text-not-unicode",
  "The message holds half of a character.",
  "Write the last characters again.",
);
export const TEXT_TOO_LONG = problem(
  "text-too-long",
  `The message is longer than ${MESSAGE_BYTES_MAX / 1024} KiB.`,
  "Send it as a file.",
);
export const OUTBOX_FULL = problem(
  "outbox-full",
  `${OUTBOX_MESSAGES_MAX} messages wait for this person.`,
  "Wait until some were delivered.",
);
export const TO_ONESELF = problem("to-oneself", "This is your own peer.", "Choose somebody else.");

export function dialProblem(fault: DialFault): Problem {
  switch (fault.code) {
    case "not-connected":
      return fault.problem;
    case "protocol-unknown":
      return problem(
        "protocol-unknown",
        "The other side does not take messages of this version.",
        "Both sides need a Waybill that knows version 1; it is tried again by itself.",
      );
    case "failed":
      return problem(
        "unreachable",
        `The other side could not be reached: ${fault.cause}.`,
        "It is tried again by itself.",
      );
    default:
      return unreachable(fault);
  }
}

export function streamProblem(fault: StreamFault): Problem {
  switch (fault.code) {
    case "closed":
    case "reset":
      return problem(
        "connection-lost",
        "The connection ended before the other side had signed.",
        "It is tried again by itself.",
      );
    case "timeout":
      return problem("no-answer", "The other side did not answer in time.", "It is tried again by itself.");
    case "frame-too-large":
      return BAD_ANSWER;
    default:
      return unreachable(fault);
  }
}

export function refusalProblem(refusal: Refusal): Problem {
  switch (refusal) {
    case "invalid":
      return problem(
        "refused-invalid",
        "The other side holds this message to be malformed.",
        "Compare the versions of Waybill, and write it again.",
      );
    case "blocked":
      return problem(
        "refused-blocked",
        "The other side does not take messages from you now.",
        "Ask the person another way; it is tried again by itself.",
      );
    case "storage":
      return problem(
        "refused-storage",
        "The other side could not store the message.",
        "Its disk may be full; it is tried again by itself.",
      );
    default:
      return unreachable(refusal);
  }
}
