/** Limits of receipts, manifests and `.waybill` files. */

/** Files in one delivery: a large medical study has some 5,000, a photo library some 50,000. */
export const MANIFEST_ENTRIES_MAX = 100_000;

/** UTF-8 bytes of one path: Linux ends at 4,096, Windows far below; deeper trees are no delivery. */
export const MANIFEST_PATH_BYTES_MAX = 1024;

/** An encoded manifest: the entries above with paths of 100 bytes on average; held in memory whole. */
export const MANIFEST_BYTES_MAX = 16 * 1024 * 1024;

/** UTF-8 bytes of one message; read whole before it is shown. */
export const MESSAGE_BYTES_MAX = 64 * 1024;

/** Largest transaction a proof may carry: those of version 1 have at most 157 bytes. */
export const WAYBILL_TRANSACTION_BYTES_MAX = 1024;

/** Levels of either path: as many as a u32 count can have. */
export const WAYBILL_PATH_MAX = 32;

/** A whole `.waybill` file: the manifest, and some 4 KiB for all else at its longest. */
export const WAYBILL_BYTES_MAX = MANIFEST_BYTES_MAX + 8 * 1024;

/** Differences of a content from its manifest that a verdict names; it counts them all. */
export const CONTENT_DIFFERENCES_NAMED_MAX = 20;

/** Files looked at when a folder is compared: as many as a manifest may name, and as many that it does not. */
export const CONTENT_FILES_MAX = 2 * MANIFEST_ENTRIES_MAX;
