/**
 * Owns the figures of one tracker under load: 5,000 peers, each with its own key and a libp2p connection that stays
 * open, simulated by processes beside it. They speak Noise, yamux with its pings, and identify, as peers do; they
 * neither gossip nor call each other.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCrowd, startRealTracker } from "../tools/real-tracker.ts";
import { type Figure, type Findings, median, quantile } from "./figures.ts";

const PEERS = 5_000;
const LOOKUPS_PER_SECOND = PEERS / 100;
/** Those who ask are in a process of their own: one with thousands of hosts has pauses that are not the tracker's. */
const ASKING = 50;
const SECONDS = 20;
const MB = 1e6;
/** Linux counts the time of processes in hundredths of a second. */
const TICKS_PER_SECOND = 100;

export async function benchTracker(): Promise<Findings> {
  const folder = mkdtempSync(join(tmpdir(), "waybill-bench-"));
  const tracker = await startRealTracker(folder);
  try {
    const place = { tracker: tracker.tcp, origin: tracker.origin, overHttp: 0 };
    const crowd = await startCrowd({ ...place, connected: PEERS - ASKING, first: 1 });
    const asking = await startCrowd({
      ...place,
      connected: ASKING,
      first: PEERS,
      wanted: { first: 1, count: PEERS - ASKING },
    });
    const before = cpuSeconds(tracker.pid);
    const { latenciesMs, failed } = await asking.lookUp(SECONDS, LOOKUPS_PER_SECOND);
    const busy = (cpuSeconds(tracker.pid) - before) / SECONDS;
    const status = (await (await fetch(`${tracker.origin}/api/v1/status`)).json()) as {
      readonly memoryBytes: number;
      readonly connections: number;
    };
    await crowd.end();
    await asking.end();
    const p95 = quantile(latenciesMs, 0.95);
    const memory = status.memoryBytes / MB;
    const of = `${status.connections} connected peers`;
    return {
      gaps: [],
      figures: [
        figure(`lookups, ${LOOKUPS_PER_SECOND} a second, ${of}: median`, median(latenciesMs), "ms"),
        {
          ...figure("the same: 95 of 100 within", p95, "ms"),
          target: { words: "< 50 ms", met: p95 < 50 && failed === 0 },
        },
        {
          ...figure(`resident memory, ${of}`, memory, "MB"),
          target: { words: "< 400 MB", met: memory < 400 },
        },
        figure("of one core meanwhile", busy * 100, "%"),
        figure("registering all of them, with a handshake each", crowd.registered.tookMs / 1000, "s"),
      ],
    };
  } finally {
    await tracker.interrupt();
    rmSync(folder, { recursive: true, force: true });
  }
}

function figure(what: string, value: number, unit: string): Figure {
  return { part: "tracker", what, value, unit, runs: [value] };
}

/** User and system time of a process so far; not a number where there is no /proc. */
function cpuSeconds(pid: number): number {
  try {
    // The name, in brackets, may hold spaces; user and system time are the 12th and 13th field after it.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}
