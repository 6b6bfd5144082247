/**
 * Owns one conversation's headers: asked for from where the two chains part, each checked against its parent, and kept
 * once their chain has shown work worth keeping. A chain that claims such work and has not shown it goes through the
 * two passes of `header-presync.ts`; one that shows less than is worth keeping leaves nothing.
 */
import type { BlockId } from "#base/brand.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { blockIdOfHeader, decodeHeader } from "#ledger/index.ts";
import type { HeaderPoint } from "../header-point.ts";
import { SYNC_HEADERS_MAX, SYNC_LOCATOR_MAX } from "../limits.ts";
import { BLOCK_STANDING } from "../standing.ts";
import type { InboundBlockFault } from "../types.ts";
import { HeaderPresync } from "./header-presync.ts";
import type { Hello } from "./sync-codec.ts";
import type { Conversation, ConversationEnd, Step } from "./sync-conversation.ts";
import type { HeaderTree } from "./sync-store.ts";

export interface HeaderSyncDependencies {
  readonly tree: HeaderTree;
  /** Of our best chain, newest first. */
  readonly locator: () => readonly BlockId[];
  /** Work of a chain below which none of its headers is kept. */
  readonly workNeeded: () => bigint;
  readonly check: (headerBytes: Uint8Array, parent: HeaderPoint) => Result<HeaderPoint, InboundBlockFault>;
  /** Random bytes. */
  readonly salt: () => Uint8Array;
  /** Headers of this height were looked at; `kept` when they are kept from now on. */
  readonly progress: (point: HeaderPoint, kept: boolean) => void;
  /** Between headers, so that others get their turn. */
  readonly pause: () => Promise<void>;
  /** Asked between answers. */
  readonly isTurnOver: () => boolean;
}

type Fault = { readonly ok: false; readonly fault: ConversationEnd };

/** How often an answer may begin elsewhere than where the last one ended: the other side's chain may move meanwhile. */
const RESTARTS_MAX = 4;

export class HeaderSync {
  readonly #conversation: Conversation;
  readonly #dependencies: HeaderSyncDependencies;
  readonly #theirs: Hello;
  /** The last one kept. */
  #best: HeaderPoint | null = null;
  #presync: HeaderPresync | null = null;
  #restarts = 0;

  constructor(conversation: Conversation, theirs: Hello, dependencies: HeaderSyncDependencies) {
    this.#conversation = conversation;
    this.#theirs = theirs;
    this.#dependencies = dependencies;
  }

  /** Headers in memory whose chain has not yet shown its work twice. */
  get heldHeaders(): number {
    return this.#presync?.held.headers ?? 0;
  }

  /** The newest header of the other side that is kept here; `null` when none of them was worth keeping. */
  async run(): Step<HeaderPoint | null> {
    for (;;) {
      const answer = await this.#conversation.headers(this.#locator());
      if (!answer.ok) return answer;
      const taken = await this.#takeAnswer(answer.value);
      if (!taken.ok) return taken;
      if (taken.value === "end") return ok(this.#best);
      if (this.#dependencies.isTurnOver()) return fail({ code: "held-up", what: "others wait" });
    }
  }

  #locator(): readonly BlockId[] {
    const last = this.#presync?.last ?? this.#best;
    const ours = this.#dependencies.locator();
    return (last === null ? ours : [last.id, ...ours]).slice(0, SYNC_LOCATOR_MAX);
  }

  async #takeAnswer(headers: readonly Uint8Array[]): Step<"more" | "end"> {
    const isLast = headers.length < SYNC_HEADERS_MAX;
    const checked: HeaderPoint[] = [];
    for (const bytes of headers) {
      const point = this.#check(bytes, checked.at(-1) ?? this.#presync?.last ?? this.#best);
      if (!point.ok) {
        // What came before a header that is ahead of our clock is of use already.
        if (point.fault.code !== "held-up") return point;
        const kept = await this.#weigh(checked, true);
        return kept.ok && this.#best === null ? point : kept;
      }
      checked.push(point.value);
      await this.#dependencies.pause();
    }
    return this.#weigh(checked, isLast);
  }

  #check(bytes: Uint8Array, last: HeaderPoint | null): Result<HeaderPoint, ConversationEnd> {
    const decoded = decodeHeader(bytes);
    if (!decoded.ok) return this.#conversation.misconduct("a header is malformed");
    const { tree, check } = this.#dependencies;
    const { previous } = decoded.value;
    const parent = last?.id === previous ? last : this.#restart(previous);
    if ("ok" in parent) return parent;
    const kept = tree.point(blockIdOfHeader(bytes));
    if (kept === "invalid") return this.#conversation.misconduct("its chain holds a block found invalid");
    if (kept !== null) return ok(kept);
    const checked = check(bytes, parent);
    if (checked.ok) return checked;
    if (BLOCK_STANDING[checked.fault.code] === "reject")
      return this.#conversation.misconduct(checked.fault.code);
    return fail({ code: "held-up", what: checked.fault.code });
  }

  /** The kept block on which a header stands that does not follow the one before it. */
  #restart(previous: BlockId): HeaderPoint | Fault {
    const point = this.#dependencies.tree.point(previous);
    if (point === "invalid") return this.#conversation.misconduct("its chain holds a block found invalid");
    if (point === null) return this.#conversation.misconduct("a header does not continue any block named");
    this.#restarts += 1;
    if (this.#restarts > RESTARTS_MAX) return this.#conversation.misconduct("headers without end");
    // What two passes have seen of the former chain is worth nothing for this one.
    this.#presync = null;
    return point;
  }

  async #weigh(points: readonly HeaderPoint[], isLast: boolean): Step<"more" | "end"> {
    const { tree, workNeeded } = this.#dependencies;
    if (this.#presync !== null) return this.#takeInPasses(this.#presync, points, isLast);
    const last = points.at(-1);
    if (last === undefined) return this.#ended();
    const fresh = points.filter(({ id }) => tree.point(id) === null);
    if (fresh.length === 0 || last.header.chainWork >= workNeeded()) {
      const kept = this.#keep(fresh, last);
      return kept.ok && isLast ? this.#ended() : kept;
    }
    const first = fresh[0];
    const start = first === undefined ? null : tree.point(first.header.previous);
    if (isLast || start === null || start === "invalid") return this.#ended();
    this.#presync = new HeaderPresync({ start, workNeeded: workNeeded(), salt: this.#dependencies.salt() });
    return this.#takeInPasses(this.#presync, fresh, false);
  }

  #takeInPasses(
    presync: HeaderPresync,
    points: readonly HeaderPoint[],
    isLast: boolean,
  ): Result<"more" | "end", ConversationEnd> {
    for (const point of points) {
      const step = presync.take(point);
      if (step.code === "changed") return fail({ code: "unanswered" });
      // The rest of this answer comes again with the second pass.
      if (step.code === "again") return ok("more");
      if (step.code === "more") {
        this.#dependencies.progress(point, false);
        continue;
      }
      const last = step.points.at(-1);
      const kept = last === undefined ? ok("more" as const) : this.#keep(step.points, last);
      if (!kept.ok) return kept;
      if (!step.isDone) continue;
      this.#presync = null;
      return this.#keepRest(points.slice(points.indexOf(point) + 1), isLast);
    }
    return isLast ? this.#ended() : ok("more");
  }

  #keepRest(rest: readonly HeaderPoint[], isLast: boolean): Result<"more" | "end", ConversationEnd> {
    const last = rest.at(-1);
    const kept = last === undefined ? ok("more" as const) : this.#keep(rest, last);
    return kept.ok && isLast ? this.#ended() : kept;
  }

  #keep(points: readonly HeaderPoint[], last: HeaderPoint): Result<"more", ConversationEnd> {
    const { tree } = this.#dependencies;
    const [first] = points;
    const parent = first === undefined ? last : tree.point(first.header.previous);
    // While these were checked, a body may have shown what they stand on, or the ledger may have begun anew.
    if (parent === "invalid") return this.#conversation.misconduct("its chain holds a block found invalid");
    if (parent === null) return fail({ code: "held-up", what: "the headers below are not kept any more" });
    const written = points.length === 0 ? ok() : tree.keepHeaders(points);
    if (!written.ok) return fail({ code: "held-up", what: written.fault.cause });
    this.#best = last;
    this.#dependencies.progress(last, true);
    return ok("more");
  }

  /** It has shown all it has. Less than it claimed is no offence by itself (its chain may have moved), but not believed again soon. */
  #ended(): Result<"end", ConversationEnd> {
    const shown = this.#best?.header.chainWork ?? 0n;
    return shown < this.#theirs.work && shown < this.#dependencies.workNeeded()
      ? fail({ code: "unanswered" })
      : ok("end");
  }
}
