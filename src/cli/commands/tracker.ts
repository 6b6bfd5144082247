/** Owns the life of a tracker's process: start, what it prints, and an end in order. */
import { ok, problem } from "#base/result.ts";
import { type RunningTracker, startTracker, type TrackerConfig } from "#node/compose-tracker.ts";
import { failed, type Outcome } from "../outcome.ts";
import { type Stop, stopSignal } from "../stop-signal.ts";
import { tableText } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { oneLine } from "../terminal-text.ts";

export interface TrackerContext {
  readonly terminal: Terminal;
  readonly json: boolean;
}

export async function tracker(config: TrackerConfig, context: TrackerContext): Promise<Outcome> {
  // Before anything is opened: a Ctrl-C during the start ends it in order as well.
  const stop = stopSignal();
  const started = await startTracker(config);
  if (!started.ok) return failed(started.fault);
  const running = started.value;
  catchFaults(running, stop);
  printStart(running, config, context);
  await stop.requested;
  if (!context.json) context.terminal.print("Closing; Ctrl-C again ends at once.");
  await running.close();
  return stop.faulted()
    ? failed(problem("internal", "A fault of Waybill itself.", "See tracker.log in the data folder."))
    : ok();
}

function printStart(
  running: RunningTracker,
  config: TrackerConfig,
  { terminal, json }: TrackerContext,
): void {
  const { addresses, stun, ledger } = running.status();
  const { self: peerId, warnings } = running;
  if (json) {
    terminal.printJsonLine({ peerId, addresses, stun, ledger, dataDir: config.dataDir, warnings });
    return;
  }
  const rows = [
    ["Peer id", peerId],
    ...addresses.map((address, at) => [at === 0 ? "Addresses" : "", address]),
    ...stun.map((address, at) => [at === 0 ? "STUN" : "", `udp ${address}`]),
    ["Relay", config.relay === null ? "off" : "on"],
    ["Ledger", ledger === null ? "not kept" : `${oneLine(ledger.networkName)}, height ${ledger.height}`],
    ["Data", oneLine(config.dataDir)],
  ];
  terminal.print(
    [
      `${terminal.style("The tracker", "strong")} is up.`,
      tableText(rows, Number.POSITIVE_INFINITY, terminal.glyphs.ellipsis),
      ...warnings.map((warning) => `${oneLine(warning.cause)} ${oneLine(warning.nextStep)}`),
      "Peers use it with: waybill start --tracker HOST",
      "Ctrl-C ends it.",
    ].join("\n"),
  );
}

/** As a peer's process does: a lost promise is logged, after an exception out of nowhere the process ends in order. */
function catchFaults(running: RunningTracker, stop: Stop): void {
  process.on("unhandledRejection", (reason) =>
    running.log.fault("a promise failed and nobody listened", reason),
  );
  process.on("uncaughtException", (error) => {
    running.log.fault("an exception was caught by nobody", error);
    stop.request(true);
  });
}
