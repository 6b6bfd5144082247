/**
 * Owns what the API says: the shape of every answer and event, as schemas from which the types, the OpenAPI
 * document and the clients follow. The single definition of these shapes; holds no behaviour.
 *
 * Amounts are integers in the smallest unit (`COIN` of them are one coin). Times are milliseconds since the Unix
 * epoch, in fields that end in `Ms`. Sizes are bytes.
 */
import { z } from "@hono/zod-openapi";
import { blockSummaryView, chainView, miningView, transactionView } from "./ledger-views.ts";
import {
  accountId,
  amount,
  blockId,
  count,
  deliveryId,
  peerId,
  problemView,
  timeMs,
  txId,
} from "./view-terms.ts";

export * from "./ledger-views.ts";
export { errorView, problemView } from "./view-terms.ts";

export const pathView = z
  .enum(["loopback", "lan", "direct", "punched", "relayed"])
  .describe(
    "Best first. punched: straight, through routers on both sides. relayed: over a tracker, which sees ciphertext only.",
  );
export const foundByView = z.enum([
  "mdns",
  "announcement",
  "typed",
  "exchange",
  "inbound",
  "tracker",
  "kademlia",
  "scan",
  "invite",
]);

export const personView = z
  .object({
    peerId,
    account: accountId,
    name: z.string().describe("The petname if one was given, else the claimed name, else a short peer id."),
    claimedName: z.string().nullable().describe("What the peer calls itself; anyone may claim any name."),
    petname: z.string().nullable().describe("What the user calls this person."),
    contact: z.boolean().describe("Chosen by the user; by default files of contacts are accepted unasked."),
    blocked: z.boolean(),
    online: z.boolean(),
    path: pathView.nullable().describe("How the peer is reached now; null when it is not."),
    via: z
      .object({ peerId, name: z.string().describe("Of the tracker, as the user gave its address.") })
      .nullable()
      .describe("Over whom, where the path is relayed."),
    pathReason: problemView.nullable().describe("Why the path is this one and not a better one."),
    verified: z
      .object({ how: z.enum(["invite", "phrase"]), atMs: timeMs })
      .nullable()
      .describe("Whether this key was shown to be this person's, and how."),
    phrase: z.string().describe("Eight words that stand for the key, to compare by voice."),
    standIn: z
      .object({
        of: peerId.describe("Who bore the name, or answered at the address, before."),
        ofName: z.string(),
        how: z.enum(["name", "address"]),
        sinceMs: timeMs,
      })
      .nullable()
      .describe("Looks like somebody known, under another key: nothing is sent until the user decides."),
    address: z.string().nullable().describe("The multiaddr in use now."),
    addresses: z.array(z.string()).describe("All multiaddrs known."),
    foundBy: z.array(foundByView),
    latencyMs: z.number().nonnegative().nullable(),
    lastSeenMs: timeMs.nullable(),
    version: z.string().nullable(),
    problem: problemView.nullable().describe("Why this person is not reached, or stands on another network."),
  })
  .openapi("Person");

export const slipStateView = z
  .enum([
    "queued",
    "offered",
    "sending",
    "delivered",
    "receipted",
    "anchored",
    "declined",
    "cancelled",
    "failed",
  ])
  .describe(
    "queued: waits for the other side. offered: waits for somebody's yes. sending: bytes move. delivered: the " +
      "receiver stored, checked and signed. receipted: both signatures are kept. anchored: recorded in the ledger.",
  );

export const slipFileView = z
  .object({ path: z.string(), bytes: count, digest: z.string().describe("BLAKE3, hex.") })
  .openapi("SlipFile");

export const anchorView = z
  .object({
    txId,
    blockId: blockId.nullable(),
    height: count.nullable(),
    confirmations: count,
    timeMs: timeMs.nullable(),
  })
  .openapi("Anchor");

export const slipView = z
  .object({
    id: deliveryId,
    kind: z.enum(["message", "files"]),
    direction: z.enum(["in", "out"]),
    peerId: peerId.describe("The other side."),
    peerName: z.string(),
    order: count.describe("Position in the history of this peer; grows."),
    text: z.string().nullable(),
    title: z.string().nullable().describe("For files: the name of the file or folder."),
    fileCount: count,
    bytes: count,
    state: slipStateView,
    reason: problemView.nullable().describe("Why it waits, or why it ended without delivery."),
    createdMs: timeMs,
    deliveredMs: timeMs.nullable(),
    progress: z
      .object({
        bytesDone: count,
        bytesTotal: count,
        resumedFromBytes: count.describe("Verified bytes that were already there when the transfer resumed."),
        bytesPerSecond: z.number().nonnegative(),
      })
      .nullable(),
    path: z
      .object({ kind: pathView, viaName: z.string().nullable(), reason: problemView.nullable() })
      .nullable()
      .describe("How its bytes go now; null while none do."),
    savedTo: z.string().nullable().describe("Incoming files: where they were saved."),
    anchor: anchorView.nullable(),
  })
  .openapi("Slip");

export const conversationView = z
  .object({ person: personView, last: slipView.nullable(), unread: count })
  .openapi("Conversation");

export const listeningView = z
  .object({
    transport: z.enum(["tcp", "udp"]),
    address: z.string().describe("`host:port`, IPv6 in brackets."),
    what: z.string(),
  })
  .openapi("Listening");

export const trackerView = z
  .object({
    address: z.string().describe("As it was given."),
    peerId: peerId.nullable().describe("Null until it was reached once."),
    state: z.enum(["connecting", "connected", "unreachable"]),
    problem: problemView.nullable(),
    latencyMs: z.number().nonnegative().nullable(),
    relay: z
      .object({
        bytesLeft: count.nullable().describe("Null without a limit."),
        bytesMax: count.nullable(),
        renewsMs: timeMs.nullable(),
      })
      .nullable()
      .describe("The place it keeps for this peer as a relay; null when it keeps none."),
    observedAddress: z.string().nullable().describe("How this peer looks from there."),
    peersOnline: count.nullable(),
  })
  .openapi("Tracker");

export const scanView = z
  .object({
    hosts: count,
    portsTried: count,
    tookMs: z.number().nonnegative(),
    people: z.array(z.object({ person: personView, address: z.string() })),
    others: z.array(z.string()).describe("Open ports where something else answered."),
  })
  .openapi("Scan");

export const inviteView = z
  .object({
    id: z.string(),
    state: z.enum(["open", "used", "expired", "revoked"]),
    note: z.string().nullable(),
    createdMs: timeMs,
    expiresMs: timeMs,
    usedBy: z.object({ peerId, name: z.string() }).nullable(),
    failedGuesses: count.describe("Times that somebody claimed to hold it and did not."),
    link: z.string().nullable().describe("Null unless open."),
    words: z.string().nullable().describe("The secret as eight words; null unless open."),
    qrSvg: z.string().nullable().describe("The link as a QR code, an SVG document; null unless open."),
  })
  .openapi("Invite");

export const findingView = z
  .object({
    area: z.enum([
      "peer",
      "interfaces",
      "listening",
      "firewall",
      "discovery",
      "internet",
      "trackers",
      "clock",
      "disk",
      "person",
    ]),
    code: z.string().describe("Stable; scripts may compare it."),
    level: z.enum(["ok", "info", "warn", "bad"]),
    title: z.string(),
    cause: z.string(),
    nextStep: z.string().nullable(),
    details: z.array(z.object({ label: z.string(), value: z.string() })),
  })
  .openapi("Finding");

export const doctorView = z
  .object({
    checkedMs: timeMs,
    person: z.object({ peerId, name: z.string(), online: z.boolean() }).nullable(),
    findings: z.array(findingView).describe("Most serious first."),
  })
  .openapi("Doctor");

export const doorsView = z
  .object({
    mode: z
      .enum(["open", "outbound-only", "no-inbound"])
      .describe(
        "outbound-only: nothing listens, others come over a relay that was called. no-inbound: nobody comes in.",
      ),
    allow: z.array(z.string()).describe("Peer ids, addresses and CIDR ranges; empty: everybody."),
    block: z.array(z.string()),
    privateNetwork: z.boolean().describe("Only holders of the network's key connect."),
    refused: z.record(z.string(), count).describe("What was refused since the start, by reason."),
  })
  .openapi("Doors");

export const statusView = z
  .object({
    name: z.string(),
    nameChosen: z.boolean().describe("False while the name is only a guess from the computer's user."),
    peerId,
    account: accountId,
    version: z.string(),
    dataDir: z.string(),
    receivedDir: z.string(),
    accept: z.enum(["all", "contacts", "ask"]),
    phrase: z.string().describe("Eight words that stand for my key: read them to whoever compares."),
    addresses: z.array(z.string()),
    listening: z.array(listeningView).describe("All of this peer that waits for others; nothing else does."),
    trackers: z.array(trackerView),
    startedMs: timeMs,
    peersOnline: count,
    chain: chainView,
    mining: miningView,
    balance: amount,
    coin: z.object({ symbol: z.string(), unitsPerCoin: count }),
    warnings: z.array(problemView),
  })
  .openapi("Status");

export const verdictView = z
  .object({
    ok: z.boolean(),
    grade: z.enum(["refused", "signed", "anchored", "in-my-chain"]),
    problem: problemView.nullable(),
    statements: z.array(z.string()).describe("What was shown, in sentences."),
    limits: z.array(z.string()).describe("What was not shown."),
    kind: z.enum(["message", "files"]).nullable(),
    from: peerId.nullable(),
    to: peerId.nullable(),
    bytes: count.nullable(),
    fileCount: count.nullable(),
    deliveredMs: timeMs.nullable(),
    notLaterThanMs: timeMs.nullable(),
    height: count.nullable(),
  })
  .openapi("Verdict");

/** One entry of the event stream. The stream's ids are `EPOCH-SEQUENCE`; a snapshot carries the id it is of. */
export const eventView = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("reset") }).describe("Events were missed: read the snapshots again."),
    z.object({ type: z.literal("slip"), slip: slipView }),
    z.object({ type: z.literal("person"), person: personView }),
    z.object({
      type: z.literal("chain"),
      chain: chainView,
      connected: z.array(blockSummaryView),
      disconnected: z.array(blockId),
    }),
    z.object({ type: z.literal("pool"), added: z.array(transactionView), removed: z.array(txId) }),
    z.object({ type: z.literal("mining"), mining: miningView }),
    z.object({ type: z.literal("status"), status: statusView }),
  ])
  .openapi("Event");

export type PersonView = z.output<typeof personView>;
export type SlipState = z.output<typeof slipStateView>;
export type SlipFileView = z.output<typeof slipFileView>;
export type SlipView = z.output<typeof slipView>;
export type ConversationView = z.output<typeof conversationView>;
export type StatusView = z.output<typeof statusView>;
export type VerdictView = z.output<typeof verdictView>;
export type EventView = z.output<typeof eventView>;
export type ListeningView = z.output<typeof listeningView>;
export type TrackerView = z.output<typeof trackerView>;
export type ScanView = z.output<typeof scanView>;
export type InviteView = z.output<typeof inviteView>;
export type FindingView = z.output<typeof findingView>;
export type DoctorView = z.output<typeof doctorView>;
export type DoorsView = z.output<typeof doorsView>;
export type AnchorView = z.output<typeof anchorView>;
