/** Owns what is concluded from the peer's own report: people nearby, routers, IPv6, mappings, trackers. Pure. */
import type { InterfaceReach, NatKind, PortMapping, ReachReport, TrackerState } from "#net/reach.ts";
import { addressKindOf } from "./address-kind.ts";
import { type FindingCode, finding } from "./catalogue.ts";
import { REFUSED_WORTH_A_WORD } from "./limits.ts";
import { agoText, amountText, spanText } from "./text.ts";
import type { ComputerSeen, Detail, Finding } from "./types.ts";

export interface ReachContext {
  readonly report: ReachReport;
  readonly nowMs: number;
  readonly computer: Pick<ComputerSeen, "interfaces" | "routes">;
  /** Whether this peer announces itself at all. */
  readonly looksNearby: boolean;
  /** Multiaddrs over which others are reached now. */
  readonly addressesInUse: readonly string[];
}

export function judgeReach(context: ReachContext): readonly Finding[] {
  return [
    ...judgeNearby(context),
    judgeMdns(context),
    ...judgeNoise(context.report),
    ...judgeNat(context.report),
    judgeIpv6(context),
    ...context.report.mappings.map(judgeMapping),
    ...judgeTrackers(context.report.trackers, context.nowMs),
  ];
}

function judgeNearby({ report, nowMs, looksNearby }: ReachContext): readonly Finding[] {
  if (!looksNearby) return [finding("nearby-off")];
  const { interfaces } = report;
  const details = interfaces.map((each): Detail => ({ label: each.name, value: nearbyText(each, nowMs) }));
  const refused = interfaces.filter(
    ({ problem }) => problem?.code === "announcement-forbidden" || problem?.code === "announcement-not-sent",
  );
  const heard = interfaces.reduce((sum, { announcementsHeard }) => sum + announcementsHeard, 0);
  const isMute = interfaces.every(({ announcementsSent }) => announcementsSent === 0);
  return [
    heard > 0 ? finding("nearby-heard", { details }) : silent(isMute, details),
    ...refused.map(({ problem }) =>
      finding("nearby-not-sent", { cause: problem?.cause ?? "", nextStep: problem?.nextStep ?? null }),
    ),
  ];
}

/** @param isMute nothing was announced so far, because there is no address to tell, or no interface to say it on. */
function silent(isMute: boolean, details: readonly Detail[]): Finding {
  if (!isMute) return finding("nearby-silent", { details });
  const cause =
    "Nobody is heard, and nothing was announced so far: no interface is left to say it on, or no port to tell.";
  return finding("nearby-silent", { cause, details });
}

function nearbyText(each: InterfaceReach, nowMs: number): string {
  if (each.excluded) return "excluded";
  const { announcementsSent, announcementsHeard, lastHeardMs, problem } = each;
  const last = lastHeardMs === null ? "" : `, the last ${agoText(lastHeardMs, nowMs)}`;
  const trouble = problem === null ? "" : ` – ${problem.cause}`;
  return `${announcementsSent} sent, ${announcementsHeard} heard${last}${trouble}`;
}

function judgeMdns({ report, computer }: ReachContext): Finding {
  const { mdnsSeen } = report;
  if (mdnsSeen === null) return finding("mdns-off");
  if (mdnsSeen > 0)
    return finding("mdns-heard", { cause: `Peers seen by mDNS since the start: ${mdnsSeen}.` });
  const hasFour = computer.interfaces.some(({ addresses }) =>
    addresses.some(({ family, kind }) => family === 4 && kind !== "loopback"),
  );
  const why = !hasFour
    ? "mDNS needs IPv4 here, and no interface has an IPv4 address. Announcements do not depend on it."
    : computer.routes.four === null
      ? "Without a default route mDNS does not speak on most systems. Announcements do not depend on it."
      : null;
  return finding("mdns-silent", why === null ? {} : { cause: why });
}

function judgeNoise({ refused }: ReachReport): readonly Finding[] {
  const announcements = Object.entries(refused).filter(([reason]) => reason.startsWith("announcement-"));
  const sum = announcements.reduce((total, [, count]) => total + count, 0);
  if (sum < REFUSED_WORTH_A_WORD) return [];
  const cause = `${sum} announcements were dropped since the start; those that are in order are still heard.`;
  const details = announcements.map(([label, count]): Detail => ({ label, value: String(count) }));
  return [finding("nearby-noise", { cause, details })];
}

const NATS: Readonly<Record<NatKind, FindingCode>> = {
  none: "nat-none",
  "endpoint-independent": "nat-open",
  "endpoint-dependent": "nat-strict",
  "udp-blocked": "udp-blocked",
  unknown: "nat-unknown",
};

function judgeNat({ nat, trackers }: ReachReport): readonly Finding[] {
  const details = trackers
    .filter(({ observedAddress }) => observedAddress !== null)
    .map(({ address, observedAddress }): Detail => {
      return { label: `As seen from ${address}`, value: observedAddress ?? "" };
    });
  return [finding(NATS[nat], { details })];
}

function judgeIpv6({ computer, report, addressesInUse }: ReachContext): Finding {
  const own = computer.interfaces
    .flatMap(({ addresses }) => addresses)
    .filter(({ family, kind }) => family === 6 && kind === "public");
  const isFarSix = (host: string) => host.includes(":") && addressKindOf(host) === "public";
  const proven =
    addressesInUse.some((address) => isFarSix(/^\/ip6\/([^/]+)/.exec(address)?.[1] ?? "")) ||
    report.trackers.some(({ observedAddress }) =>
      isFarSix(/^\[([^\]]+)\]/.exec(observedAddress ?? "")?.[1] ?? ""),
    );
  const details = own.map(({ address }): Detail => ({ label: "Address", value: address }));
  if (proven) return finding("ipv6-works", { details });
  return finding(own.length > 0 ? "ipv6-unproven" : "ipv6-none", { details });
}

function judgeMapping({ protocol, gateway, externalAddress, problem }: PortMapping): Finding {
  const by = protocol === "upnp" ? "UPnP" : "NAT-PMP";
  const details = [{ label: "Router", value: `${gateway} (${by})` }];
  if (problem !== null)
    return finding("mapping-refused", { cause: problem.cause, nextStep: problem.nextStep, details });
  if (externalAddress === null) return finding("mapping-refused", { details });
  return finding("mapping-open", {
    cause: `The router at ${gateway} forwards ${externalAddress} by ${by}.`,
    details,
  });
}

function judgeTrackers(trackers: readonly TrackerState[], nowMs: number): readonly Finding[] {
  if (trackers.length === 0) return [finding("trackers-none")];
  const connected = trackers.filter(({ state }) => state === "connected");
  return [...trackers.map(judgeTracker), ...judgeRelays(connected, nowMs)];
}

function judgeTracker(tracker: TrackerState): Finding {
  const { address, state, problem, latencyMs, peersOnline, peer } = tracker;
  const details: Detail[] = [
    { label: "Tracker", value: address },
    ...(peer === null ? [] : [{ label: "Its key", value: peer }]),
    ...(latencyMs === null ? [] : [{ label: "Delay", value: `${Math.max(1, Math.round(latencyMs))} ms` }]),
    ...(peersOnline === null ? [] : [{ label: "Peers it knows", value: String(peersOnline) }]),
  ];
  if (state === "connected") {
    return finding("tracker-connected", { cause: `${address} answers.`, details });
  }
  if (state === "connecting" && problem === null) {
    return finding("tracker-connecting", { cause: `${address} has not answered yet.`, details });
  }
  return finding("tracker-unreachable", {
    cause: problem === null ? `${address} does not answer.` : `${address}: ${problem.cause}`,
    ...(problem === null ? {} : { nextStep: problem.nextStep }),
    details,
  });
}

/** One relay that carries is enough. */
function judgeRelays(connected: readonly TrackerState[], nowMs: number): readonly Finding[] {
  if (connected.length === 0) return [];
  const kept = connected.filter(({ relay }) => relay !== null);
  const details = kept.map((each): Detail => ({ label: each.address, value: relayText(each, nowMs) }));
  if (kept.length === 0) return [finding("relay-none")];
  if (kept.every(({ relay }) => relay?.bytesLeft === 0)) {
    const renewsMs = Math.min(...kept.map(({ relay }) => relay?.renewsMs ?? Number.POSITIVE_INFINITY));
    const when = Number.isFinite(renewsMs) ? ` It renews in ${spanText(Math.max(0, renewsMs - nowMs))}.` : "";
    return [finding("relay-quota", { cause: `What relays carry for this peer is used up.${when}`, details })];
  }
  return [finding("relay-ready", { details })];
}

function relayText({ relay }: TrackerState, nowMs: number): string {
  if (relay === null) return "keeps no place";
  if (relay.bytesLeft === null) return "carries without a limit";
  const max = relay.bytesMax === null ? "" : ` of ${amountText(relay.bytesMax)}`;
  const when =
    relay.renewsMs === null ? "" : `, whole again in ${spanText(Math.max(0, relay.renewsMs - nowMs))}`;
  return `carries ${amountText(relay.bytesLeft)}${max}${when}`;
}
