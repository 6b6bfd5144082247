/**
 * A thread of the miner: searches in short turns, and looks between them whether its search still stands. Started by
 * `thread.ts`. The one place of this folder with a clock of its own, since none can be handed to a thread.
 */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { restAfter, SearchControl } from "./control.ts";
import { DUTY_BURST_MS, TURN_HASHES, WORKER_NICENESS } from "./limits.ts";
import { NonceWalk } from "./search.ts";
import type { SearchReport, SearchRequest } from "./thread-search.ts";

const port = parentPort;
if (port === null) throw new Error("worker.ts runs as a worker thread only");

// Linux gives each thread its own niceness; elsewhere this call would slow the whole process down.
if (process.platform === "linux") {
  try {
    setPriority(0, WORKER_NICENESS);
  } catch {
    // Not allowed here: mining is then as eager as the rest.
  }
}

const control = new SearchControl(workerData as SharedArrayBuffer);

/** The nonce, or `null` once another search is current or none. */
function search({ id, job }: SearchRequest): bigint | null {
  const walk = new NonceWalk(job);
  let workedMs = 0;
  while (control.isCurrent(id)) {
    const startedMs = performance.now();
    const { nonce, hashes } = walk.step(TURN_HASHES);
    control.count(hashes);
    if (nonce !== null) return nonce;
    workedMs += performance.now() - startedMs;
    const duty = control.duty();
    if (duty >= 100 || workedMs < DUTY_BURST_MS) continue;
    control.rest(id, restAfter(workedMs, duty));
    workedMs = 0;
  }
  return null;
}

port.on("message", (request: SearchRequest) => {
  const report: SearchReport = { id: request.id, nonce: search(request) };
  port.postMessage(report);
});
