/** Owns the start of a thread of the miner: the only place of this folder that names `node:worker_threads`' Worker. */
import { Worker } from "node:worker_threads";
import type { SearchThread } from "./thread-search.ts";

/** @param control the memory of a `SearchControl`, which the thread looks at while it works. */
export function startSearchThread(control: SharedArrayBuffer): SearchThread {
  return new Worker(new URL("./worker.ts", import.meta.url), { workerData: control });
}
