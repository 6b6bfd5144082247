/**
 * Limits of transfer. How many files, bytes of manifest and bytes of path: `receipts/limits.ts`, since they are
 * signed there.
 */

/** The version stands in the name, so that peers of two versions can tell each other so. */
export const PROTOCOL = "/waybill/transfer/1";

/**
 * Bytes of content in one piece. Large enough that 10,000 small files are 800 frames and hashing is not call
 * overhead, small enough that a lost connection costs little and a progress bar moves on a slow line.
 */
export const PIECE_BYTES = 1024 * 1024;

/** Version, type, index, digest. */
export const PIECE_HEAD_BYTES = 1 + 1 + 4 + 32;

/** A whole piece: every other frame is shorter. */
export const FRAME_BYTES_MAX = PIECE_HEAD_BYTES + PIECE_BYTES;

/** Encoded dispatch or completion inside a frame; both are about 200 bytes, and may grow with their version. */
export const SIGNED_BYTES_MAX = 1024;

/** An offer, pulls and notices to one peer at a time; each is short but a pull. */
export const STREAMS_PER_PEER_MAX = 16;

/** Dialling over a slow path, with its handshakes. */
export const OPEN_TIMEOUT_MS = 15_000;

/** One commit of the other side, on a disk that is busy with other transfers. */
export const ANSWER_TIMEOUT_MS = 30_000;

/** Longest pause between two pieces: a sleeping disk spins up within it. */
export const PIECE_TIMEOUT_MS = 60_000;

/** How long a piece that has begun may hold up the move to a better path: then it is left half, and asked for there. */
export const LEAVE_TIMEOUT_MS = 2_000;

/** Sessions in a row that ended before a piece came; after that the usual pauses: somebody breaks off on purpose. */
export const FRUITLESS_SESSIONS_MAX = 3;

/** Incoming transfers that move at once; more only make each of them slower. The rest wait their turn. */
export const PULLS_MAX = 4;
/** Half of them: one sender does not hold up all others. */
export const PULLS_PER_PEER_MAX = 2;

/** Outgoing transfers served at once; who asks beyond it is told "busy" and asks again. */
export const SERVED_PULLS_MAX = 8;

/** Offers of one peer that wait for the user's yes. Each keeps its manifest in the store. */
export const ASKING_PER_PEER_MAX = 100;

/** Outgoing transfers to one peer that have not ended. */
export const UNFINISHED_PER_PEER_MAX = 1_000;

/** Pieces read ahead of the wire, so that disk and network work at the same time. */
export const PIECES_READ_AHEAD_MAX = 4;

/** Pieces being written while the next ones arrive. */
export const PIECES_WRITING_MAX = 4;

/** Pieces that are synced, then read back, in one go: few syncs for big files, little left to do at the end. */
export const PIECES_PER_CHECK_MAX = 32;

/** Files synced and read back at the same time; about what one disk queues well. */
export const FILES_CHECKED_AT_ONCE_MAX = 16;

/** Files kept open at once by one transfer; far below the 1,024 that systems allow a process by default. */
export const FILES_OPEN_MAX = 128;

/** Sources hashed at the same time while an offer is prepared. */
export const FILES_HASHED_AT_ONCE_MAX = 4;

/** Read at once while hashing. */
export const HASH_READ_BYTES = 1024 * 1024;

/** Folders below a source: deeper trees do not fit into a path either. */
export const FOLDER_DEPTH_MAX = 100;

/** What is named of that which was left out. */
export const SKIPPED_LISTED_MAX = 100;

/** Stays free on the disk of the receiver: a system with a full disk fails in ways nobody can see. */
export const RESERVE_BYTES = 64 * 1024 * 1024;

/** How often a full disk is looked at again. */
export const SPACE_RETRY_MS = 15_000;

/** First pause between attempts when nothing tells us that the peer is back: a lost connection is soon there again. */
export const RETRY_FIRST_MS = 2_000;
/** Longest pause: a peer that is away for days costs next to nothing, and one that returns is announced anyway. */
export const RETRY_LAST_MS = 300_000;

/** When the other side does not know the protocol: it is older, or has only just begun to start. */
export const PROTOCOL_RETRY_MS = 60_000;

/** While our own side holds back: whoever lifts that asks for a retry at once. */
export const HELD_RETRY_MS = 600_000;

/** A place in the queue is announced; this is only in case the announcement is missed. */
export const TURN_RETRY_MS = 60_000;

/** How often progress is told, at most: smooth to the eye, nothing to the machine. */
export const PROGRESS_PERIOD_MS = 200;

/** Over what the speed is averaged. */
export const SPEED_WINDOW_MS = 3_000;

/** How often content that the disk gave back wrong is fetched again before the disk is called unreliable. */
export const REFETCHES_MAX = 2;

/** UTF-8 bytes of one name on disk: 255 is the limit of ext4, APFS and NTFS (there in UTF-16 units). */
export const NAME_BYTES_MAX = 200;

/** Numbers tried for a name that is taken before giving up. */
export const NAME_NUMBERS_MAX = 10_000;

/**
 * Names made for one delivery: files, folders, and numbers tried for what is taken. Twice as many as files of the largest
 * manifest beside those files themselves; a stranger's 16 MiB could ask for millions, before anybody was asked.
 */
export const LOCAL_NAMES_MAX = 300_000;

/** Records in one answer of `history`. */
export const HISTORY_RECORDS_MAX = 1_000;
