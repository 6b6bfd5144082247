/**
 * Owns the port that routers forward to this peer: asked for by every way there is, renewed before it lapses, given back
 * at the end. Never in anybody's way: a start does not wait for it, and without it relays do.
 */
import { ok, type Problem, type Result } from "#base/result.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import {
  MAPPING_CLOSE_TIMEOUT_MS,
  MAPPING_LIFETIME_SECONDS,
  MAPPING_PORT_STEPS_MAX,
  MAPPING_RENEW_MAX_MS,
  MAPPING_RENEW_MIN_MS,
  MAPPING_RETRY_MS,
} from "../limits.ts";
import type { PortMapping } from "../reach.ts";
import { isOutside, type Mapped, mappingProblems, type Router } from "./mapping.ts";

export interface PortMapperDependencies {
  readonly clock: Clock;
  /** Routers of this computer, by every way of asking. Never rejects. */
  readonly routers: (signal: AbortSignal) => Promise<readonly Router[]>;
  /** The TCP port that is listened on; null while none is. */
  readonly port: () => number | null;
  /** A mapping was gained or lost. */
  readonly onChange: () => void;
  readonly onFault: (error: unknown) => void;
}

interface Held {
  readonly router: Router;
  readonly internalPort: number;
  readonly mapped: Mapped;
}

export class PortMapper {
  readonly #dependencies: PortMapperDependencies;
  readonly #stopped = new AbortController();
  #held: readonly Held[] = [];
  #report: readonly PortMapping[] = [];
  #timer: Timer;
  #running: Promise<void> | null = null;

  constructor(dependencies: PortMapperDependencies) {
    this.#dependencies = dependencies;
    this.#timer = dependencies.clock.after(0, () => this.#turn());
  }

  /** One entry for each router that answered or refused. */
  mappings(): readonly PortMapping[] {
    return this.#report;
  }

  /** Multiaddrs at which routers forward to this peer. */
  addresses(): readonly string[] {
    const open = this.#held.flatMap(({ mapped: { externalHost, externalPort } }) =>
      externalHost !== null && isOutside(externalHost) ? [`/ip4/${externalHost}/tcp/${externalPort}`] : [],
    );
    return [...new Set(open)];
  }

  /** This computer may be behind another router than before. */
  moved(): void {
    if (this.#running === null) this.#schedule(0);
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    this.#stopped.abort();
    await this.#running;
    const patience = new AbortController();
    const timer = this.#dependencies.clock.after(MAPPING_CLOSE_TIMEOUT_MS, () => patience.abort());
    await Promise.all(
      this.#held.map(({ router, internalPort, mapped }) =>
        router.unmap(internalPort, mapped.externalPort, patience.signal),
      ),
    );
    timer.cancel();
    this.#held = [];
  }

  #schedule(delayMs: number): void {
    if (this.#stopped.signal.aborted) return;
    this.#timer.cancel();
    this.#timer = this.#dependencies.clock.after(delayMs, () => this.#turn());
  }

  #turn(): void {
    this.#running = this.#mapAll()
      .then((pauseMs) => this.#schedule(pauseMs))
      .catch(this.#dependencies.onFault)
      .finally(() => {
        this.#running = null;
      });
  }

  /** Asks every router; the pause until the next time. */
  async #mapAll(): Promise<number> {
    const { routers, port, onChange } = this.#dependencies;
    const internalPort = port();
    if (internalPort === null) return MAPPING_RETRY_MS;
    const found = await routers(this.#stopped.signal);
    const outcomes = await Promise.all(
      found.map(async (router) => ({ router, outcome: await this.#mapAt(router, internalPort) })),
    );
    if (this.#stopped.signal.aborted) return MAPPING_RETRY_MS;
    const before = JSON.stringify([this.#report, this.addresses()]);
    this.#held = outcomes.flatMap(({ router, outcome }) =>
      outcome.ok ? [{ router, internalPort, mapped: outcome.value }] : [],
    );
    this.#report = outcomes.map(({ router, outcome }) => reportOf(router, outcome));
    if (JSON.stringify([this.#report, this.addresses()]) !== before) onChange();
    const lives = this.#held.flatMap(({ mapped }) =>
      mapped.lifetimeSeconds === 0 ? [] : [mapped.lifetimeSeconds * 500],
    );
    if (this.#held.length === 0) return MAPPING_RETRY_MS;
    return Math.max(MAPPING_RENEW_MIN_MS, Math.min(MAPPING_RENEW_MAX_MS, ...lives));
  }

  /** The port that is held already, else the same as inside, else one of the next: another computer may have it. */
  async #mapAt(router: Router, internalPort: number): Promise<Result<Mapped, Problem>> {
    const held = this.#held.find(
      (each) => each.router.gateway === router.gateway && each.router.protocol === router.protocol,
    );
    const first = held?.internalPort === internalPort ? held.mapped.externalPort : internalPort;
    let outcome = await router.map(internalPort, first, MAPPING_LIFETIME_SECONDS, this.#stopped.signal);
    for (let step = 1; step <= MAPPING_PORT_STEPS_MAX && !outcome.ok; step++) {
      if (outcome.fault.code !== "mapping-refused" || this.#stopped.signal.aborted) return outcome;
      const next = Math.min(65_535, internalPort + step);
      outcome = await router.map(internalPort, next, MAPPING_LIFETIME_SECONDS, this.#stopped.signal);
    }
    return outcome.ok ? ok(outcome.value) : outcome;
  }
}

function reportOf({ protocol, gateway }: Router, outcome: Result<Mapped, Problem>): PortMapping {
  if (!outcome.ok) return { protocol, gateway, externalAddress: null, problem: outcome.fault };
  const { externalHost, externalPort } = outcome.value;
  const isOpen = externalHost !== null && isOutside(externalHost);
  return {
    protocol,
    gateway,
    externalAddress: externalHost === null ? null : `${externalHost}:${externalPort}`,
    problem: isOpen ? null : mappingProblems.notOutside(gateway),
  };
}
