/**
 * Owns an in-memory `Facade` with a made-up world (`facade-data.ts`), for tests of API, CLI and page and for the
 * page's development. It changes only when `tick` is called or an operation asks for it. Never part of the product.
 */

import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  BlockView,
  ChainView,
  EventView,
  MiningView,
  PersonView,
  SlipView,
  StatusView,
  TransactionView,
  VerdictView,
} from "#api/views.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Facade } from "#node/facade.ts";
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
  slipId,
  txId,
} from "./facade-data.ts";

const ME = "Alice";
const FIRST_HEIGHT = 24;
const TICKS_PER_BLOCK = 8;

export interface KitFacade {
  readonly facade: Facade;
  readonly feed: WritableFeed;
  /** One second of this world: bytes move, receipts are signed, now and then a block is found. */
  tick(): void;
  /** What the uploads held, by path, in order of arrival. */
  readonly uploaded: ReadonlyMap<string, Uint8Array>;
  close(): Promise<void>;
}

export interface KitFacadeOptions {
  readonly nowMs: () => number;
  /** Names the run, as in the real peer. */
  readonly epoch?: string;
}

const notFound = (what: string): Result<never, Problem> =>
  fail(problem("not-found", `There is no such ${what}.`, "Look at the list again."));

class World {
  readonly feed: WritableFeed;
  readonly nowMs: () => number;
  people: PersonView[];
  slips: SlipView[];
  blocks: BlockView[];
  pool: TransactionView[];
  unread = new Map<string, number>([[peerOf("Carol"), 2]]);
  uploads = new Map<string, Map<string, Uint8Array>>();
  lastUpload: Map<string, Uint8Array> = new Map();
  mode: "on" | "off" = "on";
  name = ME;
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
    this.people = this.people.map((known) => (known.peerId === person.peerId ? person : known));
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
        nextBlockHashes: "262144",
      },
      pendingCount: this.pool.length,
      sync: { state: "synced", height, targetHeight: height },
      miners: [...counts].map(([name, blocks]) => ({
        account: accountOf(name),
        name,
        blocks,
        share: blocks / Math.max(1, height),
      })),
    };
  }

  miningView(): MiningView {
    const active = this.mode === "on" && this.pool.length > 0;
    const off = problem("mining-off", "Mining is switched off.", "Switch it on: waybill mine on.");
    const idle = problem("nothing-to-record", "No transaction waits.", "Nothing needed.");
    return {
      mode: this.mode,
      active,
      hashesPerSecond: active ? 412_000 : 0,
      blocksMined: this.blocks.filter((block) => block.minerName === ME).length,
      reason: active ? null : this.mode === "off" ? off : idle,
    };
  }

  statusView(): StatusView {
    return {
      name: this.name,
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

function tick(world: World): void {
  world.ticks += 1;
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
  if (world.ticks % TICKS_PER_BLOCK === 0 && world.mode === "on") findBlock(world);
}

function peopleOperations(
  world: World,
): Pick<Facade, "people" | "person" | "connect" | "updatePerson" | "conversations" | "markRead"> {
  const known = (who: string): Result<PersonView, Problem> => {
    const person = world.find(who);
    return person === undefined ? notFound("person") : ok(person);
  };
  return {
    people: async () => [...world.people],
    person: async (who) => known(who),
    connect: async (address) =>
      address.includes("127.0.0.1")
        ? known("Carol")
        : fail(
            problem(
              "dial-failed",
              `Nobody answers at ${address}.`,
              "Check the address and that the peer runs.",
            ),
          ),
    updatePerson: async (who, change) => {
      const person = known(who);
      if (!person.ok) return person;
      const petname = change.petname === undefined ? person.value.petname : change.petname;
      const name = petname ?? person.value.claimedName ?? person.value.peerId;
      return ok(world.putPerson({ ...person.value, ...change, petname, name }));
    },
    conversations: async () =>
      world.people
        .map((person) => ({
          person,
          last: world.slips.filter((slip) => slip.peerId === person.peerId).at(-1) ?? null,
          unread: world.unread.get(person.peerId) ?? 0,
        }))
        .filter(({ last }) => last !== null)
        .toSorted((a, b) => (b.last?.createdMs ?? 0) - (a.last?.createdMs ?? 0)),
    markRead: async (who) => {
      const person = known(who);
      if (!person.ok) return person;
      world.unread.delete(person.value.peerId);
      return ok();
    },
  };
}

function deliveryOperations(
  world: World,
): Pick<
  Facade,
  | "slips"
  | "slip"
  | "slipFiles"
  | "say"
  | "sendPaths"
  | "beginUpload"
  | "addUploadFile"
  | "sendUpload"
  | "accept"
  | "decline"
  | "cancel"
> {
  const slipOf = (id: string): Result<SlipView, Problem> => {
    const slip = world.slips.find((known) => known.id === id);
    return slip === undefined ? notFound("delivery") : ok(slip);
  };
  const change = (id: string, to: (slip: SlipView) => SlipView): Result<SlipView, Problem> => {
    const slip = slipOf(id);
    return slip.ok ? ok(world.put(to(slip.value))) : slip;
  };
  const send = (who: string, title: string | null, text: string | null, bytes: number, fileCount: number) => {
    const person = world.find(who);
    return person === undefined ? notFound("person") : ok(world.post(person, title, text, bytes, fileCount));
  };
  return {
    slips: async (query) => {
      const who = query.who === undefined ? null : world.find(query.who);
      if (who === undefined) return notFound("person");
      const found = world.slips.filter(
        (slip) =>
          (who === null || slip.peerId === who.peerId) &&
          (query.before === undefined || slip.order < query.before) &&
          (query.direction === undefined || slip.direction === query.direction),
      );
      return ok(found.toReversed().slice(0, query.limit));
    },
    slip: async (id) => slipOf(id),
    slipFiles: async (id) => {
      const slip = slipOf(id);
      if (!slip.ok) return slip;
      const { fileCount, bytes, title } = slip.value;
      return ok(
        Array.from({ length: fileCount }, (_, at) => ({
          path: fileCount === 1 ? (title ?? "file") : `${title}/part-${String(at).padStart(3, "0")}.bin`,
          bytes: Math.floor(bytes / fileCount),
          digest: digest("file", id, at),
        })),
      );
    },
    say: async (who, text) => send(who, null, text, Buffer.byteLength(text), 0),
    sendPaths: async (who, paths) =>
      paths.some((path) => path.includes("missing"))
        ? fail(problem("file-missing", "A path does not exist.", "Check the path."))
        : send(who, paths[0]?.split("/").at(-1) ?? "file", null, 5_000_000, paths.length),
    beginUpload: async () => {
      const uploadId = digest("upload", world.uploads.size).slice(0, 32);
      world.uploads.set(uploadId, new Map());
      return ok({ uploadId });
    },
    addUploadFile: async (uploadId, path, body) => {
      const upload = world.uploads.get(uploadId);
      if (upload === undefined) return notFound("upload");
      const bytes = new Uint8Array(await new Response(body).arrayBuffer());
      upload.set(path, bytes);
      world.lastUpload = upload;
      return ok({ bytes: bytes.length });
    },
    sendUpload: async (who, uploadId) => {
      const upload = world.uploads.get(uploadId);
      if (upload === undefined) return notFound("upload");
      world.uploads.delete(uploadId);
      const bytes = [...upload.values()].reduce((sum, file) => sum + file.length, 0);
      return send(who, [...upload.keys()][0]?.split("/")[0] ?? "file", null, bytes, upload.size);
    },
    accept: async (id) =>
      change(id, (slip) => ({
        ...slip,
        state: "sending",
        reason: null,
        progress: { bytesDone: 0, bytesTotal: slip.bytes, resumedFromBytes: 0, bytesPerSecond: 41_000_000 },
      })),
    decline: async (id) =>
      change(id, (slip) => ({ ...slip, state: "declined", reason: FAULTS.declined ?? null })),
    cancel: async (id) =>
      change(id, (slip) => ({
        ...slip,
        state: "cancelled",
        progress: null,
        reason: FAULTS.cancelled ?? null,
      })),
  };
}

const REFUSED_VERDICT: VerdictView = {
  ok: false,
  grade: "refused",
  problem: problem("waybill-malformed", "This is not a .waybill file.", "Ask the sender for the file again."),
  statements: [],
  limits: [],
  kind: null,
  from: null,
  to: null,
  bytes: null,
  fileCount: null,
  deliveredMs: null,
  notLaterThanMs: null,
  height: null,
};

function evidenceOperations(world: World): Pick<Facade, "savedFile" | "receipt" | "verify"> {
  return {
    savedFile: async (id, path) => {
      const slip = world.slips.find((known) => known.id === id);
      if (slip?.savedTo === null || slip === undefined) return notFound("saved file");
      if (path.includes("..")) return notFound("saved file");
      const content = `The bytes of ${path}.\n`;
      const file = join(world.folder, digest("saved", id, path));
      await writeFile(file, content);
      return ok({ path: file, name: path.split("/").at(-1) ?? path, bytes: Buffer.byteLength(content) });
    },
    receipt: async (id) => {
      const slip = world.slips.find((known) => known.id === id);
      if (slip === undefined) return notFound("delivery");
      if (slip.state !== "receipted" && slip.state !== "anchored") {
        return fail(problem("no-receipt", "Nothing has been signed for yet.", "Wait until it is delivered."));
      }
      return ok({
        fileName: `${slip.peerName} – ${slip.order}.waybill`,
        bytes: Buffer.from(`waybill ${id}`),
      });
    },
    verify: async (waybill) => {
      const text = Buffer.from(waybill).toString();
      const slip = world.slips.find(({ id }) => text === `waybill ${id}`);
      if (slip === undefined) return REFUSED_VERDICT;
      return {
        ...REFUSED_VERDICT,
        ok: true,
        grade: slip.state === "anchored" ? "in-my-chain" : "signed",
        problem: null,
        statements: ["Sender and receiver signed."],
        limits: ["Who a key belongs to."],
        kind: slip.kind,
        from: slip.direction === "out" ? peerOf(ME) : slip.peerId,
        to: slip.direction === "out" ? slip.peerId : peerOf(ME),
        bytes: slip.bytes,
        fileCount: slip.fileCount,
        deliveredMs: slip.deliveredMs,
        notLaterThanMs: slip.anchor?.timeMs ?? null,
        height: slip.anchor?.height ?? null,
      };
    },
  };
}

function ledgerOperations(
  world: World,
): Pick<
  Facade,
  "chain" | "blocks" | "block" | "transaction" | "pending" | "wallet" | "pay" | "mining" | "setMining"
> {
  return {
    chain: async () => world.chainView(),
    blocks: async ({ before, limit }) =>
      world.blocks
        .filter((block) => before === undefined || block.height < before)
        .toReversed()
        .slice(0, limit)
        .map(
          ({ header: _, txRoot: __, stateRoot: ___, confirmations: ____, transactions: _____, ...summary }) =>
            summary,
        ),
    block: async (heightOrId) => {
      const block = world.blocks.find(({ height, id }) => String(height) === heightOrId || id === heightOrId);
      return block === undefined ? notFound("block") : ok(world.blockAt(block));
    },
    transaction: async (id) => {
      const found = world.transactions().find((tx) => tx.id === id);
      return found === undefined ? notFound("transaction") : ok(found);
    },
    pending: async () => [...world.pool],
    wallet: async () => ({
      account: accountOf(ME),
      balance: world.balance,
      spendable: world.balance,
      pendingRewards: [{ height: world.tip.height, paidAtHeight: world.tip.height + 8, amount: REWARD }],
      recent: world
        .transactions()
        .filter(({ from, to }) => from === accountOf(ME) || to === accountOf(ME))
        .slice(0, 20),
    }),
    pay: async (to, amount, fee) => {
      const person = world.find(to);
      if (person === undefined) return notFound("person");
      if (amount > world.balance) {
        return fail(
          problem("funds-missing", "The balance does not cover it.", "Wait for a reward, or pay less."),
        );
      }
      world.balance -= amount;
      const paid = makeTransaction({
        id: txId("pay", world.feed.latest()),
        from: accountOf(ME),
        fromName: ME,
        to: person.account,
        toName: person.name,
        amount,
        fee: fee ?? 1_000,
        seq: 9,
        state: "pending",
        receivedMs: world.nowMs(),
      });
      world.pool.push(paid);
      world.announce({ type: "pool", added: [paid], removed: [] });
      return ok(paid);
    },
    mining: async () => world.miningView(),
    setMining: async (mode) => {
      world.mode = mode;
      world.announce({ type: "mining", mining: world.miningView() });
      return ok(world.miningView());
    },
  };
}

export function createKitFacade(options: KitFacadeOptions): KitFacade {
  const world = new World(options);
  const changed = (): Result<StatusView, Problem> => {
    world.announce({ type: "status", status: world.statusView() });
    return ok(world.statusView());
  };
  const facade: Facade = {
    feed: world.feed,
    status: async () => world.statusView(),
    setName: async (name) => {
      world.name = name;
      return changed();
    },
    setAccept: async (accept) => {
      world.accept = accept;
      return changed();
    },
    ...peopleOperations(world),
    ...deliveryOperations(world),
    ...evidenceOperations(world),
    ...ledgerOperations(world),
  };
  return {
    facade,
    feed: world.feed,
    tick: () => tick(world),
    get uploaded() {
      return world.lastUpload;
    },
    close: () => rm(world.folder, { recursive: true, force: true }),
  };
}

export { slipId };
