/**
 * Owns `Result`, the shape in which faults of others travel: bad input, an unreachable peer, a full disk.
 * Faults of ours (broken invariants) are exceptions and never appear here.
 */

export type Result<Value, Fault> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly fault: Fault };

export function ok(): Result<undefined, never>;
export function ok<Value>(value: Value): Result<Value, never>;
export function ok<Value>(value?: Value): Result<Value | undefined, never> {
  return { ok: true, value };
}

export function fail<Fault>(fault: Fault): Result<never, Fault> {
  return { ok: false, fault };
}

/**
 * What a person is told when something did not work or waits: a stable code that scripts may compare,
 * the cause in one sentence, and the next step in one sentence.
 */
export interface Problem {
  readonly code: string;
  readonly cause: string;
  readonly nextStep: string;
}

export function problem(code: string, cause: string, nextStep: string): Problem {
  return { code, cause, nextStep };
}
