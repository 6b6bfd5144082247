/** Owns the command about the trackers in use. */
import type { TrackerView } from "#api/views.ts";
import type { Outcome } from "../outcome.ts";
import { type Session, show } from "../session.ts";
import { tableText } from "../table.ts";
import { oneLine } from "../terminal-text.ts";
import { plural, sizeText, timeText } from "../words.ts";

const STATE_WORDS: Readonly<Record<TrackerView["state"], string>> = {
  connecting: "connecting",
  connected: "connected",
  unreachable: "not reached",
};

/** What it relays for this peer. */
function relayText({ relay }: TrackerView): string {
  if (relay === null) return "";
  if (relay.bytesLeft === null || relay.renewsMs === null) return "relay";
  const left = `relay, ${sizeText(relay.bytesLeft)} left`;
  return relay.bytesLeft > 0 ? left : `${left} until ${timeText(relay.renewsMs)}`;
}

function trackersText(trackers: readonly TrackerView[], { terminal }: Session): string {
  if (trackers.length === 0) {
    return "No tracker is in use. Beyond the local network, others are found through one: waybill trackers --add HOST";
  }
  const rows = trackers.map((tracker) => [
    oneLine(tracker.address),
    STATE_WORDS[tracker.state],
    tracker.latencyMs === null ? "" : `${Math.max(1, Math.round(tracker.latencyMs))} ms`,
    tracker.peersOnline === null ? "" : plural(tracker.peersOnline, "peer"),
    relayText(tracker),
    tracker.problem === null ? "" : `${tracker.problem.cause} ${tracker.problem.nextStep}`,
  ]);
  const { columns, glyphs } = terminal;
  return tableText([["TRACKER", "STATE", "DELAY", "KNOWS", "RELAY", ""], ...rows], columns, glyphs.ellipsis);
}

export async function list(session: Session): Promise<Outcome> {
  return show(session, await session.client.trackers(), (trackers) =>
    session.terminal.print(trackersText(trackers, session)),
  );
}

export async function add(session: Session, address: string): Promise<Outcome> {
  return show(session, await session.client.addTracker(address), (trackers) => {
    session.terminal.print(`${oneLine(address.trim())} is used from now on, and at later starts.`);
    session.terminal.print(trackersText(trackers, session));
  });
}

export async function remove(session: Session, address: string): Promise<Outcome> {
  return show(session, await session.client.removeTracker(address), () =>
    session.terminal.print(`${oneLine(address.trim())} is not used any longer.`),
  );
}
