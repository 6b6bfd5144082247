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
