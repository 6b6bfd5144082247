/** Owns the command line of `tracker`: its flags, their bounds, and what they mean together. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { TrackerConfig } from "#node/compose-tracker.ts";
import { addCommand, type Commands, type Common, each, integer, ipAddress, misused } from "./command-line.ts";
import { dataDirOf, type Surroundings } from "./data-dir.ts";

/** Fixed, so that a firewall can be told of them once; src/net/limits.ts says why these. */
const PORT = 28_412;
const WEB_PORT = 4748;
/** RFC 8489 section 18.4; and the next one, so that a caller can compare what two ports see. */
const STUN_PORT = 3478;
const PORT_MAX = 65_535;
/** Peers that hold a place at the relay; each costs a connection that stays open. */
const PLACES = 8192;
/** Relayed connections of one peer: a class in which nobody reaches anybody straight. */
const CONNECTIONS = 64;
/** What libp2p lets through over one connection. */
const CONNECTIONS_MAX = 128;
/** In an hour: a film or two, so that nobody lives on it. */
const PER_PEER = "2G";
/** In an hour: a line of 150 Mbit/s kept busy. */
const TOTAL = "64G";
/** As many as one answer tells of. */
const PEER_TRACKERS_MAX = 8;
const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
const HOST = /^(?=.{1,253}$)[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/i;

interface TrackerFlags extends Common {
  readonly port: number;
  readonly webPort: number;
  readonly stunPort: number;
  /** False for `--no-stun`. */
  readonly stun: boolean;
  readonly listen?: readonly string[];
  readonly publicHost?: readonly string[];
  readonly peerTracker?: readonly string[];
  /** False for `--no-relay`. */
  readonly relay: boolean;
  readonly relayQuota: number | null;
  readonly relayTotal: number | null;
  readonly relayPlaces: number;
  readonly relayConnections: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly behindProxy?: boolean;
  readonly ledger?: boolean;
  readonly network?: string;
  readonly networkKey?: string;
}

export function addTracker(commands: Commands): void {
  const { context, report } = commands;
  const command = addRelayFlags(addReachFlags(trackerCommand(commands)))
    .option("--ledger", "keep and serve the ledger too, without mining")
    .option("--network <file>", "genesis file of that ledger")
    .option("--network-key <file>", "key of a private network: only its holders connect");
  command.action(async () => {
    const flags = command.opts<TrackerFlags>();
    if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) {
      misused(command, "--tls-cert and --tls-key belong together.");
    }
    if (flags.network !== undefined && flags.ledger !== true) {
      misused(command, "--network names the ledger to keep: add --ledger.");
    }
    if (flags.port !== 0 && flags.port === flags.webPort) {
      misused(command, "--port and --web-port must differ.");
    }
    const { tracker } = await import("./commands/tracker.ts");
    const json = flags.json === true;
    const config = configOf(flags, folderOf(flags.data, context.surroundings), context.version);
    report(await tracker(config, { terminal: context.terminal, json }), json);
  });
}

function trackerCommand(commands: Commands): Command {
  return addCommand(commands, "tracker", "Run the server that helps a group find each other.", [
    "waybill tracker",
    "waybill tracker --web-port 443 --tls-cert cert.pem --tls-key key.pem --public-host tracker.example.org",
    "waybill tracker --relay-quota 500M --relay-total 20G",
    "waybill tracker --ledger --network class.json --peer-tracker other.example.org",
  ]);
}

function addReachFlags(command: Command): Command {
  return command
    .option("--port <port>", "TCP port for peers", integer(0, PORT_MAX), PORT)
    .option("--web-port <port>", "TCP port for HTTP and WebSocket", integer(0, PORT_MAX), WEB_PORT)
    .option(
      "--stun-port <port>",
      "UDP port for STUN; the next one is used too",
      integer(1, PORT_MAX - 1),
      STUN_PORT,
    )
    .option("--no-stun", "answer no STUN")
    .option("--listen <ip>", "listen on this address alone; repeatable", (text, list?: readonly string[]) =>
      each(ipAddress(text), list),
    )
    .option("--public-host <host>", "name or address at which others reach this; repeatable", eachHost)
    .option("--peer-tracker <address>", "another tracker that peers are told of; repeatable", eachTracker)
    .option("--tls-cert <file>", "certificate with its chain, PEM: the web port speaks HTTPS")
    .option("--tls-key <file>", "its key, PEM")
    .option("--behind-proxy", "believe X-Forwarded-For of a proxy with a private address");
}

function addRelayFlags(command: Command): Command {
  return command
    .option("--no-relay", "carry nothing for others")
    .addOption(
      new Option("--relay-quota <size>", 'what a peer may send in an hour, or "none"')
        .argParser(size)
        .default(size(PER_PEER), PER_PEER),
    )
    .addOption(
      new Option("--relay-total <size>", 'what all may send in an hour, or "none"')
        .argParser(size)
        .default(size(TOTAL), TOTAL),
    )
    .option(
      "--relay-connections <count>",
      "relayed connections of one peer",
      integer(1, CONNECTIONS_MAX),
      CONNECTIONS,
    )
    .option("--relay-places <count>", "peers that may hold a place at the relay", integer(1, PLACES), PLACES);
}

/** Beside a peer's usual folder and not in it, so that both may run on one computer. */
function folderOf(flag: string | undefined, surroundings: Surroundings): string {
  const named = dataDirOf(flag, surroundings);
  return flag || surroundings.environment["WAYBILL_DATA"] ? named : `${named}-tracker`;
}

function configOf(flags: TrackerFlags, dataDir: string, version: string): TrackerConfig {
  const { tlsCert, tlsKey } = flags;
  return {
    dataDir,
    hosts: flags.listen ?? [],
    port: flags.port,
    webPort: flags.webPort,
    stunPorts: flags.stun ? [flags.stunPort, flags.stunPort + 1] : [],
    tls: tlsCert === undefined || tlsKey === undefined ? null : { certificateFile: tlsCert, keyFile: tlsKey },
    isBehindProxy: flags.behindProxy === true,
    relay: flags.relay
      ? {
          placesMax: flags.relayPlaces,
          connectionsPerPeer: flags.relayConnections,
          bytesPerPeer: flags.relayQuota,
          bytesTotal: flags.relayTotal,
        }
      : null,
    publicHosts: flags.publicHost ?? [],
    trackers: flags.peerTracker ?? [],
    networkFile: flags.network ?? null,
    keepsLedger: flags.ledger === true,
    networkKeyFile: flags.networkKey ?? null,
    version,
  };
}

/** Bytes of `500M`, `2G` or a plain number; null for `none`. */
function size(text: string): number | null {
  if (text === "none") return null;
  const match = /^(\d{1,9})([KMGT]?)$/i.exec(text);
  const bytes = Number(match?.[1]) * (UNITS[match?.[2]?.toUpperCase() ?? ""] ?? 1);
  if (match !== null && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError('It must be a size such as 500M or 2G, or "none".');
}

function eachHost(text: string, list: readonly string[] = []): readonly string[] {
  if (!HOST.test(text))
    throw new InvalidArgumentError("It must be a host name or an IP address, without port.");
  return each(text, list);
}

function eachTracker(text: string, list: readonly string[] = []): readonly string[] {
  if (!/^[!-~]{1,300}$/.test(text)) throw new InvalidArgumentError("It must be an address.");
  if (list.length >= PEER_TRACKERS_MAX) {
    throw new InvalidArgumentError(`No more than ${PEER_TRACKERS_MAX} trackers are told of.`);
  }
  return each(text, list);
}
