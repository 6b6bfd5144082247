/** Shows a key, an address or a command that can be copied whole. */
import { useState } from "react";
import { shortenKey } from "../look/format.ts";

/** How long the button says that it copied. */
const SAID_MS = 1_500;

export function Copyable(properties: {
  readonly text: string;
  /** What is copied, for the button's name: `peer id`. */
  readonly what: string;
  readonly short?: boolean;
}) {
  const { text, what, short = false } = properties;
  const [said, setSaid] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setSaid(true);
    window.setTimeout(() => setSaid(false), SAID_MS);
  };
  return (
    <span className="copyable">
      <code title={short ? text : undefined}>{short ? shortenKey(text, 8, 8) : text}</code>
      <button type="button" className="button-quiet" aria-label={`Copy ${what}`} onClick={() => void copy()}>
        <span aria-live="polite">{said ? "copied" : "copy"}</span>
      </button>
    </span>
  );
}

/** The command that does the same from a terminal. */
export function Command({
  line,
  lead = "In a terminal:",
}: {
  readonly line: string;
  readonly lead?: string;
}) {
  return (
    <p className="command small">
      {lead} <Copyable text={line} what="command" />
    </p>
  );
}
