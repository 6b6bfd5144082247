/** Owns when the kind of NAT is looked at: when there is somebody else to ask, when we moved, and now and then. */
import type { Clock, Timer } from "#ports/clock.ts";
import type { Random } from "#ports/random.ts";
import { NAT_PROBE_PERIOD_MS, NAT_PROBE_RETRY_MS } from "../limits.ts";
import type { NatKind } from "../reach.ts";
import { probeNat, type StunServer } from "./nat.ts";

export interface NatWatchDependencies {
  readonly clock: Clock;
  readonly random: Random;
  /** Whom to ask now. */
  readonly servers: () => readonly StunServer[];
  readonly onChange: () => void;
}

export class NatWatch {
  readonly #dependencies: NatWatchDependencies;
  readonly #stopped = new AbortController();
  #kind: NatKind = "unknown";
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  #asked = "";
  /** What is being asked was overtaken: it is asked again, and its answer counts for nothing. */
  #isStale = false;

  constructor(dependencies: NatWatchDependencies) {
    this.#dependencies = dependencies;
  }

  kind(): NatKind {
    return this.#kind;
  }

  /** Called every second or so: looks anew where the servers are others than before. */
  tick(): void {
    const asked = JSON.stringify(this.#dependencies.servers());
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.look();
  }

  /** Looks as soon as may be. */
  look(): void {
    if (this.#running === null) this.#schedule(0);
    else this.#isStale = true;
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#stopped.abort();
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#stopped.signal.aborted) return;
    this.#timer?.cancel();
    this.#timer = this.#dependencies.clock.after(delayMs, () => {
      this.#running = this.#probe().finally(() => {
        this.#running = null;
        if (!this.#isStale) return;
        this.#isStale = false;
        this.#schedule(0);
      });
    });
  }

  async #probe(): Promise<void> {
    const { clock, random, servers, onChange } = this.#dependencies;
    const asked = servers();
    const kind = await probeNat(asked, { clock, random }, this.#stopped.signal);
    if (this.#stopped.signal.aborted || this.#isStale) return;
    const isNew = kind !== this.#kind;
    this.#kind = kind;
    if (isNew) onChange();
    const isSure = kind !== "unknown" && kind !== "udp-blocked";
    if (asked.length > 0) this.#schedule(isSure ? NAT_PROBE_PERIOD_MS : NAT_PROBE_RETRY_MS);
  }
}
