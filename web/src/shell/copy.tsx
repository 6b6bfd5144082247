/** Shows a key, an address or a command that can be copied whole. */
import { useState } from "react";
import type { PersonView } from "#api/views.ts";
import { useDesk } from "../live/use-live.ts";
import { shortenKey } from "../look/format.ts";

/** How long the button says that it copied. */
const SAID_MS = 1_500;

export function Copyable(properties: {
  readonly text: string;
  /** What is copied, for the button's name: `peer id`. */
  readonly what: string;
  /** How many characters of either end are shown of a long text; all of it when absent. */
  readonly ends?: number;
  /** Eight of either end. */
  readonly short?: boolean;
}) {
  const { text, what, short = false, ends = short ? 8 : null } = properties;
  const [said, setSaid] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setSaid(true);
    window.setTimeout(() => setSaid(false), SAID_MS);
  };
  return (
    <span className="copyable">
      <code title={ends === null ? undefined : text}>
        {ends === null ? text : shortenKey(text, ends, ends)}
      </code>
      <button type="button" className="button-quiet" aria-label={`Copy ${what}`} onClick={() => void copy()}>
        <span aria-live="polite">{said ? "copied" : "copy"}</span>
      </button>
    </span>
  );
}

/** Where `waybill` looks when no folder is named, on each system (`docs/cli.md`). */
const USUAL_FOLDER = /[/\\]share[/\\]waybill$|[/\\]Waybill$/;

/** The command that does the same from a terminal, to this very peer. */
export function Command(properties: {
  readonly line: string;
  readonly lead?: string;
  /** Where it is typed: here, unless said otherwise. */
  readonly elsewhere?: boolean;
}) {
  const { line, lead = "In a terminal:", elsewhere = false } = properties;
  const { dataDir } = useDesk().status;
  const whole = elsewhere || USUAL_FOLDER.test(dataDir) ? line : `${line} --data ${quoted(dataDir)}`;
  return (
    <p className="command small">
      {lead} <Copyable text={whole} what="command" />
    </p>
  );
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w./@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** How a command line names somebody: a name that is shown with the key beside it is nobody's name to type. */
export function whoWord({ claimedName, name, peerId, petname }: PersonView): string {
  return quoted(name === (petname ?? claimedName) ? name : peerId);
}
