/** Limits of the command line. */

/** A message to somebody present is signed for within milliseconds; after this, `say` leaves it to the outbox. */
export const SAY_TIMEOUT_MS = 10_000;
/** Longest wait that may be asked for: a day. */
export const WAIT_SECONDS_MAX = 86_400;
/** Deliveries shown at once; the API gives no more in one answer. */
export const LISTED_SLIPS_MAX = 500;
/** Deliveries read per request when an id is looked up by its beginning. */
export const LOOKUP_PAGE_SLIPS = 500;
/** Requests made for that: 20,000 deliveries back, then the whole id is needed. */
export const LOOKUP_PAGES_MAX = 40;
/** Lines of one message shown in a list; longer ones are read on the page or with --json. */
export const MESSAGE_LINES_MAX = 200;
/** How long "join" looks for whoever made the invite: long enough to start Waybill there. */
export const JOIN_SECONDS_DEFAULT = 120;
/** A month, as the peer has it. */
export const INVITE_HOURS_MAX = 720;
/** Read at once when content is hashed: large enough that reading, not calling, takes the time. */
export const HASH_READ_BYTES = 1024 * 1024;
/** Announcing more often fills networks for nothing. */
export const ANNOUNCE_SECONDS_MIN = 1;
/** Less often, and somebody who comes back waits long to be found. */
export const ANNOUNCE_SECONDS_MAX = 600;
/** Blocks to keep in full: nine digits are some hundred years. */
export const KEEP_BLOCKS_MAX = 999_999_999;
