/**
 * Owns the slip: one shape for messages and transfers, with the state that people see. Delivery and receipt come from
 * the feature that moved the bytes, the stamp from anchoring. Pure.
 */
import type { AnchorView, SlipFileView, SlipState, SlipView } from "#api/views.ts";
import { toHex } from "#base/bytes.ts";
import type { Problem } from "#base/result.ts";
import type { Message } from "#messaging/index.ts";
import type { Transfer, TransferFile } from "#transfer/index.ts";

/** What anchoring knows of a delivery: its stamp when there is one, and why it waits when it does. */
export interface Stamp {
  readonly anchor: AnchorView | null;
  readonly reason: Problem | null;
}

const NO_STAMP: Stamp = { anchor: null, reason: null };

function stateWith(state: SlipState, stamp: Stamp): SlipState {
  return state === "receipted" && stamp.anchor?.height != null ? "anchored" : state;
}

export function messageSlip(message: Message, peerName: string, stamp: Stamp = NO_STAMP): SlipView {
  const state = stateWith(message.state, stamp);
  return {
    id: message.deliveryId,
    kind: "message",
    direction: message.direction,
    peerId: message.peer,
    peerName,
    order: message.order,
    text: message.text,
    title: null,
    fileCount: 0,
    bytes: message.dispatch.body.bytes,
    state,
    reason: message.reason ?? (state === "receipted" ? stamp.reason : null),
    createdMs: message.createdMs,
    deliveredMs: message.completion?.completedMs ?? null,
    progress: null,
    path: null,
    savedTo: null,
    anchor: stamp.anchor,
  };
}

/** @param path how the other side is reached now; shown while bytes move. */
export function transferSlip(
  transfer: Transfer,
  peerName: string,
  stamp: Stamp = NO_STAMP,
  path: SlipView["path"] = null,
): SlipView {
  // Signed by the receiver, but this side does not hold both signatures for good yet: delivered and no more.
  const delivered = transfer.state === "sending" && transfer.completion !== null;
  const state = stateWith(delivered ? "delivered" : transfer.state, stamp);
  return {
    id: transfer.deliveryId,
    kind: "files",
    direction: transfer.direction,
    peerId: transfer.peer,
    peerName,
    order: transfer.order,
    text: null,
    title: transfer.title,
    fileCount: transfer.fileCount,
    bytes: transfer.bytes,
    state,
    reason: transfer.reason ?? (state === "receipted" ? stamp.reason : null),
    createdMs: transfer.createdMs,
    deliveredMs: transfer.completion?.completedMs ?? null,
    progress: transfer.progress,
    path: state === "sending" ? path : null,
    savedTo: transfer.savedTo,
    anchor: stamp.anchor,
  };
}

/** Nothing of it moves any more: its sources are not read again. */
export function hasEnded({ state }: Pick<Transfer, "state">): boolean {
  return state === "receipted" || state === "declined" || state === "cancelled" || state === "failed";
}

export function slipFileView(file: TransferFile): SlipFileView {
  return { path: file.path, bytes: file.bytes, digest: toHex(file.digest) };
}
