/**
 * Owns the asking side of one stream of the sync protocol: a question, and the answer of the kind expected or the
 * reason why there is none. Decides nothing about what is asked.
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import type { FrameStream, Judgement } from "#ports/network.ts";
import { HEADERS_TIMEOUT_MS, SYNC_ANSWER_TIMEOUT_MS } from "../limits.ts";
import { decodeSyncMessage, encodeSyncMessage, type Hello, type SyncMessage } from "./sync-codec.ts";

export type ConversationEnd =
  /** Nothing is left to fetch. */
  | { readonly code: "level" }
  | { readonly code: "other-network"; readonly chainId: Uint8Array }
  /** It did not answer, or not in time, or no longer has what it announced. */
  | { readonly code: "unanswered" }
  /** Its chain breaks the rules, or it speaks out of order. */
  | { readonly code: "misconduct"; readonly what: string }
  /** We cannot go on now: our disk, or our clock behind theirs. */
  | { readonly code: "held-up"; readonly what: string };

export type Step<Value> = Promise<Result<Value, ConversationEnd>>;
type AnswerOf<Type extends SyncMessage["type"]> = Extract<SyncMessage, { type: Type }>;

export class Conversation {
  readonly #stream: FrameStream;
  readonly #judge: (peer: PeerId, judgement: Judgement) => void;

  constructor(stream: FrameStream, judge: (peer: PeerId, judgement: Judgement) => void) {
    this.#stream = stream;
    this.#judge = judge;
  }

  get peer(): PeerId {
    return this.#stream.peer;
  }

  /** Where the other side stands. */
  async greet(ours: Hello): Step<Hello> {
    const answer = await this.ask(ours, "hello");
    if (!answer.ok) return answer;
    const { chainId } = answer.value;
    return equalBytes(chainId, ours.chainId) ? answer : fail({ code: "other-network", chainId });
  }

  async headers(locator: readonly BlockId[]): Step<readonly Uint8Array[]> {
    const answer = await this.ask({ type: "get-headers", locator }, "headers", HEADERS_TIMEOUT_MS);
    return answer.ok ? ok(answer.value.headers) : answer;
  }

  /** One question, one answer. */
  async ask<Type extends SyncMessage["type"]>(
    question: SyncMessage,
    type: Type,
    timeoutMs = SYNC_ANSWER_TIMEOUT_MS,
  ): Step<AnswerOf<Type>> {
    const sent = await this.#stream.send(encodeSyncMessage(question));
    return sent.ok ? this.next(type, timeoutMs) : fail({ code: "unanswered" });
  }

  /** A further answer to a question that is answered in several. */
  async next<Type extends SyncMessage["type"]>(
    type: Type,
    timeoutMs = SYNC_ANSWER_TIMEOUT_MS,
  ): Step<AnswerOf<Type>> {
    const frame = await this.#stream.receive({ timeoutMs });
    if (!frame.ok || frame.value === null) return fail({ code: "unanswered" });
    const message = decodeSyncMessage(frame.value);
    if (!message.ok) return this.misconduct("a message is malformed");
    return isOf(message.value, type)
      ? ok(message.value)
      : this.misconduct(`${message.value.type} for ${type}`);
  }

  /** The other side is judged by what it did; the conversation is to end with what is returned. */
  misconduct(what: string): { readonly ok: false; readonly fault: ConversationEnd } {
    this.#judge(this.#stream.peer, "reject");
    return { ok: false, fault: { code: "misconduct", what } };
  }

  async close(): Promise<void> {
    await this.#stream.close();
  }

  reset(cause: string): void {
    this.#stream.reset(cause);
  }
}

function isOf<Type extends SyncMessage["type"]>(message: SyncMessage, type: Type): message is AnswerOf<Type> {
  return message.type === type;
}
