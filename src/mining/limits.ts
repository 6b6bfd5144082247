/** Every bound of the miner, with its reason. */

/** Nonces between two looks at the mailbox: some 15 ms in plain JavaScript, so a new tip ends old work at once. */
export const SLICE_HASHES = 20_000;
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
