/** Owns waiting by the real clock, for the commands and their client. */

/** Resolves after `delayMs` or when `signal` is aborted, whichever comes first. */
export function waitFor(delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  const timer = setTimeout(resolve, delayMs);
  signal.addEventListener(
    "abort",
    () => {
      clearTimeout(timer);
      resolve();
    },
    { once: true },
  );
  return promise;
}
