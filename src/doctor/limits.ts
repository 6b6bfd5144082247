/** Limits of the doctor: an examination is short, whatever it finds. */

/** One look at the system; a dead network disk would otherwise hold the whole examination. */
export const PROBE_TIMEOUT_MS = 3_000;
/** A program that lists firewall rules; it answers within tenths of a second or not at all. */
export const PROGRAM_TIMEOUT_MS = 2_000;
/** Of one file or program: the socket table of a busy server has some ten thousand lines. */
export const PROBE_BYTES_MAX = 4 * 1024 * 1024;
/** Processes looked into for who holds a port; beyond it the holder stays unnamed. */
export const PROCESSES_MAX = 8_192;
/** Open files of one process that are looked at: a peer under a flood holds some thousands. */
export const OPEN_FILES_MAX = 65_536;
/** Peers asked for the time; the middle of eight is not moved by three that lie. */
export const CLOCK_PEERS_MAX = 8;
/** A round trip, even over a relay: a slower answer would say little about a clock. */
export const CLOCK_TIMEOUT_MS = 3_000;
/** A count of 8 bytes and its version. */
export const CLOCK_FRAME_BYTES_MAX = 9;
/** Streams of one peer that ask for the time at once; each lives for one round trip. */
export const CLOCK_STREAMS_PER_PEER_MAX = 2;
/** Half a minute: computers that keep time by the network are closer than a second. */
export const CLOCK_OFF_MS = 30_000;
/** Below this, large files are likely not to fit; what is delivered already is not touched. */
export const DISK_LOW_BYTES = 1_000_000_000;
/** Transfers leave 64 MiB of the receiver's disk free; with so little above that nothing of use comes in. */
export const DISK_FULL_BYTES = 100_000_000;
/** Files that can still be made; a study of small files needs some thousands. */
export const INODES_LOW = 10_000;
/** Refused announcements of strangers from which on they are worth a word: a classroom's noise stays below. */
export const REFUSED_WORTH_A_WORD = 1_000;
/** Addresses and attempts shown of one person; the rest is of the same kind. */
export const ATTEMPTS_SHOWN_MAX = 16;
/** Rows of details in one finding. */
export const DETAILS_MAX = 64;
/** Names of interfaces, processes and programs as the system gives them. */
export const NAME_CHARACTERS_MAX = 64;
