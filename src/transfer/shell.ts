/**
 * The shell of transfer: joins both sides, the errands and the store behind one face. Owns which stream is whose
 * and who is woken when; the sides own what is done.
 */
import { isAbsolute } from "node:path";
import { assert } from "#base/assert.ts";
import type { DeliveryId, PeerId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { accountOfPeer } from "#crypto/peer-id.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { FrameStream, Judgement, Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import {
  decodeManifest,
  encodeManifest,
  manifestBytes,
  manifestDigest,
  type Receipt,
  signDispatch,
} from "#receipts/index.ts";
import type { Notice } from "./codec.ts";
import { Desk } from "./desk.ts";
import type { Disk } from "./disk.ts";
import { Errand, type Verdict } from "./errand.ts";
import { readFrame, sendFrame } from "./exchange.ts";
import { Incoming } from "./incoming.ts";
import {
  FRAME_BYTES_MAX,
  HISTORY_RECORDS_MAX,
  PROTOCOL,
  STREAMS_PER_PEER_MAX,
  UNFINISHED_PER_PEER_MAX,
} from "./limits.ts";
import { Offers } from "./offers.ts";
import { Outgoing } from "./outgoing.ts";
import { isEnd } from "./phases.ts";
import {
  CANCELLED_BY_YOU,
  DECLINED_BY_YOU,
  ENDED,
  FOLDER_UNUSABLE,
  NOT_ASKED,
  PATH_NOT_ABSOLUTE,
  PLACING,
  STORAGE_FAILED,
  TO_ONESELF,
  TOO_MANY_TRANSFERS,
  UNKNOWN_TRANSFER,
} from "./problems.ts";
import { savedFiles } from "./saved-files.ts";
import { type Scanned, scan } from "./scan.ts";
import type { StoredTransfer, TransferStore } from "./store.ts";
import { titleOf } from "./title.ts";
import type {
  ManifestSummary,
  OfferDecision,
  Transfer,
  TransferEvent,
  TransferFile,
  TransferHistoryQuery,
  Transfers,
} from "./types.ts";

export interface TransferOptions {
  readonly keypair: Keypair;
  /** Absolute; `partial/` and `received/` are made below it. */
  readonly dataDir: string;
}

export interface TransferDependencies {
  readonly network: Pick<Network, "self" | "connected" | "subscribe" | "handle" | "open" | "judge">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: TransferStore;
  readonly disk: Disk;
  /** Policy; asked once for each offer. */
  readonly decide: (peer: PeerId, offer: ManifestSummary) => OfferDecision;
  /** The name of the folder for what this peer sends; made safe here. */
  readonly folderOf: (peer: PeerId) => string;
  /** Why nothing is sent to this peer now; null when nothing stands against it. Asked before each offer and pull. */
  readonly holds: (peer: PeerId) => Problem | null;
}

/** Registers the protocol and goes on with all that is unfinished. */
export async function openTransfers(
  options: TransferOptions,
  dependencies: TransferDependencies,
): Promise<Transfers> {
  return new TransferShell(options, dependencies);
}

class TransferShell implements Transfers {
  readonly #keypair: Keypair;
  readonly #deps: TransferDependencies;
  readonly #desk: Desk;
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  readonly #offers: Offers;
  readonly #errands = new Map<DeliveryId, Errand>();
  readonly #inbound = new Map<FrameStream, Promise<void>>();
  readonly #scans = new Set<Promise<unknown>>();
  readonly #unregister: readonly (() => void)[];
  readonly #closing = new AbortController();
  #closed = false;

  constructor({ keypair, dataDir }: TransferOptions, dependencies: TransferDependencies) {
    assert(keypair.peerId === dependencies.network.self, "the key that signs is the key of the network");
    this.#keypair = keypair;
    this.#deps = dependencies;
    const desk = new Desk(dependencies);
    this.#desk = desk;
    const dialling: Pick<Network, "open" | "judge"> = {
      open: (peer, protocol, how) =>
        dependencies.network.open(peer, protocol, { ...how, signal: this.#closing.signal }),
      judge: (peer: PeerId, judgement: Judgement) => dependencies.network.judge(peer, judgement),
    };
    this.#outgoing = new Outgoing({ ...dependencies, desk, network: dialling });
    const wake = (id: DeliveryId) => this.#nudge(id);
    this.#incoming = new Incoming({ ...dependencies, desk, keypair, dataDir, wake, network: dialling });
    this.#offers = new Offers({ ...dependencies, desk, self: keypair.account });
    const { network, store } = dependencies;
    const protocol = { frameBytesMax: FRAME_BYTES_MAX, streamsPerPeerMax: STREAMS_PER_PEER_MAX };
    this.#unregister = [
      network.handle(PROTOCOL, protocol, (stream) => this.#serve(stream)),
      network.subscribe((event) => {
        if (event.type === "disconnected") return;
        if (event.type === "path" && event.isBetter) this.#incoming.pathImproved(event.connection.peer);
        this.retry(event.connection.peer);
      }),
    ];
    for (const { deliveryId } of store.unfinished()) this.#nudge(deliveryId);
  }

  subscribe(listener: (event: TransferEvent) => void): () => void {
    return this.#desk.events.subscribe(listener);
  }

  async send(peer: PeerId, paths: readonly string[]): Promise<Result<Transfer, Problem>> {
    assert(!this.#closed, "transfer is open");
    if (peer === this.#keypair.peerId) return fail(TO_ONESELF);
    if (paths.some((path) => !isAbsolute(path))) return fail(PATH_NOT_ABSOLUTE);
    const unfinished = this.#deps.store.unfinished();
    if (unfinished.filter((one) => one.peer === peer).length >= UNFINISHED_PER_PEER_MAX) {
      return fail(TOO_MANY_TRANSFERS);
    }
    const scanning = scan(this.#deps.disk, paths, () => this.#closed);
    this.#scans.add(scanning);
    const scanned = await scanning.finally(() => this.#scans.delete(scanning));
    if (!scanned.ok) return scanned;
    try {
      return ok(this.#desk.view(this.#offer(peer, scanned.value)));
    } catch (error) {
      this.#deps.log.fault("an offer could not be stored", error);
      return fail(STORAGE_FAILED);
    }
  }

  #offer(peer: PeerId, { manifest, sources, skipped }: Scanned): StoredTransfer {
    const deliveryId = toHex(this.#deps.random.bytes(32)) as DeliveryId;
    const createdMs = this.#deps.clock.nowMs();
    const bytes = manifestBytes(manifest);
    const fileCount = manifest.entries.length;
    const dispatch = signDispatch(
      {
        version: 1,
        kind: "files",
        deliveryId,
        sender: this.#keypair.account,
        receiver: accountOfPeer(peer),
        contentDigest: manifestDigest(manifest),
        bytes,
        fileCount,
        dispatchedMs: createdMs,
      },
      this.#keypair,
    );
    const record = { deliveryId, peer, direction: "out", phase: "offering", createdMs, dispatch } as const;
    const open = { completion: null, reason: null, notice: null, resumedFromBytes: 0 };
    const summary = { title: titleOf(manifest), fileCount, bytes };
    const stored = this.#desk.add(
      { ...record, ...open, ...summary, sources, skipped },
      encodeManifest(manifest),
    );
    this.#nudge(deliveryId);
    return stored;
  }

  async accept(id: DeliveryId, folder?: string): Promise<Result<Transfer, Problem>> {
    if (folder !== undefined && !(await this.#usable(folder))) return fail(FOLDER_UNUSABLE);
    return this.#answer(id, () => {
      if (!this.#incoming.step(id, "accepted", folder === undefined ? {} : { folder })) return NOT_ASKED;
      return null;
    });
  }

  async #usable(folder: string): Promise<boolean> {
    if (!isAbsolute(folder)) return false;
    try {
      return (await this.#deps.disk.entry(folder))?.kind === "folder";
    } catch {
      return false;
    }
  }

  async decline(id: DeliveryId): Promise<Result<Transfer, Problem>> {
    const change = { reason: DECLINED_BY_YOU, notice: "declined" } as const;
    return this.#answer(id, () => (this.#incoming.step(id, "declined", change) ? null : NOT_ASKED));
  }

  async cancel(id: DeliveryId): Promise<Result<Transfer, Problem>> {
    const change = { reason: CANCELLED_BY_YOU, notice: "cancelled" } as const;
    return this.#answer(id, (record) => {
      const side = record.direction === "in" ? this.#incoming : this.#outgoing;
      if (side.step(id, "cancelled", change)) return null;
      return record.phase === "placing" ? PLACING : ENDED;
    });
  }

  #answer(id: DeliveryId, act: (record: StoredTransfer) => Problem | null): Result<Transfer, Problem> {
    const record = this.#deps.store.get(id);
    if (record === null) return fail(UNKNOWN_TRANSFER);
    try {
      const refused = act(record);
      if (refused !== null) return fail(refused);
    } catch (error) {
      this.#deps.log.fault("an answer could not be stored", error);
      return fail(STORAGE_FAILED);
    }
    this.#nudge(id);
    const changed = this.get(id);
    return changed === null ? fail(UNKNOWN_TRANSFER) : ok(changed);
  }

  history(query: TransferHistoryQuery): readonly Transfer[] {
    const limit = Math.min(query.limit, HISTORY_RECORDS_MAX);
    return this.#deps.store.history({ ...query, limit }).map((record) => this.#desk.view(record));
  }

  get(id: DeliveryId): Transfer | null {
    const record = this.#deps.store.get(id);
    return record === null ? null : this.#desk.view(record);
  }

  files(id: DeliveryId): readonly TransferFile[] | null {
    const record = this.#deps.store.get(id);
    const manifest = decodeManifest(this.#deps.store.manifest(id) ?? new Uint8Array(0));
    return record === null || !manifest.ok ? null : savedFiles(record, manifest.value);
  }

  manifest(id: DeliveryId): Uint8Array | null {
    return this.#deps.store.manifest(id);
  }

  peers(): readonly PeerId[] {
    return this.#deps.store.peers();
  }

  countIncoming(peer: PeerId, afterOrder: number): number {
    return this.#deps.store.countIncoming(peer, afterOrder);
  }

  untakenReceipts(limit: number): readonly Receipt[] {
    return this.#deps.store
      .untaken(limit)
      .flatMap(({ dispatch, completion }) => (completion === null ? [] : [{ dispatch, completion }]));
  }

  receiptTaken(id: DeliveryId): void {
    this.#deps.store.markTaken(id);
  }

  retry(peer: PeerId): void {
    for (const record of this.#deps.store.unfinished()) {
      if (record.peer === peer) this.#errand(record.deliveryId)?.arrived();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.abort();
    for (const unregister of this.#unregister) unregister();
    for (const stream of this.#inbound.keys()) stream.reset("closing");
    this.#outgoing.close();
    this.#incoming.close();
    await Promise.all([...this.#errands.values()].map((errand) => errand.close()));
    await Promise.allSettled([...this.#inbound.values(), ...this.#scans]);
  }

  #nudge(id: DeliveryId): void {
    this.#errand(id)?.nudge();
  }

  #errand(id: DeliveryId): Errand | null {
    if (this.#closed) return null;
    const known = this.#errands.get(id);
    if (known !== undefined) return known;
    const { clock, log } = this.#deps;
    const errand: Errand = new Errand({
      clock,
      log,
      work: () => this.#work(id),
      onReason: (reason) => this.#desk.waits(id, reason),
      onDone: () => this.#errands.delete(id),
    });
    this.#errands.set(id, errand);
    return errand;
  }

  async #work(id: DeliveryId): Promise<Verdict> {
    const record = this.#deps.store.get(id);
    if (record === null) return { is: "done" };
    return record.direction === "in" ? this.#incoming.work(record) : this.#outgoing.work(record);
  }

  async #serve(stream: FrameStream): Promise<void> {
    if (this.#closed) return stream.reset("closing");
    const served = this.#answerStream(stream);
    this.#inbound.set(stream, served);
    try {
      await served;
    } finally {
      this.#inbound.delete(stream);
    }
  }

  /** The first frame says what the stream is for. */
  async #answerStream(stream: FrameStream): Promise<void> {
    const first = await readFrame(stream);
    if (!first.ok) return stream.reset("no request");
    const frame = first.value;
    if (frame.type === "offer") {
      const stored = await this.#offers.take(stream, frame.dispatch, frame.manifestBytes);
      if (stored !== null && !isEnd(stored.phase)) this.#nudge(stored.deliveryId);
    } else if (frame.type === "pull") {
      await this.#outgoing.serve(stream, frame.deliveryId, frame.from);
      this.#nudge(frame.deliveryId);
    } else if (frame.type === "notice") {
      await this.#note(stream, frame.deliveryId, frame.notice);
    } else {
      this.#deps.network.judge(stream.peer, "reject");
      stream.reset("not a request");
    }
  }

  /** Stored before it is noted. What nobody here knows of is noted too, so that it is told no more. */
  async #note(stream: FrameStream, id: DeliveryId, notice: Notice): Promise<void> {
    const record = this.#deps.store.get(id);
    if (record !== null && record.peer === stream.peer) {
      const side = record.direction === "in" ? this.#incoming : this.#outgoing;
      if (!side.notified(record, notice)) return stream.reset("a notice that does not fit");
      // The other side goes on by itself; asking it again would only hide why it waits.
      if (notice.is !== "waiting") this.#nudge(id);
    }
    await sendFrame(stream, { type: "noted" });
  }
}
