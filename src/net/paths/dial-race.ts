/**
 * Owns how several addresses of one peer are tried: best first, the next one a moment later or once one has failed,
 * the first that stands wins and the others are given up (RFC 8305 section 5). A dead address costs a moment, no more.
 */
import type { Clock } from "#ports/clock.ts";

export interface Racer<Reached> {
  readonly clock: Clock;
  /** Tries one address; rejects when it fails or `signal` ends. */
  readonly dial: (address: string, signal: AbortSignal) => Promise<Reached>;
  /** Breaks off what was reached after another address had won. */
  readonly drop: (reached: Reached) => void;
}

export interface RaceRules {
  /** How long an address is waited for before the next one is tried beside it. */
  readonly staggerMs: number;
  /** How long each address may take. */
  readonly addressTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Why an attempt was given up that may well have succeeded: it tells nothing about its address. */
export const SUPERSEDED = new Error("another address was faster");

/** @throws AggregateError of what each address failed with; it is empty when none was tried. */
export async function raceAddresses<Reached>(
  addresses: readonly string[],
  rules: RaceRules,
  racer: Racer<Reached>,
): Promise<Reached> {
  const over = new AbortController();
  const end = () => over.abort(rules.signal.reason);
  rules.signal.addEventListener("abort", end, { once: true });
  if (rules.signal.aborted) end();
  try {
    return await run(addresses, rules, racer, over.signal);
  } finally {
    over.abort(SUPERSEDED);
    rules.signal.removeEventListener("abort", end);
  }
}

function run<Reached>(
  addresses: readonly string[],
  rules: RaceRules,
  racer: Racer<Reached>,
  over: AbortSignal,
): Promise<Reached> {
  const { promise, resolve, reject } = Promise.withResolvers<Reached>();
  const waiting = [...addresses];
  const errors: unknown[] = [];
  let underWay = 0;
  const startNext = (): void => {
    const address = waiting.shift();
    if (address === undefined || over.aborted) {
      if (underWay === 0) reject(new AggregateError(errors, "no address answered"));
      return;
    }
    underWay += 1;
    const next = racer.clock.after(rules.staggerMs, () => {
      if (waiting.length > 0) startNext();
    });
    tryOne(address, rules.addressTimeoutMs, racer, over).then(
      (reached) => {
        if (over.aborted) racer.drop(reached);
        next.cancel();
        resolve(reached);
      },
      (error: unknown) => {
        next.cancel();
        errors.push(error);
        underWay -= 1;
        startNext();
      },
    );
  };
  startNext();
  return promise;
}

async function tryOne<Reached>(
  address: string,
  timeoutMs: number,
  { clock, dial }: Racer<Reached>,
  over: AbortSignal,
): Promise<Reached> {
  const patience = new AbortController();
  const end = () => patience.abort(over.reason);
  const timer = clock.after(timeoutMs, () => patience.abort());
  over.addEventListener("abort", end, { once: true });
  try {
    return await dial(address, patience.signal);
  } finally {
    timer.cancel();
    over.removeEventListener("abort", end);
  }
}
