/** Owns a tracker inside a test's own process, on free ports of loopback. */
import { createKeypair } from "#crypto/ed25519.ts";
import { systemClock, systemRandom } from "#node/system.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import { openTracker, type Tracker, type TrackerOptions } from "#tracker/index.ts";

export interface TestTracker {
  readonly tracker: Tracker;
  /** Multiaddrs with `/p2p`. */
  readonly tcp: string;
  readonly web: string;
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** Faults of ours that were logged. */
  readonly faults: readonly unknown[];
}

export async function openTestTracker(
  change: Partial<TrackerOptions> = {},
  clock: Clock = systemClock(0),
): Promise<TestTracker> {
  const faults: unknown[] = [];
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    fault: (message, error) => faults.push([message, error]),
    child: () => log,
  };
  const opened = await openTracker(
    {
      keypair: createKeypair(systemRandom.bytes(32)),
      version: "test",
      hosts: ["127.0.0.1"],
      port: 0,
      webPort: 0,
      stunPorts: [],
      web: { tls: null, isBehindProxy: false },
      relay: { placesMax: 16, connectionsPerPeer: 4, bytesPerPeer: null, bytesTotal: null },
      announce: [],
      trackers: [],
      gossips: false,
      networkKey: null,
      ...change,
    },
    { clock, random: systemRandom, log, memoryBytes: () => process.memoryUsage.rss() },
  );
  if (!opened.ok) throw new Error(opened.fault.cause);
  const { addresses } = opened.value.status();
  const [tcp = "", web = ""] = [false, true].map((isWeb) =>
    addresses.find((address) => /\/(tls\/)?ws\//.test(address) === isWeb),
  );
  const port = /\/tcp\/(\d+)/.exec(web)?.[1] ?? "";
  const scheme = web.includes("/tls/") ? "https" : "http";
  return { tracker: opened.value, tcp, web, origin: `${scheme}://127.0.0.1:${port}`, faults };
}
