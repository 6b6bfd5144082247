/** Owns the limits of the API, each with its reason. */

/** JSON bodies: the largest is a message or a list of paths. */
export const JSON_BODY_BYTES_MAX = 1024 * 1024;
/** A receipt with its manifest of 100,000 files stays below this. */
export const WAYBILL_FILE_BYTES_MAX = 64 * 1024 * 1024;
/** Text of one message in UTF-16 units; the messaging feature holds the limit in bytes. */
export const MESSAGE_CHARACTERS_MAX = 64 * 1024;
/** Longest path accepted: `PATH_MAX` of Linux. */
export const PATH_CHARACTERS_MAX = 4096;
/** Paths of one send command; a shell's own limit on arguments is near. */
export const PATHS_MAX = 10_000;
/** Names, addresses, ids: none of ours comes near. */
export const WORD_CHARACTERS_MAX = 512;
/** Page size of lists. */
export const LIST_LIMIT_MAX = 500;
export const LIST_LIMIT_DEFAULT = 50;

/** A JSON body must be complete within this; on loopback it takes milliseconds. */
export const BODY_TIMEOUT_MS = 15_000;
/** An upload may take hours, but not stand still for longer than this. */
export const UPLOAD_STALL_TIMEOUT_MS = 60_000;
/** Header lines must be complete within this: a slow sender may not hold a connection. */
export const HEADERS_TIMEOUT_MS = 10_000;
/** Idle time after which a kept-alive connection is closed. */
export const KEEP_ALIVE_TIMEOUT_MS = 30_000;
/** Connections at once: pages, commands and scripts of one user. */
export const CONNECTIONS_MAX = 256;

/** Event streams at once: tabs and commands of one user. */
export const EVENT_CLIENTS_MAX = 32;
/** Bytes that wait for one slow reader of events; above, it is closed and resumes by id. */
export const EVENT_BUFFER_BYTES_MAX = 4 * 1024 * 1024;
/** How often an idle event stream says that it lives. */
export const HEARTBEAT_PERIOD_MS = 15_000;
/** A client takes silence of three heartbeats as a dead connection. */
export const EVENT_SILENCE_MAX_MS = 45_000;
/** Longest single event that a client accepts, in characters. */
export const EVENT_CHARACTERS_MAX = 8 * 1024 * 1024;
/** First and longest pause of a client before it connects again. */
export const RECONNECT_DELAY_MIN_MS = 250;
export const RECONNECT_DELAY_MAX_MS = 5_000;

/** A download ticket is used by the browser at once. */
export const TICKET_LIFETIME_MS = 60_000;
/** Tickets not yet used; the oldest goes first. */
export const TICKETS_MAX = 256;

/** Ports tried after the preferred one before any free port is taken. */
export const PORTS_TRIED = 32;
/** `api.json` is four short fields. */
export const API_FILE_BYTES_MAX = 4096;
/** How long closing waits for answers under way before connections are cut: Ctrl-C must end all of it within 2 s. */
export const CLOSE_GRACE_MS = 750;
/** An invite link carries a key, some addresses and some trackers. */
export const INVITE_CHARACTERS_MAX = 4_096;
/** A month: whoever has not come by then is invited again. */
export const INVITE_HOURS_MAX = 720;
/** Entries of one list of the doors; more is a firewall's work. */
export const DOOR_ENTRIES_MAX = 1_024;
