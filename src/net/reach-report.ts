/** Owns the report on how this peer is found and reached: what each part saw, put together. */

import { withoutPeer } from "./addresses.ts";
import type { Announcer } from "./discovery/announcer.ts";
import type { PeerDirectory } from "./discovery/directory.ts";
import type { Finder } from "./discovery/finder.ts";
import type { Doors } from "./doors/doors.ts";
import type { Host } from "./host/host.ts";
import { listeningOf } from "./host/listening.ts";
import type { ReachReport } from "./reach.ts";

export interface ReachSources {
  /** Multiaddrs that were asked to be listened on. */
  readonly planned: readonly string[];
  readonly host: Pick<Host, "getMultiaddrs">;
  readonly announcer: Announcer | null;
  readonly announcementPort: number;
  readonly mdns: boolean;
  readonly canPunch: boolean;
  readonly directory: Pick<PeerDirectory, "list">;
  readonly finder: Pick<Finder, "trackers" | "mappings" | "nat" | "refused">;
  readonly doors: Pick<Doors, "refusals">;
}

export function reachReport(sources: ReachSources): ReachReport {
  const { announcer, directory, finder, mdns } = sources;
  const { malformed, badSignature, replayed, flooded } = announcer?.guard.counts ?? NOTHING_REFUSED;
  const hears = announcer === null ? null : { families: announcer.hears, port: sources.announcementPort };
  return {
    listening: listeningOf({
      planned: sources.planned,
      actual: sources.host.getMultiaddrs().map((address) => withoutPeer(address.toString())),
      announcements: hears,
      mdns,
      punching: sources.canPunch,
    }),
    trackers: finder.trackers(),
    mappings: finder.mappings(),
    nat: finder.nat(),
    interfaces: announcer?.interfaces.list() ?? [],
    mdnsSeen: mdns ? directory.list().filter(({ foundBy }) => foundBy.includes("mdns")).length : null,
    refused: {
      "announcement-malformed": malformed,
      "announcement-forged": badSignature,
      "announcement-replayed": replayed,
      "announcement-flood": flooded,
      ...finder.refused(),
      ...sources.doors.refusals(),
    },
  };
}

const NOTHING_REFUSED = { malformed: 0, badSignature: 0, replayed: 0, flooded: 0 };
