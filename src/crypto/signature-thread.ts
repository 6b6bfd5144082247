/** Owns the start of a thread that checks signatures: the only place of this folder that names Worker. */
import { Worker } from "node:worker_threads";
import type { SignatureThread } from "./signature-threads.ts";

export function startSignatureThread(): SignatureThread {
  return new Worker(new URL("./signature-worker.ts", import.meta.url));
}
