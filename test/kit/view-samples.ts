/** Owns small values of the API's shapes, one of each, for tests that care about a field or two of them. */
import type {
  BlockSummaryView,
  MiningView,
  PersonView,
  SlipView,
  StatusView,
  TransactionView,
} from "#api/views.ts";
import type { AccountId, BlockId, DeliveryId, PeerId, TxId } from "#base/brand.ts";

export function person(name: string): PersonView {
  return {
    peerId: `12D3KooW-${name}` as PeerId,
    account: name.padEnd(64, "0") as AccountId,
    name,
    claimedName: name,
    petname: null,
    contact: false,
    blocked: false,
    online: false,
    path: null,
    address: null,
    addresses: [],
    foundBy: ["mdns"],
    latencyMs: null,
    lastSeenMs: null,
    version: null,
    problem: null,
    via: null,
    pathReason: null,
    verified: null,
    phrase: "abandon ability able about above absent absorb abstract",
    standIn: null,
  };
}

export function slip(who: PersonView, order: number): SlipView {
  return {
    id: `${who.name}-${order}` as DeliveryId,
    kind: "message",
    direction: "in",
    peerId: who.peerId,
    peerName: who.name,
    order,
    text: `message ${order}`,
    title: null,
    fileCount: 0,
    bytes: 9,
    state: "delivered",
    reason: null,
    path: null,
    createdMs: 1_000 * order,
    deliveredMs: null,
    progress: null,
    savedTo: null,
    anchor: null,
  };
}

export function block(height: number, branch = ""): BlockSummaryView {
  return {
    height,
    id: `${height}-${branch}` as BlockId,
    previous: `${height - 1}-${branch}` as BlockId,
    timeMs: 1_000 * height,
    miner: null,
    minerName: null,
    transactionCount: 1,
    bytes: 300,
    reward: 50,
    fees: 0,
    hashes: "1024",
  };
}

export function transaction(id: string): TransactionView {
  return {
    id: id as TxId,
    type: "transfer",
    from: null,
    fromName: null,
    to: null,
    toName: null,
    amount: 1,
    fee: 0,
    burned: 0,
    seq: 0,
    root: null,
    name: null,
    nameKey: null,
    bytes: 100,
    state: "pending",
    height: null,
    blockId: null,
    confirmations: 0,
    standing: null,
    receivedMs: null,
  };
}

export const MINING: MiningView = {
  mode: "on",
  threads: 1,
  cores: 2,
  dutyPercent: 100,
  afterCount: 4,
  afterSeconds: 5,
  onBattery: false,
  power: "unknown",
  active: false,
  hashesPerSecond: 0,
  expectedBlockSeconds: null,
  blocksMined: 0,
  reason: null,
};

export const STATUS: StatusView = {
  name: "alice",
  nameChosen: true,
  peerId: "12D3KooW-alice" as PeerId,
  account: "a".repeat(64) as AccountId,
  version: "0.1.0",
  dataDir: "/data",
  receivedDir: "/data/received",
  accept: "contacts",
  addresses: [],
  startedMs: 0,
  peersOnline: 0,
  chain: {
    networkName: "test",
    chainId: "c".repeat(64),
    tip: {
      height: 0,
      id: "0-" as BlockId,
      timeMs: 0,
      miner: null,
      minerName: null,
      work: "1",
      nextBlockHashes: "1024",
    },
    pendingCount: 0,
    sync: {
      state: "synced",
      phase: "level",
      height: 0,
      targetHeight: 0,
      done: 0,
      total: 0,
      secondsLeft: null,
      words: "in step with others",
      history: null,
      historyWords: null,
    },
    miners: [],
    race: { blocks: 0, hashesPerSecond: null, expectedBlockSeconds: null },
  },
  mining: MINING,
  balance: 0,
  coin: { symbol: "WAY", unitsPerCoin: 100_000_000 },
  warnings: [],
  phrase: "zoo zone zero zebra youth young you yellow",
  listening: [],
  trackers: [],
};
