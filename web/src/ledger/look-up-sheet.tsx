/**
 * Owns the sheet of one thing of the ledger: the way back, and what stands there until it was found or when it was not.
 * What was found is drawn by the page of its kind.
 */
import type { ReactNode } from "react";
import { problemOf } from "../live/use-live.ts";
import { ProblemNote } from "../shell/problem.tsx";
import { BackLink, Sheet } from "../shell/sheet.tsx";
import "./ledger.css";

export function LookUpSheet<Found>(properties: {
  /** What is looked for, as a heading: `Block`. */
  readonly name: string;
  readonly query: {
    readonly data: Found | undefined;
    readonly error: unknown;
    readonly refetch: () => Promise<unknown>;
  };
  readonly children: (found: Found) => ReactNode;
}) {
  const { name, query, children } = properties;
  const problem = problemOf(query.error);
  return (
    <Sheet back={<BackLink to="/ledger">Ledger</BackLink>}>
      {query.data !== undefined ? (
        children(query.data)
      ) : (
        <>
          <h1>{name}</h1>
          {problem === null ? (
            <p>Looking for the {name.toLowerCase()}…</p>
          ) : (
            <>
              <ProblemNote problem={problem} />
              <p>
                <button type="button" onClick={() => void query.refetch()}>
                  Look again
                </button>
              </p>
            </>
          )}
        </>
      )}
    </Sheet>
  );
}
