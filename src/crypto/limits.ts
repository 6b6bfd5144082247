/** Owns the limits of the crypto folder. */

/** Imported public keys kept: about 2 kB each, so 16 MB at most; a full block has at most 2,000 signers. */
export const PUBLIC_KEYS_CACHED_MAX = 8192;

/** Levels of a Merkle path: as many as a u32 count can have. Longer paths are refused unread. */
export const MERKLE_PATH_MAX = 32;
/** Leaves of one tree: the count is bound into the root as a u32. */
export const MERKLE_LEAVES_MAX = 0xffff_ffff;

/** Characters looked at of what was typed as eight words: eight long ones with numbers and commas between. */
export const SPELLED_CHARACTERS_MAX = 256;
/** Words offered in place of one that is not in the list: more would not be read. */
export const NEAR_WORDS_MAX = 3;

/** Signatures that go to a thread at once: some 3 ms of work, against 0.05 ms for the messages there and back. */
export const SIGNATURE_BATCH = 64;
/** Batches handed to a thread ahead, so that it has work while its answer travels. */
export const BATCHES_PER_THREAD_MAX = 2;
/** Signatures that wait for their check, all callers together: 30 full blocks, some 20 MB with their messages. */
export const SIGNATURES_WAITING_MAX = 65_536;
/** A batch holds messages of at most this many bytes together; longer ones are checked by the asking thread. */
export const BATCH_MESSAGE_BYTES_MAX = 1_048_576;
/** An idle thread costs memory, starting one some 40 ms: kept for this long after its last batch. */
export const SIGNATURE_THREAD_IDLE_MS = 30_000;
/** Threads that died one after another before any gave an answer: there is no use in starting more. */
export const SIGNATURE_THREAD_DEATHS_MAX = 3;
