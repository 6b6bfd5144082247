import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat } from "#base/bytes.ts";
import { DISPLAY_NAME_BYTES_MAX, isDisplayName } from "#base/display-name.ts";
import { createKeypair, sign } from "#crypto/ed25519.ts";
import { addressOf, isDialable } from "./addresses.ts";
import {
  type Announcement,
  checkAnnouncement,
  decodeAnnouncement,
  signAnnouncement,
} from "./discovery/announcement.ts";
import { decodePeers, encodePeers } from "./discovery/peer-exchange-codec.ts";
import { decodeProfile, type Profile, signProfile } from "./discovery/profile.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  ANNOUNCEMENT_ADDRESSES_MAX,
  ANNOUNCEMENT_BYTES_MAX,
  CAPABILITIES_MAX,
  CAPABILITY_BYTES_MAX,
  EXCHANGE_FRAME_BYTES_MAX,
  EXCHANGE_PROFILES_MAX,
  MULTIADDR_BYTES_MAX,
  NAME_BYTES_MAX,
  PROFILE_BYTES_MAX,
  VERSION_BYTES_MAX,
} from "./limits.ts";

const keypair = createKeypair(new Uint8Array(32).fill(7));

const names = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter(isDisplayName);
const addresses = (max: number) =>
  fc.uniqueArray(
    fc
      .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65535 }))
      .map(([host, port]) => addressOf(host, port) ?? "")
      .filter(isDialable),
    { maxLength: max },
  );
const times = fc.nat({ max: Number.MAX_SAFE_INTEGER });

const profiles: fc.Arbitrary<Omit<Profile, "peer">> = fc.record({
  name: names,
  version: fc.stringMatching(/^[!-~]{1,32}$/),
  capabilities: fc.uniqueArray(fc.stringMatching(/^[!-~]{1,32}$/), { maxLength: CAPABILITIES_MAX }),
  chainId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  issuedMs: times,
  addresses: addresses(ADDRESSES_PER_PEER_MAX),
});
const announcements: fc.Arbitrary<Omit<Announcement, "peer">> = fc.record({
  name: names,
  chainPrefix: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  runMs: times,
  counter: fc.nat({ max: 0xffffffff }),
  isNewcomer: fc.boolean(),
  port: fc.nat({ max: 0xffff }),
  addresses: addresses(ANNOUNCEMENT_ADDRESSES_MAX),
});

const PROFILE: Omit<Profile, "peer"> = {
  name: "Alice",
  version: "0.1.0",
  capabilities: ["transfer/1", "chat/1"],
  chainId: new Uint8Array(32).fill(3),
  issuedMs: 1_800_000_000_000,
  addresses: ["/ip4/192.168.1.20/tcp/28411", "/ip6/fd00::5/tcp/28411"],
};
const ANNOUNCEMENT: Omit<Announcement, "peer"> = {
  name: "Alice",
  chainPrefix: new Uint8Array(8).fill(3),
  runMs: 1_800_000_000_000,
  counter: 4,
  isNewcomer: true,
  port: 28411,
  addresses: ["/ip4/192.168.1.20/tcp/28411"],
};

/** The same body, another byte changed by `edit`, under a fresh signature: only the form can be at fault. */
function resigned(bytes: Uint8Array, domain: string, edit: (body: Uint8Array) => Uint8Array): Uint8Array {
  const body = edit(bytes.slice(0, -64));
  return concat(body, sign(keypair, concat(new TextEncoder().encode(domain), body)));
}

test("every profile comes back as it was signed", () => {
  fc.assert(
    fc.property(profiles, (fields) => {
      const signed = signProfile(fields, keypair);
      const decoded = decodeProfile(signed.bytes);
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.value.profile, {
        ...fields,
        capabilities: [...fields.capabilities].sort(),
        peer: keypair.peerId,
      });
      assert.deepEqual(decoded.value.bytes, signed.bytes);
    }),
    { numRuns: 60 },
  );
});

test("a profile with any one bit changed, cut or extended does not stand", () => {
  const { bytes } = signProfile(PROFILE, keypair);
  for (let at = 0; at < bytes.length; at++) {
    assert.equal(decodeProfile(bytes.with(at, (bytes[at] ?? 0) ^ 1)).ok, false, `byte ${at}`);
    assert.equal(decodeProfile(bytes.slice(0, at)).ok, false, `cut at ${at}`);
  }
  assert.equal(decodeProfile(concat(bytes, Uint8Array.of(0))).ok, false);
});

test("a well-signed profile of bad form is refused for its form", () => {
  const { bytes } = signProfile(PROFILE, keypair);
  const nameAt = 1 + 32 + 32 + 8;
  const cases: readonly [string, (body: Uint8Array) => Uint8Array, RegExp][] = [
    ["format", (body) => body.with(0, 2), /format 2/],
    ["name with a control character", (body) => body.with(nameAt + 2, 0x1b), /rules for names/],
    ["name that is not UTF-8", (body) => body.with(nameAt + 2, 0xff), /UTF-8/],
    ["time above 2^53", (body) => body.with(1 + 64 + 7, 0xff), /2\^53/],
  ];
  for (const [what, edit, reason] of cases) {
    const decoded = decodeProfile(resigned(bytes, "waybill-profile-v1\0", edit));
    assert.ok(!decoded.ok && decoded.fault.code === "malformed", what);
    assert.match(decoded.fault.what, reason, what);
  }
});

test("a profile signed under another domain does not stand", () => {
  const { bytes } = signProfile(PROFILE, keypair);
  const moved = resigned(bytes, "waybill-announcement-v1\0", (body) => body);
  assert.deepEqual(decodeProfile(moved), { ok: false, fault: { code: "bad-signature" } });
});

test("every announcement comes back as it was signed, and fits one packet", () => {
  fc.assert(
    fc.property(announcements, (fields) => {
      const bytes = signAnnouncement(fields, keypair);
      assert.ok(bytes.length <= ANNOUNCEMENT_BYTES_MAX);
      const decoded = decodeAnnouncement(bytes);
      assert.ok(decoded.ok);
      assert.deepEqual(checkAnnouncement(decoded.value), {
        ok: true,
        value: { ...fields, peer: keypair.peerId },
      });
    }),
    { numRuns: 60 },
  );
});

test("an announcement with any one bit changed, cut or extended does not stand", () => {
  const bytes = signAnnouncement(ANNOUNCEMENT, keypair);
  const stands = (given: Uint8Array) => {
    const decoded = decodeAnnouncement(given);
    return decoded.ok && checkAnnouncement(decoded.value).ok;
  };
  assert.equal(stands(bytes), true);
  for (let at = 0; at < bytes.length; at++) {
    assert.equal(stands(bytes.with(at, (bytes[at] ?? 0) ^ 1)), false, `byte ${at}`);
    assert.equal(stands(bytes.slice(0, at)), false, `cut at ${at}`);
  }
  assert.equal(stands(concat(bytes, Uint8Array.of(0))), false);
});

test("arbitrary bytes get a verdict from every codec", () => {
  const profile = signProfile(PROFILE, keypair).bytes;
  const announcement = signAnnouncement(ANNOUNCEMENT, keypair);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 1500 }),
    fc.uint8Array({ maxLength: 60 }).map((tail) => concat(profile.slice(0, 90), tail)),
    fc.uint8Array({ maxLength: 60 }).map((tail) => concat(announcement.slice(0, 70), tail)),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      assert.equal(decodeProfile(given).ok, false);
      const unchecked = decodeAnnouncement(given);
      if (unchecked.ok) assert.equal(checkAnnouncement(unchecked.value).ok, false);
      const peers = decodePeers(given);
      if (peers.ok) assert.deepEqual(encodePeers(peers.value), given);
    }),
    { numRuns: 500 },
  );
});

test("lists of profiles come back whole, and longer ones are refused", () => {
  const list = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: EXCHANGE_PROFILES_MAX });
  fc.assert(
    fc.property(list, (profileBytes) => {
      assert.deepEqual(decodePeers(encodePeers(profileBytes)), { ok: true, value: profileBytes });
    }),
    { numRuns: 50 },
  );
  assert.equal(decodePeers(Uint8Array.of(1, EXCHANGE_PROFILES_MAX + 1)).ok, false);
  assert.equal(decodePeers(Uint8Array.of(2, 0)).ok, false);
});

test("the largest values fit their limits", () => {
  const fixed = 1 + 32 + 32 + 8 + 64 + 2 + NAME_BYTES_MAX + 2 + VERSION_BYTES_MAX + 2;
  const lists =
    CAPABILITIES_MAX * (2 + CAPABILITY_BYTES_MAX) + ADDRESSES_PER_PEER_MAX * (2 + MULTIADDR_BYTES_MAX);
  assert.ok(fixed + lists <= PROFILE_BYTES_MAX);
  assert.ok(2 + EXCHANGE_PROFILES_MAX * (2 + PROFILE_BYTES_MAX) <= EXCHANGE_FRAME_BYTES_MAX);
  assert.ok(NAME_BYTES_MAX === DISPLAY_NAME_BYTES_MAX);
  // An IPv6 address with its port is 20 bytes; nothing longer is announced.
  const announced =
    4 + 2 + 32 + 8 + 8 + 4 + 2 + 2 + NAME_BYTES_MAX + 1 + ANNOUNCEMENT_ADDRESSES_MAX * 22 + 64;
  assert.ok(announced <= ANNOUNCEMENT_BYTES_MAX);
});
