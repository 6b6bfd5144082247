/** Owns the bounds of a tracker: each with its reason. What its wire carries is bounded in net/limits.ts. */

const KIB = 1024;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

// Records.

/** Records kept in all networks together: four times what one tracker was measured with; about a kilobyte each. */
export const RECORDS_MAX = 20_000;
/** Networks with a record: many groups may share a tracker, yet each keeps a floor of hundreds of records. */
export const NETWORKS_MAX = 64;
/** Records from one address (for IPv6 one /64): a school behind one router, not a whole tracker. */
export const RECORDS_PER_ADDRESS_MAX = 512;
/** Networks that one address may bring up, so that made-up ones do not use up their number. */
export const NETWORKS_PER_ADDRESS_MAX = 8;
/** Peers under one rendezvous id: the inviter, the guest, and room for whoever else learned the secret. */
export const PEERS_PER_RENDEZVOUS_MAX = 8;
/** Times of issue remembered of peers that are gone, so that their old records are not taken again. */
export const REMEMBERED_ISSUES_MAX = 2 * RECORDS_MAX;
/** Records in one answer: what the wire allows (net/limits.ts). */
export const ANSWER_RECORDS_MAX = 32;
/** STUN ports in one answer: what the wire allows. */
export const ANSWER_STUN_PORTS_MAX = 4;
/** How often what has expired is swept out; lookups do not wait for it. */
export const SWEEP_PERIOD_MS = 15 * SECOND_MS;
/** Listed peers told of in the answer to an announcement: enough to meet a network, small enough to be sent often. */
export const INTRODUCTIONS_MAX = 16;

// Requests.

/** Requests of one peer: an announcement, a lookup, and what an impatient user adds. */
export const REQUESTS_PER_PEER_BURST = 40;
export const REQUESTS_PER_PEER_PER_SECOND = 5;
/** Requests from one address, all peers behind it together; an announcement costs a signature check. */
export const REQUESTS_PER_ADDRESS_BURST = 1024;
export const REQUESTS_PER_ADDRESS_PER_SECOND = 128;
/** What all together may ask: half of one core for the signature checks, were all of them announcements. */
export const REQUESTS_BURST = 8192;
export const REQUESTS_PER_SECOND = 2048;
/** Senders whose budgets are remembered; the one silent longest makes room. */
export const SENDERS_REMEMBERED_MAX = 8192;

// Relay.

/** In which a peer's quota, and that of all together, is whole again; how large they are is a flag. */
export const RELAY_PERIOD_MS = 60 * MINUTE_MS;

// STUN.

/** Binding requests of one address: each attempt at a punched connection asks a few times. */
export const STUN_PER_ADDRESS_BURST = 64;
export const STUN_PER_ADDRESS_PER_SECOND = 16;
/** In all: an answer is no larger than it must be, yet a forged sender would get it. */
export const STUN_BURST = 4096;
export const STUN_PER_SECOND = 2048;

// Web port.

/** HTTP connections and WebSockets together. */
export const WEB_CONNECTIONS_MAX = 12_000;
/** Of one public address: a school whose firewall lets out nothing else; whoever opens more waits for none to be left. */
export const WEB_CONNECTIONS_PER_ADDRESS_MAX = 512;
/** A record in base64url, and room for a line end. */
export const WEB_BODY_BYTES_MAX = 4 * KIB;
/** Four kilobytes on a slow line. */
export const WEB_BODY_TIMEOUT_MS = 5 * SECOND_MS;
/** A caller that trickles its headers holds a place for no longer than this. */
export const WEB_HEADERS_TIMEOUT_MS = 10 * SECOND_MS;
/** A browser loads the page and its JSON within this; after that the place is free. */
export const WEB_KEEP_ALIVE_TIMEOUT_MS = 5 * SECOND_MS;
/** Peers named on the status page in each network; the rest is a number, and pages of JSON. */
export const STATUS_PEERS_SHOWN_MAX = 100;
/** Other trackers that an operator may name; as many as an answer tells of. */
export const PEER_TRACKERS_MAX = 8;
