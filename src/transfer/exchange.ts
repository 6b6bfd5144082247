/** Owns the small talk of both sides: opening a stream, sending one frame, reading one answer, telling a notice. */
import type { DeliveryId, PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import { decodeFrame, encodeFrame, type Frame, type Notice, WIRE_REASONS, type WireReason } from "./codec.ts";
import type { Verdict } from "./errand.ts";
import {
  ANSWER_TIMEOUT_MS,
  FRAME_BYTES_MAX,
  OPEN_TIMEOUT_MS,
  PROTOCOL,
  PROTOCOL_RETRY_MS,
  STREAMS_PER_PEER_MAX,
} from "./limits.ts";
import { BAD_ANSWER, dialProblem, streamProblem } from "./problems.ts";
import type { StoredTransfer } from "./store.ts";

type Wait = Extract<Verdict, { readonly is: "wait" }>;

export async function openStream(
  network: Pick<Network, "open">,
  peer: PeerId,
): Promise<Result<FrameStream, Wait>> {
  const opened = await network.open(peer, PROTOCOL, {
    frameBytesMax: FRAME_BYTES_MAX,
    streamsPerPeerMax: STREAMS_PER_PEER_MAX,
    timeoutMs: OPEN_TIMEOUT_MS,
  });
  if (opened.ok) return opened;
  const reason = dialProblem(opened.fault);
  return fail({
    is: "wait",
    reason,
    ...(opened.fault.code === "protocol-unknown" ? { delayMs: PROTOCOL_RETRY_MS } : {}),
  });
}

export async function sendFrame(stream: FrameStream, frame: Frame): Promise<Result<undefined, Problem>> {
  const sent = await stream.send(encodeFrame(frame));
  return sent.ok ? sent : fail(streamProblem(sent.fault));
}

/** The next frame; a stream that ended in order is a fault here, because an answer was due. */
export async function readFrame(
  stream: FrameStream,
  timeoutMs: number = ANSWER_TIMEOUT_MS,
): Promise<Result<Frame, Problem>> {
  const received = await stream.receive({ timeoutMs });
  if (!received.ok) return fail(streamProblem(received.fault));
  if (received.value === null) return fail(streamProblem({ code: "closed" }));
  const frame = decodeFrame(received.value);
  return frame.ok ? frame : fail(BAD_ANSWER);
}

/** Tells the other side, and waits until it has noted it. */
export async function tell(
  network: Pick<Network, "open">,
  peer: PeerId,
  deliveryId: DeliveryId,
  notice: Notice,
): Promise<Result<undefined, Wait>> {
  const opened = await openStream(network, peer);
  if (!opened.ok) return opened;
  const stream = opened.value;
  const sent = await sendFrame(stream, { type: "notice", deliveryId, notice });
  const answer = sent.ok ? await readFrame(stream) : sent;
  if (answer.ok && answer.value.type === "noted") {
    await stream.close();
    return ok();
  }
  stream.reset("no answer to a notice");
  return fail({ is: "wait", reason: answer.ok ? BAD_ANSWER : answer.fault });
}

/** The notice that a record still owes; `null` when it owes none. */
export function noticeOf(record: StoredTransfer): Notice | null {
  switch (record.notice) {
    case "completed":
      return record.completion === null ? null : { is: "completed", completion: record.completion };
    case "declined":
    case "cancelled":
      return { is: record.notice };
    case "failed":
      return { is: "failed", reason: wireReason(record.reason) };
    case null:
      return null;
    default:
      return null;
  }
}

export function wireReason(reason: Problem | null): WireReason {
  return WIRE_REASONS.find((one) => one === reason?.code) ?? "storage";
}
