import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createKeypair } from "#crypto/ed25519.ts";
import {
  addressOf,
  compareAddresses,
  decodeAddress,
  encodeAddress,
  isDialable,
  isLoopback,
  parseAddress,
  pathKindOf,
  readableAddress,
  relayOf,
  withoutPeer,
} from "./addresses.ts";
import { MULTIADDR_BYTES_MAX } from "./limits.ts";

const PEER = "12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5";
const RELAY = createKeypair(new Uint8Array(32).fill(7)).peerId;

test("what users type is understood", () => {
  const cases: readonly [string, string, string | null][] = [
    ["192.168.1.20:28411", "/ip4/192.168.1.20/tcp/28411", null],
    [" 10.0.0.1:1 ", "/ip4/10.0.0.1/tcp/1", null],
    ["[::1]:4000", "/ip6/::1/tcp/4000", null],
    ["[2001:DB8:0:0::5]:65535", "/ip6/2001:db8::5/tcp/65535", null],
    ["[::ffff:10.0.0.1]:80", "/ip4/10.0.0.1/tcp/80", null],
    ["localhost:28411", "/dns/localhost/tcp/28411", null],
    ["Alice-PC.Local:28411", "/dns/alice-pc.local/tcp/28411", null],
    ["/ip4/127.0.0.1/tcp/5", "/ip4/127.0.0.1/tcp/5", null],
    [`/ip4/127.0.0.1/tcp/5/p2p/${PEER}`, "/ip4/127.0.0.1/tcp/5", PEER],
    [`/dns4/example.org/tcp/443/p2p/${PEER}`, "/dns/example.org/tcp/443", PEER],
    ["/ip4/1.2.3.4/tcp/5/ws", "/ip4/1.2.3.4/tcp/5/ws", null],
    [`/dns6/example.org/tcp/443/wss/p2p/${PEER}`, "/dns/example.org/tcp/443/wss", PEER],
    [
      `/ip4/1.2.3.4/tcp/5/p2p/${RELAY}/p2p-circuit/p2p/${PEER}`,
      `/ip4/1.2.3.4/tcp/5/p2p/${RELAY}/p2p-circuit`,
      PEER,
    ],
    [
      `/dns4/A.org/tcp/443/tls/ws/p2p/${RELAY}/p2p-circuit/webrtc/p2p/${PEER}`,
      `/dns/a.org/tcp/443/tls/ws/p2p/${RELAY}/p2p-circuit/webrtc`,
      PEER,
    ],
    [`/ip6/FD00:0::1/tcp/5/p2p/${PEER}`, "/ip6/fd00::1/tcp/5", PEER],
  ];
  for (const [text, address, peer] of cases) {
    const parsed = parseAddress(text);
    assert.deepEqual(parsed, { ok: true, value: { address, peer } }, text);
  }
});

test("what cannot be dialled is refused with its reason", () => {
  const cases: readonly [string, string][] = [
    ["", "address-malformed"],
    ["bob", "address-malformed"],
    ["10.0.0.1", "address-malformed"],
    ["10.0.0.1:0", "address-malformed"],
    ["10.0.0.1:65536", "address-malformed"],
    ["10.0.0.1:+80", "address-malformed"],
    ["999.0.0.1:80", "address-malformed"],
    ["0.0.0.0:80", "address-malformed"],
    ["224.0.0.1:80", "address-malformed"],
    ["[::]:80", "address-malformed"],
    ["[ff02::1]:80", "address-malformed"],
    ["[fe80::1]:80", "address-link-local"],
    ["[fe80::1%eth0]:80", "address-link-local"],
    ["::1:80", "address-malformed"],
    ["[127.0.0.1]:80", "address-malformed"],
    ["a b:80", "address-malformed"],
    ["-x:80", "address-malformed"],
    ["http://10.0.0.1:80", "address-malformed"],
    ["/ip4/1.2.3.4", "address-malformed"],
    ["/ip4/1.2.3.4/udp/5", "address-malformed"],
    ["/ip4/1.2.3.4/tcp/5/quic", "address-malformed"],
    [`/ip4/1.2.3.4/tcp/5/p2p/${RELAY}/p2p-circuit`, "address-malformed"],
    [`/ip4/1.2.3.4/tcp/5/p2p-circuit/p2p/${PEER}`, "address-malformed"],
    [`/p2p/${RELAY}/p2p-circuit/p2p/${PEER}`, "address-malformed"],
    [`/ip6/fe80::1/tcp/5/p2p/${RELAY}/p2p-circuit/p2p/${PEER}`, "address-link-local"],
    ["/ip4/1.2.3.4/tcp/5/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", "address-malformed"],
    ["/unix/tmp/socket", "address-malformed"],
    [`/${"x".repeat(400)}`, "address-malformed"],
  ];
  for (const [text, code] of cases) {
    const parsed = parseAddress(text);
    assert.equal(parsed.ok, false, text);
    if (!parsed.ok) assert.equal(parsed.fault.code, code, text);
  }
});

test("no text makes the parser throw, and what it accepts is stable", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 40 }), fc.webAuthority(), fc.ipV6()), (text) => {
      for (const given of [text, `${text}:80`, `[${text}]:80`, `/dns/${text}/tcp/80`]) {
        const parsed = parseAddress(given);
        if (parsed.ok) assert.deepEqual(parseAddress(parsed.value.address), parsed);
      }
    }),
  );
});

test("a refused text is shown without its control characters", () => {
  const parsed = parseAddress("a\u001b[2Jb");
  assert.equal(parsed.ok ? "" : parsed.fault.cause.includes("\u001b"), false);
});

test("path kinds", () => {
  const cases: readonly [string, string][] = [
    ["/ip4/127.0.0.1/tcp/1", "loopback"],
    ["/ip4/127.9.9.9/tcp/1", "loopback"],
    ["/ip6/::1/tcp/1", "loopback"],
    ["/dns/localhost/tcp/1", "loopback"],
    ["/ip4/10.1.2.3/tcp/1", "lan"],
    ["/ip4/172.31.0.1/tcp/1", "lan"],
    ["/ip4/172.32.0.1/tcp/1", "direct"],
    ["/ip4/169.254.3.4/tcp/1", "lan"],
    ["/ip6/fd00::1/tcp/1", "lan"],
    ["/ip6/fe80::1/tcp/1", "lan"],
    ["/ip4/8.8.8.8/tcp/1", "direct"],
    [`/ip4/192.168.0.9/tcp/1/p2p/${PEER}`, "lan"],
    ["/ip4/8.8.8.8/tcp/1/ws", "direct"],
    [`/ip4/8.8.8.8/tcp/1/p2p/${RELAY}/p2p-circuit`, "relayed"],
    [`/ip4/127.0.0.1/tcp/1/p2p/${RELAY}/p2p-circuit/p2p/${PEER}`, "relayed"],
    [`/ip4/8.8.8.8/tcp/1/ws/p2p/${RELAY}/p2p-circuit/webrtc/p2p/${PEER}`, "punched"],
    [`/webrtc/p2p/${PEER}`, "punched"],
    ["/webrtc", "punched"],
  ];
  for (const [address, kind] of cases) assert.equal(pathKindOf(address), kind, address);
});

test("cheaper paths come first, and IPv6 across the internet", () => {
  const relayed = `/ip4/127.0.0.1/tcp/1/p2p/${RELAY}/p2p-circuit`;
  const sorted = [
    relayed,
    "/ip4/8.8.8.8/tcp/1",
    `${relayed}/webrtc`,
    "/ip6/2a00::1/tcp/1",
    "/ip6/fd00::1/tcp/1",
    "/ip4/192.168.0.9/tcp/1",
    "/ip6/::1/tcp/1",
    "/ip4/127.0.0.1/tcp/1",
  ].sort(compareAddresses);
  assert.deepEqual(sorted, [
    "/ip4/127.0.0.1/tcp/1",
    "/ip6/::1/tcp/1",
    "/ip4/192.168.0.9/tcp/1",
    "/ip6/fd00::1/tcp/1",
    "/ip6/2a00::1/tcp/1",
    "/ip4/8.8.8.8/tcp/1",
    `${relayed}/webrtc`,
    relayed,
  ]);
});

test("of an address over a relay the peer alone is taken off, and the relay is known", () => {
  const relayed = `/ip4/1.2.3.4/tcp/5/p2p/${RELAY}/p2p-circuit`;
  assert.equal(withoutPeer(`${relayed}/p2p/${PEER}`), relayed);
  assert.equal(withoutPeer(relayed), relayed);
  assert.equal(withoutPeer(`/ip4/1.2.3.4/tcp/5/p2p/${PEER}`), "/ip4/1.2.3.4/tcp/5");
  assert.equal(relayOf(`${relayed}/p2p/${PEER}`), RELAY);
  assert.equal(relayOf(`/ip4/1.2.3.4/tcp/5/p2p/${PEER}`), null);
  assert.equal(isLoopback(`/ip4/127.0.0.1/tcp/5/p2p/${RELAY}/p2p-circuit`), true);
  assert.equal(readableAddress(`${relayed}/p2p/${PEER}`), "the relay at 1.2.3.4:5");
  assert.equal(readableAddress("/ip6/fd00::1/tcp/5"), "[fd00::1]:5");
});

test("addresses have one binary form", () => {
  const hosts = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(hosts, fc.nat({ max: 65535 }), (host, port) => {
      const address = addressOf(host, port);
      assert.ok(address !== null);
      const tails = ["", "/ws", "/wss", "/tls/ws"].flatMap((web) => [
        web,
        `${web}/p2p/${RELAY}/p2p-circuit`,
        `${web}/p2p/${RELAY}/p2p-circuit/webrtc`,
      ]);
      for (const tail of tails) {
        const bytes = encodeAddress(address + tail);
        assert.equal(decodeAddress(bytes), address + tail);
        assert.ok(bytes.length <= MULTIADDR_BYTES_MAX);
      }
    }),
  );
});

test("bytes that are no address are refused, never thrown at", () => {
  const near = encodeAddress(`/ip4/127.0.0.1/tcp/5/ws/p2p/${RELAY}/p2p-circuit/webrtc`);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc
          .tuple(fc.nat({ max: near.length - 1 }), fc.nat({ max: 255 }))
          .map(([at, byte]) => near.with(at, byte)),
      ),
      (bytes) => {
        const address = decodeAddress(bytes);
        if (address !== null) assert.deepEqual([...encodeAddress(address)], [...bytes]);
      },
    ),
  );
  for (const text of ["/ip4/1.2.3.4/udp/5", "/ip4/1.2.3.4", `/ip4/1.2.3.4/tcp/5/p2p/${PEER}`]) {
    assert.equal(decodeAddress(encodeAddress(text)), null, text);
  }
});

test("addresses without meaning elsewhere are not told to others", () => {
  assert.equal(isDialable("/ip6/fe80::1/tcp/5"), false);
  assert.equal(isDialable("/ip4/0.0.0.0/tcp/5"), false);
  assert.equal(isDialable("/ip4/10.0.0.1/tcp/0"), false);
  assert.equal(isDialable("/ip4/10.0.0.1/tcp/5"), true);
  assert.equal(isDialable(`/ip4/10.0.0.1/tcp/5/p2p/${RELAY}/p2p-circuit`), true);
  assert.equal(isDialable(`/ip4/0.0.0.0/tcp/5/p2p/${RELAY}/p2p-circuit`), false);
});
