/**
 * The receiver's side: fetches what was accepted, checks it as stored, places it, signs, and tells. Owns the order
 * of these steps, which is what a receipt stands for. What may follow what is `stepIncoming`.
 */
import { dirname, join } from "node:path";
import type { DeliveryId, PeerId } from "#base/brand.ts";
import type { Problem } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import { decodeManifest, type ManifestEntry, signCompletion } from "#receipts/index.ts";
import type { Notice } from "./codec.ts";
import type { Desk } from "./desk.ts";
import type { Disk } from "./disk.ts";
import type { Verdict } from "./errand.ts";
import { noticeOf, tell, wireReason } from "./exchange.ts";
import {
  FRUITLESS_SESSIONS_MAX,
  REFETCHES_MAX,
  RESERVE_BYTES,
  SPACE_RETRY_MS,
  TURN_RETRY_MS,
} from "./limits.ts";
import { type Checked, contentFolder, PartialContent } from "./partial-content.ts";
import { type IncomingEvent, isEnd, stepIncoming } from "./phases.ts";
import { place, planPlacements, topNames } from "./place.ts";
import {
  CANCELLED_BY_THEM,
  DISK_UNRELIABLE,
  diskProblem,
  NO_SPACE,
  WAITS_FOR_YOU,
  WAITS_TURN,
  wireProblem,
} from "./problems.ts";
import { Pull, type PullOutcome } from "./pull.ts";
import { localPaths, safeName } from "./safe-name.ts";
import { Slots } from "./slots.ts";
import type { IncomingFields, StoredTransfer, TransferChange, TransferStore } from "./store.ts";

type Stored = IncomingFields & { readonly order: number };

export interface IncomingDependencies {
  readonly network: Pick<Network, "open" | "judge">;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: TransferStore;
  readonly disk: Disk;
  readonly desk: Desk;
  readonly keypair: Keypair;
  readonly dataDir: string;
  readonly folderOf: (peer: PeerId) => string;
  /** Looks at a transfer again. */
  readonly wake: (id: DeliveryId) => void;
}

export class Incoming {
  readonly #deps: IncomingDependencies;
  readonly #slots: Slots;
  readonly #pulls = new Map<DeliveryId, Pull>();
  /** Aborted when a transfer ends or the process closes, for what else takes long. */
  readonly #fetches = new Map<DeliveryId, AbortController>();

  constructor(dependencies: IncomingDependencies) {
    this.#deps = dependencies;
    this.#slots = new Slots(dependencies.wake);
  }

  /** What an errand does for this record now. */
  async work(record: Stored): Promise<Verdict> {
    switch (record.phase) {
      case "asking":
        return { is: "idle", reason: WAITS_FOR_YOU };
      case "fetching":
        return this.#fetch(record);
      case "placing":
        return this.#place(record);
      default:
        return this.#settle(record);
    }
  }

  step(id: DeliveryId, event: IncomingEvent, change: TransferChange = {}): boolean {
    const record = this.#deps.store.get(id);
    if (record?.direction !== "in") return false;
    const phase = stepIncoming(record.phase, event);
    if (phase === null) return false;
    if (isEnd(phase)) this.#deps.desk.pauses(id);
    this.#deps.desk.change(id, { ...change, phase });
    if (isEnd(phase)) {
      this.#pulls.get(id)?.stop("transfer ended");
      this.#fetches.get(id)?.abort();
    }
    return true;
  }

  /** What the sender tells. */
  notified(record: StoredTransfer, notice: Notice): boolean {
    if (notice.is === "cancelled") this.step(record.deliveryId, "cancelled", { reason: CANCELLED_BY_THEM });
    else if (notice.is === "failed") {
      this.step(record.deliveryId, "failed", { reason: wireProblem(notice.reason) });
    } else return false;
    return true;
  }

  close(): void {
    for (const pull of this.#pulls.values()) pull.stop("closing");
    for (const fetch of this.#fetches.values()) fetch.abort();
  }

  async #fetch(record: Stored): Promise<Verdict> {
    const { deliveryId, peer } = record;
    if (!this.#slots.take(deliveryId, peer)) {
      return { is: "wait", reason: WAITS_TURN, delayMs: TURN_RETRY_MS };
    }
    const fetch = new AbortController();
    this.#fetches.set(deliveryId, fetch);
    try {
      return await this.#fetchWithSlot(record, fetch.signal);
    } catch (error) {
      return await this.#diskFailed(record, error);
    } finally {
      this.#fetches.delete(deliveryId);
      this.#deps.desk.pauses(deliveryId);
      this.#slots.free(deliveryId);
    }
  }

  async #fetchWithSlot(record: Stored, stopped: AbortSignal): Promise<Verdict> {
    const { deliveryId } = record;
    const { disk, desk, store } = this.#deps;
    const folder = this.#partialFolder(record);
    const { entries, paths } = this.#filesOf(record);
    await disk.makeFolder(folder);
    const content = await PartialContent.open({ folder, entries, paths, stopped }, disk);
    try {
      // Before anything is fetched: what the journal names is read back, and what is not there any more forgotten.
      if (content.pieces > 0) desk.begins(deliveryId, content.layout.bytesBefore(content.pieces));
      const held = await content.check();
      const other = await this.#judge(record, content, held);
      if (other !== null) return other;
      const done = content.layout.bytesBefore(content.pieces);
      const needed = content.layout.totalBytes - done + RESERVE_BYTES;
      if ((await disk.freeBytes(folder)) < needed) return await this.#noSpace(record);
      if (done > 0) desk.change(deliveryId, { resumedFromBytes: done });

      for (let fetches = 0; ; fetches++) {
        const fetched = await this.#pull(record, content);
        if (fetched !== null) return fetched;
        const found = await content.check();
        if (found.is === "good" && content.pieces === content.layout.pieceCount) break;
        const verdict = await this.#judge(record, content, found);
        if (verdict !== null) return verdict;
        if (fetches >= REFETCHES_MAX) return this.#fail(deliveryId, DISK_UNRELIABLE);
      }
      const finished = await content.finish();
      const wrong = await this.#judge(record, content, finished);
      if (wrong !== null) return wrong;
    } finally {
      await content.close();
    }
    // Called off while it was being checked.
    if (store.get(deliveryId)?.phase !== "fetching") return { is: "again" };
    desk.waits(deliveryId, null);
    const placements = await planPlacements(disk, topNames(paths), await this.#destination(record));
    this.step(deliveryId, "verified", { placements });
    return { is: "again" };
  }

  /** `null` to go on; lost pieces are forgotten, so that they are fetched again. */
  async #judge(record: Stored, content: PartialContent, found: Checked): Promise<Verdict | null> {
    if (found.is === "good") return null;
    if (found.is === "stopped") return { is: "again" };
    if (found.is === "lost") {
      await content.forget(found.piece);
      return null;
    }
    return this.#fail(record.deliveryId, wireProblem("content-mismatch"));
  }

  /** A better path to this peer stands: what comes from it goes on there. */
  pathImproved(peer: PeerId): void {
    for (const [id, pull] of this.#pulls) {
      if (this.#deps.store.get(id)?.peer === peer) pull.leave();
    }
  }

  /**
   * `null` once every piece is written. Goes on over another path at once, over what is left: only closing and opening
   * all of it again would have to read back what is there.
   */
  async #pull(record: Stored, content: PartialContent): Promise<Verdict | null> {
    const { deliveryId } = record;
    for (let fruitless = 0; content.pieces < content.layout.pieceCount; ) {
      const { pieces } = content;
      const outcome = await this.#session(record, content);
      if (this.#deps.store.get(deliveryId)?.phase !== "fetching") return { is: "again" };
      if (outcome.is === "complete") return null;
      if (outcome.is === "stopped") return this.#fail(deliveryId, outcome.reason);
      if (outcome.is === "wait") return outcome;
      if (outcome.is === "left") continue;
      fruitless = content.pieces > pieces ? 0 : fruitless + 1;
      if (fruitless >= FRUITLESS_SESSIONS_MAX) return { is: "wait", reason: outcome.reason };
      this.#deps.desk.pauses(deliveryId);
      this.#deps.desk.waits(deliveryId, outcome.reason);
    }
    return null;
  }

  async #session({ deliveryId, peer }: Stored, content: PartialContent): Promise<PullOutcome> {
    const { network, clock, desk, store } = this.#deps;
    const onMoved = (bytes: number) => desk.moved(deliveryId, bytes);
    const pull = new Pull(deliveryId, peer, content, { network, clock, onMoved });
    this.#pulls.set(deliveryId, pull);
    try {
      // Called off after this errand had looked: `step` found no pull to stop.
      if (store.get(deliveryId)?.phase !== "fetching") return { is: "left" };
      return await pull.run(() => desk.begins(deliveryId, content.layout.bytesBefore(content.pieces)));
    } finally {
      this.#pulls.delete(deliveryId);
    }
  }

  #fail(id: DeliveryId, reason: Problem): Verdict {
    this.step(id, "failed", { reason, notice: "failed" });
    return { is: "again" };
  }

  async #diskFailed(record: Stored, error: unknown): Promise<Verdict> {
    const reason = diskProblem(error);
    if (reason === NO_SPACE) return this.#noSpace(record);
    this.#deps.log.fault("files could not be written", error);
    await this.#tellWaiting(record, reason);
    return { is: "wait", reason };
  }

  async #noSpace(record: Stored): Promise<Verdict> {
    await this.#tellWaiting(record, NO_SPACE);
    return { is: "wait", reason: NO_SPACE, delayMs: SPACE_RETRY_MS };
  }

  /** Best effort at each attempt, so that the sender sees why nothing moves, also after it was started anew. */
  async #tellWaiting({ deliveryId, peer }: Stored, reason: Problem): Promise<void> {
    await tell(this.#deps.network, peer, deliveryId, { is: "waiting", reason: wireReason(reason) });
  }

  /** Moves, syncs, signs, stores the signature: in this order, and each only after the one before. */
  async #place(record: Stored): Promise<Verdict> {
    const { deliveryId, dispatch, placements } = record;
    const { disk, desk, clock, keypair } = this.#deps;
    const [first] = placements;
    if (first === undefined) throw new Error("a plan without a place");
    const destination = dirname(first.to);
    try {
      await disk.makeFolder(destination);
      await place(disk, contentFolder(this.#partialFolder(record)), destination, placements, (changed) =>
        desk.change(deliveryId, { placements: changed }),
      );
      await disk.syncFolder(dirname(destination));
    } catch (error) {
      this.#deps.log.fault("files could not be placed", error);
      const reason = diskProblem(error);
      await this.#tellWaiting(record, reason);
      return { is: "wait", reason };
    }
    const completion = signCompletion(dispatch, clock.nowMs(), keypair);
    this.step(deliveryId, "placed", { completion, notice: "completed" });
    return { is: "again" };
  }

  /** After the end: what is left on disk goes, and the sender is told. */
  async #settle(record: Stored): Promise<Verdict> {
    try {
      await this.#deps.disk.remove(this.#partialFolder(record));
    } catch (error) {
      this.#deps.log.fault("a partial folder could not be removed", error);
    }
    const notice = noticeOf(record);
    if (notice === null) return { is: "done" };
    const told = await tell(this.#deps.network, record.peer, record.deliveryId, notice);
    if (!told.ok) return told.fault;
    this.#deps.desk.change(record.deliveryId, { notice: null });
    return { is: "done" };
  }

  /** Beside the destination when the user chose one: a move between file systems would be a copy. */
  #partialFolder({ folder, deliveryId }: Stored): string {
    return folder === null
      ? join(this.#deps.dataDir, "partial", deliveryId)
      : join(folder, `.waybill-partial-${deliveryId}`);
  }

  async #destination({ folder, peer }: Stored): Promise<string> {
    const destination = folder ?? join(this.#deps.dataDir, "received", safeName(this.#deps.folderOf(peer)));
    await this.#deps.disk.makeFolder(destination);
    return destination;
  }

  #filesOf(record: Stored): {
    readonly entries: readonly ManifestEntry[];
    readonly paths: readonly string[];
  } {
    const manifest = decodeManifest(this.#deps.store.manifest(record.deliveryId) ?? new Uint8Array(0));
    if (!manifest.ok) throw new Error(`stored manifest is damaged: ${manifest.fault.what}`);
    const { entries } = manifest.value;
    const paths = localPaths(entries.map(({ path }) => path));
    if (paths === null) throw new Error("a manifest with unusable names was stored");
    return { entries, paths };
  }
}
