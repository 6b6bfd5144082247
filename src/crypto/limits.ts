/** Owns the limits of the crypto folder. */

/** Imported public keys kept: about 2 kB each, so 16 MB at most; a full block has at most 2,000 signers. */
export const PUBLIC_KEYS_CACHED_MAX = 8192;

/** Levels of a Merkle path: as many as a u32 count can have. Longer paths are refused unread. */
export const MERKLE_PATH_MAX = 32;
/** Leaves of one tree: the count is bound into the root as a u32. */
export const MERKLE_LEAVES_MAX = 0xffff_ffff;
