/** Owns what a user can do about being found: the trackers in use, kept for later starts, and scans. */
import type { ScanView, TrackerView } from "#api/views.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { type PeerNetwork, parseScanPorts, parseTrackerAddress, type TrackerState } from "#net/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Facade } from "./facade.ts";
import { SCAN_MS_MAX, TRACKERS_KEPT_MAX } from "./limits.ts";
import type { Persons } from "./person-view.ts";
import type { SettingsKeeper } from "./settings-actions.ts";

type TrackerNetwork = Pick<PeerNetwork, "trackers" | "addTracker" | "removeTracker">;

interface Parts {
  readonly settings: SettingsKeeper;
  readonly network: TrackerNetwork & Pick<PeerNetwork, "scan">;
  readonly persons: Pick<Persons, "view">;
  readonly clock: Clock;
}

/** Those kept, and those given for this start, each once. Refused when one of them is no address of a tracker. */
export function trackersToStartWith(
  kept: readonly string[],
  given: readonly string[],
): Result<readonly string[], Problem> {
  const byAddress = new Map<string, string>();
  for (const text of [...kept, ...given]) {
    const parsed = parseTrackerAddress(text);
    if (parsed.ok) {
      if (!byAddress.has(parsed.value.address)) byAddress.set(parsed.value.address, parsed.value.text);
    } else if (given.includes(text)) {
      return parsed;
    } else {
      return fail(inConfig(parsed.fault));
    }
  }
  return ok([...byAddress.values()]);
}

function inConfig({ cause }: Problem): Problem {
  return problem(
    "config-corrupt",
    `The trackers in config.json: ${cause}`,
    "Mend that entry, or take it out.",
  );
}

/** Uses a tracker from now on, and at later starts too. */
export function keepTracker(
  address: string,
  { settings, network }: { readonly settings: SettingsKeeper; readonly network: TrackerNetwork },
): Result<undefined, Problem> {
  const parsed = parseTrackerAddress(address);
  if (!parsed.ok) return parsed;
  const wasThere = network.trackers().some((each) => each.address === parsed.value.text);
  const added = network.addTracker(address);
  if (!added.ok) return added;
  const kept = trackersToStartWith(settings.current().trackers, [parsed.value.text]);
  if (!kept.ok) return kept;
  if (kept.value.length > TRACKERS_KEPT_MAX) {
    network.removeTracker(address);
    return fail(tooManyTrackers());
  }
  const changed = settings.change({ trackers: kept.value });
  if (!changed.ok && !wasThere) network.removeTracker(address);
  return changed;
}

export function trackerViews(trackers: readonly TrackerState[]): TrackerView[] {
  return trackers.map(
    ({ address, peer, state, problem: why, latencyMs, relay, observedAddress, peersOnline }) => ({
      address,
      peerId: peer,
      state,
      problem: why,
      latencyMs,
      relay: relay === null ? null : { ...relay },
      observedAddress,
      peersOnline,
    }),
  );
}

export function reachActions(
  parts: Parts,
): Pick<Facade, "trackers" | "addTracker" | "removeTracker" | "scan"> {
  const { settings, network, persons, clock } = parts;
  const views = () => trackerViews(network.trackers());
  return {
    trackers: async () => views(),

    async addTracker(address) {
      const added = keepTracker(address, parts);
      return added.ok ? ok(views()) : added;
    },

    async removeTracker(address) {
      const kept = settings.current().trackers;
      const rest = kept.filter((each) => !meansSame(each, address));
      const isInUse = network.trackers().some((each) => meansSame(each.address, address));
      if (rest.length === kept.length && !isInUse) return fail(noSuchTracker());
      const changed = settings.change({ trackers: rest });
      if (!changed.ok) return changed;
      network.removeTracker(address);
      return ok(views());
    },

    async scan(target, ports): Promise<Result<ScanView, Problem>> {
      const ranges = parseScanPorts(ports);
      if (!ranges.ok) return ranges;
      const patience = new AbortController();
      const timer = clock.after(SCAN_MS_MAX, () => patience.abort());
      const report = await network.scan({ target, ports: ranges.value }, patience.signal);
      timer.cancel();
      if (!report.ok) return report;
      const { hosts, portsTried, tookMs, peers, others } = report.value;
      const people = peers.map(({ peer, address }) => ({ person: persons.view(peer), address }));
      return ok({ hosts, portsTried, tookMs, people, others: [...others] });
    },
  };
}

function meansSame(one: string, other: string): boolean {
  const [a, b] = [parseTrackerAddress(one), parseTrackerAddress(other)];
  return one.trim() === other.trim() || (a.ok && b.ok && a.value.address === b.value.address);
}

export function tooManyTrackers(): Problem {
  return problem(
    "too-many-trackers",
    `More than ${TRACKERS_KEPT_MAX} trackers are named, those of earlier starts included.`,
    "Start with fewer; waybill trackers --remove takes those out that are not needed any more.",
  );
}

function noSuchTracker(): Problem {
  return problem(
    "tracker-unknown",
    "No tracker with this address is in use.",
    "See the list of trackers, and give the address as it stands there.",
  );
}
