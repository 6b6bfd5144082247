/**
 * Owns the passing on of proofs between the two sides of a delivery: out of the durable outbox of one into the store
 * of the other, acknowledged. Does not follow transactions: `anchoring.ts` does.
 */
import type { DeliveryId, PeerId } from "#base/brand.ts";
import { equalBytes, fromHex } from "#base/bytes.ts";
import { verifyInclusion } from "#crypto/merkle.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import { batchLeaf, decodeBatchProof, decodeReceipt, encodeBatchProof } from "#receipts/index.ts";
import {
  decodeHandover,
  decodeHandoverAnswer,
  encodeHandover,
  encodeHandoverAnswer,
  type HandoverAnswer,
  type HandoverMessage,
  RECEIPT_PROTOCOL,
} from "./handover-codec.ts";
import {
  HANDOVER_ANSWER_TIMEOUT_MS,
  HANDOVER_FRAME_BYTES_MAX,
  HANDOVER_IDLE_MS,
  HANDOVER_OPEN_TIMEOUT_MS,
  HANDOVER_RETRY_MS,
  HANDOVER_STREAMS_PER_PEER_MAX,
  HANDOVERS_PER_STREAM_MAX,
} from "./limits.ts";
import type { BatchRecord, ReceiptStore } from "./store.ts";

const PROTOCOL_OPTIONS = {
  frameBytesMax: HANDOVER_FRAME_BYTES_MAX,
  streamsPerPeerMax: HANDOVER_STREAMS_PER_PEER_MAX,
};

export interface HandoverDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly network: Pick<Network, "handle" | "open" | "connected" | "subscribe" | "judge">;
  readonly store: ReceiptStore;
  /** Whether the batch is anchored, and its proof kept: then what a sender says later changes nothing. */
  readonly isProven: (batch: BatchRecord) => boolean;
  /** A proof was taken and is durable. */
  readonly onTaken: (id: DeliveryId) => void;
}

export interface Handovers {
  /** Tells every connected peer what waits for it, unless it was asked a moment ago. */
  sweep(): void;
  close(): Promise<void>;
}

export function openHandovers(dependencies: HandoverDependencies): Handovers {
  const { clock, log, network, store } = dependencies;
  const running = new Map<PeerId, Promise<void>>();
  const streams = new Set<FrameStream>();
  /** Monotonic time before which a peer is not asked again. */
  const notBeforeMs = new Map<PeerId, number>();
  let closed = false;

  const during = async (stream: FrameStream, work: () => Promise<void>): Promise<void> => {
    streams.add(stream);
    try {
      await work();
    } finally {
      streams.delete(stream);
    }
  };

  const tell = async (peer: PeerId): Promise<void> => {
    // Whatever goes wrong below is tried again then, and not before.
    notBeforeMs.set(peer, clock.monotonicMs() + HANDOVER_RETRY_MS);
    const opened = await network.open(peer, RECEIPT_PROTOCOL, {
      ...PROTOCOL_OPTIONS,
      timeoutMs: HANDOVER_OPEN_TIMEOUT_MS,
    });
    if (!opened.ok) return;
    const stream = opened.value;
    await during(stream, async () => {
      if (closed) return stream.reset("closing");
      const allAnswered = await tellOver(stream, dependencies);
      await stream.close();
      if (allAnswered) notBeforeMs.delete(peer);
    });
  };

  const start = (peer: PeerId): void => {
    if (closed || running.has(peer) || clock.monotonicMs() < (notBeforeMs.get(peer) ?? 0)) return;
    if (store.handovers(peer, 1).length === 0) return;
    const work = tell(peer)
      .catch((error: unknown) => log.fault("proofs could not be handed over", error))
      .finally(() => running.delete(peer));
    running.set(peer, work);
  };

  const sweep = (): void => {
    if (closed) return;
    const connected = new Set(network.connected().map(({ peer }) => peer));
    for (const peer of store.peersWithHandovers()) if (connected.has(peer)) start(peer);
  };

  const unhandle = network.handle(RECEIPT_PROTOCOL, PROTOCOL_OPTIONS, (stream) =>
    during(stream, () => hear(stream, dependencies)),
  );
  const unsubscribe = network.subscribe((event) => {
    if (event.type !== "connected") return;
    notBeforeMs.delete(event.connection.peer);
    start(event.connection.peer);
  });

  return {
    sweep,
    async close() {
      closed = true;
      unhandle();
      unsubscribe();
      for (const stream of streams) stream.reset("closing");
      await Promise.all(running.values());
    },
  };
}

/** False when something is left that should be told later. */
async function tellOver(stream: FrameStream, { store, log }: HandoverDependencies): Promise<boolean> {
  let complete = true;
  for (const { deliveryId } of store.handovers(stream.peer, HANDOVERS_PER_STREAM_MAX)) {
    const record = store.get(deliveryId);
    const batch = record?.root == null ? null : store.batch(record.root);
    // Without a transaction there is nothing to tell: it is queued again when there is one.
    if (record?.root == null || record.proof === null || batch?.txId == null) continue;
    const proof = decodeBatchProof(record.proof);
    if (!proof.ok) throw new Error(`a stored proof does not decode: ${proof.fault.what}`);
    const message = { deliveryId, root: record.root, txId: batch.txId, proof: proof.value };
    if (!(await stream.send(encodeHandover(message))).ok) return false;
    const frame = await stream.receive({ timeoutMs: HANDOVER_ANSWER_TIMEOUT_MS });
    if (!frame.ok || frame.value === null) return false;
    const answer = decodeHandoverAnswer(frame.value);
    if (!answer.ok) {
      stream.reset("answer not understood");
      return false;
    }
    if (answer.value === "unknown") complete = false;
    else store.handedOver(deliveryId, batch.txId);
    if (answer.value === "refused")
      log.debug("a receiver refused a proof", { deliveryId, peer: stream.peer });
  }
  return complete;
}

/** Serves one inbound stream until the peer has no more to tell. */
async function hear(stream: FrameStream, dependencies: HandoverDependencies): Promise<void> {
  for (let heard = 0; heard < HANDOVERS_PER_STREAM_MAX; heard++) {
    const frame = await stream.receive({ timeoutMs: HANDOVER_IDLE_MS });
    if (!frame.ok || frame.value === null) return;
    const decoded = decodeHandover(frame.value);
    if (!decoded.ok) {
      dependencies.network.judge(stream.peer, "reject");
      stream.reset("not a handover");
      return;
    }
    const answer = take(decoded.value, stream.peer, dependencies);
    if (answer === "refused") dependencies.network.judge(stream.peer, "reject");
    else if (answer === "kept") dependencies.onTaken(decoded.value.deliveryId);
    if (!(await stream.send(encodeHandoverAnswer(answer))).ok) return;
  }
}

/** The answer is given only when what it says is durable. */
function take(
  message: HandoverMessage,
  from: PeerId,
  { store, clock, isProven }: HandoverDependencies,
): HandoverAnswer {
  const record = store.get(message.deliveryId);
  // The same answer whether the delivery is unknown or another sender's: nothing leaks about either.
  if (record === null || record.peer !== from || record.role !== "receiver") return "unknown";
  const receipt = decodeReceipt(record.receipt);
  const root = fromHex(message.root);
  if (!receipt.ok || root === null) return "refused";
  const leaf = batchLeaf(message.proof.salt, receipt.value);
  if (!verifyInclusion({ leaf, ...message.proof.place }, root)) return "refused";
  const batch = record.root === null ? null : store.batch(record.root);
  if (batch?.own === true) return "own";
  const proof = encodeBatchProof(message.proof);
  const isKnown = batch?.txId === message.txId && batch.root === message.root && record.proof !== null;
  if (isKnown && equalBytes(record.proof, proof)) return "kept";
  if (batch !== null && isProven(batch)) return "kept";
  store.takeProof({ ...message, proof, nowMs: clock.nowMs() });
  return "kept";
}
