/**
 * What both sides of transfer share: the records with what is known of them only while the process runs (why it
 * waits, how far it is, how fast), and the events that follow from each change. Owns no stream and no file.
 */
import { dirname } from "node:path";
import type { DeliveryId } from "#base/brand.ts";
import { Emitter } from "#base/emitter.ts";
import type { Problem } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Receipt } from "#receipts/index.ts";
import { PROGRESS_PERIOD_MS } from "./limits.ts";
import {
  NOT_FETCHED_YET,
  NOT_OFFERED_YET,
  WAITS_FOR_FETCH,
  WAITS_FOR_THEM,
  WAITS_FOR_YOU,
} from "./problems.ts";
import { Speed } from "./speed.ts";
import type { NewTransfer, StoredTransfer, TransferChange, TransferStore } from "./store.ts";
import type { Transfer, TransferEvent, TransferState } from "./types.ts";

interface Live {
  reason: Problem | null;
  /** Bytes move, or are checked. */
  active: boolean;
  bytesDone: number;
  speed: Speed;
  toldMs: number;
}

export class Desk {
  readonly events: Emitter<TransferEvent>;
  readonly #store: TransferStore;
  readonly #clock: Clock;
  readonly #live = new Map<DeliveryId, Live>();

  constructor(dependencies: { readonly store: TransferStore; readonly clock: Clock; readonly log: Log }) {
    this.#store = dependencies.store;
    this.#clock = dependencies.clock;
    this.events = new Emitter((error) => dependencies.log.fault("a listener of transfers failed", error));
  }

  add(transfer: NewTransfer, manifest: Uint8Array): StoredTransfer {
    const added = this.#store.add(transfer, manifest);
    this.#announce(added);
    return added;
  }

  /** Commits, then tells. */
  change(id: DeliveryId, change: TransferChange): StoredTransfer {
    const changed = this.#store.change(id, change);
    const live = this.#live.get(id);
    // Why the phase before waited is no reason in this one.
    if (change.phase !== undefined && live !== undefined) live.reason = null;
    const told = Object.keys(change).some((key) => key !== "notice");
    if (told) this.#announce(changed);
    if (change.completion !== undefined) {
      const { dispatch, peer } = changed;
      const receipt: Receipt = { dispatch, completion: change.completion };
      this.events.emit({ type: "receipt-completed", receipt, deliveryId: id, peer });
    }
    return changed;
  }

  waits(id: DeliveryId, reason: Problem | null): void {
    const live = this.#liveOf(id);
    const same = live.reason?.code === reason?.code && live.reason?.cause === reason?.cause;
    live.reason = reason;
    const record = same ? null : this.#store.get(id);
    if (record !== null) this.#announce(record);
  }

  /** Bytes begin to move: `bytesDone` are there already. */
  begins(id: DeliveryId, bytesDone: number): void {
    const live = this.#liveOf(id);
    Object.assign(live, {
      active: true,
      reason: null,
      bytesDone,
      speed: new Speed(),
      toldMs: this.#clock.monotonicMs(),
    });
    live.speed.add(live.toldMs, bytesDone);
    const record = this.#store.get(id);
    if (record !== null) this.#announce(record);
  }

  moved(id: DeliveryId, bytesDone: number): void {
    const live = this.#liveOf(id);
    const nowMs = this.#clock.monotonicMs();
    live.bytesDone = bytesDone;
    live.speed.add(nowMs, bytesDone);
    if (nowMs - live.toldMs < PROGRESS_PERIOD_MS) return;
    live.toldMs = nowMs;
    const record = this.#store.get(id);
    if (record !== null) this.events.emit({ type: "progress", transfer: this.view(record) });
  }

  /** Bytes move no more, for whatever reason; the change that follows tells it. */
  pauses(id: DeliveryId): void {
    this.#liveOf(id).active = false;
  }

  view(record: StoredTransfer): Transfer {
    const live = this.#live.get(record.deliveryId);
    const receipted = record.phase === "receipted";
    const state = stateOf(record, live);
    const waits = state === "queued" || state === "offered";
    const { deliveryId, peer, direction, order, title, fileCount, bytes, createdMs, dispatch, completion } =
      record;
    return {
      ...{
        deliveryId,
        peer,
        direction,
        order,
        title,
        fileCount,
        bytes,
        createdMs,
        dispatch,
        completion,
        state,
      },
      reason: waits ? (live?.reason ?? usualReason(record)) : record.reason,
      progress: {
        bytesDone: receipted ? bytes : (live?.bytesDone ?? 0),
        bytesTotal: bytes,
        resumedFromBytes: record.resumedFromBytes,
        bytesPerSecond: live?.active === true ? live.speed.perSecond() : 0,
      },
      savedTo: receipted && record.direction === "in" ? savedTo(record.placements.map(({ to }) => to)) : null,
      skipped: record.direction === "out" ? record.skipped : [],
    };
  }

  #announce(record: StoredTransfer): void {
    this.events.emit({ type: "changed", transfer: this.view(record) });
  }

  #liveOf(id: DeliveryId): Live {
    const known = this.#live.get(id);
    if (known !== undefined) return known;
    const live = { reason: null, active: false, bytesDone: 0, speed: new Speed(), toldMs: 0 };
    this.#live.set(id, live);
    return live;
  }
}

function savedTo(places: readonly string[]): string | null {
  const [first] = places;
  if (first === undefined) return null;
  return places.length === 1 ? first : dirname(first);
}

function stateOf(record: StoredTransfer, live: Live | undefined): TransferState {
  switch (record.phase) {
    case "offering":
      return "queued";
    case "offered":
    case "asking":
      return "offered";
    case "accepted":
    case "fetching":
      return live?.active === true ? "sending" : "queued";
    case "placing":
      return live?.reason == null ? "sending" : "queued";
    default:
      return record.phase;
  }
}

/** Before the first attempt of this run has found a better one. */
function usualReason({ phase }: StoredTransfer): Problem | null {
  switch (phase) {
    case "offering":
      return NOT_OFFERED_YET;
    case "offered":
      return WAITS_FOR_THEM;
    case "accepted":
      return WAITS_FOR_FETCH;
    case "asking":
      return WAITS_FOR_YOU;
    case "fetching":
      return NOT_FETCHED_YET;
    default:
      return null;
  }
}
