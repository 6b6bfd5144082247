/** Owns the list of trackers: how each of them does, and adding and removing one. */
import { useState } from "react";
import type { TrackerView } from "#api/views.ts";
import type { Desk } from "../live/desk.ts";
import { client } from "../live/session.ts";
import { queries, useAction, useNow } from "../live/use-live.ts";
import { countOf, formatBytes, formatExact, formatSpan } from "../look/format.ts";
import { Command } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { Sign } from "../shell/sign.tsx";

const STATE_WORDS = {
  connecting: { word: "calling", sign: "waits", tone: "waiting" },
  connected: { word: "connected", sign: "check", tone: "good" },
  unreachable: { word: "not reached", sign: "cross", tone: "bad" },
} as const;

function keepTrackers(trackers: readonly TrackerView[]): void {
  queries.setQueryData<Desk>(
    ["desk"],
    (desk) => desk && { ...desk, status: { ...desk.status, trackers: [...trackers] } },
  );
}

export function Trackers({ trackers }: { readonly trackers: readonly TrackerView[] }) {
  return (
    <section aria-labelledby="trackers">
      <h2 id="trackers">Trackers</h2>
      <p>
        A tracker is a computer of your group that introduces people to each other, and passes on what cannot
        go straight. It reads nothing and keeps no message. Use several: the loss of any does no harm.
      </p>
      {trackers.length === 0 ? (
        <p className="soft">You use none.</p>
      ) : (
        <ul className="trackers">
          {trackers.map((tracker) => (
            <li key={tracker.address}>
              <Tracker tracker={tracker} />
            </li>
          ))}
        </ul>
      )}
      <AddTracker />
    </section>
  );
}

function Tracker({ tracker }: { readonly tracker: TrackerView }) {
  const { address, state, problem, latencyMs, observedAddress, peersOnline, relay } = tracker;
  const words = STATE_WORDS[state];
  const remove = useAction(() => client.removeTracker(address), keepTrackers);
  return (
    <article className="tracker" aria-label={`Tracker ${address}`}>
      <div className="tracker-head">
        <h3 className="mono">{address}</h3>
        <span className={`small tone-${words.tone}`}>
          <Sign name={words.sign} /> {words.word}
          {state === "connected" && latencyMs !== null && (
            <span className="mono soft"> {latencyMs < 1 ? "<1" : Math.round(latencyMs)} ms</span>
          )}
        </span>
        <button
          type="button"
          className="button-small"
          disabled={remove.running}
          onClick={() => remove.run(undefined)}
        >
          Remove<span className="hidden-words"> {address}</span>
        </button>
      </div>
      <ProblemNote problem={problem} role="note" />
      {state === "connected" && (
        <dl className="facts">
          {peersOnline !== null && (
            <>
              <dt>Of your network</dt>
              <dd>{countOf(peersOnline, "peer")} known there</dd>
            </>
          )}
          {observedAddress !== null && (
            <>
              <dt>Seen from there</dt>
              <dd className="mono">{observedAddress}</dd>
            </>
          )}
          <dt>As a relay</dt>
          <dd>{relay === null ? "Keeps no place for you." : <Quota relay={relay} of={address} />}</dd>
        </dl>
      )}
      <ProblemNote problem={remove.problem} />
    </article>
  );
}

function Quota({ relay, of }: { readonly relay: NonNullable<TrackerView["relay"]>; readonly of: string }) {
  const nowMs = useNow();
  const { bytesLeft, bytesMax, renewsMs } = relay;
  if (bytesLeft === null || bytesMax === null) return "Carries for you without a limit.";
  return (
    <div className="quota">
      <meter
        min={0}
        max={bytesMax}
        value={bytesLeft}
        low={bytesMax / 10}
        optimum={bytesMax}
        aria-label={`What ${of} still carries for you`}
      />
      <span>
        {bytesLeft === 0 ? (
          <b className="tone-waiting">
            <Sign name="waits" /> Used up
          </b>
        ) : (
          <>{formatBytes(bytesLeft)} left</>
        )}{" "}
        of {formatBytes(bytesMax)}
        {renewsMs !== null && (
          <span title={formatExact(renewsMs)}>; whole again in {formatSpan(renewsMs - nowMs)}</span>
        )}
      </span>
    </div>
  );
}

function AddTracker() {
  const [address, setAddress] = useState("");
  const add = useAction(
    (wanted: string) => client.addTracker(wanted),
    (trackers) => {
      setAddress("");
      keepTrackers(trackers);
    },
  );
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        add.run(address.trim());
      }}
    >
      <div className="row-field">
        <label className="field">
          <span>Address of a tracker: host, host and port, or the URL of its page</span>
          <input
            value={address}
            onChange={(event) => setAddress(event.target.value)}
            placeholder="tracker.example"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
          />
        </label>
        <button type="submit" disabled={add.running || address.trim() === ""}>
          Use it
        </button>
      </div>
      <ProblemNote problem={add.problem} />
      <Command
        line="waybill tracker"
        lead="A group runs one on any computer that others can call:"
        elsewhere
      />
    </form>
  );
}
