/**
 * Owns the choices that keep a crowd of strangers from being all that this peer hears: whom it calls and in which
 * order, whom it calls first after a restart, and which mere word it tries. One honest connection is enough for the
 * ledger, because the chain with the most work wins; so each rule here is about keeping one. Pure.
 *
 * On private ranges diversity does not apply: a LAN is one group by nature.
 */
import type { PeerId } from "#base/brand.ts";
import type { KnownAddress } from "../discovery/address-store.ts";
import {
  ANCHOR_WINDOW_MS,
  ANCHORS_MAX,
  OUTBOUND_FLOOR,
  OUTBOUND_FLOOR_PER_GROUP_MAX,
  UNASKED_CONNECTIONS_MAX,
  UNASKED_PER_GROUP_MAX,
} from "../limits.ts";
import { originOf } from "./door-origin.ts";

/** Somebody known who is away. */
export interface Candidate {
  readonly peer: PeerId;
  /** Most promising first. */
  readonly addresses: readonly string[];
  /** Typed by the user, or otherwise chosen: called in any case. */
  readonly isWanted: boolean;
  readonly isAnchor: boolean;
  /** Heard on our own network. */
  readonly isNear: boolean;
  /** Has answered a call of ours before. */
  readonly isProven: boolean;
}

export interface Holding {
  /** Peers connected, whoever began it. */
  readonly connected: number;
  /** Multiaddrs of connections that this peer began. */
  readonly outbound: readonly string[];
}

/** The public network group of a multiaddr; null on private ranges and where the path hides it. */
export function publicGroupOf(address: string): string | null {
  const origin = originOf(address);
  return origin.via === "address" && origin.place.reach === "public" ? origin.place.group : null;
}

/**
 * Whom to call now, first to last.
 * @param candidates only those whose time has come: each is counted as if its call were answered.
 */
export function whomToCall<Known extends Candidate>(
  candidates: readonly Known[],
  { connected, outbound }: Holding,
): readonly Known[] {
  const groups = new Map<string, number>();
  for (const address of outbound) count(groups, publicGroupOf(address));
  const chosen: Known[] = candidates.filter(({ isWanted }) => isWanted);
  let total = connected + chosen.length;
  let begun = outbound.length;
  for (const each of candidates.filter(({ isWanted }) => !isWanted).sort(byTrust)) {
    const group = groupOf(each);
    const held = group === null ? 0 : (groups.get(group) ?? 0);
    const fitsTheRest = total < UNASKED_CONNECTIONS_MAX && held < UNASKED_PER_GROUP_MAX;
    const fitsTheFloor = begun < OUTBOUND_FLOOR && held < OUTBOUND_FLOOR_PER_GROUP_MAX;
    if (!fitsTheRest && !fitsTheFloor) continue;
    chosen.push(each);
    count(groups, group);
    total += 1;
    begun += 1;
  }
  return chosen;
}

function byTrust(a: Candidate, b: Candidate): number {
  return Number(b.isAnchor) - Number(a.isAnchor) || Number(b.isProven) - Number(a.isProven);
}

/**
 * Neighbours have none; of others the first public address counts. A private address makes no neighbour: whoever calls
 * from afar could name one, and belong to no group.
 */
function groupOf({ addresses, isNear }: Candidate): string | null {
  if (isNear) return null;
  return addresses.map(publicGroupOf).find((group) => group !== null) ?? null;
}

function count(groups: Map<string, number>, group: string | null): void {
  if (group !== null) groups.set(group, (groups.get(group) ?? 0) + 1);
}

/**
 * Of the peers that were held when the last run ended, those known longest, in different groups: an attacker must
 * have been there for long, and in many places. Needs no orderly end, since addresses in use are written down again
 * and again.
 */
export function chooseAnchors(rows: readonly KnownAddress[]): ReadonlySet<PeerId> {
  const proven = rows.filter((row) => row.peer !== null && row.reachedMs !== null);
  const lastMs = Math.max(...proven.map((row) => row.reachedMs ?? 0));
  const held = proven
    .filter((row) => lastMs - (row.reachedMs ?? 0) <= ANCHOR_WINDOW_MS)
    .sort((a, b) => a.addedMs - b.addedMs);
  const anchors = new Set<PeerId>();
  const groups = new Set<string>();
  for (const { peer, address } of held) {
    const group = publicGroupOf(address);
    if (peer === null || anchors.size >= ANCHORS_MAX || (group !== null && groups.has(group))) continue;
    anchors.add(peer);
    if (group !== null) groups.add(group);
  }
  return anchors;
}

/**
 * Somebody never reached to call once, only to learn whether anybody is there: of a group drawn first, so that a
 * flood of addresses from one network is tried no more often than a single one from another.
 * @param below uniform whole number below its argument.
 */
export function chooseFeeler<Known extends Candidate>(
  candidates: readonly Known[],
  below: (bound: number) => number,
): Known | null {
  const untried = candidates.filter(({ isProven, isWanted }) => !isProven && !isWanted);
  const groups = [...Map.groupBy(untried, (each) => groupOf(each) ?? "own").values()];
  const group = groups.length === 0 ? [] : (groups[below(groups.length)] ?? []);
  return group.length === 0 ? null : (group[below(group.length)] ?? null);
}
