/** Every bound of the chain feature, each with its reason. Rules that all nodes share are in the genesis, not here. */

import type { SnapshotPolicy } from "./snapshots/snapshot-store.ts";

// Wire --------------------------------------------------------------------------------------------------------

/** One block of the largest that any genesis may allow, with its framing; as many small ones as fit. */
export const SYNC_FRAME_BYTES_MAX = 1024 * 1024 + 64 * 1024;
/** 352 KB of headers an answer; the field's usual figure. */
export const SYNC_HEADERS_MAX = 2_000;
/** Ten steps of one, then doubling: 64 entries reach below any height. */
export const SYNC_LOCATOR_MAX = 64;
/** Blocks asked for in one request, and so under way from one peer: what a fast line carries in a second or two. */
export const SYNC_BLOCKS_MAX = 16;
/** 256 KB of ids: what waits beyond that reaches a newcomer by gossip or in a block. */
export const SYNC_POOL_IDS_MAX = 8_000;
/** Transactions asked for in one request. */
export const SYNC_TRANSACTIONS_MAX = 1_000;
/** One conversation each way, one for blocks or chunks, and one that is just ending. */
export const SYNC_STREAMS_PER_PEER_MAX = 4;
/** Questions answered in one conversation: a whole chain of headers and blocks is ten times less between two pauses. */
export const SYNC_QUESTIONS_MAX = 20_000;
/** One answer handed on to a reader: a megabyte at 70 KB/s; whoever reads more slowly holds a place for nothing. */
export const SYNC_SEND_TIMEOUT_MS = 15_000;

// Snapshots ---------------------------------------------------------------------------------------------------

/**
 * Every 1,000 blocks, some four hours of a 15-second chain; 100 deep, below which no reorganisation of honest peers
 * goes; and for a new peer from 3,000 blocks on, since fewer are checked in about a minute.
 */
export const SNAPSHOT_POLICY: SnapshotPolicy = {
  everyBlocks: 1_000,
  depthMinBlocks: 100,
  worthBlocks: 3_000,
};
/** Keys, values and their lengths in one chunk. */
export const SNAPSHOT_ENTRIES_BYTES_MAX = 256 * 1024;
/** Levels above a chunk: 2^64 keys ground to one corner would be needed to go deeper. */
export const SNAPSHOT_SIBLINGS_MAX = 64;
/** The newest, and the one before it for those who began with it. */
export const SNAPSHOTS_OFFERED_MAX = 2;
/** Keys remembered that changed while a snapshot is written: beyond that it is given up, and the next one made. */
export const SNAPSHOT_OVERLAY_KEYS_MAX = 200_000;
/** A snapshot further below the newest header known is of a peer that stopped making them: blocks alone will do. */
export const SNAPSHOT_BELOW_BEST_MAX_BLOCKS = 5_000;
/** A new peer waits so long for peers that offer snapshots before it begins at the first block. */
export const SNAPSHOT_OFFERS_AWAITED_MS = 20_000;
/** A chunk of 256 KiB at 50 KB/s; while others bring chunks too, whoever is slower leaves its part to them. */
export const SNAPSHOT_STALL_MS = 5_000;
/** Peers that fail one after the other without a chunk between: then the snapshot is given up. */
export const SNAPSHOT_FAILURES_MAX = 3;
/** After so many snapshots given up a new peer begins at the first block. */
export const SNAPSHOTS_GIVEN_UP_MAX = 2;
/** Chunks of one snapshot: 25 GB of state. */
export const SNAPSHOT_CHUNKS_MAX = 100_000;

// Headers -----------------------------------------------------------------------------------------------------

/** In the first pass over a chain of unshown work, one bit is kept for so many headers. */
export const PRESYNC_HEADERS_PER_BIT = 600;
/** In the second pass headers are kept only when so many bits above them agree: a cheat passes once in 16 million. */
export const PRESYNC_BITS_AHEAD = 24;
/** Work below our tip's that is let in without two passes: the last 144 blocks' worth. */
export const LOW_WORK_BLOCKS = 144;
/** Conversations that fetch headers side by side: a slow one must not hold up the others, more cost only bytes. */
export const HEADER_SYNCS_MAX = 2;
/** One answer of headers: 352 KB at 25 KB/s, and the other side's disk. */
export const HEADERS_TIMEOUT_MS = 15_000;

// Bodies ------------------------------------------------------------------------------------------------------

/** Blocks ahead of the next one needed that are asked for: what keeps several peers busy. */
export const BODY_WINDOW_BLOCKS = 512;
/** Bodies that arrived out of order, and those under way by the size of recent ones. */
export const BODY_WINDOW_BYTES_MAX = 32 * 1024 * 1024;
/** A peer that others wait for and that brings nothing for so long loses its blocks to another. */
export const BODY_STALL_MS_MIN = 2_000;
/** After stalls the patience doubles, up to this: the line may be slow on our side. */
export const BODY_STALL_MS_MAX = 64_000;
/**
 * Without a block for so long, a heavier branch no longer keeps us from mining: one header with its body withheld, shown
 * by many peers in turn, would else stop all miners for the price of a block.
 */
export const BODY_DOUBT_MS = 15_000;
/** Asked of one peer, this much time's worth at its measured speed. */
export const BODY_REQUEST_SPAN_MS = 1_000;
/** Blocks under a snapshot that are fetched in one go: some seconds of checking. */
export const HISTORY_STRETCH_BLOCKS = 512;
/** A check of what lies under a snapshot that the disk refuses is tried again this often: nothing waits for it. */
export const HISTORY_RETRY_MS = 60_000;
/** Peers remembered that gave a wrong body for one place: beyond that, one that came back is asked once more. */
export const BODY_REFUSED_MAX = 256;
/** Streams on which bodies are fetched at once. */
export const BODY_LANES_MAX = 16;

// Time --------------------------------------------------------------------------------------------------------

/** One answer: a megabyte over a slow link, and the other side's disk. */
export const SYNC_ANSWER_TIMEOUT_MS = 15_000;
/** Opening a stream over a slow path, with its negotiation. */
export const SYNC_OPEN_TIMEOUT_MS = 10_000;
/** A served conversation without a further question is closed; the peer opens a new one when it needs it. */
export const SYNC_SERVE_IDLE_MS = 30_000;
/** Tips are compared this often, with {@link TIP_COMPARE_PEERS_MAX} peers: gossip may lose a block, this finds it. */
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
/** Headers are fetched of one peer for so long while others wait: a slow one must not hold up the fast. */
export const SYNC_TURN_MS = 20_000;
/** Whoever brings more headers a second than this goes on all the same: it is no slow one. */
export const SYNC_TURN_HEADERS_MIN = 200;
/** Peers that said where they stand before we call ourselves level with others; fewer when fewer are connected. */
export const SYNC_ASKED_MIN = 3;
/** A refused commit (full disk) is tried again this often. */
export const COMMIT_RETRY_PERIOD_MS = 10_000;
/** Gossiped transactions become durable in groups: a sync to disk for each would stall the node. */
export const POOL_SAVE_DELAY_MS = 500;
/** A block ahead of our clock is tried again at its time, and not kept longer than this. */
export const TOO_EARLY_KEPT_MS = 10 * 60_000;

/** A fresh block dated further back than this: a clock is wrong, since miners renew what they work on every few seconds. */
export const CLOCK_BEHIND_SECONDS_MAX = 600;

/** A peer's word that our clock is behind counts for so long: true, it is said again with the next comparing of tips. */
export const CLOCK_TESTIMONY_MS = 10 * 60_000;
/** While somebody says so, it is looked at this often whether it still holds. */
export const CLOCK_LOOK_AGAIN_MS = 10_000;
/** Peers whose word on our clock is remembered; two are enough. */
export const CLOCK_WITNESSES_MAX = 16;

// Compact blocks ----------------------------------------------------------------------------------------------

/** Transactions of an announced block that are sent whole, the coinbase among them: two or three kilobytes. */
export const PREFILLED_COUNT_MAX = 17;
/** What came in here so shortly before a block is announced has hardly reached everybody: it is sent whole. */
export const SCARCE_AGE_MS = 1_000;
/** Announced blocks being put together; each was paid for with work. */
export const ANNOUNCED_BLOCKS_MAX = 16;
/** Peers that one announced block is asked of, one after the other, before the comparing of tips takes over. */
export const BLOCK_SOURCES_MAX = 4;
/** For the missing parts of a block, or all of it: then the next peer is asked. */
export const BLOCK_PARTS_TIMEOUT_MS = 2_000;
/** An asked peer that is still putting the block together answers when it has it, or after this says that it has not. */
export const BLOCK_PARTS_WAIT_MS = 1_500;
/** Questions of one peer for parts of blocks that are answered at once. */
export const BLOCK_PARTS_STREAMS_PER_PEER_MAX = 4;
/** Newest blocks kept decoded, for those who ask for parts of them. */
export const RECENT_BLOCKS_MAX = 4;
/** Ids of announced blocks that were passed on: none is passed on twice, under whatever short ids. */
export const ANNOUNCED_IDS_MAX = 1_024;

// Queues ------------------------------------------------------------------------------------------------------

/** Gossiped by one peer in the long run: more than any network takes up, so that an honest one never comes near it. */
export const TRANSACTIONS_PER_PEER_PER_SECOND_MAX = 250;
/** At once, after silence: what a full block undone elsewhere, and a busy moment, bring. */
export const TRANSACTION_BURST_PER_PEER_MAX = 2_500;
/** Peers whose share is remembered: more than are ever connected. */
export const TRANSACTION_PEERS_MAX = 1_024;
/** Last in, first out: under a flood the newest are worth most. */
export const TRANSACTION_QUEUE_MAX = 1_024;
/** While fewer wait there is no flood, and an account's transactions are taken in the order of their `seq`. */
export const TRANSACTION_QUEUE_CALM = 64;
/** Blocks ahead of our clock that are kept for a later try. */
export const TOO_EARLY_MAX = 16;
/** Ids of blocks found invalid by themselves, so that none is checked twice. */
export const INVALID_IDS_MAX = 1_024;
/** A block below tip minus this is kept only when headers have shown that its branch has more work than ours. */
export const SIDE_BRANCH_DEPTH_MAX_BLOCKS = 144;
/** Waiting submissions to the single writer. */
export const WRITER_QUEUE_MAX = 256;
/** Conversations of one kind at once: more than peers are ever connected; some last on with peers that have just left. */
export const CONVERSATIONS_MAX = 512;
/** Peers remembered that did not deliver, connected or not. */
export const SYNC_RESTING_MAX = 256;
/** Peers of other networks remembered while connected, to be named to the user. */
export const PEERS_ELSEWHERE_MAX = 256;
/** The thread is kept for so long at most, within a block too, before other work gets its turn. */
export const TURN_MS = 10;
/** Transactions of a block made ready for their check between two looks at {@link TURN_MS}: a millisecond or less. */
export const SIGNATURE_SLICE = 64;
/** Signatures handed to the checker at once: enough to keep many threads at work, a quarter second of a single one. */
export const SIGNATURES_AT_ONCE = 2_048;

// Pool (policy of this node, not a rule) -----------------------------------------------------------------------

/** Of one account, gapless ones and those behind a gap together. */
export const POOL_PER_ACCOUNT_MAX = 32;
/** How far a `seq` may run ahead of the next one that is due: gossip reorders, but not by much. */
export const POOL_GAP_MAX = 4;
/** Some fifty full blocks: more than a busy day brings, and bounded memory under a flood. */
export const POOL_BYTES_MAX = 16 * 1024 * 1024;
/** The same bound on the smallest transactions, which cost more memory than their bytes. */
export const POOL_COUNT_MAX = 50_000;
/** Claims of names that are due so soon are let in: tips differ by a block or two. Longer they would wait for nothing. */
export const POOL_CLAIM_EARLY_MAX_BLOCKS = 2;
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

/** Kept though a reorganisation took away what they draw on, until that comes back or their life ends; our own aside. */
export const UNCOVERED_COUNT_MAX = 1_000;

// Wallet ------------------------------------------------------------------------------------------------------

/** Payments and anchors being made at once; each takes its turn. */
export const WALLET_QUEUE_MAX = 64;
/** Stamp hashes tried before other work gets its turn: some milliseconds. */
export const STAMP_SLICE_HASHES = 4_096;
/** Our own waiting transactions are told again after this many blocks without being taken up. */
export const REBROADCAST_BLOCKS = 2;
/** A free anchor of ours passed over for so long gets a stronger stamp. */
export const STAMP_RAISE_BLOCKS = 4;
/** Up to so many bits above what the network asks for: 64 times the search. */
export const STAMP_RAISE_BITS_MAX = 6;
/** What lost its cover keeps its place for so long though others of ours wait behind it. */
export const UNCOVERED_PATIENCE_BLOCKS = 4;
/** Life of our transactions in blocks; the rules allow more, but what is not taken up soon is better made anew. */
export const WALLET_LIFE_BLOCKS = 240;

/** A payment that lies so deep is past doubt: no reorganisation of honest peers goes deeper. */
export const PAYMENT_SETTLED_BLOCKS = 100;
/** Payments of ours that are followed, those that ended and were not dismissed among them. */
export const PAYMENTS_FOLLOWED_MAX = 1_024;

// Queries -----------------------------------------------------------------------------------------------------

/** Blocks of one answer: a page of a list shows far fewer. */
export const QUERY_BLOCKS_MAX = 500;
/** Transactions of one answer: each is looked up in its block. */
export const QUERY_TRANSACTIONS_MAX = 500;
/** Newest blocks that shares of miners are counted over: half a day of busy chain. */
export const QUERY_SHARES_MAX = 5_000;

// Checkpoints -------------------------------------------------------------------------------------------------

/** A signer signs no block with fewer on top of it: what short partitions leave behind is decided by then. */
export const CHECKPOINT_DEPTH_BLOCKS = 6;
/** Heights kept of one signer above the newest final block; a signer that goes on without the others fills no disk. */
export const COSIGNATURES_PER_SIGNER_MAX = 16;
/** A cosignature for a block further above our tip waits until we have caught up: it is asked for again. */
export const COSIGNATURE_AHEAD_BLOCKS_MAX = 2_880;
/** Gossiped cosignatures waiting to be checked: some heights' worth of the largest group. */
export const COSIGNATURE_QUEUE_MAX = 256;
/** All that a peer knows of checkpoints, some 400 bytes a signature. */
export const CHECKPOINT_FRAME_BYTES_MAX = 256 * 1024;
/** Notes of one answer. */
export const CHECKPOINT_NOTES_MAX = 512;
/** One conversation each way, and one that is just ending. */
export const CHECKPOINT_STREAMS_PER_PEER_MAX = 3;
/** One question, one answer. */
export const CHECKPOINT_ANSWER_TIMEOUT_MS = 15_000;
/** After connecting: both sides register their protocols first. */
export const CHECKPOINT_ON_CONNECT_DELAY_MS = 200;
/** A peer picked by chance is asked this often: gossip may lose a cosignature. */
export const CHECKPOINT_COMPARE_PERIOD_MS = 60_000;
/** After a start, peers are asked for signatures of ours that this folder does not know, before anything is signed. */
export const CHECKPOINT_FIRST_SIGNING_DELAY_MS = 60_000;

// Storage -----------------------------------------------------------------------------------------------------

/** Undo records kept below the tip: half a day of blocks of 15 s. A branch that leaves further down is reached from genesis. */
export const UNDO_KEPT_BLOCKS = 2_880;
/** The fewest bodies below the tip that a peer which prunes keeps: as many as it could undo. */
export const KEEP_BLOCKS_MIN = UNDO_KEPT_BLOCKS;

/** Repairs of one run that are told: a disk that damages everything would fill the status. */
export const REPAIRS_TOLD_MAX = 8;

// Names -------------------------------------------------------------------------------------------------------

/** Names that one person registers and looks after here; each is looked at with every block. */
export const OWN_NAMES_MAX = 64;
/** Names that others handed over are listed unasked up to here: the other places are for those that one registers. */
export const HANDED_NAMES_NOTED_MAX = 32;
/** Newest transactions of ours that a start looks through for names handed over while this peer was off. */
export const HANDED_NAMES_LOOK_BACK = 50;
/** Blocks of one move of the best chain that stay in memory until all were told of it; the others are read again. */
export const MOVED_BLOCKS_HELD = 2;
