/** Owns the decoders of discovery, trackers, invites and routers as targets. */
import { concat, toHex, utf8 } from "#base/bytes.ts";
import { createKeypair, sign } from "#crypto/ed25519.ts";
import { decodeTime, encodeQuestion, encodeTime } from "#doctor/peer-clocks.ts";
import * as invites from "#invites/codec.ts";
import { decodeLink, encodeLink } from "#invites/link.ts";
import { decodeAddress, encodeAddress } from "#net/addresses.ts";
import { decodeAnnouncement, signAnnouncement } from "#net/discovery/announcement.ts";
import { decodePeers, encodePeers } from "#net/discovery/peer-exchange-codec.ts";
import { decodeProfile, signProfile } from "#net/discovery/profile.ts";
import { decodeNatPmpAnswer } from "#net/routers/nat-pmp.ts";
import {
  decodeStunMessage,
  encodeBindingRequest,
  encodeBindingSuccess,
  encodeUnknownAttributes,
} from "#net/routers/stun-message.ts";
import { decodePresence, signPresence } from "#net/trackers/presence-record.ts";
import {
  decodeTrackerAnswer,
  decodeTrackerRequest,
  encodeTrackerAnswer,
  encodeTrackerRequest,
  type TrackerAnswer,
  type TrackerRequest,
} from "#net/trackers/tracker-codec.ts";
import { bytesTarget, type FuzzTarget, orNull, textTarget } from "../target.ts";

const keypair = createKeypair(new Uint8Array(32).fill(7));
const other = createKeypair(new Uint8Array(32).fill(8)).peerId;
const hash = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const addresses = [
  "/ip4/192.168.1.20/tcp/28411",
  "/ip6/fd00::5/tcp/28411",
  `/ip4/192.0.2.1/tcp/28412/p2p/${other}/p2p-circuit`,
  "/dns/tracker.example/tcp/443/wss",
];
const profile = signProfile(
  {
    name: "Alice",
    version: "0.1.0",
    capabilities: ["chat/1", "transfer/1"],
    chainId: hash(3),
    issuedMs: 1_800_000_000_000,
    addresses: addresses.slice(0, 2),
  },
  keypair,
).bytes;
const announcement = signAnnouncement(
  {
    name: "Alice",
    chainPrefix: new Uint8Array(8).fill(3),
    runMs: 1_800_000_000_000,
    counter: 4,
    isNewcomer: true,
    port: 28411,
    addresses: addresses.slice(0, 1),
  },
  keypair,
);
const presence = signPresence(
  {
    chainId: hash(3),
    issuedMs: 1_800_000_000_000,
    ttlSeconds: 600,
    isListed: true,
    name: "Alice",
    addresses: addresses.slice(0, 2),
  },
  keypair,
).bytes;

/** A fresh signature of the sample's key over whatever the body has become. */
function resign(domain: string): (input: Uint8Array) => Uint8Array {
  return (input) => {
    const body = input.subarray(0, Math.max(0, input.length - 64));
    return concat(body, sign(keypair, concat(utf8(domain), body)));
  };
}

const requests: readonly TrackerRequest[] = [
  { type: "announce", record: presence, rendezvous: [hash(1), hash(2)] },
  { type: "leave" },
  { type: "find", peers: [keypair.peerId, other] },
  { type: "meet", rendezvous: hash(4) },
  { type: "online", chainId: hash(5), after: other },
  { type: "relay", other: null },
];
const answers: readonly TrackerAnswer[] = [
  { nowMs: 1_800_000_000_000, type: "left" },
  { nowMs: 1_800_000_000_000, type: "found", records: [presence] },
  { nowMs: 1_800_000_000_000, type: "met", records: [] },
  { nowMs: 1_800_000_000_000, type: "online", total: 9, records: [presence], next: other },
  { nowMs: 1_800_000_000_000, type: "refused", code: "busy", retryAfterSeconds: 5 },
];
const link = {
  secret: new Uint8Array(11).fill(5),
  inviter: other,
  addresses: addresses.slice(0, 2),
  trackers: ["tracker.example"],
};
const transactionId = new Uint8Array(12).fill(9);

export const NETWORK_TARGETS: readonly FuzzTarget[] = [
  bytesTarget({
    name: "profile",
    functions: ["decodeProfile", "readAddresses"],
    decode: decodeProfile,
    encode: (signed) => signed.bytes,
    samples: [profile],
    mend: resign("waybill-profile-v1\0"),
  }),
  bytesTarget({
    name: "announcement",
    functions: ["decodeAnnouncement"],
    decode: decodeAnnouncement,
    samples: [announcement],
    mend: resign("waybill-announcement-v1\0"),
  }),
  bytesTarget({
    name: "presence",
    functions: ["decodePresence"],
    decode: decodePresence,
    encode: (signed) => signed.bytes,
    samples: [presence],
    mend: resign("waybill-presence-v1\0"),
  }),
  bytesTarget({
    name: "peer-exchange",
    functions: ["decodePeers"],
    decode: decodePeers,
    encode: encodePeers,
    samples: [encodePeers([profile, profile]), encodePeers([])],
  }),
  bytesTarget({
    name: "tracker-request",
    functions: ["decodeTrackerRequest"],
    decode: decodeTrackerRequest,
    encode: encodeTrackerRequest,
    samples: requests.map(encodeTrackerRequest),
  }),
  bytesTarget({
    name: "tracker-answer",
    functions: ["decodeTrackerAnswer"],
    decode: decodeTrackerAnswer,
    encode: encodeTrackerAnswer,
    samples: answers.map(encodeTrackerAnswer),
  }),
  bytesTarget({
    name: "address-bytes",
    functions: ["decodeAddress"],
    decode: (input) => orNull(decodeAddress(input)),
    encode: encodeAddress,
    samples: addresses.map(encodeAddress),
  }),
  bytesTarget({
    name: "stun-message",
    functions: ["decodeStunMessage"],
    decode: decodeStunMessage,
    samples: [
      encodeBindingRequest(transactionId),
      encodeBindingSuccess(transactionId, { host: "192.0.2.7", port: 4_000 }),
      encodeBindingSuccess(transactionId, { host: "2001:db8::7", port: 4_000 }),
      encodeUnknownAttributes(transactionId, [0x8022]),
    ],
  }),
  bytesTarget({
    name: "nat-pmp-answer",
    functions: ["decodeNatPmpAnswer"],
    decode: (input) => orNull(decodeNatPmpAnswer(input)),
    samples: [
      Uint8Array.of(0, 128, 0, 0, 0, 0, 0, 9, 192, 0, 2, 1),
      Uint8Array.of(0, 130, 0, 0, 0, 0, 0, 9, 0x6f, 0, 0x6f, 1, 0, 0, 0x0e, 0x10),
    ],
  }),
  bytesTarget({
    name: "clock-time",
    functions: ["decodeTime"],
    decode: decodeTime,
    encode: encodeTime,
    samples: [encodeTime(1_800_000_000_000), encodeQuestion()],
  }),
  bytesTarget({
    name: "invite-frame",
    functions: ["invites decodeFrame"],
    decode: invites.decodeFrame,
    encode: invites.encodeFrame,
    samples: [
      { type: "ask", meetingPoint: hash(1) } as const,
      { type: "here" } as const,
      { type: "prove", proof: hash(2) } as const,
      { type: "welcome", proof: hash(3) } as const,
    ].map(invites.encodeFrame),
  }),
  textTarget({
    name: "invite-link",
    functions: ["decodeLink"],
    decode: decodeLink,
    encode: encodeLink,
    samples: [encodeLink(link), encodeLink({ ...link, trackers: [], addresses: [] }), toHex(hash(1))],
  }),
];
