/** Owns how a command ends: stable exit codes, and the words for a failure. */
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Terminal } from "./terminal.ts";
import { oneLine } from "./terminal-text.ts";

/** `interrupted`: 128 + the number of SIGINT, as shells have it. */
export const EXIT = { done: 0, failed: 1, wrongUse: 2, noPeer: 3, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface CliFault {
  readonly exit: Exclude<ExitCode, 0>;
  readonly problem: Problem;
}

export type Outcome<Value = undefined> = Result<Value, CliFault>;

export const DONE: Outcome = ok();

export function failed(problem: Problem): Outcome<never> {
  return fail({ exit: problem.code === "peer-unreachable" ? EXIT.noPeer : EXIT.failed, problem });
}

export function wrongUse(problem: Problem): Outcome<never> {
  return fail({ exit: EXIT.wrongUse, problem });
}

/** @param cause the one sentence that is said of it. */
export function interrupted(cause: string, nextStep: string): Outcome<never> {
  return fail({ exit: EXIT.interrupted, problem: problem("interrupted", cause, nextStep) });
}

/** Thrown by a question at Ctrl-C: whatever asks has done nothing yet, and nobody on the way up has anything to mend. */
export class QuestionInterrupted extends Error {}

/** Says on standard error why a command failed: as JSON when that was asked for. */
export function reportFault({ exit, problem }: CliFault, terminal: Terminal, json: boolean): void {
  const { code, cause, nextStep } = problem;
  if (json) terminal.warnJson({ error: { code, cause, nextStep } });
  else if (exit === EXIT.interrupted) terminal.warn(oneLine(cause));
  else {
    terminal.warn(`${terminal.style(`${oneLine(code)}:`, "bad")} ${oneLine(cause)}\n${oneLine(nextStep)}`);
  }
}
