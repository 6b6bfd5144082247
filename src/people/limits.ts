/** Limits of what is remembered of people. */

/** A large hospital's directory fits; beyond it, strangers who were only seen are forgotten, oldest first. */
export const PEOPLE_MAX = 10_000;
/** "Last seen" is shown in minutes; writing it more often would only wear the disk. */
export const SEEN_WRITE_PERIOD_MS = 60_000;
/** Candidates listed when several answer to one name; the user needs to see that, not all of them. */
export const CANDIDATES_SHOWN_MAX = 16;
/** People kept apart from one peer; the oldest decision is asked again. Nobody has so many namesakes. */
export const APART_MAX = 16;
/** Names tried for an old key before the user is asked to clear up. */
export const OLD_KEY_NAMES_TRIED = 32;
/**
 * Keys that look like one person and were never met, only heard of: whoever makes up keys by the thousand fills neither
 * the list nor the disk. One that comes is marked whatever this says.
 */
export const HEARD_STAND_INS_MAX = 16;
