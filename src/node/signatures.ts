/** Owns with how many threads this peer checks signatures: one for each core beside the one that everything runs on. */
import { availableParallelism } from "node:os";
import type { SignatureChecker } from "#crypto/signature-checker.ts";
import { startSignatureThread } from "#crypto/signature-thread.ts";
import { openThreadedSignatureChecker } from "#crypto/signature-threads.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import { SIGNATURE_THREADS_MAX } from "./limits.ts";

export function openSignatureChecker(dependencies: {
  readonly clock: Clock;
  readonly log: Log;
}): SignatureChecker {
  const threads = Math.min(availableParallelism() - 1, SIGNATURE_THREADS_MAX);
  const { clock, log } = dependencies;
  return openThreadedSignatureChecker(
    { threads },
    {
      clock,
      startThread: startSignatureThread,
      onFault: (error) => log.fault("a thread that checks signatures died", error),
    },
  );
}
