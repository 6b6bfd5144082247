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
/** Read at once when content is hashed: large enough that reading, not calling, takes the time. */
export const HASH_READ_BYTES = 1024 * 1024;
