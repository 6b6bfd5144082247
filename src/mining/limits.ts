/** Every bound of the miner, with its reason. */

/** Nonces of one call of a kernel: it counts in 31 bits, and nothing else runs on its thread meanwhile. */
export const SEARCH_CALL_HASHES_MAX = 1 << 24;
/** Nonces between two looks at the mailbox: some 7 ms with SIMD, 20 ms without, so a new tip ends old work at once. */
export const SLICE_HASHES = 50_000;
/** In-process search shares its thread with the whole node, so its turns are shorter. */
export const IN_PROCESS_SLICE_HASHES = 256;
/** An idle thread costs memory, starting one costs some 40 ms: kept for this long after the last search. */
export const WORKER_IDLE_MS = 15_000;
/** A template is renewed this often so that its time moves on and a stalled chain's target can ease. */
export const TEMPLATE_LIFE_MS = 5_000;
/** New transactions wait at most this long for a place in the template; each renewal throws no work away. */
export const POOL_RENEW_MS = 500;
/** A block that was refused for a reason of ours (full disk) is not sought again before this. */
export const REFUSED_PAUSE_MS = 2_000;
/** Hash rate is the mean of about this span. */
export const RATE_SPAN_MS = 3_000;
/** Lowest CPU share among the threads of this process, where the system can set it for one thread. */
export const WORKER_NICENESS = 10;
