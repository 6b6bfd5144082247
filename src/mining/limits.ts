/** Every bound of the miner, with its reason. */

/** Nonces of one call of a kernel: it counts in 31 bits, and nothing else runs on its thread meanwhile. */
export const SEARCH_CALL_HASHES_MAX = 1 << 24;
/** Nonces between two looks at whether the search still stands: 0.6 ms with SIMD, 2 ms without, 20 ms on a slow computer. */
export const TURN_HASHES = 4_096;
/** Work between two rests, where the duty is below 100 %: long enough that a wake-up costs little of it. */
export const DUTY_BURST_MS = 5;
/** A rest at the least duty of 1 %. */
export const DUTY_REST_MAX_MS = 1_000;
/** Threads of one miner: more than a computer of people has. */
export const MINING_THREADS_MAX = 64;
/** Transactions that a miner may wait for: a full block of them. */
export const MINE_AFTER_COUNT_MAX = 2_000;
/** Seconds that a miner may wait for company to the first transaction: an hour, and nobody is kept waiting for ever. */
export const MINE_AFTER_SECONDS_MAX = 3_600;
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
/** In a long pause the clock is looked at this often: it may be set right meanwhile, and the pause be over. */
export const PAUSE_LOOK_MS = 30_000;
/** Hash rate is the mean of about this span. */
export const RATE_SPAN_MS = 3_000;
/** Lowest CPU share among the threads of this process, where the system can set it for one thread. */
export const WORKER_NICENESS = 10;
/** Newest blocks by whose times a burst is told: few enough to end with it, many enough that luck does not look like one. */
export const BURST_BLOCKS = 10;
/** Kept to the limit on dates ahead: clocks of peers are a little behind each other, and would put the block off. */
export const FUTURE_MARGIN_MS = 2_000;
