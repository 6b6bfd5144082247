/** Limits of invites. */

/** The version stands in the name, so that peers of two versions can tell each other so. */
export const PROTOCOL = "/waybill/invite/1";
/** A proof with its heading is 34 bytes; nothing longer is ever sent. */
export const FRAME_BYTES_MAX = 64;
/** One runs; another may overlap when the guest tries again after a lost path. */
export const STREAMS_PER_PEER_MAX = 2;
/** Dialling over a slow path, with its handshakes. */
export const OPEN_TIMEOUT_MS = 10_000;
/** One commit of the other side. */
export const ANSWER_TIMEOUT_MS = 10_000;

/** A day: long enough for a letter, short enough that a found note opens nothing. */
export const INVITE_HOURS_DEFAULT = 24;
/** A month: whoever has not come by then is invited again. */
export const INVITE_HOURS_MAX = 720;
/** A line of one's own. */
export const NOTE_CHARACTERS_MAX = 128;
/** Invites that stand at one time: as many as a tracker keeps meeting points of one peer. */
export const OPEN_INVITES_MAX = 16;
/** Invites kept with what became of them. */
export const INVITES_KEPT_MAX = 200;
/** How long what ended is shown: "of the last weeks". */
export const ENDED_KEPT_MS = 30 * 86_400_000;
/** How long an invite that ended keeps its meeting point, so that a guest who comes late is told why. */
export const ENDED_MET_MS = 3_600_000;
/** Meeting points told to trackers: those that stand, and some that ended. */
export const RENDEZVOUS_MAX = 16;

/** Proofs that one peer may fail at within the window before it is answered "busy"; strays of it that are counted. */
export const GUESSES_PER_PEER_MAX = 8;
/**
 * Of all peers within the window; beyond it each peer has one proof, and strays are not counted. 88 bits hold anyway:
 * this bounds our work, which is a commit for each.
 */
export const GUESSES_MAX = 512;
export const GUESS_WINDOW_MS = 600_000;
/** Peers whose guesses are counted one by one; those counted first are forgotten first. */
export const GUESSERS_MAX = 4_096;

/** One answer to "join": a command asks again, and says meanwhile why it waits. */
export const JOIN_WAIT_MS = 30_000;
/** Pause between rounds when nothing new connects. */
export const JOIN_ROUND_MS = 2_000;
/** Joins at one time; each dials and asks. */
export const JOINS_MAX = 4;
/** Peers asked at one time: as many strangers as may have connected, so that the silent hold up nobody's turn. */
export const ASKS_AT_ONCE_MAX = 64;
/** Peers asked in one join: all whom a peer is connected to, several times over. */
export const ASKED_MAX = 512;

/** Addresses in a link: a QR code stays small enough for the camera of a telephone. */
export const LINK_ADDRESSES_MAX = 4;
/** Trackers in a link; one is enough to meet, the second is for when it is down. */
export const LINK_TRACKERS_MAX = 2;
/** One address or tracker in a link: a multiaddr over a relay with two peer ids is about 200. */
export const LINK_TEXT_BYTES_MAX = 256;
/** What is looked at of a text that somebody entered. */
export const TEXT_CHARACTERS_MAX = 4_096;
/** The meeting points are looked through at least this often, whatever became of the clock. */
export const MEET_AGAIN_MS_MAX = 86_400_000;
