/**
 * Owns the asking side of the sync protocol: one conversation with one peer, in which we learn where it stands and
 * fetch what we lack. Headers come first and must show more work than our chain has before a single body is asked
 * for; only the headers of this conversation are held, and nothing of them outlives it.
 *
 *     hello ─▶ other network? ─▶ end
 *       └──▶ more work than ours? ─▶ headers ⇄ (until they show more work) ─▶ bodies ⇄ ─▶ headers …
 *       └──▶ what waits there ─▶ transactions we lack
 */
import type { BlockId, PeerId, TxId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { blockIdOfHeader, decodeHeader } from "#ledger/index.ts";
import type { FrameStream, Judgement } from "#ports/network.ts";
import { blockIdOfBytes, type HeaderPoint } from "./header-point.ts";
import {
  HEADERS_HELD_MAX,
  SYNC_ANSWER_TIMEOUT_MS,
  SYNC_BLOCKS_MAX,
  SYNC_FRUITLESS_ROUNDS_MAX,
  SYNC_LOCATOR_MAX,
  SYNC_TRANSACTIONS_MAX,
} from "./limits.ts";
import { BLOCK_STANDING } from "./standing.ts";
import { decodeSyncMessage, encodeSyncMessage, type Hello, type SyncMessage } from "./sync-codec.ts";
import type { BlockOutcome, InboundBlockFault } from "./types.ts";

/** What a conversation needs of our side. */
export interface SyncTarget {
  readonly chainId: Uint8Array;
  hello(): Hello;
  tipWork(): bigint;
  /** Of our best chain, newest first. */
  locator(): readonly BlockId[];
  /** A kept block as parent of further headers; `null` when not kept, `"invalid"` when found so. */
  keptPoint(id: BlockId): HeaderPoint | "invalid" | null;
  checkHeader(headerBytes: Uint8Array, parent: HeaderPoint): Result<HeaderPoint, InboundBlockFault>;
  takeBlock(bytes: Uint8Array): Promise<Result<BlockOutcome, InboundBlockFault>>;
  wants(id: TxId): boolean;
  /** Judges by itself who sent it. */
  takeTransaction(bytes: Uint8Array): Promise<void>;
  /** Headers have shown a branch worth fetching: told of the height that is being caught up to. */
  progress(targetHeight: number): void;
  /** Between headers, so that others get their turn. */
  pause(): Promise<void>;
}

export type SessionEnd =
  /** Nothing is left to fetch. */
  | { readonly code: "level" }
  | { readonly code: "other-network" }
  /** It did not answer, or not in time, or no longer has what it announced. */
  | { readonly code: "unanswered" }
  /** Its chain breaks the rules, or it speaks out of order. */
  | { readonly code: "misconduct"; readonly what: string }
  /** It was fetched from for long, and others wait. */
  | { readonly code: "turn-over" }
  /** We cannot go on now: our disk, or our clock behind theirs. */
  | { readonly code: "held-up"; readonly what: string };

export interface SyncSessionDependencies {
  readonly target: SyncTarget;
  readonly judge: (peer: PeerId, judgement: Judgement) => void;
}

type AnswerOf<Type extends SyncMessage["type"]> = Extract<SyncMessage, { type: Type }>;
type Step<Value> = Promise<Result<Value, SessionEnd>>;

export class SyncSession {
  readonly #stream: FrameStream;
  readonly #target: SyncTarget;
  readonly #judge: SyncSessionDependencies["judge"];
  /** Checked headers whose bodies were not asked for yet, each the parent of the next. */
  #held: HeaderPoint[] = [];

  constructor(stream: FrameStream, dependencies: SyncSessionDependencies) {
    this.#stream = stream;
    this.#target = dependencies.target;
    this.#judge = dependencies.judge;
  }

  /** Where the other side stands. */
  async greet(): Step<Hello> {
    const answer = await this.#ask(this.#target.hello(), "hello");
    if (!answer.ok) return answer;
    return equalBytes(answer.value.chainId, this.#target.chainId) ? answer : fail({ code: "other-network" });
  }

  /** Whether it has a heavier branch than ours, or one as heavy that we do not know. */
  needs(theirs: Hello): boolean {
    const ours = this.#target.tipWork();
    return theirs.work > ours || (theirs.work === ours && this.#target.keptPoint(theirs.tip) === null);
  }

  /** Fetches until the other side has nothing more that would help, or the turn is over. */
  async catchUp(theirs: Hello, isTurnOver: () => boolean): Promise<SessionEnd> {
    let fruitless = 0;
    while (this.needs(theirs)) {
      if (isTurnOver()) return { code: "turn-over" };
      // Whoever shows ever new branches of little work would keep others from being fetched from.
      if (fruitless++ > SYNC_FRUITLESS_ROUNDS_MAX) return this.#misconduct("headers without end").fault;
      const more = await this.#fetchHeaders();
      if (!more.ok) return more.fault;
      if (!more.value) break;
      const last = this.#held.at(-1);
      if (last === undefined || last.header.chainWork < this.#target.tipWork()) continue;
      this.#target.progress(theirs.height);
      const bodies = await this.#fetchBodies(isTurnOver);
      if (!bodies.ok) return bodies.fault;
      if (bodies.value) fruitless = 0;
    }
    return { code: "level" };
  }

  /** Asks for what waits there and not here. */
  async fetchPool(): Promise<SessionEnd> {
    const pool = await this.#ask({ type: "get-pool" }, "pool");
    if (!pool.ok) return pool.fault;
    const wanted = pool.value.ids.filter((id) => this.#target.wants(id));
    for (let at = 0; at < wanted.length; at += SYNC_TRANSACTIONS_MAX) {
      const ids = wanted.slice(at, at + SYNC_TRANSACTIONS_MAX);
      const answer = await this.#ask({ type: "get-transactions", ids }, "transactions");
      if (!answer.ok) return answer.fault;
      for (const bytes of answer.value.transactions) await this.#target.takeTransaction(bytes);
    }
    return { code: "level" };
  }

  /** One round of headers onto those held. `false` when there are no more. */
  async #fetchHeaders(): Step<boolean> {
    if (this.#held.length >= HEADERS_HELD_MAX) {
      return fail({ code: "held-up", what: "its branch is too long to be weighed at once" });
    }
    const ours = this.#target.locator();
    const last = this.#held.at(-1);
    const locator = (last === undefined ? ours : [last.id, ...ours]).slice(0, SYNC_LOCATOR_MAX);
    const answer = await this.#ask({ type: "get-headers", locator }, "headers");
    if (!answer.ok) return answer;
    const lastBefore = last?.id;
    for (const bytes of answer.value.headers) {
      const taken = this.#takeHeader(bytes);
      // What came before a header that is ahead of our clock is of use already.
      if (!taken.ok && taken.fault.code === "held-up") break;
      if (!taken.ok) return taken;
      await this.#target.pause();
    }
    return ok(answer.value.headers.length > 0 && this.#held.at(-1)?.id !== lastBefore);
  }

  #takeHeader(bytes: Uint8Array): Result<undefined, SessionEnd> {
    const decoded = decodeHeader(bytes);
    if (!decoded.ok) return this.#misconduct("a header is malformed");
    const { previous } = decoded.value;
    const parent = this.#parentOf(previous);
    if (parent === "invalid") return this.#misconduct("its chain holds a block found invalid");
    if (parent === null) return this.#misconduct("a header does not continue any block named");
    const kept = this.#target.keptPoint(blockIdOfHeader(bytes));
    if (kept === "invalid") return this.#misconduct("its chain holds a block found invalid");
    const checked = kept === null ? this.#target.checkHeader(bytes, parent) : ok(kept);
    if (checked.ok) {
      this.#held.push(checked.value);
      return ok();
    }
    if (BLOCK_STANDING[checked.fault.code] === "reject") return this.#misconduct(checked.fault.code);
    return fail({ code: "held-up", what: checked.fault.code });
  }

  /** The block that a header stands on; what was held beyond that block is given up. */
  #parentOf(previous: BlockId): HeaderPoint | "invalid" | null {
    while (this.#held.length > 0) {
      const last = this.#held.at(-1);
      if (last?.id === previous) return last;
      if (!this.#held.some((point) => point.id === previous)) break;
      this.#held.pop();
    }
    const kept = this.#target.keptPoint(previous);
    if (kept !== null && kept !== "invalid") this.#held = [];
    return kept;
  }

  /** Whether there was any to fetch. */
  async #fetchBodies(isTurnOver: () => boolean): Step<boolean> {
    const missing = this.#held.filter((point) => this.#target.keptPoint(point.id) === null);
    this.#held = [];
    for (let at = 0; at < missing.length; ) {
      if (isTurnOver()) return fail({ code: "turn-over" });
      const ids = missing.slice(at, at + SYNC_BLOCKS_MAX).map((point) => point.id);
      const answer = await this.#ask({ type: "get-blocks", ids }, "blocks");
      if (!answer.ok) return answer;
      const { blocks } = answer.value;
      if (blocks.length === 0) return fail({ code: "unanswered" });
      if (blocks.length > ids.length) return this.#misconduct("more blocks than asked for");
      for (const bytes of blocks) {
        const taken = await this.#takeBody(bytes, missing[at]);
        if (!taken.ok) return taken;
        at += 1;
      }
    }
    return ok(missing.length > 0);
  }

  async #takeBody(bytes: Uint8Array, expected: HeaderPoint | undefined): Step<undefined> {
    if (expected === undefined || blockIdOfBytes(bytes) !== expected.id) {
      return this.#misconduct("another block than asked for");
    }
    const taken = await this.#target.takeBlock(bytes);
    if (taken.ok) return ok();
    if (BLOCK_STANDING[taken.fault.code] === "reject") return this.#misconduct(taken.fault.code);
    return fail({ code: "held-up", what: taken.fault.code });
  }

  /** One question, one answer of the kind expected. */
  async #ask<Type extends SyncMessage["type"]>(question: SyncMessage, type: Type): Step<AnswerOf<Type>> {
    const sent = await this.#stream.send(encodeSyncMessage(question));
    const frame = sent.ok ? await this.#stream.receive({ timeoutMs: SYNC_ANSWER_TIMEOUT_MS }) : sent;
    if (!frame.ok || frame.value === null || frame.value === undefined) return fail({ code: "unanswered" });
    const message = decodeSyncMessage(frame.value);
    if (!message.ok) return this.#misconduct("a message is malformed");
    return isOf(message.value, type)
      ? ok(message.value)
      : this.#misconduct(`${message.value.type} for ${type}`);
  }

  #misconduct(what: string): { readonly ok: false; readonly fault: SessionEnd } {
    this.#judge(this.#stream.peer, "reject");
    return { ok: false, fault: { code: "misconduct", what } };
  }
}

function isOf<Type extends SyncMessage["type"]>(message: SyncMessage, type: Type): message is AnswerOf<Type> {
  return message.type === type;
}
