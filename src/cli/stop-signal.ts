/** Owns how a process that stays up is told to end: by Ctrl-C, by the end of its session, or by a fault of ours. */

export interface Stop {
  readonly requested: Promise<void>;
  readonly request: (faulted: boolean) => void;
  readonly faulted: () => boolean;
}

/** The first Ctrl-C (or end of session) asks for an end in order, the second ends at once. */
export function stopSignal(): Stop {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = false;
  let faulted = false;
  const onSignal = () => {
    // 128 + the number of SIGINT, as shells have it.
    if (asked) process.exit(130);
    asked = true;
    resolve();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  return {
    requested: promise,
    request: (byFault) => {
      asked = true;
      faulted ||= byFault;
      resolve();
    },
    faulted: () => faulted,
  };
}
