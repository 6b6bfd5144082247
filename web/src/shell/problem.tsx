/** Shows a fault where it happened: the cause, the next step, and the code by which it can be looked up. */

import type { ReactNode } from "react";
import type { Problem } from "#base/result.ts";

export function ProblemNote(properties: {
  readonly problem: Problem | null;
  /** `alert` interrupts a screen reader: for what a person just did and that failed. */
  readonly role?: "alert" | "note";
  readonly children?: ReactNode;
}) {
  const { problem, role = "alert", children } = properties;
  if (problem === null) return null;
  return (
    <div className="problem" role={role}>
      <span className="problem-sign" aria-hidden="true">
        !
      </span>
      <div>
        <p className="problem-cause">{problem.cause}</p>
        <p>{problem.nextStep}</p>
        <p className="small">
          <code>{problem.code}</code>
        </p>
        {children}
      </div>
    </div>
  );
}
