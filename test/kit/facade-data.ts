/**
 * Owns the made-up world of the kit's `Facade`: eight people reached in every way, their conversations, slips in every
 * state, a chain of blocks. For tests and for the development of the page; the product never reads it.
 */
import { createHash } from "node:crypto";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import type { AnchorView, BlockView, PersonView, SlipState, SlipView, TransactionView } from "#api/views.ts";
import type { AccountId, BlockId, DeliveryId, PeerId, TxId } from "#base/brand.ts";
import { type Problem, problem } from "#base/result.ts";

export const COIN = 100_000_000;
export const REWARD = 50 * COIN;
const HASHES_PER_BLOCK = "262144";

/** 64 hex digits that depend on the words alone. */
export function digest(...words: readonly (string | number)[]): string {
  return createHash("sha256").update(words.join("/")).digest("hex");
}

export const accountOf = (name: string) => digest("account", name) as AccountId;
export const peerOf = (name: string) =>
  `12D3KooW${Buffer.from(digest("peer", name), "hex")
    .toString("base64")
    .replace(/[^A-Za-z1-9]/g, "x")
    .slice(0, 44)}` as PeerId;
/** Eight words of the list that invites and phrases use. */
export const wordsOf = (...seed: readonly (string | number)[]) =>
  Array.from({ length: 8 }, (_, at) => {
    const number = Number.parseInt(digest("word", at, ...seed).slice(0, 3), 16);
    return wordlist[number % wordlist.length] ?? "zoo";
  }).join(" ");
export const slipId = (number: number) => digest("slip", number) as DeliveryId;
export const blockId = (height: number) => digest("block", height) as BlockId;
export const txId = (...words: readonly (string | number)[]) => digest("tx", ...words) as TxId;

const OFFLINE = problem(
  "peer-offline",
  "Dave's computer does not answer at any address known for it.",
  "Nothing needed: it is delivered when Dave is back.",
);
/** Where Erin's bytes go. */
export const RELAY = { peerId: peerOf("tracker"), name: "tracker.lab.example" };
/** Another key that bears Dave's name. */
const NEW_DAVE = "Dave on another key";
const BOTH_RANDOM = problem(
  "path-relayed-both-random",
  "The routers on both sides give every connection another port, so that neither can be told where to knock.",
  "Nothing needed: the relay carries what you send, encrypted. A port forwarded on one router makes it direct.",
);
const PUNCHED = problem(
  "path-punched",
  "Both sides stand behind routers; these were brought to let the bytes pass straight.",
  "Nothing needed.",
);
const KEY_CHANGED = problem(
  "key-changed",
  "Somebody who calls himself Dave has another key than the Dave you know. Nothing is sent to him.",
  "Ask Dave whether he has a new computer, then accept the key or say that it is somebody else.",
);
export const FAULTS: Readonly<Partial<Record<SlipState, Problem>>> = {
  queued: OFFLINE,
  offered: problem("waits-for-yes", "Bob has not yet said yes to these files.", "Wait, or ask Bob."),
  declined: problem("declined", "Bob said no to these files.", "Ask Bob, then send again."),
  cancelled: problem("cancelled", "You called it off.", "Send it again if you want to."),
  failed: problem(
    "disk-full",
    "Bob's disk has no room for 4.2 GB.",
    "Ask Bob to make room, then send again.",
  ),
};

function makePerson(nowMs: number, name: string, change: Partial<PersonView>): PersonView {
  return {
    peerId: peerOf(name),
    account: accountOf(name),
    name,
    claimedName: name,
    petname: null,
    contact: false,
    blocked: false,
    online: true,
    path: "lan",
    address: `/ip4/192.168.1.20/tcp/4001/p2p/${peerOf(name)}`,
    addresses: [`/ip4/192.168.1.20/tcp/4001/p2p/${peerOf(name)}`],
    foundBy: ["mdns", "announcement"],
    latencyMs: 1.4,
    lastSeenMs: nowMs,
    version: "0.1.0",
    problem: null,
    via: null,
    pathReason: null,
    verified: null,
    phrase: wordsOf("phrase", name),
    standIn: null,
    ...change,
  };
}

export function makePeople(nowMs: number): PersonView[] {
  const person = (name: string, change: Partial<PersonView>) => makePerson(nowMs, name, change);
  return [
    person("Bob", {
      contact: true,
      petname: "Bob from the lab",
      name: "Bob from the lab",
      verified: { how: "invite", atMs: nowMs - 3 * 86_400_000 },
    }),
    person("Carol", { path: "loopback", address: "/ip4/127.0.0.1/tcp/4002", latencyMs: 0.3 }),
    person("Dave", {
      online: false,
      path: null,
      address: null,
      latencyMs: null,
      lastSeenMs: nowMs - 5_400_000,
      foundBy: ["typed"],
      problem: OFFLINE,
      contact: true,
    }),
    person("Erin", {
      path: "relayed",
      via: RELAY,
      pathReason: BOTH_RANDOM,
      address: `/dns4/tracker.lab.example/tcp/28412/p2p/${RELAY.peerId}/p2p-circuit/p2p/${peerOf("Erin")}`,
      latencyMs: 38,
      foundBy: ["exchange", "tracker"],
      version: "0.0.9",
    }),
    person("Grace", {
      path: "punched",
      pathReason: PUNCHED,
      latencyMs: 21,
      foundBy: ["tracker", "kademlia"],
      verified: { how: "phrase", atMs: nowMs - 86_400_000 },
    }),
    person(NEW_DAVE, {
      name: "Dave",
      claimedName: "Dave",
      path: "direct",
      latencyMs: 12,
      foundBy: ["inbound"],
      standIn: { of: peerOf("Dave"), ofName: "Dave", how: "name", sinceMs: nowMs - 720_000 },
    }),
    person("Mallory", { blocked: true, online: false, path: null, address: null, latencyMs: null }),
    person("Trent", {
      online: false,
      path: null,
      address: null,
      latencyMs: null,
      problem: problem(
        "other-network",
        "Trent's peer stands on another network (chess-club).",
        "Start one of the two with the same --network file.",
      ),
    }),
  ];
}

export function makeAnchor(height: number, tip: number, timeMs: number): AnchorView {
  return {
    txId: txId("anchor", height),
    blockId: blockId(height),
    height,
    confirmations: tip - height + 1,
    timeMs,
  };
}

interface SlipSeed {
  readonly who: string;
  readonly direction: "in" | "out";
  readonly state: SlipState;
  readonly text?: string;
  readonly title?: string;
  readonly bytes?: number;
  readonly fileCount?: number;
}

const SEEDS: readonly SlipSeed[] = [
  { who: "Bob", direction: "out", state: "anchored", text: "Are you at your desk?" },
  { who: "Bob", direction: "in", state: "anchored", text: "Yes. Send it over." },
  { who: "Bob", direction: "out", state: "anchored", title: "scan-0412", bytes: 73_400_320, fileCount: 201 },
  {
    who: "Bob",
    direction: "in",
    state: "receipted",
    text: "Got all 201 files. Thank you!\nI'll look at them tonight.",
  },
  { who: "Bob", direction: "out", state: "declined", title: "holiday.mp4", bytes: 912_000_000, fileCount: 1 },
  { who: "Bob", direction: "out", state: "offered", title: "thesis.pdf", bytes: 8_120_000, fileCount: 1 },
  {
    who: "Bob",
    direction: "out",
    state: "sending",
    title: "microscope",
    bytes: 2_400_000_000,
    fileCount: 48,
  },
  { who: "Carol", direction: "in", state: "offered", title: "minutes.odt", bytes: 48_200, fileCount: 1 },
  { who: "Carol", direction: "in", state: "anchored", title: "budget.ods", bytes: 120_400, fileCount: 1 },
  { who: "Carol", direction: "in", state: "sending", title: "photos", bytes: 640_000_000, fileCount: 320 },
  { who: "Carol", direction: "out", state: "delivered", text: "Lunch at noon?" },
  { who: "Carol", direction: "out", state: "cancelled", title: "draft.txt", bytes: 1_200, fileCount: 1 },
  { who: "Dave", direction: "out", state: "queued", text: "The meeting moved to Thursday." },
  { who: "Dave", direction: "out", state: "failed", title: "backup.tar", bytes: 4_200_000_000, fileCount: 1 },
  { who: NEW_DAVE, direction: "out", state: "queued", text: "Is that you, Dave?" },
  { who: "Erin", direction: "out", state: "sending", title: "slides.pdf", bytes: 88_000_000, fileCount: 1 },
];

const PEER_NAMES: Readonly<Record<string, string>> = { Bob: "Bob from the lab", [NEW_DAVE]: "Dave" };
const PATHS: Readonly<Record<string, SlipView["path"]>> = {
  Erin: { kind: "relayed", viaName: RELAY.name, reason: BOTH_RANDOM },
  Carol: { kind: "loopback", viaName: null, reason: null },
};
const LAN: SlipView["path"] = { kind: "lan", viaName: null, reason: null };

const DONE: ReadonlySet<SlipState> = new Set(["delivered", "receipted", "anchored"]);

export function makeSlip(order: number, seed: SlipSeed, nowMs: number, tip: number): SlipView {
  const files = seed.title !== undefined;
  const bytes = seed.bytes ?? Buffer.byteLength(seed.text ?? "");
  const done = DONE.has(seed.state);
  const createdMs = nowMs - (SEEDS.length - order) * 240_000;
  return {
    id: slipId(order),
    kind: files ? "files" : "message",
    direction: seed.direction,
    peerId: peerOf(seed.who),
    peerName: PEER_NAMES[seed.who] ?? seed.who,
    order,
    text: seed.text ?? null,
    title: seed.title ?? null,
    fileCount: seed.fileCount ?? 0,
    bytes,
    state: seed.state,
    reason: seed.who === NEW_DAVE ? KEY_CHANGED : (FAULTS[seed.state] ?? null),
    path: seed.state === "sending" ? (PATHS[seed.who] ?? LAN) : null,
    createdMs,
    deliveredMs: done ? createdMs + 1_800 : null,
    progress:
      seed.state === "sending"
        ? {
            bytesDone: Math.floor(bytes / 4),
            bytesTotal: bytes,
            resumedFromBytes: Math.floor(bytes / 8),
            bytesPerSecond: 41_000_000,
          }
        : null,
    savedTo: files && done && seed.direction === "in" ? `/home/alice/waybill/received/${seed.who}` : null,
    anchor: seed.state === "anchored" ? makeAnchor(Math.min(tip, order), tip, createdMs + 9_000) : null,
  };
}

export function makeSlips(nowMs: number, tip: number): SlipView[] {
  return SEEDS.map((seed, at) => makeSlip(at + 1, seed, nowMs, tip));
}

const MINERS = ["Alice", "Bob", "Carol", "Erin"] as const;
export const minerAt = (height: number) => MINERS[(height * 7) % MINERS.length] ?? "Alice";

export function makeTransaction(
  change: Partial<TransactionView> & Pick<TransactionView, "id">,
): TransactionView {
  return {
    type: "transfer",
    from: null,
    fromName: null,
    to: null,
    toName: null,
    amount: null,
    fee: 0,
    burned: 0,
    seq: null,
    root: null,
    name: null,
    nameKey: null,
    bytes: 150,
    state: "confirmed",
    height: null,
    blockId: null,
    confirmations: 0,
    standing: null,
    receivedMs: null,
    ...change,
  };
}

export function makeBlock(
  height: number,
  timeMs: number,
  included: readonly TransactionView[] = [],
): BlockView {
  const miner = minerAt(height);
  const place = { state: "confirmed", height, blockId: blockId(height), confirmations: 1 } as const;
  const anchors =
    height === 0 || included.length > 0
      ? []
      : [
          makeTransaction({
            id: txId("anchor", height),
            type: height % 2 === 0 ? "stamped-anchor" : "anchor",
            from: accountOf("Alice"),
            fromName: "Alice",
            fee: height % 2 === 0 ? 0 : 1_000,
            seq: height,
            root: digest("root", height),
            ...place,
          }),
        ];
  const waited = included.map((tx) => ({ ...tx, ...place }));
  const fees = [...anchors, ...waited].reduce((sum, tx) => sum + tx.fee, 0);
  const coinbase = makeTransaction({
    id: txId("coinbase", height),
    type: "coinbase",
    to: accountOf(miner),
    toName: miner,
    amount: REWARD + fees,
    ...place,
  });
  const transactions = height === 0 ? [] : [coinbase, ...anchors, ...waited];
  return {
    height,
    id: blockId(height),
    previous: height === 0 ? ("0".repeat(64) as BlockId) : blockId(height - 1),
    timeMs,
    miner: height === 0 ? null : accountOf(miner),
    minerName: height === 0 ? null : miner,
    transactionCount: transactions.length,
    bytes: 176 + transactions.length * 150,
    reward: height === 0 ? 0 : REWARD,
    fees,
    hashes: HASHES_PER_BLOCK,
    header: digest("header", height).repeat(6).slice(0, 352),
    txRoot: digest("txRoot", height),
    stateRoot: digest("stateRoot", height),
    confirmations: 1,
    standing: null,
    transactions,
  };
}
