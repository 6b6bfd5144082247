/**
 * Looks for whoever holds an invite that the user entered: at the addresses and trackers of its link, at the trackers
 * that this peer has, at an address that the user gave, and among the peers it is connected to. Round after round, until
 * somebody proves it or time is over. Asking one peer is `ask.ts`.
 */
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { Network } from "#ports/network.ts";
import { type AskOutcome, ask } from "./ask.ts";
import type { InviteRefusal } from "./codec.ts";
import { ASKED_MAX, ASKS_AT_ONCE_MAX, JOIN_ROUND_MS, JOIN_WAIT_MS } from "./limits.ts";
import { CLOSING, FORGOTTEN, notFound, overProblem } from "./problems.ts";
import { meetingPointOf } from "./secret.ts";
import type { InviteReach } from "./types.ts";

/** What an entered text says, with where the user wants to look as well. */
export interface Entered {
  readonly secret: Uint8Array;
  /** Null for words: they name nobody. */
  readonly inviter: PeerId | null;
  readonly addresses: readonly string[];
  readonly trackers: readonly string[];
  /** As the user typed it. */
  readonly at: string | null;
}

export interface JoinDependencies {
  readonly network: Pick<Network, "self" | "open" | "judge" | "connected" | "subscribe">;
  readonly clock: Clock;
  readonly reach: InviteReach;
}

export class Join {
  readonly #entered: Entered;
  readonly #deps: JoinDependencies;
  readonly #stop = new AbortController();
  /** Peers that have answered for good. */
  readonly #answered = new Set<PeerId>();
  /** All that were asked, whether or not they answered. */
  readonly #asked = new Set<PeerId>();
  readonly #asking = new Set<PeerId>();
  #refusal: InviteRefusal | null = null;
  /** Why the inviter, or whoever is at the typed address, was not reached last. */
  #unreached: string | null = null;
  #impostors = 0;
  #wake: () => void = () => undefined;

  constructor(entered: Entered, dependencies: JoinDependencies) {
    this.#entered = entered;
    this.#deps = dependencies;
  }

  /** Gives up at once; `run` then resolves. */
  stop(): void {
    this.#stop.abort();
    this.#wake();
  }

  /** Whoever proved to have made the invite, and has stored us. */
  async run(): Promise<Result<PeerId, Problem>> {
    const { clock, network } = this.#deps;
    let isOver = false;
    const end = clock.after(JOIN_WAIT_MS, () => {
      isOver = true;
      this.stop();
    });
    const unsubscribe = network.subscribe((event) => {
      if (event.type === "connected") this.#wake();
    });
    const { inviter, addresses } = this.#entered;
    try {
      this.#adoptTrackers();
      if (inviter !== null) this.#deps.reach.suggest(inviter, addresses);
      while (!this.#stop.signal.aborted) {
        const found = await this.#round();
        if (found !== null) return found;
        await this.#pause();
      }
      return fail(isOver ? this.#notFound() : CLOSING);
    } finally {
      end.cancel();
      unsubscribe();
      // Others may be asked still.
      this.#stop.abort();
    }
  }

  #adoptTrackers(): void {
    const { reach } = this.#deps;
    if (reach.trackers().length > 0) return;
    // A tracker that is refused is no loss: the invite may be found in other ways.
    for (const tracker of this.#entered.trackers) reach.addTracker(tracker);
  }

  /** All ways at once: peers that never finish their answer hold up no other way. */
  async #round(): Promise<Result<PeerId, Problem> | null> {
    const { inviter, secret, at } = this.#entered;
    const { reach, network } = this.#deps;
    const typing = at === null ? Promise.resolve([]) : this.#dial(at);
    const meeting = this.#untilStopped(reach.meet(meetingPointOf(secret)), []);
    if (inviter === null) {
      const askThem = async (peers: Promise<readonly PeerId[]>) => this.#askAll(await peers);
      const here = this.#askAll(network.connected().map(({ peer }) => peer));
      return firstSettled([here, askThem(typing), askThem(meeting)]);
    }
    const [typed] = await Promise.all([typing, meeting]);
    const answered = typed.filter((peer) => peer !== inviter);
    if (answered.length > 0) this.#unreached = "at the address that you gave somebody else answers";
    // A link names its inviter: nobody else is asked, so nobody else learns of it.
    return this.#askAll([inviter]);
  }

  async #dial(address: string): Promise<readonly PeerId[]> {
    const stopped = fail(CLOSING);
    const outcome = await this.#untilStopped(this.#deps.reach.connect(address), stopped);
    if (!this.#stop.signal.aborted) this.#unreached = outcome.ok ? null : outcome.fault.cause;
    return outcome.ok ? [outcome.value] : [];
  }

  /** Null when nobody has settled it. */
  async #askAll(peers: readonly PeerId[]): Promise<Result<PeerId, Problem> | null> {
    const waiting = [...new Set(peers)].filter(
      (peer) => peer !== this.#deps.network.self && !this.#answered.has(peer) && !this.#asking.has(peer),
    );
    let found: Result<PeerId, Problem> | null = null;
    const askNext = async (): Promise<void> => {
      for (let peer = waiting.shift(); peer !== undefined && found === null; peer = waiting.shift()) {
        if (this.#stop.signal.aborted || this.#answered.size >= ASKED_MAX) return;
        this.#asked.add(peer);
        this.#asking.add(peer);
        const outcome = await ask(peer, this.#entered.secret, this.#deps.network, this.#stop.signal);
        this.#asking.delete(peer);
        found ??= this.#settled(peer, outcome);
      }
    };
    await Promise.all(Array.from({ length: ASKS_AT_ONCE_MAX }, askNext));
    return found;
  }

  #settled(peer: PeerId, outcome: AskOutcome): Result<PeerId, Problem> | null {
    switch (outcome.is) {
      case "welcome":
        return ok(peer);
      case "impostor":
        this.#answered.add(peer);
        this.#impostors += 1;
        return null;
      case "over":
        return fail(overProblem(outcome.end));
      case "refused":
        this.#answered.add(peer);
        this.#refusal = outcome.refusal;
        return this.#entered.inviter === peer && outcome.refusal === "unknown" ? fail(FORGOTTEN) : null;
      default:
        if (peer === this.#entered.inviter && !this.#stop.signal.aborted) this.#unreached ??= outcome.cause;
        return null;
    }
  }

  /** Until somebody connects, at the latest until the next round is due. */
  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#deps.clock.after(JOIN_ROUND_MS, resolve);
    this.#wake = resolve;
    if (this.#stop.signal.aborted) resolve();
    await promise;
    timer.cancel();
    this.#wake = () => undefined;
  }

  /** What cannot be aborted is left to itself. */
  async #untilStopped<Value>(work: Promise<Value>, instead: Value): Promise<Value> {
    const { promise, resolve } = Promise.withResolvers<Value>();
    const giveUp = () => resolve(instead);
    this.#stop.signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await Promise.race([work, promise]);
    } finally {
      this.#stop.signal.removeEventListener("abort", giveUp);
    }
  }

  #notFound(): Problem {
    return notFound({
      hasInviter: this.#entered.inviter !== null,
      trackers: this.#deps.reach.trackers().length,
      asked: this.#asked.size,
      unreached: this.#unreached,
      impostors: this.#impostors,
      refusal: this.#refusal,
    });
  }
}

/** The first that settles the search; null when all have ended and none did. */
async function firstSettled(
  searches: readonly Promise<Result<PeerId, Problem> | null>[],
): Promise<Result<PeerId, Problem> | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Result<PeerId, Problem> | null>();
  const each = async (search: Promise<Result<PeerId, Problem> | null>) => {
    const found = await search;
    if (found !== null) resolve(found);
  };
  Promise.all(searches.map(each)).then(() => resolve(null), reject);
  return promise;
}
