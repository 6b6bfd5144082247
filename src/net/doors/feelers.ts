/**
 * Owns what is done now and then so that the address book holds the living: a call to somebody merely heard of, given
 * up as soon as it is answered; and a note of which addresses are in use, from which the next run takes its anchors.
 */
import type { PeerId } from "#base/brand.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import { withoutPeer } from "../addresses.ts";
import type { AddressBook } from "../discovery/address-book.ts";
import { FEELER_PERIOD_MS, REACHED_WRITE_PERIOD_MS } from "../limits.ts";
import type { Dialler } from "../paths/dialler.ts";
import { chooseFeeler } from "./eclipse.ts";

export interface FeelersDependencies {
  readonly dialler: Pick<Dialler, "reach" | "spared">;
  readonly book: Pick<AddressBook, "reached">;
  /** Connections that this peer began and holds. */
  readonly outbound: () => readonly { readonly peer: PeerId; readonly address: string }[];
  readonly disconnect: (peer: PeerId, cause: string) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class Feelers {
  readonly #dependencies: FeelersDependencies;
  readonly #timers: readonly Timer[];
  readonly #stopped = new AbortController();
  #isFeeling = false;

  constructor(dependencies: FeelersDependencies) {
    this.#dependencies = dependencies;
    const { clock, log } = dependencies;
    this.#timers = [
      clock.every(FEELER_PERIOD_MS, () => {
        this.feel().catch((error: unknown) => log.fault("calling somebody merely heard of", error));
      }),
      clock.every(REACHED_WRITE_PERIOD_MS, () => this.#noteHeld()),
    ];
  }

  /** One call, if somebody is there to be called whom the dialler leaves alone. */
  async feel(): Promise<void> {
    const { dialler, random, disconnect } = this.#dependencies;
    const chosen = chooseFeeler(dialler.spared(), (bound) => random.below(bound));
    if (chosen === null || this.#isFeeling) return;
    this.#isFeeling = true;
    try {
      const reached = await dialler.reach(chosen.peer, this.#stopped.signal);
      if (reached.ok) disconnect(chosen.peer, "it was called only to see whether it is there");
    } finally {
      this.#isFeeling = false;
    }
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#stopped.abort();
  }

  #noteHeld(): void {
    const { outbound, book } = this.#dependencies;
    for (const { peer, address } of outbound()) book.reached(withoutPeer(address), peer);
  }
}
