/**
 * The composition root of a tracker's process: its folder and identity, the tracker, and the ledger when it keeps one.
 * Everything is closed in reverse order, also when the start fails half way.
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { openChain } from "#chain/index.ts";
import type { Network as LedgerNetwork } from "#ledger/params.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import {
  openTracker,
  type RelayOptions,
  type TlsFiles,
  type Tracker,
  type TrackerStatus,
} from "#tracker/index.ts";
import { holdDataFolder, openLedgerDatabase } from "./data-folder.ts";
import { openIdentity } from "./identity.ts";
import { openLedgerSideFiles } from "./ledger-side-files.ts";
import { TLS_FILE_BYTES_MAX, TRACKER_HEAP_GROWTH_PERCENT } from "./limits.ts";
import { openNetworkFile } from "./network-file.ts";
import { readNetworkKeyFile } from "./network-key-file.ts";
import { openSignatureChecker } from "./signatures.ts";
import { fileLog, systemClock, systemRandom } from "./system.ts";

export interface TrackerConfig {
  /** Absolute. Created when missing, mode 0700. */
  readonly dataDir: string;
  /** IP addresses; empty: all interfaces, IPv4 and, where there is IPv6, IPv6. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly webPort: number;
  /** Empty: no STUN. */
  readonly stunPorts: readonly number[];
  /** PEM files; null: plain HTTP. */
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | null;
  readonly isBehindProxy: boolean;
  readonly relay: RelayOptions | null;
  /** IP addresses or names at which others reach this tracker, without port. */
  readonly publicHosts: readonly string[];
  /** Other trackers, as a user would type them. */
  readonly trackers: readonly string[];
  /** Genesis file of the network whose ledger is kept; null: the one that comes with Waybill. */
  readonly networkFile: string | null;
  readonly keepsLedger: boolean;
  readonly networkKeyFile: string | null;
  readonly version: string;
}

export interface RunningTracker {
  readonly self: PeerId;
  readonly log: Log;
  readonly warnings: readonly Problem[];
  status(): TrackerStatus;
  /** Closes in order. Idempotent. */
  close(): Promise<void>;
}

/** Everything with a life of its own is handed to `opened`, which closes it in reverse order. */
export async function startTracker(config: TrackerConfig): Promise<Result<RunningTracker, Problem>> {
  // V8 would rather let the heap of thousands of quiet connections double than look through it.
  setFlagsFromString(`--heap-growing-percent=${TRACKER_HEAP_GROWTH_PERCENT}`);
  await using opened = new AsyncDisposableStack();
  const folder = holdDataFolder(config.dataDir);
  if (!folder.ok) return folder;
  opened.defer(() => folder.value.lock.release());
  const identity = openIdentity(config.dataDir);
  if (!identity.ok) return identity;
  const ledger = config.keepsLedger ? openNetworkFile(config.networkFile) : ok(null);
  if (!ledger.ok) return ledger;
  const tls = config.tls === null ? ok(null) : readTls(config.tls);
  if (!tls.ok) return tls;
  const networkKey = config.networkKeyFile === null ? ok(null) : readNetworkKeyFile(config.networkKeyFile);
  if (!networkKey.ok) return networkKey;
  const log = fileLog(join(config.dataDir, "tracker.log"));
  const clock = systemClock(0);
  const tracker = await openTracker(
    {
      keypair: identity.value.keypair,
      version: config.version,
      hosts: config.hosts.length > 0 ? config.hosts : await usualHosts(),
      port: config.port,
      webPort: config.webPort,
      stunPorts: config.stunPorts,
      web: { tls: tls.value, isBehindProxy: config.isBehindProxy },
      relay: config.relay,
      announce: announced(config),
      trackers: config.trackers,
      gossips: config.keepsLedger,
      networkKey: networkKey.value,
    },
    { clock, random: systemRandom, log, memoryBytes: () => process.memoryUsage.rss() },
  );
  if (!tracker.ok) return tracker;
  opened.defer(() => tracker.value.close());
  const warnings: Problem[] = [];
  if (ledger.value !== null) {
    const kept = await keepLedger(ledger.value, config.dataDir, tracker.value, { clock, log, opened });
    if (!kept.ok) return kept;
    warnings.push(...kept.value);
  }
  const closing = opened.move();
  let closed: Promise<void> | null = null;
  return ok({
    self: tracker.value.self,
    log,
    warnings,
    status: () => tracker.value.status(),
    close: () => {
      closed ??= closing.disposeAsync();
      return closed;
    },
  });
}

/** Keeps and serves the ledger of one network, without mining. Returns what was repaired. */
async function keepLedger(
  network: LedgerNetwork,
  dataDir: string,
  tracker: Tracker,
  { clock, log, opened }: { clock: Clock; log: Log; opened: AsyncDisposableStack },
): Promise<Result<readonly Problem[], Problem>> {
  const blocks = openLedgerDatabase(dataDir, network.chainIdHex, [blockSchema]);
  if (!blocks.ok) return blocks;
  opened.defer(() => blocks.value.database.close());
  if (tracker.network === null) throw new Error("a tracker that keeps a ledger takes part in gossip");
  const signatures = openSignatureChecker({ clock, log: log.child("signatures") });
  opened.defer(() => signatures.close());
  const side = openLedgerSideFiles(dataDir, network.chainIdHex);
  opened.defer(() => side.close());
  const opening = await openChain(
    { network },
    {
      store: diskBlocks(blocks.value.database),
      snapshots: side.snapshots,
      history: side.history,
      peers: tracker.network,
      signatures,
      clock,
      random: systemRandom,
      log: log.child("chain"),
    },
  );
  if (!opening.ok) return opening;
  const { chain, repaired } = opening.value;
  opened.defer(() => chain.close());
  tracker.setLedger(() => ({
    networkName: network.params.name,
    chainId: network.chainIdHex,
    height: chain.tip().height,
  }));
  return ok([blocks.value.repaired, repaired].filter((each) => each !== null));
}

/** IPv6 only where the computer has it: a container's network often does not. */
async function usualHosts(): Promise<readonly string[]> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const trial = createServer();
  trial.once("error", () => resolve(false));
  trial.listen({ host: "::", port: 0, ipv6Only: true }, () => trial.close(() => resolve(true)));
  return (await promise) ? ["0.0.0.0", "::"] : ["0.0.0.0"];
}

function announced({ publicHosts, port, webPort, tls }: TrackerConfig): readonly string[] {
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address)),
  );
  return publicHosts
    .filter((host) => !own.has(host))
    .flatMap((host) => {
      const name = host.includes(":") ? `/ip6/${host}` : `/${/^[\d.]+$/.test(host) ? "ip4" : "dns"}/${host}`;
      return [`${name}/tcp/${port}`, `${name}/tcp/${webPort}${tls === null ? "/ws" : "/tls/ws"}`];
    });
}

function readTls(files: NonNullable<TrackerConfig["tls"]>): Result<TlsFiles, Problem> {
  const certificate = readPem(files.certificateFile);
  if (!certificate.ok) return certificate;
  const key = readPem(files.keyFile);
  if (!key.ok) return key;
  try {
    const leaf = new X509Certificate(certificate.value);
    if (leaf.checkPrivateKey(createPrivateKey(key.value))) {
      return ok({ certificate: certificate.value, key: key.value });
    }
    return fail(tlsRefused("the key is not that of the certificate"));
  } catch (error) {
    return fail(tlsRefused(error instanceof Error ? error.message : String(error)));
  }
}

function readPem(path: string): Result<string, Problem> {
  try {
    if (statSync(path).size > TLS_FILE_BYTES_MAX) return fail(tlsRefused(`${path} is too large`));
    return ok(readFileSync(path, "utf8"));
  } catch (error) {
    return fail(tlsRefused(error instanceof Error ? error.message : String(error)));
  }
}

function tlsRefused(why: string): Problem {
  return problem(
    "tls-files-refused",
    `The certificate and key cannot be used: ${why}.`,
    "Give the certificate with its chain and its key, both as PEM files that this user may read.",
  );
}
