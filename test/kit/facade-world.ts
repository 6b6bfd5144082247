/**
 * Owns the state of the kit's made-up world and its one kind of time: a tick, in which bytes move, receipts are
 * signed, trackers answer, and now and then a block is found.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  BlockView,
  ChainView,
  CheckpointsView,
  DoorsView,
  EventView,
  InviteView,
  MiningChanges,
  MiningView,
  PersonView,
  SlipView,
  StatusView,
  TrackerView,
  TransactionView,
  WalletView,
} from "#api/views.ts";
import { fail, type Problem, problem, type Result } from "#base/result.ts";
import { createFeed, type WritableFeed } from "#node/feed.ts";
import {
  accountOf,
  COIN,
  digest,
  FAULTS,
  makeAnchor,
  makeBlock,
  makePeople,
  makeSlip,
  makeSlips,
  makeTransaction,
  minerAt,
  peerOf,
  REWARD,
  txId,
  wordsOf,
} from "./facade-data.ts";
import { LISTENING, makeInvites, makeTrackers } from "./facade-reach-data.ts";

export const ME = "Alice";
const FIRST_HEIGHT = 24;
const TICKS_PER_BLOCK = 8;

export interface KitFacadeOptions {
  readonly nowMs: () => number;
  /** Names the run, as in the real peer. */
  readonly epoch?: string;
}

export const notFound = (what: string): Result<never, Problem> =>
  fail(problem("not-found", `There is no such ${what}.`, "Look at the list again."));

export class World {
  readonly feed: WritableFeed;
  readonly nowMs: () => number;
  people: PersonView[];
  slips: SlipView[];
  blocks: BlockView[];
  pool: TransactionView[];
  heldBack: WalletView["heldBack"];
  /** At first nobody co-signs. */
  checkpoints: CheckpointsView = {
    ...{ used: false, needed: 0, everyBlocks: 0, signers: [], final: null, sought: null },
    ...{ waitsFor: null, problem: null, note: null, evidence: [] },
  };
  /** Payments of ours that were not made. */
  endedPayments: WalletView["ended"];
  trackers: TrackerView[];
  invites: InviteView[];
  doors: DoorsView = {
    mode: "open",
    allow: [],
    block: ["203.0.113.0/24"],
    privateNetwork: false,
    refused: { "handshakes-of-address": 12, blocked: 3 },
  };
  unread = new Map<string, number>([[peerOf("Carol"), 2]]);
  uploads = new Map<string, Map<string, Uint8Array>>();
  lastUpload: Map<string, Uint8Array> = new Map();
  mining: Required<MiningChanges> = {
    mode: "on",
    threads: 1,
    dutyPercent: 100,
    afterCount: 4,
    afterSeconds: 5,
    onBattery: false,
  };
  name = ME;
  nameChosen = false;
  accept: "all" | "contacts" | "ask" = "contacts";
  balance = 412 * COIN;
  ticks = 0;
  readonly startedMs: number;
  readonly folder = mkdtempSync(join(tmpdir(), "waybill-kit-"));

  constructor(options: KitFacadeOptions) {
    this.nowMs = options.nowMs;
    this.startedMs = options.nowMs();
    this.feed = createFeed(options.epoch ?? "kit", (error) => {
      throw error;
    });
    this.people = makePeople(this.startedMs);
    this.slips = makeSlips(this.startedMs, FIRST_HEIGHT);
    this.blocks = Array.from({ length: FIRST_HEIGHT + 1 }, (_, height) =>
      makeBlock(height, this.startedMs - (FIRST_HEIGHT - height) * 30_000),
    );
    this.trackers = makeTrackers(this.startedMs);
    this.invites = makeInvites(this.startedMs);
    this.pool = [
      makeTransaction({
        id: txId("pool", 1),
        from: accountOf("Bob"),
        fromName: "Bob from the lab",
        to: accountOf("Carol"),
        toName: "Carol",
        amount: 3 * COIN + 50_000_000,
        fee: 1_000,
        seq: 4,
        state: "pending",
        receivedMs: this.startedMs,
      }),
    ];
    const unpaid = makeTransaction({
      id: txId("ended", 1),
      from: accountOf(ME),
      fromName: ME,
      to: accountOf("Carol"),
      toName: "Carol",
      amount: COIN,
      fee: 1_000,
      seq: 3,
    });
    const held = { ...unpaid, id: txId("held", 1), seq: 4, state: "pending" } as const;
    this.heldBack = [{ ...held, validUntil: FIRST_HEIGHT + 100, why: "room" }];
    this.endedPayments = [{ ...unpaid, state: "unknown", validUntil: FIRST_HEIGHT - 1, reason: "expired" }];
  }

  get tip(): BlockView {
    const tip = this.blocks.at(-1);
    if (tip === undefined) throw new Error("the kit's chain has no block");
    return tip;
  }

  find(who: string): PersonView | undefined {
    const wanted = who.toLowerCase();
    return (
      this.people.find((person) => person.peerId === who || person.name.toLowerCase() === wanted) ??
      this.people.find((person) => person.name.toLowerCase().startsWith(wanted))
    );
  }

  put(slip: SlipView): SlipView {
    const at = this.slips.findIndex((known) => known.id === slip.id);
    if (at < 0) this.slips.push(slip);
    else this.slips[at] = slip;
    this.feed.publish({ type: "slip", slip });
    return slip;
  }

  putPerson(person: PersonView): PersonView {
    const at = this.people.findIndex((known) => known.peerId === person.peerId);
    if (at < 0) this.people.push(person);
    else this.people[at] = person;
    this.feed.publish({ type: "person", person });
    return person;
  }

  post(
    who: PersonView,
    title: string | null,
    text: string | null,
    bytes: number,
    fileCount: number,
  ): SlipView {
    const order = this.slips.length + 1;
    const name = this.people.find((known) => known.peerId === who.peerId)?.claimedName ?? who.name;
    const state = who.online ? (title === null ? "delivered" : "offered") : "queued";
    const seed = { who: name, direction: "out", state, bytes, fileCount } as const;
    const made = makeSlip(
      order,
      { ...seed, ...(title === null ? { text: text ?? "" } : { title }) },
      this.nowMs(),
      0,
    );
    return this.put({
      ...made,
      peerName: who.name,
      createdMs: this.nowMs(),
      deliveredMs: state === "delivered" ? this.nowMs() : null,
      reason: state === "queued" ? (FAULTS.queued ?? null) : null,
    });
  }

  chainView(): ChainView {
    const { height, id, timeMs, miner, minerName } = this.tip;
    const counts = new Map<string, number>();
    for (const block of this.blocks.slice(1)) {
      counts.set(block.minerName ?? "", (counts.get(block.minerName ?? "") ?? 0) + 1);
    }
    return {
      networkName: "kit",
      chainId: digest("chain").slice(0, 16),
      tip: {
        height,
        id,
        timeMs,
        miner,
        minerName,
        work: String(262_144 * height),
        nextBlockHashes: "18750000",
      },
      pendingCount: this.pool.length,
      sync: {
        state: "synced",
        phase: "level",
        height,
        targetHeight: height,
        done: 0,
        total: 0,
        secondsLeft: null,
        words: "in step with others",
        history: null,
        historyWords: null,
      },
      miners: [...counts].map(([name, blocks]) => ({
        account: accountOf(name),
        name,
        blocks,
        share: blocks / Math.max(1, height),
      })),
      race: { blocks: Math.max(0, height - 1), hashesPerSecond: 1_250_000, expectedBlockSeconds: 15 },
    };
  }

  miningView(): MiningView {
    const { mode } = this.mining;
    const active = mode === "always" || (mode === "on" && this.pool.length > 0);
    const off = problem("mining-off", "Mining is switched off.", "Switch it on: waybill mine on.");
    const idle = problem("nothing-to-record", "No transaction waits.", "Nothing needed.");
    return {
      ...this.mining,
      cores: 8,
      power: "mains",
      active,
      hashesPerSecond: active ? 412_000 : 0,
      expectedBlockSeconds: active ? 18_750_000 / 412_000 : null,
      blocksMined: this.blocks.filter((block) => block.minerName === ME).length,
      reason: active ? null : mode === "off" ? off : idle,
    };
  }

  statusView(): StatusView {
    return {
      name: this.name,
      nameChosen: this.nameChosen,
      peerId: peerOf(ME),
      account: accountOf(ME),
      version: "0.1.0",
      dataDir: this.folder,
      receivedDir: join(this.folder, "received"),
      accept: this.accept,
      addresses: [
        `/ip4/127.0.0.1/tcp/4001/p2p/${peerOf(ME)}`,
        `/ip4/192.168.1.10/tcp/4001/p2p/${peerOf(ME)}`,
      ],
      startedMs: this.startedMs,
      peersOnline: this.people.filter((person) => person.online).length,
      chain: this.chainView(),
      mining: this.miningView(),
      balance: this.balance,
      coin: { symbol: "WAY", unitsPerCoin: COIN },
      warnings: [],
      phrase: wordsOf("phrase", ME),
      listening: [...LISTENING],
      trackers: [...this.trackers],
    };
  }

  transactions(): readonly TransactionView[] {
    return [...this.pool, ...this.blocks.toReversed().flatMap((block) => block.transactions)];
  }

  blockAt(block: BlockView): BlockView {
    const confirmations = this.tip.height - block.height + 1;
    return {
      ...block,
      confirmations,
      transactions: block.transactions.map((tx) => ({ ...tx, confirmations })),
    };
  }

  announce(event: EventView): void {
    this.feed.publish(event);
  }
}

function moveSlip(world: World, slip: SlipView): void {
  if (slip.state === "sending" && slip.progress !== null) {
    const bytesDone = Math.min(slip.bytes, slip.progress.bytesDone + 41_000_000);
    if (bytesDone < slip.bytes) {
      world.put({ ...slip, progress: { ...slip.progress, bytesDone } });
      return;
    }
    world.put({
      ...slip,
      state: "delivered",
      progress: null,
      deliveredMs: world.nowMs(),
      savedTo: slip.direction === "in" ? join(world.folder, "received") : null,
    });
  } else if (slip.state === "delivered") world.put({ ...slip, state: "receipted" });
}

function findBlock(world: World): void {
  const height = world.tip.height + 1;
  const removed = world.pool.map((tx) => tx.id);
  const block = makeBlock(height, world.nowMs(), world.pool);
  world.blocks.push(block);
  world.pool = [];
  if (minerAt(height) === ME) world.balance += REWARD;
  const {
    header: _,
    txRoot: __,
    stateRoot: ___,
    confirmations: ____,
    transactions: _____,
    ...summary
  } = block;
  world.announce({ type: "chain", chain: world.chainView(), connected: [summary], disconnected: [] });
  if (removed.length > 0) world.announce({ type: "pool", added: [], removed });
  for (const slip of world.slips) {
    if (slip.state === "receipted") {
      world.put({ ...slip, state: "anchored", anchor: makeAnchor(height, height, world.nowMs()) });
    }
  }
  world.announce({ type: "mining", mining: world.miningView() });
  world.announce({ type: "status", status: world.statusView() });
}

/** Trackers that were named since the last tick answer. */
function reachTrackers(world: World): void {
  if (!world.trackers.some(({ state }) => state === "connecting")) return;
  world.trackers = world.trackers.map((tracker) =>
    tracker.state === "connecting"
      ? { ...tracker, state: "connected", peerId: peerOf(tracker.address), latencyMs: 31, peersOnline: 3 }
      : tracker,
  );
  world.announce({ type: "status", status: world.statusView() });
}

export function tick(world: World): void {
  world.ticks += 1;
  reachTrackers(world);
  for (const slip of [...world.slips]) moveSlip(world, slip);
  if (world.ticks % TICKS_PER_BLOCK === TICKS_PER_BLOCK / 2 && world.pool.length === 0) {
    const added = [
      makeTransaction({
        id: txId("tick", world.ticks),
        type: "stamped-anchor",
        from: accountOf("Carol"),
        fromName: "Carol",
        root: digest("root", "tick", world.ticks),
        state: "pending",
        receivedMs: world.nowMs(),
      }),
    ];
    world.pool.push(...added);
    world.announce({ type: "pool", added, removed: [] });
    world.announce({ type: "mining", mining: world.miningView() });
  }
  if (world.ticks % TICKS_PER_BLOCK === 0 && world.mining.mode !== "off") findBlock(world);
}
