/**
 * Owns connections that were begun and not yet proven: how many there may be, and which one goes when one too many
 * comes. A newcomer takes the place of whoever has said least for longest, so that silence costs the silent alone.
 */
import type { Clock, Timer } from "#ports/clock.ts";
import { HALF_OPEN_GRACE_MS, HALF_OPEN_SILENT_MS, HALF_OPEN_SPOKEN_BYTES } from "../limits.ts";

/** The slice of a connection under way that is needed here. */
export interface HalfOpenConnection {
  abort(error: Error): void;
  addEventListener(type: "close", listener: () => void): void;
}

export interface HalfOpenCaller {
  /** Who counts as one caller. */
  readonly key: string;
  /** How many that caller may have. */
  readonly keyMax: number;
  /** Bytes that came so far; null where it cannot be known. */
  readonly bytesRead: () => number | null;
}

export interface HalfOpenOptions {
  readonly max: number;
  /** When a handshake that goes on and on is given up. */
  readonly timeoutMs: number;
}

export interface HalfOpenDependencies {
  readonly clock: Clock;
  /** Told when one is dropped for its silence, or to make room. */
  readonly onDropped: (why: "silent" | "displaced" | "slow") => void;
}

interface Waiting extends HalfOpenCaller {
  readonly sinceMs: number;
  readonly timers: readonly Timer[];
}

export class HalfOpen {
  readonly #options: HalfOpenOptions;
  readonly #dependencies: HalfOpenDependencies;
  /** Oldest first. */
  readonly #waiting = new Map<HalfOpenConnection, Waiting>();

  constructor(options: HalfOpenOptions, dependencies: HalfOpenDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Whether there is, or was made, a place for it. */
  begin(connection: HalfOpenConnection, caller: HalfOpenCaller): boolean {
    const ofCaller = [...this.#waiting].filter(([, each]) => each.key === caller.key);
    const isCrowded = ofCaller.length >= caller.keyMax;
    if (isCrowded || this.#waiting.size >= this.#options.max) {
      const victim = this.#victimAmong(isCrowded ? ofCaller : this.#ofBusiestCaller());
      if (victim === null) return false;
      this.#drop(victim, "displaced");
    }
    const { clock } = this.#dependencies;
    const timers = [
      clock.after(HALF_OPEN_SILENT_MS, () => {
        if (caller.bytesRead() === 0) this.#drop(connection, "silent");
      }),
      clock.after(this.#options.timeoutMs, () => this.#drop(connection, "slow")),
    ];
    this.#waiting.set(connection, { ...caller, sinceMs: clock.monotonicMs(), timers });
    connection.addEventListener("close", () => this.end(connection));
    return true;
  }

  /** It is proven, or gone. */
  end(connection: HalfOpenConnection): void {
    for (const timer of this.#waiting.get(connection)?.timers ?? []) timer.cancel();
    this.#waiting.delete(connection);
  }

  /**
   * The oldest silent one, while at least half are silent: a newcomer is silent too until its bytes are read, and must
   * have time for that. Else the oldest that is stuck in its handshake. Null when all of them are busy and young.
   */
  #victimAmong(candidates: readonly (readonly [HalfOpenConnection, Waiting])[]): HalfOpenConnection | null {
    const nowMs = this.#dependencies.clock.monotonicMs();
    const staged = candidates.map(([connection, { bytesRead, sinceMs }]) => {
      return { connection, stage: stageOf(bytesRead()), ageMs: nowMs - sinceMs };
    });
    const silent = staged.filter(({ stage }) => stage === 0);
    const stuck = staged.filter(({ stage, ageMs }) => stage > 0 && ageMs >= HALF_OPEN_GRACE_MS);
    const [first] = silent.length * 2 >= staged.length || stuck.length === 0 ? silent : [];
    const [next] = stuck.sort((one, other) => one.stage - other.stage);
    return (first ?? next)?.connection ?? null;
  }

  #ofBusiestCaller(): readonly (readonly [HalfOpenConnection, Waiting])[] {
    const byKey = Map.groupBy(this.#waiting, ([, { key }]) => key);
    return [...byKey.values()].sort((a, b) => b.length - a.length)[0] ?? [];
  }

  #drop(connection: HalfOpenConnection, why: "silent" | "displaced" | "slow"): void {
    if (!this.#waiting.has(connection)) return;
    this.end(connection);
    this.#dependencies.onDropped(why);
    connection.abort(new Error(`the handshake was given up: ${why}`));
  }
}

/** 0: silent. 1: has named protocols. 2: within the handshake proper, or nobody can tell. */
function stageOf(bytesRead: number | null): number {
  if (bytesRead === 0) return 0;
  return bytesRead !== null && bytesRead < HALF_OPEN_SPOKEN_BYTES ? 1 : 2;
}
