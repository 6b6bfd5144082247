/** Limits of messaging. The text itself is bounded by `MESSAGE_BYTES_MAX` of receipts, because it is signed there. */
import { MESSAGE_BYTES_MAX } from "#receipts/index.ts";

/** The version stands in the name, so that peers of two versions can tell each other so. */
export const PROTOCOL = "/waybill/message/1";

/** Encoded dispatch or completion inside a frame; both are about 200 bytes, and may grow with their version. */
export const SIGNED_BYTES_MAX = 1024;

/** The longest text with its dispatch, lengths and heading. */
export const FRAME_BYTES_MAX = MESSAGE_BYTES_MAX + SIGNED_BYTES_MAX + 64;

/** One is enough; a second may overlap while the first is being closed. */
export const STREAMS_PER_PEER_MAX = 4;

/** Dialling over a slow path, with its handshakes. */
export const OPEN_TIMEOUT_MS = 15_000;

/** One commit of the other side, on a disk that is busy with a transfer. */
export const ANSWER_TIMEOUT_MS = 30_000;

/** How long the sender keeps a stream for the next message of a lively conversation. */
export const SENDER_IDLE_MS = 20_000;

/** Longer than the sender's, so that it is the sender who closes in order. */
export const RECEIVER_IDLE_MS = 60_000;

/** First and longest pause between attempts when nothing tells us that the peer is back. */
export const RETRY_FIRST_MS = 2_000;
export const RETRY_LAST_MS = 300_000;

/** When the other side does not know the protocol: it is older, or has only just begun to start. */
export const PROTOCOL_RETRY_MS = 60_000;

/** After a refusal, which only a person over there or an update can lift. */
export const REFUSED_RETRY_MS = 600_000;

/** While our own side holds back: whoever lifts that asks for a retry at once. */
export const HELD_RETRY_MS = 600_000;

/** How often one flush may take over the number that the other side expects. Once is the rule. */
export const RENUMBERS_PER_FLUSH_MAX = 3;

/** Messages that may wait for one peer: months of writing to somebody who never comes. */
export const OUTBOX_MESSAGES_MAX = 10_000;

/** Records in one answer of `history`. */
export const HISTORY_RECORDS_MAX = 1_000;

/** Queued messages of which a change of the reason is announced; more are seen when they are read. */
export const ANNOUNCED_REASONS_MAX = 100;

/** Far above what two people can write, far below where adding one would lose exactness. */
export const NUMBER_MAX = 2 ** 48;
