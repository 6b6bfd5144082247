/** Every bound of the chain feature, each with its reason. Rules that all nodes share are in the genesis, not here. */

// Wire --------------------------------------------------------------------------------------------------------

/** One block of the largest that any genesis may allow, with its framing; as many small ones as fit. */
export const SYNC_FRAME_BYTES_MAX = 1024 * 1024 + 64 * 1024;
/** 352 KB of headers an answer; the field's usual figure. */
export const SYNC_HEADERS_MAX = 2_000;
/** Ten steps of one, then doubling: 64 entries reach below any height. */
export const SYNC_LOCATOR_MAX = 64;
/** Ids asked for in one request for blocks; the answer may hold fewer. */
export const SYNC_BLOCKS_MAX = 64;
/** 256 KB of ids: what waits beyond that reaches a newcomer by gossip or in a block. */
export const SYNC_POOL_IDS_MAX = 8_000;
/** Transactions asked for in one request. */
export const SYNC_TRANSACTIONS_MAX = 1_000;
/** One conversation each way, and one that is just ending. */
export const SYNC_STREAMS_PER_PEER_MAX = 4;

// Time --------------------------------------------------------------------------------------------------------

/** One answer: a megabyte over a slow link, and the other side's disk. */
export const SYNC_ANSWER_TIMEOUT_MS = 15_000;
export const SYNC_OPEN_TIMEOUT_MS = 10_000;
/** A served conversation without a further question is closed; the peer opens a new one when it needs it. */
export const SYNC_SERVE_IDLE_MS = 30_000;
/** Tips are compared this often with each peer: gossip may lose a block, this finds it. */
export const TIP_COMPARE_PERIOD_MS = 20_000;
/** What waits at a peer is asked for again no sooner: gossip may lose a transaction too. */
export const POOL_COMPARE_MS = 60_000;
/** Of the connected ones, picked by chance each time. */
export const TIP_COMPARE_PEERS_MAX = 4;
/** After connecting: both sides register their protocols first. */
export const SYNC_ON_CONNECT_DELAY_MS = 100;
/** After a peer failed to answer, others are asked first for this long. */
export const SYNC_RETRY_MS = 5_000;
/** A peer that goes on not delivering what it announces is fetched from again only after this. */
export const SYNC_REST_MS_MAX = 120_000;
/** One peer is fetched from for so long while others wait: a slow one must not hold up the fast. */
export const SYNC_TURN_MS = 20_000;
/** A refused commit (full disk) is tried again this often. */
export const COMMIT_RETRY_PERIOD_MS = 10_000;
/** Gossiped transactions become durable in groups: a sync to disk for each would stall the node. */
export const POOL_SAVE_DELAY_MS = 500;
/** A block ahead of our clock is tried again at its time, and not kept longer than this. */
export const TOO_EARLY_KEPT_MS = 10 * 60_000;

/** A fresh block dated further back than this: a clock is wrong, since miners renew what they work on every few seconds. */
export const CLOCK_BEHIND_SECONDS_MAX = 600;

// Queues ------------------------------------------------------------------------------------------------------

/** First in, first out; a block waiting behind that many is found again by comparing tips. */
export const BLOCK_QUEUE_MAX = 64;
/** Last in, first out: under a flood the newest are worth most. */
export const TRANSACTION_QUEUE_MAX = 1_024;
/** Blocks ahead of our clock that are kept for a later try. */
export const TOO_EARLY_MAX = 16;
/** Ids of blocks found invalid by themselves, so that none is checked twice. */
export const INVALID_IDS_MAX = 1_024;
/** Headers of one conversation held while they show less work than our chain: 50,000 of them are some 20 MB. */
export const HEADERS_HELD_MAX = 50_000;
/** Rounds of headers without a block worth fetching: enough to hold {@link HEADERS_HELD_MAX}, and some. */
export const SYNC_FRUITLESS_ROUNDS_MAX = 32;
/** A block below tip minus this is kept only when headers have shown that its branch has more work than ours. */
export const SIDE_BRANCH_DEPTH_MAX_BLOCKS = 144;
/** Waiting submissions to the single writer. */
export const WRITER_QUEUE_MAX = 256;
/** Peers remembered that did not deliver, connected or not. */
export const SYNC_RESTING_MAX = 256;
/** Peers of other networks remembered while connected, to be named to the user. */
export const PEERS_ELSEWHERE_MAX = 256;
/** The thread is kept for so long at most, within a block too, before other work gets its turn. */
export const TURN_MS = 10;
/** Signatures checked between two looks at {@link TURN_MS}: some milliseconds. */
export const SIGNATURE_SLICE = 32;

// Pool (policy of this node, not a rule) -----------------------------------------------------------------------

/** Of one account, gapless ones and those behind a gap together. */
export const POOL_PER_ACCOUNT_MAX = 32;
/** How far a `seq` may run ahead of the next one that is due: gossip reorders, but not by much. */
export const POOL_GAP_MAX = 4;
export const POOL_BYTES_MAX = 16 * 1024 * 1024;
export const POOL_COUNT_MAX = 50_000;
/** Behind a gap, all accounts together: they cannot be mined now. */
export const POOL_HELD_COUNT_MAX = 1_000;
/** Smallest units per byte. */
export const POOL_FEE_PER_BYTE_MIN = 1;
/** After a full pool raised its minimum, that halves in this time. */
export const POOL_FEE_FLOOR_HALF_LIFE_MS = 10 * 60_000;
/** A replacement pays at least this part more, in eighths. */
export const REPLACEMENT_STEP_EIGHTHS = 1;
/** Free anchors waiting, all accounts together: some blocks' worth of their share. */
export const POOL_FREE_COUNT_MAX = 2_000;
/** Free anchors waiting of one account. */
export const POOL_FREE_PER_ACCOUNT_MAX = 4;

// Wallet ------------------------------------------------------------------------------------------------------

/** Payments and anchors being made at once; each takes its turn. */
export const WALLET_QUEUE_MAX = 64;
/** Stamp hashes tried before other work gets its turn: some milliseconds. */
export const STAMP_SLICE_HASHES = 4_096;
/** Our own waiting transactions are told again after this many blocks without being taken up. */
export const REBROADCAST_BLOCKS = 2;
/** Life of our transactions in blocks; the rules allow more, but what is not taken up soon is better made anew. */
export const WALLET_LIFE_BLOCKS = 240;

// Queries -----------------------------------------------------------------------------------------------------

/** Blocks of one answer: a page of a list shows far fewer. */
export const QUERY_BLOCKS_MAX = 500;
/** Transactions of one answer: each is looked up in its block. */
export const QUERY_TRANSACTIONS_MAX = 500;
/** Newest blocks that shares of miners are counted over: half a day of busy chain. */
export const QUERY_SHARES_MAX = 5_000;
