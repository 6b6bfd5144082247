/**
 * Owns why a person is reached as they are, or not at all: one main finding, and what else bears on it. Pure; knows
 * only what this peer saw, and never guesses what it could have asked.
 */
import type { PeerId } from "#base/brand.ts";
import type { Problem } from "#base/result.ts";
import type { PeerEntry } from "#net/index.ts";
import type { DialAttempt, TrackerState } from "#net/reach.ts";
import { addressKindOf, interfaceOfNetwork } from "./address-kind.ts";
import { type FindingCode, finding } from "./catalogue.ts";
import type { DoorMode } from "./judge-listening.ts";
import { ATTEMPTS_SHOWN_MAX } from "./limits.ts";
import { addressText, agoText, hostOf, spanText } from "./text.ts";
import type { Detail, Finding, InterfaceSeen } from "./types.ts";

export interface PersonSeen {
  readonly peer: PeerId;
  readonly name: string;
  readonly blocked: boolean;
  /** Why nothing is sent to this key until the user decides; null when nothing is held. */
  readonly held: Problem | null;
  /** What the directory knows; null when it knows nothing. */
  readonly entry: PeerEntry | null;
  readonly lastSeenMs: number | null;
  /** Newest first. */
  readonly attempts: readonly DialAttempt[];
  /** Whether a tracker in use knows them now; null when none could be asked. */
  readonly isAtTracker: boolean | null;
}

export interface PersonContext {
  readonly nowMs: number;
  readonly interfaces: readonly InterfaceSeen[];
  readonly trackers: readonly TrackerState[];
  readonly mode: DoorMode;
  /** What this peer says of itself. */
  readonly version: string;
}

/** The main finding first. */
export function judgePerson(person: PersonSeen, context: PersonContext): readonly Finding[] {
  return [
    { ...mainFinding(person, context), details: personDetails(person, context) },
    ...judgeTrackersInCommon(person, context),
    ...judgeSameNetwork(person, context),
    ...judgeVersion(person, context),
    ...(person.entry?.online === true || context.mode === "open"
      ? []
      : [finding("listening-outbound-only", { cause: OWN_DOORS })]),
  ];
}

const OWN_DOORS =
  "This peer was told to let nobody in straight, so it has to call this person itself, or meet over a relay.";

function mainFinding(person: PersonSeen, context: PersonContext): Finding {
  const { entry, name, blocked, held } = person;
  if (blocked) return finding("person-blocked", { cause: `You have blocked ${name}.` });
  if (held !== null) {
    return finding("person-key-changed", { cause: held.cause, nextStep: held.nextStep });
  }
  if (entry?.online === true) return judgeOnline(entry, name);
  const trouble = entry?.problem ?? null;
  if (trouble?.code === "other-network") {
    return finding("person-other-network", { cause: trouble.cause, nextStep: trouble.nextStep });
  }
  if (trouble?.code === "relay-quota") {
    return finding("person-quota", { cause: trouble.cause, nextStep: trouble.nextStep });
  }
  if (entry === null || (entry.addresses.length === 0 && person.attempts.length === 0)) {
    return finding("person-unheard", { cause: unheardText(person, context) });
  }
  return judgeAttempts(person, context, trouble);
}

const STRAIGHT: Readonly<Record<string, string>> = {
  loopback: "on this computer",
  lan: "on the local network",
  direct: "straight",
  punched: "straight, through the routers of both sides",
};

function judgeOnline(entry: PeerEntry, name: string): Finding {
  const { path, pathReason, latencyMs, problem } = entry;
  const delay = latencyMs === null ? "" : `, ${Math.max(1, Math.round(latencyMs))} ms away`;
  if (problem?.code === "other-network") {
    return finding("person-other-network", {
      cause: `${name} is reached. ${problem.cause}`,
      nextStep: problem.nextStep,
    });
  }
  if (path === "relayed") {
    const cause = `${name} is reached over a relay${delay}. ${pathReason?.cause ?? "No straight path stands."}`;
    return finding("person-relayed", {
      cause,
      ...(pathReason === null ? {} : { nextStep: pathReason.nextStep }),
    });
  }
  const why = pathReason === null ? "" : ` ${pathReason.cause}`;
  return finding("person-reached", {
    cause: `${name} is reached ${STRAIGHT[path ?? ""] ?? "now"}${delay}.${why}`,
  });
}

function unheardText({ name }: PersonSeen, { trackers }: PersonContext): string {
  const connected = trackers.filter(({ state }) => state === "connected").length;
  const asked =
    connected === 0
      ? "no tracker is connected that could be asked"
      : `no tracker of those connected (${connected}) knows them`;
  return `No address of ${name} is known: they were not heard nearby, and ${asked}.`;
}

/** What a failed attempt means for the person, most telling first. */
const BY_ATTEMPT: readonly (readonly [string, FindingCode])[] = [
  ["relay-quota", "person-quota"],
  ["peer-other", "person-somebody-else"],
  ["peer-refused", "person-refused-here"],
  ["kept-out", "person-refused-here"],
  ["connection-refused", "person-not-started"],
  ["not-waybill", "person-breaks-off"],
  ["relay-limit", "person-relay-refuses"],
  ["relay-refused", "person-relay-refuses"],
  ["peer-not-at-relay", "person-away"],
  ["no-answer", "person-no-answer"],
  ["no-route", "person-no-route"],
];

function judgeAttempts(person: PersonSeen, context: PersonContext, trouble: Problem | null): Finding {
  const { name } = person;
  const latest = latestOfEach(person.attempts);
  const failed = withoutOutdated(
    latest.filter(({ problem }) => problem !== null),
    person.entry?.addresses ?? [],
  );
  if (failed.length === 0) {
    if (trouble !== null)
      return finding("person-lost", { cause: `${name}: ${trouble.cause}`, nextStep: trouble.nextStep });
    return finding("person-never-tried", { cause: `${name} has not been called yet.` });
  }
  const codes = new Set(failed.map(({ problem }) => problem?.code));
  const isSilent = [...codes].every((code) => code === "no-answer" || code === "no-route");
  if (isSilent && isElsewhere(person, context)) {
    const networks = own(context).join(", ");
    const cause = `The addresses of ${name} belong to another private network; this computer is on ${networks || "none"}.`;
    return finding("person-elsewhere", { cause });
  }
  const main = BY_ATTEMPT.find(([code]) => codes.has(code));
  if (main === undefined || codes.size > 2) {
    return finding("person-lost", {
      cause: `${name} was tried at ${addressCount(latest)}; each failed in its own way.`,
    });
  }
  const [attemptCode, code] = main;
  const told = failed.find(({ problem }) => problem?.code === attemptCode)?.problem?.cause ?? "";
  const place = IN_A_PLACE.has(attemptCode) ? ` That is where ${name} was last known to be.` : "";
  return finding(code, { cause: `${told}${place}` });
}

/** Problems whose words name an address. */
const IN_A_PLACE: ReadonlySet<string> = new Set([
  "peer-other",
  "connection-refused",
  "not-waybill",
  "no-answer",
  "no-route",
]);

function addressCount(attempts: readonly DialAttempt[]): string {
  return attempts.length === 1 ? "one address" : `${attempts.length} addresses`;
}

function latestOfEach(attempts: readonly DialAttempt[]): readonly DialAttempt[] {
  const latest = new Map<string, DialAttempt>();
  for (const attempt of attempts) {
    const known = latest.get(attempt.address);
    if (known === undefined || attempt.atMs > known.atMs) latest.set(attempt.address, attempt);
  }
  return [...latest.values()].toSorted((a, b) => b.atMs - a.atMs);
}

/**
 * Without refusals at an older port of a computer that is silent at a newer one: nobody is there any more, and that
 * is no news.
 * @param addresses newest first.
 */
function withoutOutdated(
  failed: readonly DialAttempt[],
  addresses: readonly string[],
): readonly DialAttempt[] {
  const isSilent = ({ problem }: DialAttempt) => problem?.code === "no-answer";
  const isNewer = (one: DialAttempt, other: DialAttempt) =>
    addresses.indexOf(one.address) < addresses.indexOf(other.address);
  return failed.filter(
    (attempt) =>
      attempt.problem?.code !== "connection-refused" ||
      !failed.some(
        (other) =>
          isSilent(other) && isNewer(other, attempt) && hostOf(other.address) === hostOf(attempt.address),
      ),
  );
}

function hostsOf({ entry }: PersonSeen): readonly string[] {
  return (entry?.addresses ?? []).map(hostOf).filter((host) => host !== null);
}

/** Whether all that is known of them is private, and of no network of this computer. */
function isElsewhere(person: PersonSeen, { interfaces }: PersonContext): boolean {
  const { entry } = person;
  if (entry === null || entry.addresses.some((address) => address.includes("/p2p-circuit"))) return false;
  const hosts = hostsOf(person).filter((host) => addressKindOf(host) !== "loopback");
  return (
    hosts.length > 0 &&
    hosts.every((host) => addressKindOf(host) === "private" && interfaceOfNetwork(host, interfaces) === null)
  );
}

function own({ interfaces }: PersonContext): readonly string[] {
  return interfaces
    .flatMap(({ addresses }) => addresses)
    .filter(({ kind }) => kind !== "loopback" && kind !== "link-local")
    .map(({ address, cidr }) => cidr ?? address);
}

function personDetails(person: PersonSeen, { nowMs }: PersonContext): readonly Detail[] {
  const { entry, attempts, lastSeenMs, peer } = person;
  const seenMs = entry?.lastSeenMs ?? lastSeenMs;
  const latest = latestOfEach(attempts).slice(0, ATTEMPTS_SHOWN_MAX);
  const untried = (entry?.addresses ?? [])
    .filter((address) => !latest.some((attempt) => attempt.address === address))
    .slice(0, ATTEMPTS_SHOWN_MAX);
  return [
    { label: "Peer id", value: peer },
    { label: "Last seen", value: seenMs === null ? "never" : agoText(seenMs, nowMs) },
    {
      label: "Found by",
      value: entry === null || entry.foundBy.length === 0 ? "nothing yet" : entry.foundBy.join(", "),
    },
    ...(entry?.address == null ? [] : [{ label: "Reached at", value: addressText(entry.address) }]),
    ...(entry?.via == null ? [] : [{ label: "Over relay", value: entry.via }]),
    ...latest.map((attempt) => ({ label: addressText(attempt.address), value: attemptText(attempt, nowMs) })),
    ...untried.map((address) => ({ label: addressText(address), value: "known, not tried lately" })),
  ];
}

function attemptText({ atMs, tookMs, problem }: DialAttempt, nowMs: number): string {
  const when = `${agoText(atMs, nowMs)}, after ${spanText(tookMs)}`;
  return problem === null ? `answered (${when})` : `${problem.cause} (${when})`;
}

function judgeTrackersInCommon(person: PersonSeen, { trackers }: PersonContext): readonly Finding[] {
  const { entry, isAtTracker, name } = person;
  if (isAtTracker === null) return [];
  const details = trackers
    .filter(({ state }) => state === "connected")
    .map(({ address }) => ({ label: "Tracker", value: address }));
  const isOnline = entry?.online === true;
  if (!isAtTracker) return isOnline ? [] : [finding("person-not-at-tracker", { details })];
  if (isOnline) return [finding("person-at-tracker", { details })];
  const cause = `A tracker heard from ${name} within the last minutes: their Waybill runs, and calls from here do not get there yet.`;
  return [finding("person-at-tracker", { cause, details })];
}

function judgeSameNetwork(person: PersonSeen, { interfaces }: PersonContext): readonly Finding[] {
  for (const host of hostsOf(person)) {
    const name = addressKindOf(host) === "loopback" ? null : interfaceOfNetwork(host, interfaces);
    if (name === null) continue;
    const cause = `${host} belongs to the network of this computer's interface ${name}.`;
    return [finding("person-same-network", { cause })];
  }
  return [];
}

function judgeVersion({ entry, name }: PersonSeen, { version }: PersonContext): readonly Finding[] {
  if (entry === null || entry.version === null || entry.version === version) return [];
  const cause = `${name} runs version ${entry.version}, this peer ${version}.`;
  return [finding("person-version", { cause })];
}
