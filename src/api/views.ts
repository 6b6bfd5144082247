/**
 * Owns what the API says: the shape of every answer and event, as schemas from which the types, the OpenAPI
 * document and the clients follow. The single definition of these shapes; holds no behaviour. It is long because
 * there are many of them, and they name each other.
 *
 * Amounts are integers in the smallest unit (`COIN` of them are one coin). Times are milliseconds since the Unix
 * epoch, in fields that end in `Ms`. Sizes are bytes.
 */
import { z } from "@hono/zod-openapi";
import type { AccountId, BlockId, DeliveryId, PeerId, TxId } from "#base/brand.ts";

const peerId = z.string().transform((text) => text as PeerId);
const accountId = z.string().transform((text) => text as AccountId);
const blockId = z.string().transform((text) => text as BlockId);
const txId = z.string().transform((text) => text as TxId);
const deliveryId = z.string().transform((text) => text as DeliveryId);
const count = z.int().nonnegative();
const timeMs = z.int().nonnegative();
const amount = z.int().nonnegative();

export const problemView = z
  .object({
    code: z.string().describe("Stable; scripts may compare it."),
    cause: z.string().describe("Why, in one sentence."),
    nextStep: z.string().describe("What to do now, in one sentence."),
  })
  .openapi("Problem");

export const errorView = z.object({ error: problemView }).openapi("Error");

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

export const tipView = z
  .object({
    height: count,
    id: blockId,
    timeMs,
    miner: accountId.nullable(),
    minerName: z.string().nullable(),
    work: z.string().describe("Expected hashes of the whole chain, decimal."),
    nextBlockHashes: z.string().describe("Expected hashes for the next block, decimal."),
  })
  .openapi("Tip");

export const standingView = z
  .object({
    cosigned: z
      .object({ signed: count, of: count, height: count })
      .nullable()
      .describe(
        "Signatures of the final block at or above it, of how many keys; null while it is not final.",
      ),
    workSince: z.string().describe("Expected hashes of the blocks above it, decimal."),
    rivalShare: z
      .number()
      .nullable()
      .describe(
        "Share of the newest blocks mined by the strongest account but ours, 0 to 1; null while too few are known.",
      ),
    reversal: z
      .number()
      .nullable()
      .describe(
        "Chance that a miner of that share could still take it back, 0 to 1. An estimate, never a promise.",
      ),
  })
  .openapi("Standing");

export const transactionView = z
  .object({
    id: txId,
    type: z.enum([
      "coinbase",
      "transfer",
      "anchor",
      "stamped-anchor",
      "name-commit",
      "name-claim",
      "name-update",
    ]),
    from: accountId.nullable(),
    fromName: z.string().nullable(),
    to: accountId.nullable(),
    toName: z.string().nullable(),
    amount: amount
      .nullable()
      .describe(
        "Payments: what the other side gets. Rewards: reward and fees of the block, paid out some blocks later.",
      ),
    fee: amount,
    burned: amount.describe("Price of a name, which nobody receives."),
    seq: count.nullable(),
    root: z.string().nullable().describe("Anchors: the root of a batch of receipts, hex."),
    name: z.string().nullable().describe("Claims and updates: the name on the ledger."),
    nameKey: accountId.nullable().describe("What the name stands for from then on, where this sets it."),
    bytes: count,
    state: z.enum(["pending", "confirmed", "unknown"]),
    height: count.nullable(),
    blockId: blockId.nullable(),
    confirmations: count,
    standing: standingView
      .nullable()
      .describe("How firmly it stands; null while it waits, and among the others of its block."),
    receivedMs: timeMs.nullable(),
  })
  .openapi("Transaction");

export const blockSummaryView = z
  .object({
    height: count,
    id: blockId,
    previous: blockId,
    timeMs,
    miner: accountId.nullable(),
    minerName: z.string().nullable(),
    transactionCount: count,
    bytes: count,
    reward: amount,
    fees: amount,
    hashes: z.string().describe("Expected hashes for this block, decimal."),
  })
  .openapi("BlockSummary");

export const blockView = blockSummaryView
  .extend({
    header: z.string().describe("The 176 bytes, hex."),
    txRoot: z.string(),
    stateRoot: z.string(),
    confirmations: count,
    standing: standingView.nullable().describe("Null off the best chain."),
    transactions: z.array(transactionView),
  })
  .openapi("Block");

export const miningView = z
  .object({
    mode: z
      .enum(["on", "off", "always"])
      .describe(
        "on: mines once enough transactions wait, or the first waits long enough. always: also when none does.",
      ),
    threads: count,
    cores: count.describe("Of this computer, as it says."),
    dutyPercent: count.describe("The part of the time that each thread works."),
    afterCount: count.describe("Mines as soon as so many transactions wait."),
    afterSeconds: count.describe("Mines when the first of fewer has waited for so long."),
    onBattery: z.boolean().describe("Whether it mines on while the computer runs on its battery."),
    power: z.enum(["mains", "battery", "unknown"]).describe("unknown where the system does not say."),
    active: z.boolean(),
    hashesPerSecond: z.number().nonnegative(),
    expectedBlockSeconds: z
      .number()
      .nonnegative()
      .nullable()
      .describe("Until this peer alone finds a block at its rate, on average; null while it does not mine."),
    blocksMined: count.describe("Blocks of the best chain mined by this account."),
    reason: problemView.nullable().describe("Why nothing is mined now."),
  })
  .openapi("Mining");

const unmade = transactionView.extend({ validUntil: count.describe("Last height of a block for it.") });

export const walletView = z
  .object({
    account: accountId,
    balance: amount,
    spendable: amount.describe("Balance less what pending payments will take."),
    pendingRewards: z.array(z.object({ height: count, paidAtHeight: count, amount })),
    recent: z.array(transactionView),
    heldBack: z
      .array(unmade.extend({ why: z.enum(["cover", "room", "order", "tip"]) }))
      .describe(
        "Given back when another branch won, out again by itself. why: what it lacks (tip: of blocks here).",
      ),
    ended: z
      .array(unmade.extend({ reason: z.enum(["expired", "displaced"]) }))
      .describe("Payments and changes of names that were not made: too late, or another took the place."),
  })
  .openapi("Wallet");

export const chainView = z
  .object({
    networkName: z.string(),
    chainId: z.string(),
    tip: tipView,
    pendingCount: count,
    sync: z.object({
      state: z
        .enum(["synced", "syncing"])
        .describe("Whether a branch that showed more work is being fetched."),
      phase: z.enum(["alone", "asking", "headers", "snapshot", "blocks", "level"]),
      height: count,
      targetHeight: count,
      done: count.describe("Of the phase: headers, parts of a snapshot, or blocks."),
      total: count,
      secondsLeft: count.nullable(),
      words: z.string().describe("The same in words."),
      history: z
        .object({ height: count, targetHeight: count, secondsLeft: count.nullable() })
        .nullable()
        .describe("The check of what lies under a snapshot that was taken over, while it runs."),
      historyWords: z.string().nullable(),
    }),
    miners: z.array(
      z.object({ account: accountId, name: z.string().nullable(), blocks: count, share: z.number() }),
    ),
    race: z
      .object({
        blocks: count.describe("Newest blocks that the rate is reckoned from."),
        hashesPerSecond: z
          .number()
          .nonnegative()
          .nullable()
          .describe("Of all miners together, estimated; null before there are blocks to tell from."),
        expectedBlockSeconds: z.number().nonnegative().nullable().describe("At that rate, on average."),
      })
      .describe("How fast the network hashes, told from its newest blocks."),
  })
  .openapi("Chain");

export const checkpointsView = z
  .object({
    used: z.boolean().describe("Whether the genesis names keys that co-sign; if not, only work decides."),
    needed: count,
    everyBlocks: count,
    signers: z.array(
      z.object({
        account: accountId,
        peerId,
        name: z.string().nullable(),
        mine: z.boolean(),
        height: count.nullable().describe("The highest block known to be signed by this key."),
        signedTwice: z.boolean().describe("Two blocks of one height bear its signature; see evidence."),
      }),
    ),
    final: z
      .object({ height: count, blockId, signed: count })
      .nullable()
      .describe("The newest block that this peer never leaves again."),
    sought: z.object({ height: count, blockId }).nullable().describe("Final too, but not on our chain yet."),
    waitsFor: problemView.nullable().describe("Why this peer, a signer, signs nothing now."),
    problem: problemView.nullable(),
    note: z.string().nullable().describe("The final checkpoint as a C2SP signed note."),
    evidence: z.array(z.object({ account: accountId, text: z.string() })),
  })
  .openapi("Checkpoints");

export const nameView = z
  .object({
    name: z.string(),
    state: z
      .enum(["free", "contestable", "held", "grace"])
      .describe(
        "contestable: somebody who reserved earlier may still take it. grace: only its owner may renew it.",
      ),
    owner: accountId.nullable(),
    ownerName: z.string().nullable(),
    key: peerId.nullable().describe("The peer that the name stands for."),
    keyName: z.string().nullable(),
    mine: z.boolean(),
    firmFromHeight: count.nullable().describe("From here on nobody who reserved earlier can come."),
    heldUntilHeight: count.nullable(),
    heldUntilMs: timeMs.nullable().describe("By the usual pace of blocks."),
    graceUntilMs: timeMs.nullable(),
    price: amount.describe("Burned by a claim or a renewal."),
    reservationPrice: amount,
    proof: z
      .object({ height: count, blockId, stateRoot: z.string(), path: z.string() })
      .describe(
        "Path of the state tree, hex: of the record, or of its absence, under the root in that header.",
      ),
  })
  .openapi("Name");

export const ownNameView = z
  .object({
    name: z.string(),
    key: peerId,
    keyName: z.string().nullable(),
    stage: z.enum(["reserving", "waiting", "claiming", "ours", "lost", "lapsed"]),
    claimAtHeight: count.nullable(),
    heldUntilMs: timeMs.nullable(),
    graceUntilMs: timeMs.nullable(),
    contestable: z.boolean(),
    problem: problemView.nullable().describe("Why the next step could not be made."),
  })
  .openapi("OwnName");

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

export type ProblemView = z.output<typeof problemView>;
export type PersonView = z.output<typeof personView>;
export type SlipState = z.output<typeof slipStateView>;
export type SlipFileView = z.output<typeof slipFileView>;
export type SlipView = z.output<typeof slipView>;
export type ConversationView = z.output<typeof conversationView>;
export type TipView = z.output<typeof tipView>;
export type TransactionView = z.output<typeof transactionView>;
export type BlockSummaryView = z.output<typeof blockSummaryView>;
export type BlockView = z.output<typeof blockView>;
export type MiningView = z.output<typeof miningView>;
export type MiningChanges = Partial<
  Pick<MiningView, "mode" | "threads" | "dutyPercent" | "afterCount" | "afterSeconds" | "onBattery">
>;
export type WalletView = z.output<typeof walletView>;
export type StandingView = z.output<typeof standingView>;
export type CheckpointsView = z.output<typeof checkpointsView>;
export type NameView = z.output<typeof nameView>;
export type OwnNameView = z.output<typeof ownNameView>;
export type ChainView = z.output<typeof chainView>;
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
