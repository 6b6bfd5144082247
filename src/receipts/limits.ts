/** Limits of receipts, manifests and `.waybill` files. */

/** Files in one delivery: a large medical study has some 5,000, a photo library some 50,000. */
export const MANIFEST_ENTRIES_MAX = 100_000;

/** UTF-8 bytes of one path: Linux ends at 4,096, Windows far below; deeper trees are no delivery. */
export const MANIFEST_PATH_BYTES_MAX = 1024;

/** An encoded manifest: the entries above with paths of 100 bytes on average; held in memory whole. */
export const MANIFEST_BYTES_MAX = 16 * 1024 * 1024;

/** UTF-8 bytes of one message; read whole before it is shown. */
export const MESSAGE_BYTES_MAX = 64 * 1024;
