/** The thread of the miner: searches in slices, and looks at its mailbox between them. Started by `thread.ts`. */
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { SLICE_HASHES, WORKER_NICENESS } from "./limits.ts";
import { NonceWalk, type SearchReport, type SearchRequest } from "./search.ts";

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

let current: { readonly id: number; readonly walk: NonceWalk } | null = null;
let turnIsDue = false;

function report(message: SearchReport): void {
  port?.postMessage(message);
}

function schedule(): void {
  if (turnIsDue) return;
  turnIsDue = true;
  setImmediate(turn);
}

function turn(): void {
  turnIsDue = false;
  if (current === null) return;
  const { id, walk } = current;
  const { nonce, hashes } = walk.step(SLICE_HASHES);
  if (nonce === null) {
    report({ type: "progress", hashes });
    schedule();
  } else {
    current = null;
    report({ type: "found", id, hashes, nonce });
  }
}

port.on("message", (request: SearchRequest) => {
  if (request.type === "cancel") {
    current = null;
    return;
  }
  current = { id: request.id, walk: new NonceWalk(request.job) };
  schedule();
});
