/** The thread that checks signatures: a batch in, its verdicts out. Started by `signature-thread.ts`. */
import { parentPort } from "node:worker_threads";
import { verdictsOf } from "./signature-batch.ts";
import type { BatchAnswer, BatchRequest } from "./signature-threads.ts";

const port = parentPort;
if (port === null) throw new Error("signature-worker.ts runs as a worker thread only");

port.on("message", ({ id, packed }: BatchRequest) => {
  const answer: BatchAnswer = { id, verdicts: verdictsOf(packed) };
  port.postMessage(answer, [answer.verdicts.buffer]);
});
