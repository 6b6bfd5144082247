/** Limits of anchoring, each with its reason. */

/** Receipts in one batch: the paths of 512 leaves take some milliseconds to make. */
export const BATCH_RECEIPTS_MAX = 512;
/** Fewer leaves are padded to this, so that a lone receipt does not show as a batch of one. */
export const BATCH_LEAVES_MIN = 8;
/** How long the first receipt of a batch waits for company, when nothing else is set: nobody notices two seconds. */
export const BATCH_WAIT_MS = 2_000;
/** Own batches waiting for a block: what comes meanwhile gathers into a larger one, for one fee or stamp. */
export const BATCHES_PENDING_MAX = 2;

/** After the ledger refused an anchor (no coin, pool full, disk full) it is tried again no sooner. */
export const ANCHOR_RETRY_MS = 5_000;
/** How often all that waits is looked at, apart from the events that cause it. */
export const SWEEP_PERIOD_MS = 5_000;
/** As deep as this a block is not followed any more until the next start. */
export const SETTLED_CONFIRMATIONS = 144;
/**
 * Proofs read from the ledger and kept in one look at all that waits: each reads a whole block, and after an upgrade
 * every batch there is lacks one.
 */
export const PROOFS_KEPT_PER_SWEEP_MAX = 16;
/** How often settled batches are looked at again: a block is dropped 2,880 further ones later, which takes hours. */
export const SETTLED_LOOK_PERIOD_MS = 10 * 60_000;
/** Settled batches looked at again: the newest, since only they can have been undone at any likely depth. */
export const SETTLED_LOOKED_AT_MAX = 256;
/** Confirmations up to which each further one is announced: what people watch. */
export const ANNOUNCED_CONFIRMATIONS = 6;
/** How long a receiver waits for the sender's proof, or for a named transaction, before it anchors for itself. */
export const PROOF_WAIT_MS = 10 * 60_000;

/** Ids and proof of one receipt: 1 + 3 x 32 + 32 + 9 + 32 x 32 bytes at the most. */
export const HANDOVER_FRAME_BYTES_MAX = 1_200;
/** One each way, and one that is just ending. */
export const HANDOVER_STREAMS_PER_PEER_MAX = 2;
/** One answer is one commit on the other side. */
export const HANDOVER_ANSWER_TIMEOUT_MS = 15_000;
/** Opening a stream over a slow path, with its negotiation. */
export const HANDOVER_OPEN_TIMEOUT_MS = 10_000;
/** A stream that brings nothing is closed: the next proof opens another. */
export const HANDOVER_IDLE_MS = 10_000;
/** Proofs told over one stream; the rest follows over the next. */
export const HANDOVERS_PER_STREAM_MAX = 1_000;
/** A receiver that does not know the delivery, or failed to answer, is asked again no sooner. */
export const HANDOVER_RETRY_MS = 30_000;
