/**
 * Owns a running tracker: what it is opened with, its parts joined, and its end in order. Keeps nothing on disk: what
 * peers said of themselves they say again.
 */
import type { PeerId } from "#base/brand.ts";
import { ok, type Problem, type Result } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { openTrackerHost, type TrackerHost } from "#net/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import { Desk } from "./desk.ts";
import { ANSWER_STUN_PORTS_MAX, RELAY_PERIOD_MS, SWEEP_PERIOD_MS } from "./limits.ts";
import { Registry } from "./registry.ts";
import { RelayQuota } from "./relay-quota.ts";
import { gatherStatus, type LedgerStatus, type TrackerStatus } from "./status.ts";
import { openStunResponder, type StunResponder } from "./stun-responder.ts";
import { createWebAnswers } from "./web-answers.ts";
import { callerOf, createWebServer, type WebServerOptions } from "./web-server.ts";

export interface RelayOptions {
  /** Peers that may hold a place. */
  readonly placesMax: number;
  /** Relayed connections of one peer. */
  readonly connectionsPerPeer: number;
  /** What a peer may send in an hour; null: no limit. */
  readonly bytesPerPeer: number | null;
  /** What all may send in an hour; null: no limit. */
  readonly bytesTotal: number | null;
}

export interface TrackerOptions {
  readonly keypair: Keypair;
  readonly version: string;
  /** IP addresses to listen on. */
  readonly hosts: readonly string[];
  /** TCP, for peers; 0 lets the system choose. */
  readonly port: number;
  /** TCP, for HTTP and WebSocket. */
  readonly webPort: number;
  /** UDP; empty: no STUN. */
  readonly stunPorts: readonly number[];
  readonly web: WebServerOptions;
  /** Null: nothing is relayed. */
  readonly relay: RelayOptions | null;
  /** Multiaddrs at which others reach this tracker, beside those of its interfaces. */
  readonly announce: readonly string[];
  /** Other trackers, as a user would type them. */
  readonly trackers: readonly string[];
  /** Whether a ledger is kept on its network. */
  readonly gossips: boolean;
  /** 32 bytes, for a private network; null: everybody may connect. */
  readonly networkKey: Uint8Array | null;
}

export interface TrackerDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly memoryBytes: () => number;
}

export interface Tracker {
  readonly self: PeerId;
  status(): TrackerStatus;
  /** Set where `gossips` is: what a ledger is kept over. */
  readonly network: Network | null;
  /** What `status` shows of the ledger that is kept. */
  setLedger(status: () => LedgerStatus): void;
  /** Stops listening, and ends every connection in order. Idempotent. */
  close(): Promise<void>;
}

/** Listens on everything asked for when this resolves, or on nothing. */
export async function openTracker(
  options: TrackerOptions,
  dependencies: TrackerDependencies,
): Promise<Result<Tracker, Problem>> {
  const { clock, random, log } = dependencies;
  const { relay } = options;
  const registry = new Registry();
  const relayQuota = {
    bytesPerPeer: relay?.bytesPerPeer ?? null,
    bytesTotal: relay?.bytesTotal ?? null,
    periodMs: RELAY_PERIOD_MS,
  };
  const quota = relay === null ? null : new RelayQuota(relayQuota);
  const stun = await openStun(options, clock);
  if (!stun.ok) return stun;
  const stunPorts = (stun.value?.ports ?? []).slice(0, ANSWER_STUN_PORTS_MAX);
  const desk = new Desk({ trackers: options.trackers, stunPorts }, { registry, quota, clock, random });
  const late: { status: (() => TrackerStatus) | null } = { status: null };
  const answer = createWebAnswers({
    desk,
    registry,
    nowMs: () => clock.nowMs(),
    status: () => {
      if (late.status === null) throw new Error("a request came before the tracker was open");
      return late.status();
    },
    log,
  });
  const host = await openTrackerHost(
    {
      keypair: options.keypair,
      version: options.version,
      listen: listenAddresses(options),
      announce: options.announce,
      web: {
        createServer: () => createWebServer(options.web, answer),
        isSecure: options.web.tls !== null,
        callerOf: (request) => callerOf(request, options.web.isBehindProxy),
      },
      relay: quota === null || relay === null ? null : relayPolicy(relay, quota, clock),
      gossips: options.gossips,
      networkKey: options.networkKey,
    },
    { clock, log, answer: (request, caller) => desk.answer(request, caller) },
  );
  if (!host.ok) {
    await stun.value?.close();
    return host;
  }
  const parts: Parts = { registry, desk, quota, host: host.value, stun: stun.value };
  const facts = {
    version: options.version,
    startedMs: clock.nowMs(),
    trackers: options.trackers,
    relayPlacesMax: relay?.placesMax ?? 0,
    relayQuota,
  };
  const running = new RunningTracker(parts, dependencies, (ledger) =>
    gatherStatus(facts, { ...parts, clock, ledger, memoryBytes: dependencies.memoryBytes }),
  );
  late.status = () => running.status();
  return ok(running);
}

function listenAddresses({ hosts, port, webPort, web }: TrackerOptions): readonly string[] {
  const suffix = web.tls === null ? "/ws" : "/tls/ws";
  return hosts.flatMap((host) => {
    const address = `/${host.includes(":") ? "ip6" : "ip4"}/${host}/tcp`;
    return [`${address}/${port}`, `${address}/${webPort}${suffix}`];
  });
}

async function openStun(
  { hosts, stunPorts }: TrackerOptions,
  clock: Clock,
): Promise<Result<StunResponder | null, Problem>> {
  return stunPorts.length === 0 ? ok(null) : await openStunResponder({ hosts, ports: stunPorts }, { clock });
}

function relayPolicy(relay: RelayOptions, quota: RelayQuota, clock: Clock) {
  return {
    placesMax: relay.placesMax,
    connectionsPerPeerMax: relay.connectionsPerPeer,
    mayJoin: (caller: PeerId, called: PeerId) =>
      !quota.isUsedUp(caller, clock.nowMs()) && !quota.isUsedUp(called, clock.nowMs()),
    charge: (sender: PeerId, bytes: number) => quota.charge(sender, bytes, clock.nowMs()),
  };
}

interface Parts {
  readonly registry: Registry;
  readonly desk: Desk;
  readonly quota: RelayQuota | null;
  readonly host: TrackerHost;
  readonly stun: StunResponder | null;
}

class RunningTracker implements Tracker {
  readonly self: PeerId;
  readonly network: Network | null;
  readonly #parts: Parts;
  readonly #gather: (ledger: () => LedgerStatus | null) => TrackerStatus;
  readonly #sweeping: { cancel(): void };
  #ledger: () => LedgerStatus | null = () => null;
  #closing: Promise<void> | null = null;

  constructor(
    parts: Parts,
    { clock }: Pick<TrackerDependencies, "clock">,
    gather: (ledger: () => LedgerStatus | null) => TrackerStatus,
  ) {
    this.#parts = parts;
    this.#gather = gather;
    this.self = parts.host.self;
    this.network = parts.host.network;
    this.#sweeping = clock.every(SWEEP_PERIOD_MS, () => parts.registry.sweep(clock.nowMs()));
  }

  status(): TrackerStatus {
    return this.#gather(this.#ledger);
  }

  setLedger(status: () => LedgerStatus): void {
    this.#ledger = status;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#sweeping.cancel();
    await Promise.all([this.#parts.host.close(), this.#parts.stun?.close()]);
  }
}
