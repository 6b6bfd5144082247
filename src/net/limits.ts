/**
 * Owns the bounds of the network: each with its reason. What a feature's protocol adds is in that feature's limits. It is
 * long because all bounds of a folder stand in one list, where they can be weighed against each other.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

// Listening.

/** Unassigned at IANA, and below the range from which systems draw ports for outgoing connections (32768 up). */
export const LISTEN_PORT_DEFAULT = 28411;
/** How many ports after the first are tried when another program, or another peer, holds it. */
export const LISTEN_PORT_STEPS_MAX = 64;
/** Starts in which another peer took the port between the look and the listening; each loses to one other peer. */
export const LISTEN_TRIES_MAX = 8;
/** The UDP port of announcements: shared by all peers of one computer, so it is never stepped over. */
export const ANNOUNCEMENT_PORT_DEFAULT = 28411;

// Connections and streams.

/** Well above a class or a hospital department, far below what file descriptors allow. */
export const CONNECTIONS_MAX = 300;
/** Beyond so many, peers that were merely heard of are left alone; gossip needs no more to reach everyone. */
export const UNASKED_CONNECTIONS_MAX = 64;
/** TLS over a slow path takes three round trips; ten seconds forgive a second of delay in each. */
export const UPGRADE_TIMEOUT_MS = 10 * SECOND_MS;
/** All addresses of one peer together. */
export const DIAL_TIMEOUT_MS = 12 * SECOND_MS;
/** One address: a silent firewall must not use up the time of the addresses behind it. */
export const ADDRESS_DIAL_TIMEOUT_MS = 4 * SECOND_MS;
/** Agreeing on the protocol of a new stream: two round trips over a slow path. */
export const STREAM_OPEN_TIMEOUT_MS = 10 * SECOND_MS;
/** How long an orderly close may take before the connection is broken off. */
export const CLOSE_TIMEOUT_MS = 2 * SECOND_MS;
/** What is queued on a slow path may take a while to leave, in order, before a stream is broken off. */
export const STREAM_CLOSE_TIMEOUT_MS = 30 * SECOND_MS;
/** Streams of one connection in one direction, all protocols together; times the window it bounds memory. */
export const STREAMS_PER_CONNECTION_MAX = 256;
/** Of one protocol towards one peer; features ask for far fewer. */
export const OUTBOUND_STREAMS_PER_PROTOCOL_MAX = 256;
/** Whom libp2p remembers, and who is gone for so long, is forgotten: longer than a handshake and its questions take. */
export const PEER_MEMORY_MS = 30 * SECOND_MS;
/** Two connections to one peer within this time are one meeting: both sides dialled at once. */
export const SIMULTANEOUS_DIAL_MS = 5 * SECOND_MS;
/** What a peer that dials several of our addresses at once may hold until it has chosen: two families, two relays. */
export const CONNECTIONS_BESIDE_MAX = 4;

// Frames.

/** u32 length before each frame. */
export const FRAME_HEADER_BYTES = 4;
/** No protocol may ask for larger frames: a frame is held in memory whole. */
export const FRAME_BYTES_MAX = 16 * MIB;
/** Frames up to this are copied behind their header: one small record costs more than the copy. */
export const FRAME_JOIN_BYTES_MAX = 64 * KIB;
/** Pieces of a stream below this are gathered: kept apart, each takes some two hundred bytes more than it holds. */
export const SMALL_PIECE_BYTES = 1024;
/** So much is gathered in one place. */
export const GATHERED_BYTES = 4 * KIB;
/** Read ahead of the reader before the other side is asked to wait; one frame and a quarter of the usual size. */
export const READ_AHEAD_BYTES = 1280 * KIB;
/** Written but not yet taken by the muxer: two frames of the usual size keep it busy. */
export const WRITE_AHEAD_BYTES = 2 * MIB;
/** What one yamux frame carries; 1 MiB measured best on TLS. */
export const MUXER_MESSAGE_BYTES_MAX = MIB;
/** What may be under way before the reader answers. All peers must use the same first value (spec/framing.md). */
export const STREAM_WINDOW_FIRST_BYTES = 8 * MIB;
/** Grows to this while the reader keeps up: 64 MiB carry 640 MB/s over 100 ms. */
export const STREAM_WINDOW_BYTES_MAX = 64 * MIB;
/** A paused stream holds what was already allowed to be sent: the window, and the read-ahead on top. */
export const STREAM_READ_BUFFER_BYTES_MAX = STREAM_WINDOW_BYTES_MAX + 2 * MIB;

// Punched paths (WebRTC).

/**
 * UDP ports of punched paths: fixed, so that what listens can be listed and a firewall can name it. One for each path,
 * so more than `CONNECTIONS_MAX`; above the TCP ports that are stepped over to.
 */
export const PUNCHED_PORT_FIRST = 28_500;
export const PUNCHED_PORT_LAST = 28_899;
/** Under way in SCTP: 80 MB/s at 100 ms; the default carries 1 to 5. */
export const PUNCHED_BUFFER_BYTES = 8 * MIB;
/** One message of a data channel; larger ones cost fewer calls, and block the channel's other messages longer. */
export const PUNCHED_MESSAGE_BYTES_MAX = 64 * KIB;
/**
 * What one stream may have under way and unread where the multiplexer holds nobody back; a frame may exceed it once.
 * As much as SCTP itself keeps under way.
 */
export const CREDIT_FIRST_BYTES = 8 * MIB;
/** What a frame takes of credit beside its length: about what an unread one takes of memory, so that empty ones cost too. */
export const FRAME_COST_BYTES = 64;
/** Given back in parts of this size: each costs a message. */
export const CREDIT_STEP_BYTES = CREDIT_FIRST_BYTES / 4;
/** Unread bytes at which a sender that minds no credit is broken off: several sends may have begun at once. */
export const CREDIT_EXCEEDED_BYTES = 4 * CREDIT_FIRST_BYTES + FRAME_BYTES_MAX;

// Liveness.

/** A path that died is noticed within period + timeout + period/2 < 10 s. */
export const HEARTBEAT_PERIOD_MS = 3 * SECOND_MS;
export const HEARTBEAT_TIMEOUT_MS = 5 * SECOND_MS;
/**
 * Nothing at all came for so long, and no answer to a pulse: dead. Longer than a pulse's patience, because where our
 * own bytes hold up the answers, the other side's pulses are what shows that it lives, and its next one comes only then.
 */
export const DEAD_SILENCE_MS = HEARTBEAT_TIMEOUT_MS + SECOND_MS;
/** Sent back on a stream of pulses and not yet taken: a hundred of them. */
export const PULSE_WAITING_BYTES_MAX = 4 * KIB;
/** A connection silent for so long, a pulse and two seconds, takes no new streams while another one lives. */
export const SUSPECT_SILENCE_MS = HEARTBEAT_PERIOD_MS + 2 * SECOND_MS;

// Gossip.

/** The largest message a topic may ask for: the announcement of a block of 8,192 transactions has 52 KB. */
export const GOSSIP_MESSAGE_BYTES_MAX = 64 * KIB;
/** Ids that one message may name as being there: what a busy network gossips in three heartbeats. */
export const GOSSIP_IHAVE_IDS_MAX = 1_000;
/** Ids asked for at once: those named for two topics. An answer carries as many messages. */
export const GOSSIP_IWANT_IDS_MAX = 2 * GOSSIP_IHAVE_IDS_MAX;
/**
 * One RPC of gossip. The router puts all that was asked for into one: 2,000 transactions and some announcements. Any
 * less than it may send would break off a stream for obeying.
 */
export const GOSSIP_RPC_BYTES_MAX = MIB;
/** Queued towards one peer that reads slowly; then the stream is dropped and the peer catches up by sync. */
export const GOSSIP_OUTBOUND_BYTES_MAX = 4 * MIB;
/** Ids of messages are remembered for so long, to know them when they come again: all that is gossiped is round sooner. */
export const GOSSIP_SEEN_MS = 30 * SECOND_MS;
/** Messages of one peer, new to us, in the long run; ids of more could fill the memory of those seen. */
export const GOSSIP_MESSAGES_PER_PEER_PER_SECOND = 1_000;
/** At once after a rest. Who goes beyond is not heard until the share has come back, and loses no standing. */
export const GOSSIP_MESSAGES_PER_PEER_BURST = 10_000;
/** Broken promises to send what was named that cost nothing: an honest peer on a bad path makes some. */
export const GOSSIP_BROKEN_PROMISES_FREE = 6;
/** Messages of one topic being validated; a feature's own queue is far shorter. */
export const GOSSIP_VALIDATIONS_MAX = 512;
/** Some thirty topics: a few for each network, never hundreds. */
export const GOSSIP_TOPIC_BYTES_PER_PEER_MAX = 32 * KIB;

// Standing.

/** What one message judged `reject` takes. */
export const STANDING_REJECT_POINTS = 20;
/** At this a peer is disconnected: five rejected messages within a minute or so, what time gave back included. */
export const STANDING_MIN_POINTS = -90;
/** Given back each ten seconds, so that one mistake an hour costs nothing. */
export const STANDING_RECOVERY_POINTS = 1;
export const STANDING_RECOVERY_PERIOD_MS = 10 * SECOND_MS;
/** How long a peer that fell so low is not let in again. */
export const BAN_MS = 10 * MINUTE_MS;
/** Peers whose standing is remembered; those who behaved are not kept. */
export const STANDINGS_MAX = 4096;

// Directory and address book.

/** Peers held in the list; the least recently heard of who is offline makes room. */
export const DIRECTORY_PEERS_MAX = 1024;
/** A few interfaces with both families, and relays. */
export const ADDRESSES_PER_PEER_MAX = 12;
/** Peers never reached, told of by one other peer or found in one way: a class of thirty with their computers at home. */
export const HEARSAY_PER_SOURCE_MAX = 256;
/** Addresses in the book that answered a call of ours; only another that answered takes the place of one. */
export const PROVEN_ADDRESSES_MAX = 768;
/** Of these, in one public network group: however many addresses one provider lends an attacker. */
export const PROVEN_PER_GROUP_MAX = 64;
/** Addresses in the book that peers said of themselves and at which nobody of ours called yet. */
export const UNPROVEN_ADDRESSES_MAX = 1024;
/** Of these, said by callers from one public group in one run; on private ranges all may be one class. */
export const UNPROVEN_PER_SOURCE_MAX = 128;
/** What the user may have typed and not dropped. */
export const TYPED_ADDRESSES_MAX = 256;
/** A learned address at which nobody answered for so long is dropped. */
export const LEARNED_ADDRESS_EXPIRY_MS = 30 * 24 * 60 * MINUTE_MS;
/** A proven address is written again after this, not at every connection. */
export const REACHED_WRITE_PERIOD_MS = 10 * MINUTE_MS;
/** What a person types: the longest host name (253) with a port, or a multiaddr over a relay. */
export const ADDRESS_TEXT_CHARS_MAX = 300;
/** A multiaddr in a signed record: an IPv6 address, port, and a relay's in front of it. */
export const MULTIADDR_BYTES_MAX = 128;

// Dialling.

/** First pause after a failed dial. */
export const REDIAL_FIRST_MS = SECOND_MS;
/** Each further pause is so much longer: the longest is reached after about a dozen failures. */
export const REDIAL_FACTOR = 1.6;
/** Longest pause for an address the user typed, and for peers seen within `SEEN_RECENTLY_MS`. */
export const REDIAL_WANTED_MAX_MS = 10 * SECOND_MS;
/** Longest pause for all others. */
export const REDIAL_OTHERS_MAX_MS = 5 * MINUTE_MS;
/** A computer that restarts, or changes its network, is back within this. */
export const SEEN_RECENTLY_MS = 10 * MINUTE_MS;
/** A peer only heard of, never reached and silent for so long, is forgotten. */
export const HEARSAY_EXPIRY_MS = 60 * MINUTE_MS;
/** An announcement dials at once, but not sooner than this after the last attempt. */
export const REDIAL_ON_WORD_MIN_MS = SECOND_MS;
/** Of two who hear of each other at once the larger id waits so long for the other's dial: a handshake, and a tick. */
export const DIAL_TURN_MS = 300;
/** A whole class is called within seconds, and its handshakes leave the processor to others. */
export const DIALS_AT_ONCE_MAX = 16;
/** How long one straight address is waited for before the next is tried beside it (RFC 8305 section 8). */
export const DIAL_STAGGER_MS = 250;
/** A straight way nearby stands sooner than this, and spares the relay a connection that nobody needs. */
export const RELAY_HEAD_START_MS = 150;
/** By way of a relay: reaching it, being let through, and a handshake over both. */
export const RELAY_DIAL_TIMEOUT_MS = 10 * SECOND_MS;
/** Addresses of one peer whose last attempt is remembered: all that are dialled, and those of punched paths. */
export const ATTEMPTS_PER_PEER_MAX = 2 * ADDRESSES_PER_PEER_MAX;

// Better paths.

/** A straight dial under way is given this much before anything is punched beside it. */
export const PUNCH_GRACE_MS = 400;
/** Of two who are relayed the smaller id punches at once, the other when that did not come to anything so far. */
export const PUNCH_TURN_MS = 5 * SECOND_MS;
/** It stands in about a second or not at all: a handshake that went wrong is not waited for long the first time. */
export const PUNCH_FIRST_TIMEOUT_MS = 5 * SECOND_MS;
/** Longer than the relay needs to bring an answer that was sent before the candidates; nobody waits for it meanwhile. */
export const PUNCH_PAUSE_MS = 200;
/** Later attempts wait for routers and relays that are slow. */
export const PUNCH_TIMEOUT_MS = 14 * SECOND_MS;
/** Pauses between attempts at a better path grow from the first to the last. */
export const BETTER_PATH_FIRST_PAUSE_MS = SECOND_MS;
export const BETTER_PATH_FACTOR = 3;
export const BETTER_PATH_LAST_PAUSE_MS = 5 * MINUTE_MS;
/** How often the dialler looks whether somebody is due. */
export const DIAL_TICK_MS = 500;

// Profiles and peer exchange.

/** As `DISPLAY_NAME_BYTES_MAX`: the decoder's bound on what the name rules then judge. */
export const NAME_BYTES_MAX = 64;
/** A version with a pre-release and build label. */
export const VERSION_BYTES_MAX = 32;
/** A protocol or two for each feature, with room for those to come. */
export const CAPABILITIES_MAX = 16;
/** A protocol name without its prefix, and its version. */
export const CAPABILITY_BYTES_MAX = 32;
/** Largest encoding: 12 addresses of 128 bytes, 16 capabilities of 32, and the fixed fields. */
export const PROFILE_BYTES_MAX = 3 * KIB;
/** Profiles told in one go. */
export const EXCHANGE_PROFILES_MAX = 32;
/** That many profiles of the largest size, with their lengths. */
export const EXCHANGE_FRAME_BYTES_MAX = 128 * KIB;
/** How long news of peers are gathered before they are told on. */
export const EXCHANGE_GATHER_MS = SECOND_MS;
/** Everybody is told of everybody again after this, for those who missed it. */
export const EXCHANGE_REPEAT_MS = 2 * MINUTE_MS;
/** One frame over a slow path. */
export const EXCHANGE_TIMEOUT_MS = 10 * SECOND_MS;
/** Profiles from one peer that are checked in a minute; each costs a signature check. */
export const PROFILES_PER_PEER_PER_MINUTE_MAX = 256;

// Announcements.

/** Fits the smallest IPv6 packet (RFC 8200 section 5: 1,280) with its headers: never fragmented. */
export const ANNOUNCEMENT_BYTES_MAX = 1200;
/** Whoever missed the first ones is found within seconds; one small packet each time. */
export const ANNOUNCEMENT_PERIOD_MS = 8 * SECOND_MS;
/**
 * A peer that is new somewhere says so at once and some times more, because UDP loses packets; the last comes after
 * a new IPv6 address was checked for duplicates (RFC 4862 section 5.4: up to 2 s), before which nothing is sent.
 */
export const ANNOUNCEMENT_BURST_MS: readonly number[] = [0, 300, 1000, 2200];
/** How often interfaces are looked at: one that came up is used within a second. */
export const LOOK_AROUND_PERIOD_MS = SECOND_MS;
/** A newcomer is answered after a random part of this, so that a full room does not answer in one moment. */
export const ANNOUNCEMENT_REPLY_SPREAD_MS = 400;
/** Answers are announcements to all; no more than one in this time. */
export const ANNOUNCEMENT_REPLY_PERIOD_MS = 500;
/** So many of the longest addresses fit the packet beside name and signature. */
export const ANNOUNCEMENT_ADDRESSES_MAX = 8;
/** Signature checks caused by strangers, per sending address: a computer with fifty peers stays below. */
export const ANNOUNCEMENTS_PER_SOURCE_BURST = 64;
export const ANNOUNCEMENTS_PER_SOURCE_PER_SECOND = 16;
/** The same for all senders together: a sender address is forged easily. */
export const ANNOUNCEMENTS_BURST = 256;
export const ANNOUNCEMENTS_PER_SECOND = 64;
/** Sending addresses, and announcing keys, that are remembered for limits and replays. */
export const ANNOUNCEMENT_SOURCES_MAX = 1024;
/** Interfaces of which is remembered what was sent and heard: computers with many containers have dozens. */
export const INTERFACES_REMEMBERED_MAX = 128;
/** A key silent for so long may start again with any clock. */
export const ANNOUNCEMENT_MEMORY_MS = MINUTE_MS;
/** mDNS asks this often; the first time at once. */
export const MDNS_PERIOD_MS = 10 * SECOND_MS;

// Presence and trackers.

/** Largest encoding: 12 addresses of 128 bytes, a name, and the fixed fields. */
export const PRESENCE_BYTES_MAX = 2 * KIB;
/** A record lives at least so long: renewing more often would be a flood. */
export const PRESENCE_TTL_SECONDS_MIN = 30;
/** A record is at most so long true after its peer has gone without a word. */
export const PRESENCE_TTL_SECONDS_MAX = 3600;
/** What a peer asks for: two renewals may be lost before others take it for gone. */
export const PRESENCE_TTL_SECONDS_DEFAULT = 180;
/** How far a record's time may lie ahead of the reader's clock; computers without a time server drift by minutes. */
export const PRESENCE_CLOCK_TOLERANCE_MS = 5 * MINUTE_MS;
/** Rendezvous ids of one peer: one for each invite that is open, and a few over. */
export const RENDEZVOUS_PER_PEER_MAX = 16;
/** A record, and its rendezvous ids or the keys asked for. */
export const TRACKER_REQUEST_BYTES_MAX = 4 * KIB;
/** Peers asked for in one request. */
export const TRACKER_FIND_PEERS_MAX = 32;
/** Records in one answer; more are asked for page by page. */
export const TRACKER_ANSWER_RECORDS_MAX = 32;
/** Other trackers told of in one answer. */
export const TRACKER_ANSWER_TRACKERS_MAX = 8;
/** STUN ports told of in one answer: the two that a caller compares, and as many where families differ. */
export const TRACKER_ANSWER_STUN_PORTS_MAX = 4;
/** The records of one answer, the addresses of other trackers, and the fixed fields. */
export const TRACKER_ANSWER_BYTES_MAX = 72 * KIB;
/** `[v6]:port` at its longest, and some. */
export const OBSERVED_ADDRESS_CHARS_MAX = 64;
/** A request and its answer, dialling left out. */
export const TRACKER_TIMEOUT_MS = 10 * SECOND_MS;
/** Where a tracker listens for peers, TCP; unassigned at IANA as the peers' own. */
export const TRACKER_PORT_DEFAULT = 28412;
/** One datagram that no path fragments (RFC 8489 section 6.1: below 548 where the path is not known). */
export const STUN_MESSAGE_BYTES_MAX = 548;

// Scan.

/** The usual port and those stepped over to when it is taken. */
export const SCAN_PORTS_DEFAULT = Object.freeze({
  from: LISTEN_PORT_DEFAULT,
  to: LISTEN_PORT_DEFAULT + LISTEN_PORT_STEPS_MAX,
});
/** Hosts times ports: all ports of one host, or the usual ports of four /24 networks. */
export const SCAN_TARGETS_MAX = 65_536;
/** Ranges of ports in one request. */
export const SCAN_RANGES_MAX = 64;
/** Connections being tried at once: below what the smallest home router keeps in mind, and far below 1,024 files. */
export const SCAN_KNOCKS_AT_ONCE_MAX = 256;
/** A host that lets packets vanish answers never; over any path that carries a call one second is long. */
export const SCAN_KNOCK_TIMEOUT_MS = SECOND_MS;
/** Three round trips and two signatures. */
export const SCAN_HANDSHAKE_TIMEOUT_MS = 3 * SECOND_MS;
/** What is read of whatever answers before it must have shown that it speaks our handshake. */
export const SCAN_GREETING_BYTES_MAX = KIB;
/** Places told of in a report. */
export const SCAN_REPORTED_MAX = 1024;

// Kademlia.

/** As in the paper and in libp2p: peers kept for each distance. */
export const KADEMLIA_BUCKET_PEERS_MAX = 20;
/** Asked at once in a lookup: three, as in the paper; a few trackers are all there is to ask. */
export const KADEMLIA_PARALLEL = 3;
/** Questions under way in each direction: ten lookups side by side. */
export const KADEMLIA_STREAMS_MAX = 32;
/** A lookup goes over a few hops; beyond this the peer is not there. */
export const KADEMLIA_FIND_TIMEOUT_MS = 8 * SECOND_MS;
/** A peer that nobody knew is looked for again after this. */
export const KADEMLIA_FIND_PERIOD_MS = MINUTE_MS;
/** Lookups at once; each asks up to a dozen peers. */
export const KADEMLIA_FINDS_AT_ONCE_MAX = 2;

// Doors: who may come in, and how many.

/** Entries of one list of the doors; more is a firewall's work. */
export const DOOR_ENTRIES_MAX = 1024;
/** An IPv6 address with its prefix, or a peer id with room to spare. */
export const DOOR_ENTRY_CHARS_MAX = 100;
/** Places that are never given to callers: this peer's own calls must find room whoever fills the rest. */
export const OUTBOUND_RESERVED = 64;
/** Connections begun, not yet known from whom; each holds a socket and some kilobytes. */
export const HALF_OPEN_MAX = 256;
/** Of these, from one address: a whole class on a private range, or behind a school's router. */
export const HALF_OPEN_PER_OWN_ADDRESS_MAX = 128;
export const HALF_OPEN_PER_PUBLIC_ADDRESS_MAX = 48;
/** Of these, through one relay, or straight after one: their handshakes take several round trips. */
export const HALF_OPEN_PER_RELAY_MAX = 48;
/** Whoever calls speaks first, in the packet that completes TCP's own handshake: three tries of a lossy path. */
export const HALF_OPEN_SILENT_MS = 3 * SECOND_MS;
/** A handshake younger than this is not pushed out by newcomers: three round trips of 300 ms. */
export const HALF_OPEN_GRACE_MS = SECOND_MS;
/** Up to here a caller has only named protocols, which costs it nothing: a nonce, three names, their lengths. */
export const HALF_OPEN_SPOKEN_BYTES = 128;
/** Handshakes paid for, some five milliseconds each, of one private address: a class that starts on one computer. */
export const HANDSHAKES_PER_OWN_ADDRESS_BURST = 128;
export const HANDSHAKES_PER_OWN_ADDRESS_PER_SECOND = 32;
/** Of one public address: a class behind one router, once; then its stragglers. */
export const HANDSHAKES_PER_PUBLIC_ADDRESS_BURST = 48;
export const HANDSHAKES_PER_PUBLIC_ADDRESS_PER_SECOND = 8;
/** All together: a third of one core. */
export const HANDSHAKES_BURST = 256;
export const HANDSHAKES_PER_SECOND = 64;
/** Callers whose rates are remembered, the most recent ones. */
export const HANDSHAKE_SOURCES_MAX = 4096;
/** Connections that others began, standing: one computer full of peers, or a school's router. */
export const INBOUND_PER_OWN_ADDRESS_MAX = 160;
export const INBOUND_PER_PUBLIC_ADDRESS_MAX = 48;
/** One provider's /16, or one customer's /48: less than half of all places. */
export const INBOUND_PER_PUBLIC_GROUP_MAX = 96;
/** Through one relay; and through all of them. */
export const INBOUND_PER_RELAY_MAX = 96;
export const INBOUND_RELAYED_MAX = 160;

// Trackers as hosts.

/** Queued on one WebSocket before the sender waits. */
export const WEB_SOCKET_QUEUE_BYTES_MAX = 4 * MIB;
/** How often WebSockets are looked at for silence. */
export const WEB_SOCKET_LOOK_MS = 5 * SECOND_MS;
/**
 * A place at a relay; given up at once by whoever disconnects. So long, because the library's timer runs on from the
 * first renewal (retimeable-signal 1.0) and would break relayed connections off in the middle.
 */
export const RELAY_PLACE_TTL_MS = 7 * 24 * 60 * MINUTE_MS;
/** Relayed connections over one connection to the relay; the quota of connections for each peer is below it. */
export const RELAYED_STREAMS_PER_CONNECTION_MAX = 128;
/** Peers connected to one tracker: more than its relay has places, so that lookups are answered when those are taken. */
export const TRACKER_CONNECTIONS_MAX = 12_000;

// Mapped ports.

/** How long a router is asked to forward a port: the two hours that RFC 6886 section 3.3 recommends. */
export const MAPPING_LIFETIME_SECONDS = 7200;
/** Renewed at half of what the router granted, within these bounds: routers that restart forget. */
export const MAPPING_RENEW_MIN_MS = MINUTE_MS;
export const MAPPING_RENEW_MAX_MS = 20 * MINUTE_MS;
/** Where no router maps ports, one may later: computers are carried, routers set up. */
export const MAPPING_RETRY_MS = 10 * MINUTE_MS;
/** Outside ports tried after the first, where another computer behind the same router has it. */
export const MAPPING_PORT_STEPS_MAX = 8;
/** Giving ports back may hold up an end for so long. */
export const MAPPING_CLOSE_TIMEOUT_MS = 1500;
/** RFC 6886 section 3. */
export const NAT_PMP_PORT = 5351;
/** RFC 6886 section 3.1 begins at 250 ms and doubles; after two seconds a router at home has answered. */
export const NAT_PMP_RETRY_MS: readonly number[] = [0, 250, 750, 1750];
export const NAT_PMP_TIMEOUT_MS = 3 * SECOND_MS;
/** Devices are asked to answer within a second (MX: 1). */
export const UPNP_SEARCH_MS = 2 * SECOND_MS;
/** Routers asked: one at home, a second behind it, and room for one that answers twice. */
export const UPNP_ROUTERS_MAX = 4;
/** One request to a router nearby; slow models take two seconds. */
export const UPNP_REQUEST_TIMEOUT_MS = 4 * SECOND_MS;
/** Descriptions of routers are some ten kilobytes. */
export const UPNP_ANSWER_BYTES_MAX = 64 * KIB;
/** Interfaces on which routers are looked for. */
export const UPNP_INTERFACES_MAX = 8;

// What routers do to UDP.

/** Two ports of three trackers. */
export const STUN_SERVERS_MAX = 6;
/** Requests are repeated, as UDP loses packets: RFC 8489 section 6.2.1 begins with 500 ms and doubles. */
export const STUN_RETRY_MS: readonly number[] = [0, 500, 1500];
export const STUN_TIMEOUT_MS = 3500;
/** Routers are replaced, computers carried elsewhere. */
export const NAT_PROBE_PERIOD_MS = 10 * MINUTE_MS;
/** While nobody answered, sooner: trackers come and go. */
export const NAT_PROBE_RETRY_MS = 30 * SECOND_MS;

// Trackers, as peers use them.

/** Trackers in use, those that others told of included; each is a connection and a request a minute. */
export const TRACKERS_MAX = 8;
/** Reports are repeated so often, and sooner where a tracker keeps them for a shorter time. */
export const TRACKER_RENEW_MS = MINUTE_MS;
export const TRACKER_RENEW_MIN_MS = 5 * SECOND_MS;
/** Whom nobody can call meets newcomers by its own reports alone; thousands of them are below what a tracker takes. */
export const TRACKER_RENEW_UNCALLED_MS = 6 * SECOND_MS;
/** A good-bye may hold up an end for so long. */
export const TRACKER_LEAVE_TIMEOUT_MS = SECOND_MS;
/** Changes that come together, as addresses of several relays do, are reported once. */
export const TRACKER_GATHER_MS = 300;
/** First pause after a failed try; doubled each time. */
export const TRACKER_RETRY_FIRST_MS = SECOND_MS;
/** Whoever comes back is found again well within the 30 s in which nobody may be lost. */
export const TRACKER_RETRY_MAX_MS = 12 * SECOND_MS;
/** What is no tracker, or has no room, is seldom another thing a moment later. */
export const TRACKER_RETRY_STRANGER_MS = 2 * MINUTE_MS;
/** A tracker that only other trackers told of, and that was not reached so often in a row, is dropped. */
export const TRACKER_TOLD_FAILURES_MAX = 8;
/** Records from one tracker that are checked in a minute; each costs a signature check. */
export const TRACKER_RECORDS_PER_MINUTE_MAX = 512;
/** Peers of whom the time of the newest record is remembered, so that none is replayed. */
export const TRACKER_RECORDS_REMEMBERED_MAX = 2048;
/** Asking for somebody who had no way yet when it was introduced: by the first it has a place at a relay, by the last it gave up. */
export const AWAITED_ASKS_MS: readonly number[] = [2 * SECOND_MS, 5 * SECOND_MS, 12 * SECOND_MS];
/** Peers asked for so: the introductions of all trackers, twice. */
export const AWAITED_MAX = 256;
/** Trackers remembered as such, so that they are nobody's acquaintance. */
export const TRACKER_PEERS_REMEMBERED_MAX = 256;
/** Relays at which a place is held: two may fail at once. */
export const RELAY_PLACES_MAX = 3;
/** Addresses of one relay that are told on: one of each family. */
export const RELAY_ADDRESSES_MAX = 2;
/** A relay answers within a round trip or two; libp2p itself waits for five seconds. */
export const RELAY_ASK_TIMEOUT_MS = 6 * SECOND_MS;
/** A relay is asked so often at most what it still carries to one peer. */
export const RELAY_QUOTA_ASK_MS = 2 * SECOND_MS;
/** A relay that gave no place is asked again after this. */
export const RELAY_RETRY_MS = 10 * SECOND_MS;
/** Whoever is wanted and away is asked for at trackers so often. */
export const LOOKUP_PERIOD_MS = 10 * SECOND_MS;
/** One peer is not asked for more often than this, whoever wants it. */
export const LOOKUP_REPEAT_MS = 3 * SECOND_MS;
/** Peers that are wanted and away, looked up by turns. */
export const LOOKUP_WANTED_MAX = 256;
/** When a tracker takes a silent peer for gone: peers' muxers ping every 10 s, and three may be lost. */
export const TRACKER_SILENCE_MS = 35 * SECOND_MS;
/** Handshakes under way with a tracker: after a restart all its peers call at once. */
export const TRACKER_HALF_OPEN_MAX = 1024;
/** Of one address or relay; a school behind one router comes back at once. */
export const TRACKER_HALF_OPEN_PER_CALLER_MAX = 256;
/** Handshakes a tracker begins: each costs some 2 ms, so that all its peers are back within half a minute. */
export const TRACKER_HANDSHAKES_BURST = 1024;
export const TRACKER_HANDSHAKES_PER_SECOND = 256;
/** For one public address: a school behind one router is back within 16 s. */
export const TRACKER_HANDSHAKES_PER_ADDRESS_BURST = 128;
export const TRACKER_HANDSHAKES_PER_ADDRESS_PER_SECOND = 32;
/** Connections of one public address, and of one network group, to a tracker: a school, and a town's provider. */
export const TRACKER_CONNECTIONS_PER_ADDRESS_MAX = 512;
export const TRACKER_CONNECTIONS_PER_GROUP_MAX = 3000;
/** Requests of one peer that a tracker works on at once: each stream carries one. */
export const TRACKER_STREAMS_PER_PEER_MAX = 8;

// Private networks.

/** The ciphers of a process share 640 KiB, of which 128 bytes are each connection's: room for 4,000 of them beside a piece. */
export const CIPHER_PIECE_BYTES = 64 * KIB;

// Against being surrounded by strangers.

/** Peers of the last run that are called before all others after a restart. */
export const ANCHORS_MAX = 4;
/** Held within so long of the last note of the last run is held at its end: a note may come a period late. */
export const ANCHOR_WINDOW_MS = 3 * REACHED_WRITE_PERIOD_MS;
/** Connections begun from here that are kept up however many others call. */
export const OUTBOUND_FLOOR = 8;
/** Of the floor, in one public network group. */
export const OUTBOUND_FLOOR_PER_GROUP_MAX = 2;
/** Of all that nobody asked for, in one public network group: strangers of one provider never fill the list. */
export const UNASKED_PER_GROUP_MAX = 16;
/** One address that was only heard of is tried in this time, when no more peers are wanted: 720 a day. */
export const FEELER_PERIOD_MS = 2 * MINUTE_MS;
