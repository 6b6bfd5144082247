/** Limits of the composition: what one peer keeps for its user. */

/** config.json holds some short fields and the two lists of the doors; anything larger is not ours. */
export const CONFIG_FILE_BYTES_MAX = 262_144;
/** Entries of one list of the doors, as many as the API takes; more is a firewall's work. */
export const DOOR_ENTRIES_MAX = 1_024;
/** An IPv6 address with its prefix, or a peer id with room to spare. */
export const DOOR_ENTRY_CHARS_MAX = 100;
/** Trackers kept for later starts, as many as are used at once. */
export const TRACKERS_KEPT_MAX = 8;
/** As long as an address may be that the user types. */
export const TRACKER_CHARS_MAX = 300;
/** The largest scan where every host is silent takes 256 s; whoever asked over HTTP gives up after 300. */
export const SCAN_MS_MAX = 280_000;
/** Three short lines; a larger file is none of ours. */
export const NETWORK_KEY_FILE_BYTES_MAX = 1_024;
/** A checkpoint with the most signatures there can be is some 12 kB. */
export const CHECKPOINT_FILE_BYTES_MAX = 65_536;
/** A genesis with some thousands of allocations; larger files are refused before they are parsed. */
export const GENESIS_FILE_BYTES_MAX = 1_048_576;
/** Of the user's name in a guessed one: with the end of the peer id it fits a name in any script. */
export const GUESSED_NAME_CHARACTERS_MAX = 16;
/** Of the peer id in a guessed name: a million of them, and short enough to say. */
export const GUESSED_NAME_ENDING_CHARACTERS = 4;
/** What the runtime can wait in one go, 2^31 - 1 ms or 24 days: it takes a longer wait for one of 1 ms. */
export const TIMER_MS_MAX = 2_147_483_647;
/** Events held for clients that come back: some minutes of a busy peer, a few MB at most. */
export const FEED_EVENTS_MAX = 4_096;
/** Blocks and transactions in these events, all together: some 10 MB. */
export const FEED_ITEMS_MAX = 16_384;
/** Transactions that wait, in one answer or told in one event: more are read anew, or not shown. */
export const PENDING_LISTED_MAX = 1_000;
/** Transactions told in one event to wait no more, or blocks to have been left, by their ids: two full blocks'. */
export const FEED_REMOVED_MAX = 8_192;
/** A page's reconnecting never takes longer than one run; older uploads were abandoned. */
export const UPLOAD_IDLE_MS_MAX = 3_600_000;
/** Uploads open at once; each is a folder that a page fills. */
export const UPLOADS_OPEN_MAX = 16;
/** Files in one upload, the same as in one manifest. */
export const UPLOAD_FILES_MAX = 100_000;
/** Status is told at most this often when only counters moved: eyes see no more. */
export const STATUS_EVERY_MS = 2_000;
/** Blocks over which the shares of the miners are shown. */
export const MINER_SHARE_BLOCKS = 100;
/** Newest blocks from which the network's hash rate is reckoned: a quarter of an hour of busy chain. */
export const RACE_BLOCKS = 60;
/** A gap of more target spacings than these was a rest: one block in fifty takes longer while all mine. */
export const RACE_PAUSE_SPACINGS = 4;
/** A plug that was pulled is noticed within this; looking costs a few small files. */
export const POWER_LOOK_PERIOD_MS = 15_000;
/** Fewer blocks than this say nothing about who works how much. */
export const MINER_SHARE_BLOCKS_MIN = 20;
/** Transactions shown in the wallet. */
export const WALLET_RECENT_MAX = 50;
/** A chain that catches up connects thousands of blocks a second; the page is told of them in groups. */
export const CHAIN_EVENT_EVERY_MS = 100;
/** Blocks carried by one chain event; the page shows fewer, and reads older ones by itself. */
export const FEED_BLOCKS_MAX = 50;
/** Receipts moved from a feature to anchoring at one go. */
export const RECEIPTS_AT_ONCE = 256;
/** How long the answer to "connect" waits for the peer's profile, which holds its name; one round trip is usual. */
export const PROFILE_WAIT_MS = 2_000;
/** Lines of the log kept while the disk takes none: enough to see afterwards how it began. */
export const LOG_WAITING_BYTES_MAX = 1_048_576;
/** A delivery whose upload was being sent when the process was killed is the newest, or next to it. */
export const UPLOAD_TRANSFERS_LOOKED_AT = 64;
/** A certificate with its chain, or a key, as PEM: a few kilobytes each. */
export const TLS_FILE_BYTES_MAX = 262_144;
/** A question to a router or tracker keeps its port open for less; what is open longer waits for others. */
export const SECOND_LOOK_MS = 4_000;
/** How far a tracker's heap grows past what lives in it: 2,000 peers took 240 MB with it, and 410 MB without. */
export const TRACKER_HEAP_GROWTH_PERCENT = 30;

/** Threads that check signatures: each costs some 10 MB, and one thread that feeds more than these is what they wait for. */
export const SIGNATURE_THREADS_MAX = 8;
/** Payments that were not made, one line of the status each; the wallet lists all. */
export const ENDED_PAYMENTS_SHOWN = 8;
