/**
 * Owns the dealings with one tracker: reaches it, says "I am online" again and again, asks it for others, and knows how
 * it does. What its answers mean for whom is known is `trackers.ts`'s; a tracker is never believed, only passed on.
 */
import type { PeerId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import {
  TRACKER_ANSWER_BYTES_MAX,
  TRACKER_GATHER_MS,
  TRACKER_LEAVE_TIMEOUT_MS,
  TRACKER_RENEW_MIN_MS,
  TRACKER_RENEW_MS,
  TRACKER_RENEW_UNCALLED_MS,
  TRACKER_RETRY_FIRST_MS,
  TRACKER_RETRY_MAX_MS,
  TRACKER_RETRY_STRANGER_MS,
  TRACKER_TIMEOUT_MS,
} from "../limits.ts";
import type { RelayState, TrackerState } from "../reach.ts";
import type { TrackerAddress } from "./tracker-address.ts";
import {
  decodeTrackerAnswer,
  encodeTrackerRequest,
  TRACKER_PROTOCOL,
  type TrackerAnswer,
  type TrackerRequest,
} from "./tracker-codec.ts";
import { refusalProblem, trackerProblems } from "./tracker-problems.ts";

export type Announced = Extract<TrackerAnswer, { readonly type: "announced" }>;

export interface TrackerClientDependencies {
  readonly network: Pick<Network, "open" | "subscribe" | "connected">;
  readonly clock: Clock;
  readonly random: Random;
  /** Connects to whoever answers at the address; to `peer` and nobody else where it is not null. */
  readonly dial: (
    address: string,
    peer: PeerId | null,
    signal: AbortSignal,
  ) => Promise<Result<PeerId, Problem>>;
  /** An encoded presence record, later than `afterMs`, for a tracker whose clock shows `nowMs`. */
  readonly sign: (peer: PeerId, nowMs: number, afterMs: number) => { record: Uint8Array; issuedMs: number };
  readonly rendezvous: () => readonly Uint8Array[];
  /** Whether what we say of ourselves names a way that leads here from everywhere. */
  readonly isCallable: () => boolean;
  /** Whether this client is the one that deals with a tracker; false where another address leads to it too. */
  readonly claims: (peer: PeerId) => boolean;
  readonly onAnnounced: (answer: Announced) => void;
  /** Whether who answers at the address has shown itself to be a tracker. */
  readonly onShown: (peer: PeerId, isTracker: boolean) => void;
  readonly onChange: () => void;
}

export class TrackerClient {
  readonly address: TrackerAddress;
  readonly #dependencies: TrackerClientDependencies;
  readonly #stopped = new AbortController();
  readonly #unsubscribe: Unsubscribe;
  #state: TrackerState;
  #quota: RelayState | null = null;
  #stunPorts: readonly number[] = [];
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  #failures = 0;
  /** Time of issue of the last record, and what the tracker's clock is ahead of ours where ours did not do. */
  #issuedMs = -1;
  #skewMs = 0;
  #hasNews = false;

  constructor(address: TrackerAddress, dependencies: TrackerClientDependencies) {
    this.address = address;
    this.#dependencies = dependencies;
    this.#state = {
      address: address.text,
      peer: address.peer,
      state: "connecting",
      problem: null,
      latencyMs: null,
      relay: null,
      clockOffsetMs: null,
      observedAddress: null,
      peersOnline: null,
    };
    this.#unsubscribe = dependencies.network.subscribe((event) => {
      if (event.type === "disconnected" && event.peer === this.#state.peer) this.#onLost();
    });
    this.#schedule(0);
  }

  /** `relay` is what it offers; whether a place is held there is not known here. */
  state(): TrackerState {
    return { ...this.#state, relay: this.#quota };
  }

  /** The peer that is spoken to, while it is; null otherwise. */
  get connectedPeer(): PeerId | null {
    return this.#state.state === "connected" ? this.#state.peer : null;
  }

  /** UDP ports at which it said to answer STUN, when it was last spoken to. */
  get stunPorts(): readonly number[] {
    return this.#stunPorts;
  }

  /** Tries that failed since the last that did not. */
  get failures(): number {
    return this.#failures;
  }

  /** What we say of ourselves is new: says it soon. */
  changed(): void {
    if (this.#running !== null) this.#hasNews = true;
    else if (this.connectedPeer !== null) this.#schedule(TRACKER_GATHER_MS);
  }

  /** Our own way out is new: what failed may work now. */
  moved(): void {
    if (this.connectedPeer === null && this.#running === null) this.#schedule(0);
  }

  async ask(request: TrackerRequest): Promise<Result<TrackerAnswer, Problem>> {
    const peer = this.connectedPeer;
    if (peer === null) return fail(this.#state.problem ?? trackerProblems.unreached(this.address.text));
    return await this.#ask(peer, request);
  }

  /** Says good-bye where it can. */
  async close(): Promise<void> {
    const peer = this.connectedPeer;
    this.#unsubscribe();
    this.#timer?.cancel();
    const patience = this.#dependencies.clock.after(TRACKER_LEAVE_TIMEOUT_MS, () => this.#stopped.abort());
    if (peer !== null && this.#running === null) await this.#ask(peer, { type: "leave" });
    patience.cancel();
    this.#stopped.abort();
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#stopped.signal.aborted) return;
    this.#timer?.cancel();
    this.#timer = this.#dependencies.clock.after(delayMs, () => {
      this.#running = this.#turn().finally(() => {
        this.#running = null;
        if (this.#hasNews && this.connectedPeer !== null) this.#schedule(TRACKER_GATHER_MS);
        this.#hasNews = false;
      });
    });
  }

  async #turn(): Promise<void> {
    const pauseMs = await this.#work();
    if (!this.#stopped.signal.aborted) this.#schedule(pauseMs);
  }

  /** One try to be registered there; the pause until the next. */
  async #work(): Promise<number> {
    const { dial, network, claims } = this.#dependencies;
    const known = this.#state.peer;
    let peer = known !== null && network.connected().some((each) => each.peer === known) ? known : null;
    if (peer === null) {
      const dialled = await dial(this.address.address, this.address.peer, this.#stopped.signal);
      if (!dialled.ok) return this.#failed(dialled.fault);
      peer = dialled.value;
    }
    this.#change({ peer });
    if (!claims(peer)) {
      this.#failures = 0;
      this.#change({ state: "connected", problem: null });
      return TRACKER_RENEW_MS;
    }
    const answer = await this.#announce(peer);
    this.#dependencies.onShown(peer, answer.ok || answer.fault.code !== "not-a-tracker");
    if (!answer.ok) return this.#failed(answer.fault);
    return this.#understood(answer.value);
  }

  /** Twice where the first try only told how its clock goes, or what record it has. */
  async #announce(peer: PeerId): Promise<Result<TrackerAnswer, Problem>> {
    const { clock, sign, rendezvous } = this.#dependencies;
    for (let time = 1; ; time++) {
      const { record, issuedMs } = sign(peer, clock.nowMs() + this.#skewMs, this.#issuedMs);
      const answer = await this.#ask(peer, { type: "announce", record, rendezvous: rendezvous() });
      if (!answer.ok) return answer;
      this.#issuedMs = issuedMs;
      if (answer.value.type !== "refused" || time === 2) return answer;
      if (answer.value.code === "clock") {
        this.#skewMs = answer.value.nowMs - clock.nowMs();
        this.#issuedMs = -1;
      } else if (answer.value.code === "older") {
        this.#issuedMs = Math.max(issuedMs, answer.value.nowMs);
      } else {
        return answer;
      }
    }
  }

  #understood(answer: TrackerAnswer): number {
    if (answer.type === "refused") {
      const pauseMs = Math.min(
        TRACKER_RETRY_STRANGER_MS,
        Math.max(TRACKER_RETRY_FIRST_MS, answer.retryAfterSeconds * 1000),
      );
      this.#quota = null;
      this.#change({ state: "connected", problem: refusalProblem(answer.code, this.address.text) });
      return pauseMs;
    }
    if (answer.type !== "announced") return this.#failed(trackerProblems.notATracker(this.address.text));
    this.#failures = 0;
    this.#quota = answer.relay;
    this.#stunPorts = answer.stunPorts;
    this.#change({
      state: "connected",
      problem: null,
      observedAddress: answer.observed,
      peersOnline: answer.peersOnline,
    });
    this.#dependencies.onAnnounced(answer);
    const lifeMs = answer.expiresMs - answer.nowMs;
    const usualMs = this.#dependencies.isCallable() ? TRACKER_RENEW_MS : TRACKER_RENEW_UNCALLED_MS;
    const third = Math.max(TRACKER_RENEW_MIN_MS, Math.min(usualMs, lifeMs / 3));
    return this.#spread(third);
  }

  #failed(why: Problem): number {
    this.#failures += 1;
    this.#quota = null;
    this.#change({ state: "unreachable", problem: why, latencyMs: null, peersOnline: null });
    if (why.code === "not-a-tracker") return TRACKER_RETRY_STRANGER_MS;
    return this.#spread(
      Math.min(TRACKER_RETRY_MAX_MS, TRACKER_RETRY_FIRST_MS * 2 ** Math.min(16, this.#failures - 1)),
    );
  }

  #onLost(): void {
    this.#quota = null;
    this.#change({ state: "connecting", latencyMs: null, peersOnline: null });
    if (this.#running === null) this.#schedule(this.#spread(TRACKER_RETRY_FIRST_MS));
  }

  async #ask(peer: PeerId, request: TrackerRequest): Promise<Result<TrackerAnswer, Problem>> {
    const { network, clock } = this.#dependencies;
    const { text } = this.address;
    const opened = await network.open(peer, TRACKER_PROTOCOL, {
      frameBytesMax: TRACKER_ANSWER_BYTES_MAX,
      streamsPerPeerMax: 1,
      timeoutMs: TRACKER_TIMEOUT_MS,
      signal: this.#stopped.signal,
    });
    if (!opened.ok) {
      const isStranger = opened.fault.code === "protocol-unknown";
      return fail(isStranger ? trackerProblems.notATracker(text) : trackerProblems.silent(text));
    }
    const stream = opened.value;
    const startMs = clock.monotonicMs();
    const giveUp = () => stream.reset("not waited for any longer");
    this.#stopped.signal.addEventListener("abort", giveUp, { once: true });
    await stream.send(encodeTrackerRequest(request));
    await stream.close();
    const frame = await stream.receive({ timeoutMs: TRACKER_TIMEOUT_MS });
    this.#stopped.signal.removeEventListener("abort", giveUp);
    const roundTripMs = clock.monotonicMs() - startMs;
    if (!frame.ok || frame.value === null) {
      stream.reset("no answer");
      return fail(trackerProblems.silent(text));
    }
    const answer = decodeTrackerAnswer(frame.value);
    if (!answer.ok) return fail(trackerProblems.garbled(text));
    this.#change({
      latencyMs: roundTripMs,
      clockOffsetMs: Math.round(answer.value.nowMs - (clock.nowMs() - roundTripMs / 2)),
    });
    const isOwn = request.type === "relay" && request.other === null;
    if (isOwn && answer.value.type === "relay") this.#quota = answer.value.relay;
    return ok(answer.value);
  }

  /** Three quarters of it to five: clients of one tracker do not all come in one moment. */
  #spread(ms: number): number {
    return ms * (0.75 + this.#dependencies.random.below(1 << 16) / (1 << 17));
  }

  #change(change: Partial<TrackerState>): void {
    this.#state = { ...this.#state, ...change };
    this.#dependencies.onChange();
  }
}
