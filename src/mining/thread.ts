/** Owns the start of the miner's thread: the only place of this folder that names `node:worker_threads`' Worker. */
import { Worker } from "node:worker_threads";
import type { SearchThread } from "./search.ts";

export function startSearchThread(): SearchThread {
  return new Worker(new URL("./worker.ts", import.meta.url));
}
