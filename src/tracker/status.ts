/** Owns what a tracker says of itself, gathered for its page, its JSON and its metrics. Knows no HTTP. */
import type { PeerId } from "#base/brand.ts";
import type { RelayUse, TrackerHost } from "#net/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Desk } from "./desk.ts";
import type { NetworkSummary, Registry } from "./registry.ts";
import type { RelayQuota, RelayQuotaOptions } from "./relay-quota.ts";
import type { StunResponder } from "./stun-responder.ts";

export interface LedgerStatus {
  readonly networkName: string;
  /** 64 hex digits. */
  readonly chainId: string;
  readonly height: number;
}

export interface TrackerStatus {
  readonly peerId: PeerId;
  readonly version: string;
  readonly nowMs: number;
  readonly startedMs: number;
  /** Multiaddrs with `/p2p`. */
  readonly addresses: readonly string[];
  /** `host:port` of UDP; empty where STUN is off. */
  readonly stun: readonly string[];
  readonly connections: number;
  readonly records: number;
  readonly networks: readonly NetworkSummary[];
  /** Null where nothing is relayed. */
  readonly relay: RelayStatus | null;
  /** Answers since the start, by type. */
  readonly answered: Readonly<Record<string, number>>;
  /** Callers not let in since the start, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly stunAnswered: number;
  readonly stunRefused: number;
  /** Other trackers that peers are told of. */
  readonly trackers: readonly string[];
  /** Null where no ledger is kept. */
  readonly ledger: LedgerStatus | null;
  readonly memoryBytes: number;
}

export interface RelayStatus extends RelayUse {
  readonly placesMax: number;
  /** Since the start. */
  readonly carriedBytes: number;
  /** In the period that runs. */
  readonly usedBytes: number;
  readonly quota: RelayQuotaOptions;
}

export interface StatusSources {
  readonly host: TrackerHost;
  readonly registry: Registry;
  readonly desk: Desk;
  readonly quota: RelayQuota | null;
  readonly stun: StunResponder | null;
  readonly clock: Clock;
  readonly ledger: () => LedgerStatus | null;
  /** Resident memory of the process. */
  readonly memoryBytes: () => number;
}

export interface StatusFacts {
  readonly version: string;
  readonly startedMs: number;
  readonly trackers: readonly string[];
  readonly relayPlacesMax: number;
  readonly relayQuota: RelayQuotaOptions;
}

export function gatherStatus(facts: StatusFacts, sources: StatusSources): TrackerStatus {
  const { host, registry, desk, quota, stun, clock } = sources;
  const nowMs = clock.nowMs();
  const use = host.relay();
  return {
    peerId: host.self,
    version: facts.version,
    nowMs,
    startedMs: facts.startedMs,
    addresses: host.addresses(),
    stun: stun?.addresses ?? [],
    connections: host.connections(),
    records: registry.size,
    networks: registry.networks(),
    relay:
      use === null || quota === null
        ? null
        : {
            ...use,
            placesMax: facts.relayPlacesMax,
            carriedBytes: quota.carriedBytes,
            usedBytes: quota.usedBytes(nowMs),
            quota: facts.relayQuota,
          },
    answered: desk.answered(),
    refused: host.refusals(),
    stunAnswered: stun?.counts.answered ?? 0,
    stunRefused: (stun?.counts.flooded ?? 0) + (stun?.counts.malformed ?? 0),
    trackers: facts.trackers,
    ledger: sources.ledger(),
    memoryBytes: sources.memoryBytes(),
  };
}
