/** Owns the limits of the ledger's formats: bounds for any network. What one network allows is in its genesis. */

/** The header, fixed: leaves two SHA-256 compressions per nonce, the others being constant per template. */
export const HEADER_BYTES = 176;

/** Largest block any genesis may allow: one frame, and a second of signature checks at the very most. */
export const BLOCK_BYTES_MAX = 1024 * 1024;
/** Smallest `maxBlockBytes` a genesis may set: a coinbase and some payments always fit. */
export const BLOCK_BYTES_MIN = 4 * 1024;
/** Signatures any genesis may allow in a block: about one second of one core. */
export const BLOCK_SIGNATURES_MAX = 8192;

/** Free bytes of a coinbase: room for a further nonce and a mark, too small for a text. */
export const COINBASE_EXTRA_BYTES_MAX = 32;
/** Encoded sizes, fixed by the format: see `spec/ledger.md`. */
export const TRANSFER_BYTES = 157;
export const ANCHOR_BYTES = 149;
export const STAMPED_ANCHOR_BYTES = 149;
export const NAME_COMMIT_BYTES = 149;
/** A claim but for the characters of its name, each of which is one byte more. */
export const NAME_CLAIM_BYTES_MIN = 182;
/** The same of an update; a new key or owner takes 32 bytes more. */
export const NAME_UPDATE_BYTES_MIN = 119;
/** Coinbase without its extra bytes: the smallest transaction of all. */
export const COINBASE_BYTES_MIN = 38;
/** Largest transaction of all. */
export const TRANSACTION_BYTES_MAX = NAME_CLAIM_BYTES_MIN + 32;

/** A genesis file: its allocations are most of it, about 110 bytes each. */
export const GENESIS_TEXT_CHARS_MAX = 256 * 1024;
/** Accounts that own something from the start: a large club, well within the text. */
export const GENESIS_ALLOCATIONS_MAX = 1024;
/** A network is called by it in lists and sentences. */
export const GENESIS_NAME_BYTES_MAX = 32;
/** Stands behind every amount. */
export const COIN_SYMBOL_BYTES_MAX = 8;
/** Signers of checkpoints: a proof carries a signature of each, 96 bytes. */
export const CHECKPOINT_KEYS_MAX = 32;
/** Nesting of a genesis file is 3; one more leaves room for an error that names the key. */
export const JSON_DEPTH_MAX = 4;
/** Of a key that a refusal quotes: longer than any of ours, and one line. */
export const JSON_QUOTED_CHARS_MAX = 64;

/** Longest path of the state tree: one level for each bit of a key. */
export const STATE_PATH_MAX = 256;
/** A proof over the state tree with the longest path: no key of ours makes one a tenth as long. */
export const STATE_PROOF_BYTES_MAX = 2 + 32 + STATE_PATH_MAX * 32 + 1 + 64;
/** Levels of the state tree kept in memory at most: 70 MB, which serves four million entries well. */
export const STATE_TOP_DEPTH_MAX = 20;
/** Entries below one path of the lowest level above which the paths below it are kept too: read in a tenth of a ms. */
export const STATE_CROWD_LEAVES = 64;
/** So deep at most: keys that share more bits are each a day's work of a graphics card. */
export const STATE_CROWD_DEPTH_MAX = 48;
/** State entries up to which all of them are kept in memory, at about 500 bytes: 33 MB. */
export const STATE_WHOLE_LEAVES_MAX = 65_536;
/** Of a larger state, entries kept in memory between blocks: those that a full block touches, and their neighbours. */
export const STATE_WARM_LEAVES_MAX = 16_384;
/** Keys in one entry of a list of what expires: 4 KiB, so that no entry of the state is bigger. */
export const EXPIRY_LIST_KEYS_MAX = 128;
/** Largest value of an entry of the state: a full list. */
export const STATE_VALUE_BYTES_MAX = 1 + 32 * EXPIRY_LIST_KEYS_MAX;
/** A state proof with the longest value and path, its version, header and lengths. */
export const STATE_FILE_PROOF_BYTES_MAX =
  1 + HEADER_BYTES + 2 + STATE_VALUE_BYTES_MAX + 4 + STATE_PROOF_BYTES_MAX;
/** The proof with its subject, chain id and sum; usually below two kilobytes. */
export const STATE_FILE_BYTES_MAX = 256 + STATE_FILE_PROOF_BYTES_MAX;
/** Entries one block can change: for each signature two accounts or three of a name, and two that expire; payouts, totals. */
export const UNDO_ENTRIES_MAX = 6 * BLOCK_SIGNATURES_MAX + 8;

/** Shortest and longest name, in characters, each one byte of ASCII. */
export const NAME_CHARS_MIN = 3;
export const NAME_CHARS_MAX = 32;
/** Ten years of blocks of one second: life and grace of a name stay well within a u32 above any height in use. */
export const NAME_LIFE_BLOCKS_MAX = 315_360_000;

/** Keys that may co-sign checkpoints, and lines of a note: a group of people, and room for strangers' lines. */
export const NOTE_SIGNATURES_MAX = 64;
/** "waybill-peer/" and a peer id are 65; others' names are longer. */
export const NOTE_KEY_NAME_CHARS_MAX = 128;
/** A checkpoint with all its lines, some 180 characters each. */
export const NOTE_CHARS_MAX = 16 * 1024;
/** Targets kept that were computed lately: a chain wanders through some hundred. A few hundred kB. */
export const TARGETS_CACHED_MAX = 4096;
/** Of an estimate of how firm a block stands: deeper ones stand at least as firmly, and each costs a step. */
export const CONFIRMATIONS_COUNTED_MAX = 10_000;
