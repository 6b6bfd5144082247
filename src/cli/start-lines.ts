/** Owns the command line of `start`: its flags, and how they become the configuration of a peer. */
import { InvalidArgumentError, Option } from "commander";
import { ACCEPT_POLICIES, type AcceptPolicy, KEEP_BLOCKS_MIN, type NodeConfig } from "#node/config.ts";
import {
  addCommand,
  type Commands,
  type Common,
  each,
  integer,
  ipAddress,
  type ProgramContext,
  pageOrigin,
} from "./command-line.ts";
import { dataDirOf } from "./data-dir.ts";
import { ANNOUNCE_SECONDS_MAX, ANNOUNCE_SECONDS_MIN, KEEP_BLOCKS_MAX } from "./limits.ts";
import { addMiningFlags, type MiningFlags, miningChanges } from "./mining-lines.ts";

interface StartOptions extends Common, MiningFlags {
  readonly name?: string;
  readonly listen?: readonly string[];
  readonly join?: readonly string[];
  readonly accept?: AcceptPolicy;
  readonly uiPort?: number;
  readonly uiHost?: string;
  readonly uiOrigin?: string;
  readonly open: boolean;
  readonly discovery: boolean;
  readonly announceEvery?: number;
  readonly announcePort?: number;
  readonly excludeInterface?: readonly string[];
  readonly outboundOnly?: boolean;
  readonly inbound: boolean;
  readonly networkKey?: string;
  readonly tracker?: readonly string[];
  readonly listed: boolean;
  readonly portMapping: boolean;
  readonly keepBlocks?: number | "all";
  readonly network?: string;
  readonly clockOffset?: number;
}

export function addStart(commands: Commands): void {
  const { context, report } = commands;
  const command = addCommand(commands, "start", "Start a peer, and show its page.", [
    "waybill start",
    "waybill start --name alice --data ~/alice",
    "waybill start --join 192.168.1.20:28411 --accept ask --no-open",
  ])
    .option("--name <name>", "what others see; kept for later starts")
    .option("--listen <addr>", "address to listen on, a multiaddr; may be repeated", each)
    .option("--join <addr>", "address of another peer; may be repeated", each)
    .addOption(new Option("--accept <whose>", "whose files come in unasked").choices(ACCEPT_POLICIES))
    .option("--ui-port <port>", "port of the page; 0 for any", integer(0, 65_535))
    .option("--ui-host <ip>", "address to serve the page on (default: 127.0.0.1)", ipAddress)
    .option("--ui-origin <url>", "where users open the page, if not where it is served", pageOrigin)
    .option("--no-open", "do not open the page in a browser")
    .option("--no-discovery", "do not look for peers on the local network")
    .option(
      "--announce-every <seconds>",
      "how often to say that this peer is here (default: 8)",
      integer(ANNOUNCE_SECONDS_MIN, ANNOUNCE_SECONDS_MAX),
    )
    .option(
      "--announce-port <port>",
      "UDP port for that, the same for all (default: 28411)",
      integer(1, 65_535),
    )
    .option("--exclude-interface <name>", "do not announce or hear on it; may be repeated", each)
    .option(
      "--keep-blocks <number|all>",
      `keep only so many of the newest blocks in full, at least ${KEEP_BLOCKS_MIN}; kept (all blocks are, otherwise)`,
      keepBlocks,
    )
    .option("--network <file>", "genesis file of another network")
    .option(
      "--network-key <file>",
      "connect only with those who hold this key (waybill network-key makes one)",
    )
    .addOption(
      new Option("--outbound-only", "do not listen in this run; others come over a relay").conflicts(
        "inbound",
      ),
    )
    .option("--tracker <addr>", "tracker to use, kept for later starts; may be repeated", each)
    .option("--no-listed", "trackers tell only those of this peer who know its id or an invite")
    .option("--no-port-mapping", "do not ask the router to let others in")
    .option("--no-inbound", "take no connection that others begin, in this run")
    .addOption(
      new Option("--clock-offset <ms>").argParser((text) => Number.parseInt(text, 10) || 0).hideHelp(),
    );
  addMiningFlags(command);
  command.action(async () => {
    const options = command.opts<StartOptions>();
    const { start, WEB_ROOT } = await import("./commands/start.ts");
    const config = configOf(options, WEB_ROOT, context);
    const json = options.json === true;
    const { terminal, surroundings } = context;
    report(await start(config, { terminal, json, surroundings, open: options.open && !json }), json);
  });
}

function keepBlocks(text: string): number | "all" {
  if (text === "all") return text;
  try {
    return integer(KEEP_BLOCKS_MIN, KEEP_BLOCKS_MAX)(text);
  } catch {
    throw new InvalidArgumentError(
      `It must be all, or a whole number from ${KEEP_BLOCKS_MIN} up: so many may be needed to follow another branch.`,
    );
  }
}

function configOf(options: StartOptions, webRoot: string, context: ProgramContext): NodeConfig {
  return Object.freeze({
    dataDir: dataDirOf(options.data, context.surroundings),
    name: options.name ?? null,
    listen: options.listen ?? [],
    join: options.join ?? [],
    accept: options.accept ?? null,
    uiPort: options.uiPort ?? null,
    uiHost: options.uiHost ?? null,
    uiOrigin: options.uiOrigin ?? null,
    mine: options.mine !== false,
    mining: miningChanges(options),
    keepBlocks: options.keepBlocks ?? null,
    networkFile: options.network ?? null,
    webRoot,
    version: context.version,
    clockOffsetMs: options.clockOffset ?? 0,
    discovery: options.discovery,
    announceEveryMs: options.announceEvery === undefined ? null : options.announceEvery * 1_000,
    announcePort: options.announcePort ?? null,
    excludedInterfaces: options.excludeInterface ?? [],
    doorMode: options.inbound ? (options.outboundOnly === true ? "outbound-only" : null) : "no-inbound",
    networkKeyFile: options.networkKey ?? null,
    trackers: options.tracker ?? [],
    listed: options.listed,
    portMapping: options.portMapping,
  });
}
