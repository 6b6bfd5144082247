/**
 * The sender's side: makes offers, serves pulls, takes completions. Owns the streams of what goes out. What may
 * follow what is `stepOutgoing`.
 */
import type { DeliveryId, PeerId } from "#base/brand.ts";
import type { Problem } from "#base/result.ts";
import type { Log } from "#ports/log.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import { type Completion, decodeManifest, verifyCompletion } from "#receipts/index.ts";
import type { Notice, OfferAnswer, WireReason } from "./codec.ts";
import type { Desk } from "./desk.ts";
import type { Disk } from "./disk.ts";
import type { Verdict } from "./errand.ts";
import { noticeOf, openStream, readFrame, sendFrame, tell } from "./exchange.ts";
import { layoutOf } from "./layout.ts";
import { HELD_RETRY_MS, PIECE_BYTES, SERVED_PULLS_MAX } from "./limits.ts";
import { isEnd, type OutgoingEvent, stepOutgoing } from "./phases.ts";
import {
  BAD_ANSWER,
  CANCELLED_BY_THEM,
  DECLINED_BY_THEM,
  WAITS_FOR_FETCH,
  WAITS_FOR_THEM,
  wireProblem,
} from "./problems.ts";
import { SourceReader } from "./source-reader.ts";
import type { OutgoingFields, StoredTransfer, TransferChange, TransferStore } from "./store.ts";

type Stored = OutgoingFields & { readonly order: number };

export interface OutgoingDependencies {
  readonly network: Pick<Network, "open" | "judge">;
  readonly log: Log;
  readonly store: TransferStore;
  readonly disk: Disk;
  readonly desk: Desk;
  /** Why nothing is sent to this peer now; null when nothing stands against it. */
  readonly holds: (peer: PeerId) => Problem | null;
}

/** Reasons for which an offer is made again instead of given up. */
const TEMPORARY: readonly WireReason[] = ["busy", "no-space", "storage"];

export class Outgoing {
  readonly #deps: OutgoingDependencies;
  readonly #serving = new Map<DeliveryId, FrameStream>();

  constructor(dependencies: OutgoingDependencies) {
    this.#deps = dependencies;
  }

  /** What an errand does for this record now. */
  async work(record: Stored): Promise<Verdict> {
    const held = this.#deps.holds(record.peer);
    if (held !== null) return { is: "wait", reason: held, delayMs: HELD_RETRY_MS };
    if (!isEnd(record.phase)) {
      // Bytes move: the offer is known there, and every end is told.
      if (this.#serving.has(record.deliveryId)) return { is: "idle", reason: null };
      return this.#offer(record);
    }
    const notice = noticeOf(record);
    if (notice === null) return { is: "done" };
    const told = await tell(this.#deps.network, record.peer, record.deliveryId, notice);
    if (!told.ok) return told.fault;
    this.#deps.desk.change(record.deliveryId, { notice: null });
    return { is: "done" };
  }

  /** Takes an event through the machine; false when it changes nothing. */
  step(id: DeliveryId, event: OutgoingEvent, change: TransferChange = {}): boolean {
    const record = this.#deps.store.get(id);
    if (record?.direction !== "out") return false;
    const phase = stepOutgoing(record.phase, event);
    if (phase === null) return false;
    if (isEnd(phase)) this.#deps.desk.pauses(id);
    this.#deps.desk.change(id, { ...change, phase });
    if (isEnd(phase)) this.#serving.get(id)?.reset("transfer ended");
    return true;
  }

  async #offer(record: Stored): Promise<Verdict> {
    const opened = await openStream(this.#deps.network, record.peer);
    if (!opened.ok) return opened.fault;
    const stream = opened.value;
    const manifest = this.#deps.store.manifest(record.deliveryId) ?? new Uint8Array(0);
    const offer = { type: "offer", dispatch: record.dispatch, manifestBytes: manifest.length } as const;
    const sent = await sendFrame(stream, offer);
    let answer = sent.ok ? await readFrame(stream) : sent;
    if (answer.ok && answer.value.type === "offer-answer" && answer.value.answer.is === "send-manifest") {
      for (let at = 0; at < manifest.length; at += PIECE_BYTES) {
        await sendFrame(stream, { type: "manifest-part", bytes: manifest.subarray(at, at + PIECE_BYTES) });
      }
      answer = await readFrame(stream);
    }
    if (!answer.ok || answer.value.type !== "offer-answer") {
      stream.reset("no answer to an offer");
      return { is: "wait", reason: answer.ok ? BAD_ANSWER : answer.fault };
    }
    await stream.close();
    return this.#answered(record, answer.value.answer);
  }

  #answered({ deliveryId, peer, phase }: Stored, answer: OfferAnswer): Verdict {
    switch (answer.is) {
      case "held":
        this.step(deliveryId, "held");
        return { is: "idle", reason: phase === "accepted" ? WAITS_FOR_FETCH : WAITS_FOR_THEM };
      case "accepted":
        this.step(deliveryId, "accepted");
        return { is: "idle", reason: WAITS_FOR_FETCH };
      case "completed":
        if (this.#complete(deliveryId, peer, answer.completion)) return { is: "again" };
        return { is: "wait", reason: BAD_ANSWER };
      case "failed":
        if (TEMPORARY.includes(answer.reason)) return { is: "wait", reason: wireProblem(answer.reason) };
        this.step(deliveryId, "failed", { reason: wireProblem(answer.reason) });
        return { is: "again" };
      case "declined":
        this.step(deliveryId, "declined", { reason: DECLINED_BY_THEM });
        return { is: "again" };
      case "cancelled":
        this.step(deliveryId, "cancelled", { reason: CANCELLED_BY_THEM });
        return { is: "again" };
      default:
        return { is: "wait", reason: BAD_ANSWER };
    }
  }

  /** False when the signature does not stand, which is an offence. True also when it was known already. */
  #complete(id: DeliveryId, peer: PeerId, completion: Completion): boolean {
    const record = this.#deps.store.get(id);
    if (record === null || !verifyCompletion(record.dispatch, completion)) {
      this.#deps.network.judge(peer, "reject");
      return false;
    }
    this.step(id, "completed", { completion, reason: null, notice: null });
    return true;
  }

  /** What the receiver tells later. False when it must not be noted. */
  notified(record: StoredTransfer, notice: Notice): boolean {
    const id = record.deliveryId;
    switch (notice.is) {
      case "completed":
        return this.#complete(id, record.peer, notice.completion);
      case "declined":
        this.step(id, "declined", { reason: DECLINED_BY_THEM });
        return true;
      case "cancelled":
        this.step(id, "cancelled", { reason: CANCELLED_BY_THEM });
        return true;
      case "failed":
        this.step(id, "failed", { reason: wireProblem(notice.reason) });
        return true;
      case "waiting":
        this.#deps.desk.waits(id, wireProblem(notice.reason));
        return true;
      default:
        return false;
    }
  }

  /** Answers a pull: all pieces from `from` on, read ahead of the wire. */
  async serve(stream: FrameStream, id: DeliveryId, from: number): Promise<void> {
    const { store, desk, disk } = this.#deps;
    const record = store.get(id);
    const stop = (reason: WireReason) => sendFrame(stream, { type: "stopped", reason });
    if (record?.direction !== "out" || record.peer !== stream.peer)
      return void (await stop("delivery-unknown"));
    if (isEnd(record.phase)) return void (await stop("delivery-ended"));
    if (this.#deps.holds(record.peer) !== null) return void (await stop("busy"));
    const older = this.#serving.get(id);
    if (older === undefined && this.#serving.size >= SERVED_PULLS_MAX) return void (await stop("busy"));
    const manifest = decodeManifest(store.manifest(id) ?? new Uint8Array(0));
    if (!manifest.ok) throw new Error(`stored manifest is damaged: ${manifest.fault.what}`);
    const layout = layoutOf(manifest.value.entries);
    if (from > layout.pieceCount) {
      this.#deps.network.judge(stream.peer, "reject");
      return stream.reset("no such piece");
    }
    // The receiver knows best which of its streams lives: the newest.
    older?.reset("replaced by a newer pull");
    this.#serving.set(id, stream);
    this.step(id, "accepted");
    if (from > 0) desk.change(id, { resumedFromBytes: layout.bytesBefore(from) });
    desk.begins(id, layout.bytesBefore(from));
    const reader = new SourceReader(disk, record.sources, manifest.value.entries, layout);
    try {
      const fault = await reader.sendAll(stream, from, (bytes) => desk.moved(id, bytes));
      if (fault !== null) await this.#sourceFailed(stream, id, fault);
    } finally {
      await reader.close();
      if (this.#serving.get(id) === stream) {
        this.#serving.delete(id);
        desk.pauses(id);
        // Says again why it waits, now that nothing moves.
        const left = store.get(id);
        if (left !== null && !isEnd(left.phase)) desk.change(id, {});
      }
    }
  }

  async #sourceFailed(
    stream: FrameStream,
    id: DeliveryId,
    reason: Problem & { wire: WireReason },
  ): Promise<void> {
    const { code, cause, nextStep, wire } = reason;
    // Told at once on this stream, and once more as a notice, for this stream may not last.
    await sendFrame(stream, { type: "stopped", reason: wire });
    await stream.close();
    this.#serving.delete(id);
    this.step(id, "failed", { reason: { code, cause, nextStep }, notice: "failed" });
  }

  close(): void {
    for (const stream of this.#serving.values()) stream.reset("closing");
  }
}
