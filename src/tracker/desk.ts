/**
 * Owns what a tracker answers: who may register what, who is told of whom, and how often anybody may ask. Decides over
 * decoded values and a registry; knows no socket and no HTTP. Every request gets an answer, a refusal with its code.
 */
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Result } from "#base/result.ts";
import {
  decodePresence,
  decodeTrackerRequest,
  encodeTrackerAnswer,
  placeOf,
  RateLimit,
  type RelayState,
  type SignedPresence,
  type TrackerAnswer,
  type TrackerCaller,
  type TrackerRefusalCode,
  type TrackerRequest,
} from "#net/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Random } from "#ports/random.ts";
import {
  ANSWER_RECORDS_MAX,
  INTRODUCTIONS_MAX,
  REQUESTS_BURST,
  REQUESTS_PER_ADDRESS_BURST,
  REQUESTS_PER_ADDRESS_PER_SECOND,
  REQUESTS_PER_PEER_BURST,
  REQUESTS_PER_PEER_PER_SECOND,
  REQUESTS_PER_SECOND,
  SENDERS_REMEMBERED_MAX,
} from "./limits.ts";
import type { Registry } from "./registry.ts";
import type { RelayQuota } from "./relay-quota.ts";

export interface DeskOptions {
  /** Other trackers, as a user would type them. */
  readonly trackers: readonly string[];
  /** UDP ports of STUN, in ascending order; empty: none. */
  readonly stunPorts: readonly number[];
}

export interface DeskDependencies {
  readonly registry: Registry;
  /** Null where nothing is relayed. */
  readonly quota: RelayQuota | null;
  readonly clock: Clock;
  readonly random: Random;
}

/** `retryAfterSeconds` 0: at once, when the cause is mended. */
export interface Refusal {
  readonly code: TrackerRefusalCode;
  readonly retryAfterSeconds: number;
}

type Body<Answer> = Answer extends TrackerAnswer ? Omit<Answer, "nowMs"> : never;
type AnswerBody = Body<TrackerAnswer>;

const OF_PEER = { burst: REQUESTS_PER_PEER_BURST, perSecond: REQUESTS_PER_PEER_PER_SECOND };
const OF_ADDRESS = { burst: REQUESTS_PER_ADDRESS_BURST, perSecond: REQUESTS_PER_ADDRESS_PER_SECOND };
const OF_ALL = { burst: REQUESTS_BURST, perSecond: REQUESTS_PER_SECOND };
/** When somebody who asked too often may ask again: a bucket of a peer gives one in a fifth of that. */
const BUSY_SECONDS = 1;
/** When there may be room again: by then the shortest records have expired. */
const FULL_SECONDS = 30;

export class Desk {
  readonly #options: DeskOptions;
  readonly #dependencies: DeskDependencies;
  readonly #senders: RateLimit;
  readonly #answered = new Map<string, number>();

  constructor(options: DeskOptions, dependencies: DeskDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#senders = new RateLimit(dependencies.clock, SENDERS_REMEMBERED_MAX);
  }

  /** Answers since the start, by type; refusals as `refused-CODE`. */
  answered(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#answered);
  }

  /** One request frame of `/waybill/tracker/1` and its answer frame. */
  answer(bytes: Uint8Array, caller: TrackerCaller): Uint8Array {
    const body = this.#bodyFor(bytes, caller);
    return encodeTrackerAnswer({ ...body, nowMs: this.#dependencies.clock.nowMs() });
  }

  /** Whether a request from this address may cost us anything; for those who ask over HTTP. */
  admits(host: string): boolean {
    const isAdmitted = this.#mayAsk(null, host);
    if (!isAdmitted) this.#count("refused-busy");
    return isAdmitted;
  }

  /**
   * Registers a record that came without a connection of its peer: the signature alone says whose it is.
   * @returns until when it is kept.
   */
  register(bytes: Uint8Array, host: string): Result<{ record: SignedPresence; expiresMs: number }, Refusal> {
    const outcome = this.#register(bytes, [], host, null);
    this.#count(outcome.ok ? "announced" : `refused-${outcome.fault.code}`);
    return outcome;
  }

  #bodyFor(bytes: Uint8Array, caller: TrackerCaller): AnswerBody {
    const body = this.#decide(bytes, caller);
    this.#count(body.type === "refused" ? `refused-${body.code}` : body.type);
    return body;
  }

  #decide(bytes: Uint8Array, caller: TrackerCaller): AnswerBody {
    if (!this.#mayAsk(caller.peer, caller.host)) return refused(busy());
    const request = decodeTrackerRequest(bytes);
    if (!request.ok) return refused({ code: "malformed", retryAfterSeconds: 0 });
    return this.#answerTo(request.value, caller);
  }

  #answerTo(request: TrackerRequest, caller: TrackerCaller): AnswerBody {
    const { registry, clock } = this.#dependencies;
    const nowMs = clock.nowMs();
    switch (request.type) {
      case "announce":
        return this.#announced(request, caller);
      case "leave":
        registry.leave(caller.peer);
        return { type: "left" };
      case "find":
        return {
          type: "found",
          records: request.peers.flatMap((peer) => registry.find(peer, nowMs)?.bytes ?? []),
        };
      case "meet": {
        const others = registry
          .meet(request.rendezvous, nowMs)
          .filter(({ presence }) => presence.peer !== caller.peer);
        return { type: "met", records: others.map(({ bytes }) => bytes) };
      }
      case "online": {
        const page = registry.online(request.chainId, request.after, ANSWER_RECORDS_MAX, nowMs);
        const { total, next } = page;
        return { type: "online", total, next, records: page.records.map(({ bytes }) => bytes) };
      }
      case "relay":
        return { type: "relay", relay: this.#relayOf(caller.peer, request.other) };
    }
  }

  #announced(request: TrackerRequest & { type: "announce" }, caller: TrackerCaller): AnswerBody {
    const { registry, clock, random } = this.#dependencies;
    const registered = this.#register(
      request.record,
      request.rendezvous,
      caller.host ?? `peer ${caller.peer}`,
      caller.peer,
    );
    if (!registered.ok) return refused(registered.fault);
    const { record, expiresMs } = registered.value;
    const { chainId, peer } = record.presence;
    const start = random.below(2 ** 32);
    const introductions = registry.introductions(chainId, peer, INTRODUCTIONS_MAX, start, clock.nowMs());
    return {
      type: "announced",
      expiresMs,
      observed: caller.observed,
      relay: this.#relayOf(peer, null),
      peersOnline: registry.countOf(chainId) - 1,
      introductions: introductions.map(({ bytes }) => bytes),
      trackers: this.#options.trackers,
      stunPorts: this.#options.stunPorts,
    };
  }

  /** @param peer whom the connection proves; null where there is none. */
  #register(
    bytes: Uint8Array,
    rendezvous: readonly Uint8Array[],
    host: string,
    peer: PeerId | null,
  ): Result<{ record: SignedPresence; expiresMs: number }, Refusal> {
    const { registry, clock } = this.#dependencies;
    const record = decodePresence(bytes);
    if (!record.ok) return fail({ code: "bad-record", retryAfterSeconds: 0 });
    if (peer !== null && record.value.presence.peer !== peer) {
      return fail({ code: "not-yours", retryAfterSeconds: 0 });
    }
    const place = placeOf(host);
    const kept = registry.announce(
      record.value,
      rendezvous,
      { key: place?.address ?? host, isOwn: place?.reach === "own" },
      clock.nowMs(),
    );
    if (kept.ok) return ok({ record: record.value, expiresMs: kept.value });
    const { code } = kept.fault;
    return fail({ code, retryAfterSeconds: code === "full" ? FULL_SECONDS : 0 });
  }

  #relayOf(peer: PeerId, other: PeerId | null): RelayState | null {
    const { quota, clock } = this.#dependencies;
    if (quota === null) return null;
    const nowMs = clock.nowMs();
    return other === null ? quota.state(peer, nowMs) : quota.stateBetween(peer, other, nowMs);
  }

  #mayAsk(peer: PeerId | null, host: string | null): boolean {
    if (peer !== null && !this.#senders.take(`peer ${peer}`, OF_PEER)) return false;
    const place = host === null ? null : placeOf(host);
    // Private addresses are the operator's own network, or a proxy of his in front.
    const isBounded = place !== null && place.reach !== "own";
    if (isBounded && !this.#senders.take(`address ${place.address}`, OF_ADDRESS)) return false;
    return this.#senders.take("all", OF_ALL);
  }

  #count(what: string): void {
    this.#answered.set(what, (this.#answered.get(what) ?? 0) + 1);
  }
}

function refused({ code, retryAfterSeconds }: Refusal): AnswerBody {
  return { type: "refused", code, retryAfterSeconds };
}

function busy(): Refusal {
  return { code: "busy", retryAfterSeconds: BUSY_SECONDS };
}
