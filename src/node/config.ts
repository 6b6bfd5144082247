/**
 * Owns what a peer is started with, as two values: `NodeConfig`, resolved once from flags by `cli/`, and `Settings`,
 * what the person chose and wants to find again, kept in `config.json` of the data folder and decoded strictly.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDisplayName } from "#base/display-name.ts";
import { repeatedKey } from "#base/repeated-key.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { KEEP_BLOCKS_MIN } from "#chain/index.ts";
import { DEFAULT_MINING, type MiningSettings } from "#mining/index.ts";
import { writeDurably } from "./durable-file.ts";
import {
  CONFIG_FILE_BYTES_MAX,
  DOOR_ENTRIES_MAX,
  DOOR_ENTRY_CHARS_MAX,
  TRACKER_CHARS_MAX,
  TRACKERS_KEPT_MAX,
} from "./limits.ts";
import { decodeMining } from "./mining-settings.ts";

export const ACCEPT_POLICIES = ["all", "contacts", "ask"] as const;
export type AcceptPolicy = (typeof ACCEPT_POLICIES)[number];

const DOOR_MODES = ["open", "outbound-only", "no-inbound"] as const;
export type DoorMode = (typeof DOOR_MODES)[number];

/** Who may connect, as the person chose it; the entries are judged where they are used. */
export interface DoorChoice {
  readonly mode: DoorMode;
  readonly allow: readonly string[];
  readonly block: readonly string[];
}

export interface NodeConfig {
  /** Absolute. Created when missing, mode 0700. */
  readonly dataDir: string;
  /** `null`: the one kept in the settings, else one made from the computer's. */
  readonly name: string | null;
  /** Multiaddrs to listen on; empty: all interfaces, IPv4 and IPv6, on the usual port. */
  readonly listen: readonly string[];
  /** Addresses to connect to, remembered as typed. */
  readonly join: readonly string[];
  /** `null`: the one kept in the settings. */
  readonly accept: AcceptPolicy | null;
  /** 0: any free port; `null`: the usual one, stepped over when taken. */
  readonly uiPort: number | null;
  /** IP address that the page is served on; `null`: loopback. */
  readonly uiHost: string | null;
  /** Where users open the page when that is not where it is served: a container's published port. */
  readonly uiOrigin: string | null;
  /** False for `--no-mine`: this run does not mine, whatever the settings say. */
  readonly mine: boolean;
  /** How to mine, as far as it was said; kept for later starts. */
  readonly mining: Partial<MiningSettings>;
  /** How many of the newest blocks to keep in full; `null`: as kept in the settings. Kept for later starts. */
  readonly keepBlocks: number | "all" | null;
  /** Genesis file; `null`: the network that comes with Waybill. */
  readonly networkFile: string | null;
  /** Folder of the built page. */
  readonly webRoot: string;
  /** Version of this program, shown to peers. */
  readonly version: string;
  /** Added to this computer's clock, milliseconds: to try out what a wrong clock does. */
  readonly clockOffsetMs: number;
  /** Whether peers look for each other by mDNS and announcements; false: only typed addresses and peer exchange. */
  readonly discovery: boolean;
  /** How often this peer announces itself nearby, milliseconds; `null`: the usual. */
  readonly announceEveryMs: number | null;
  /** UDP port of announcements, the same for all who want to hear each other; `null`: the usual one. */
  readonly announcePort: number | null;
  /** Names of interfaces on which nothing is announced or heard. */
  readonly excludedInterfaces: readonly string[];
  /** For this run; `null`: the one kept in the settings. */
  readonly doorMode: DoorMode | null;
  /** File with the key of a private network; `null`: none. */
  readonly networkKeyFile: string | null;
  /** Trackers to use, beside those kept in the settings; kept for later starts. */
  readonly trackers: readonly string[];
  /** False: trackers tell nobody of this peer who does not ask for it by its id or an invite. */
  readonly listed: boolean;
  /** False: routers are not asked to let others in. */
  readonly portMapping: boolean;
}

export interface Settings {
  readonly name: string | null;
  readonly accept: AcceptPolicy;
  readonly mining: MiningSettings;
  /** Blocks kept in full below the tip; `null`: all. */
  readonly keepBlocks: number | null;
  readonly doors: DoorChoice;
  /** As the person gave them; what each means is judged where they are used. */
  readonly trackers: readonly string[];
}

export const DEFAULT_SETTINGS: Settings = Object.freeze({
  name: null,
  accept: "contacts",
  mining: DEFAULT_MINING,
  keepBlocks: null,
  doors: Object.freeze({ mode: "open", allow: [], block: [] }),
  trackers: Object.freeze([]),
});

export { KEEP_BLOCKS_MIN };

const FILE_NAME = "config.json";

function refused(cause: string): Result<never, Problem> {
  return fail(
    problem(
      "config-corrupt",
      `The file ${FILE_NAME} in the data folder ${cause}.`,
      `Mend it, or move it away: Waybill then starts with its usual settings; identity and deliveries stay.`,
    ),
  );
}

/** The settings in the text of `config.json`, decoded strictly. */
export function decodeSettings(text: string): Result<Settings, Problem> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused("is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refused("is not an object");
  const repeated = repeatedKey(text);
  if (repeated !== null) return refused(`names "${repeated.slice(0, 40)}" twice`);
  const fields = new Map<string, unknown>(Object.entries(value));
  for (const key of fields.keys()) {
    if (!["name", "accept", "mining", "keepBlocks", "doors", "trackers"].includes(key))
      return refused(`has an unknown field "${key.slice(0, 40)}"`);
  }
  const name = fields.get("name") ?? null;
  const accept = fields.get("accept") ?? DEFAULT_SETTINGS.accept;
  const mining = fields.has("mining") ? decodeMining(fields.get("mining")) : DEFAULT_SETTINGS.mining;
  if (name !== null && (typeof name !== "string" || !isDisplayName(name))) {
    return refused('has a "name" that others could not be shown as it stands');
  }
  const policy = ACCEPT_POLICIES.find((known) => known === accept);
  if (policy === undefined)
    return refused(`has an "accept" that is not one of ${ACCEPT_POLICIES.join(", ")}`);
  if (mining === null) return refused('has a "mining" with a field that is unknown or out of its bounds');
  const keepBlocks = fields.get("keepBlocks") ?? null;
  if (keepBlocks !== null && !isKeepBlocks(keepBlocks)) {
    return refused(`has a "keepBlocks" that is not a number from ${KEEP_BLOCKS_MIN} on`);
  }
  const doors = fields.has("doors") ? decodeDoors(fields.get("doors")) : DEFAULT_SETTINGS.doors;
  if (doors === null) return refused('has "doors" that are not a mode and two lists of entries');
  const trackers = fields.get("trackers") ?? DEFAULT_SETTINGS.trackers;
  if (!isTexts(trackers, TRACKERS_KEPT_MAX, TRACKER_CHARS_MAX)) {
    return refused(`has "trackers" that are not a list of up to ${TRACKERS_KEPT_MAX} addresses`);
  }
  return ok({ name, accept: policy, mining, keepBlocks, doors, trackers });
}

/** Fewer could not be taken back when another branch wins. */
export function isKeepBlocks(value: unknown): value is number {
  return Number.isInteger(value) && typeof value === "number" && value >= KEEP_BLOCKS_MIN && value < 2 ** 32;
}

export function keepBlocksRefused(keepBlocks: number): Problem {
  return problem(
    "keep-blocks-refused",
    `With only ${keepBlocks} blocks kept, this peer could not go over to a branch that wins.`,
    `Give a number from ${KEEP_BLOCKS_MIN} on, or all.`,
  );
}

function decodeDoors(value: unknown): DoorChoice | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { mode, allow, block, ...rest } = value as Record<string, unknown>;
  const known = DOOR_MODES.find((each) => each === mode);
  if (known === undefined || !isEntries(allow) || !isEntries(block) || Object.keys(rest).length > 0)
    return null;
  return { mode: known, allow, block };
}

function isEntries(value: unknown): value is readonly string[] {
  return isTexts(value, DOOR_ENTRIES_MAX, DOOR_ENTRY_CHARS_MAX);
}

function isTexts(value: unknown, countMax: number, charsMax: number): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= countMax &&
    value.every((each) => typeof each === "string" && each.length <= charsMax)
  );
}

/** The settings of a data folder; the usual ones where the file does not exist. */
export function readSettings(dataDir: string): Result<Settings, Problem> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(dataDir, FILE_NAME));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return ok(DEFAULT_SETTINGS);
    return refused(`cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
  if (bytes.length > CONFIG_FILE_BYTES_MAX) return refused(`is larger than ${CONFIG_FILE_BYTES_MAX} bytes`);
  return decodeSettings(bytes.toString("utf8"));
}

/** @throws what the file system throws: the caller words it. */
export function writeSettings(dataDir: string, settings: Settings): void {
  writeDurably(join(dataDir, FILE_NAME), `${JSON.stringify(settings, null, 2)}\n`, 0o600);
}
