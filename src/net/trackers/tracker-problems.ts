/** Owns what a person is told about a tracker that does not do what it should: cause and next step. Pure. */
import { type Problem, problem } from "#base/result.ts";
import type { TrackerRefusalCode } from "./tracker-codec.ts";

/** Each takes the address as the user gave it. */
export const trackerProblems = {
  unreached: (text: string): Problem =>
    problem(
      "tracker-unreached",
      `The tracker ${text} is not reached.`,
      "It is tried again by itself; ask whoever runs it, or add another one.",
    ),
  silent: (text: string): Problem =>
    problem(
      "tracker-silent",
      `The tracker ${text} broke off, or did not answer in time.`,
      "It is tried again by itself.",
    ),
  garbled: (text: string): Problem =>
    problem(
      "tracker-garbled",
      `The answer of ${text} is not one that a tracker gives.`,
      "Compare the versions of both sides; until then use another tracker.",
    ),
  notATracker: (text: string): Problem =>
    problem(
      "not-a-tracker",
      `What answers at ${text} is no tracker.`,
      "Check address and port: a tracker listens for peers on TCP 28412, and its page is on 4748.",
    ),
} as const;

const REFUSALS: Readonly<Record<TrackerRefusalCode, readonly [string, string]>> = {
  malformed: [
    "does not understand what this version of Waybill says",
    "Compare the versions of both sides; until then use another tracker.",
  ],
  "bad-record": [
    "takes this peer's record for broken",
    "Compare the versions of both sides; until then use another tracker.",
  ],
  "not-yours": [
    "takes this peer for somebody else",
    "Start this peer anew; if it stays so, use another tracker.",
  ],
  clock: [
    "has a clock that differs too much from this computer's",
    "Set the clock of this computer, or ask whoever runs the tracker to set its clock.",
  ],
  older: [
    "keeps a later word of this peer: another computer may run with the same identity",
    "Run each data folder on one computer only; a copied one must make its own identity.",
  ],
  full: ["has no room left", "Use another tracker, or ask whoever runs this one to raise its limits."],
  busy: ["asks to be left alone for a while", "Nothing to do: it is tried again by itself."],
};

/** @param text the address as the user gave it. */
export function refusalProblem(code: TrackerRefusalCode, text: string): Problem {
  const [cause, nextStep] = REFUSALS[code];
  return problem(`tracker-${code}`, `The tracker ${text} ${cause}.`, nextStep);
}
