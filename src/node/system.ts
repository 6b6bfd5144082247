/** Owns the real clock, chance and log: the edge that tests replace. */
import { getRandomValues, randomInt } from "node:crypto";
import { type Logger, pino } from "pino";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log, LogFields } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import { LOG_WAITING_BYTES_MAX, TIMER_MS_MAX } from "./limits.ts";

/** @param offsetMs added to the computer's time of day; timers and durations are not touched. */
export function systemClock(offsetMs: number): Clock {
  return {
    nowMs: () => Date.now() + offsetMs,
    monotonicMs: () => performance.now(),
    after: startTimer,
    every: (periodMs, task): Timer => {
      const timer = setInterval(task, periodMs);
      timer.unref();
      return { cancel: () => clearInterval(timer) };
    },
  };
}

/** In steps that the runtime can wait: it would take a longer one for no wait at all. */
function startTimer(delayMs: number, task: () => void): Timer {
  let timer: NodeJS.Timeout;
  const step = (leftMs: number): void => {
    const stepMs = Math.min(leftMs, TIMER_MS_MAX);
    timer = setTimeout(stepMs < leftMs ? () => step(leftMs - stepMs) : task, stepMs);
    timer.unref();
  };
  step(delayMs);
  return { cancel: () => clearTimeout(timer) };
}

export const systemRandom: Random = {
  bytes: (count) => getRandomValues(new Uint8Array(count)),
  below: (bound) => randomInt(bound),
};

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields: LogFields = {}) => logger.debug(fields, message),
    info: (message, fields: LogFields = {}) => logger.info(fields, message),
    warn: (message, fields: LogFields = {}) => logger.warn(fields, message),
    fault: (message, error, fields: LogFields = {}) => logger.error({ ...fields, err: error }, message),
    child: (area) => wrap(logger.child({ area })),
  };
}

/**
 * Lines of JSON in `path`, synchronous, so that the last line before a crash is there. Never throws: a log that cannot
 * be written (full disk) must not undo the handling of the very fault that it was told of.
 */
export function fileLog(path: string): Log {
  const file = pino.destination({
    ...{ dest: path, sync: true, mkdir: true, mode: 0o600 },
    maxLength: LOG_WAITING_BYTES_MAX,
  });
  // What could not be written is written with the next line, as far as it was kept.
  file.on("error", () => undefined);
  return wrap(pino({ level: "info", base: null }, file));
}
