/** Owns what the kit's made-up world starts with in trackers, open ports and invites. */
import encodeQR from "qr";
import type { InviteView, ListeningView, TrackerView } from "#api/views.ts";
import { problem } from "#base/result.ts";
import { digest, peerOf, RELAY, wordsOf } from "./facade-data.ts";

const HOUR_MS = 3_600_000;

export const LISTENING: readonly ListeningView[] = [
  { transport: "tcp", address: "0.0.0.0:28411", what: "other peers" },
  { transport: "tcp", address: "[::]:28411", what: "other peers" },
  { transport: "udp", address: "0.0.0.0:28411", what: "announcements of peers nearby" },
  { transport: "udp", address: "0.0.0.0:5353", what: "mDNS" },
  { transport: "tcp", address: "127.0.0.1:4747", what: "this page, for this computer alone" },
];

const UNREACHED_TRACKER = problem(
  "tracker-unreachable",
  "Nobody answers at backup.example on port 28412.",
  "Ask whoever runs it whether it is up, and whether your firewall lets TCP 28412 out.",
);

export function trackerAt(address: string, change: Partial<TrackerView> = {}): TrackerView {
  return {
    address,
    peerId: null,
    state: "connecting",
    problem: null,
    latencyMs: null,
    relay: null,
    observedAddress: null,
    peersOnline: null,
    ...change,
  };
}

export function makeTrackers(nowMs: number): TrackerView[] {
  return [
    trackerAt(RELAY.name, {
      peerId: RELAY.peerId,
      state: "connected",
      latencyMs: 24,
      relay: { bytesLeft: 1_430_000_000, bytesMax: 2_147_483_648, renewsMs: nowMs + 31 * 60_000 },
      observedAddress: "203.0.113.7:51234",
      peersOnline: 12,
    }),
    trackerAt("backup.example", { state: "unreachable", problem: UNREACHED_TRACKER }),
  ];
}

/** An invite that stands. The link is as long as real ones are. */
export function openInvite(number: number, nowMs: number, hours: number, note: string | null): InviteView {
  const link = `waybill:i/${digest("invite", number)}${digest("addresses", number)}${digest("trackers", number)}`;
  return {
    id: digest("invite-id", number).slice(0, 16),
    state: "open",
    note,
    createdMs: nowMs,
    expiresMs: nowMs + hours * HOUR_MS,
    usedBy: null,
    failedGuesses: 0,
    link,
    words: wordsOf("invite", number),
    qrSvg: encodeQR(link, "svg"),
  };
}

export function closedInvite(invite: InviteView, change: Partial<InviteView>): InviteView {
  return { ...invite, link: null, words: null, qrSvg: null, ...change };
}

export function makeInvites(nowMs: number): InviteView[] {
  return [
    { ...openInvite(3, nowMs - HOUR_MS, 24, "Frank, the new colleague"), failedGuesses: 2 },
    closedInvite(openInvite(2, nowMs - 72 * HOUR_MS, 24, null), {
      state: "used",
      usedBy: { peerId: peerOf("Bob"), name: "Bob from the lab" },
    }),
    closedInvite(openInvite(1, nowMs - 200 * HOUR_MS, 24, "for the reading group"), { state: "expired" }),
  ];
}
