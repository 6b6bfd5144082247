/** A punched path is let in when it stands, and not when only its signalling has ended. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import { createKeypair } from "#crypto/ed25519.ts";
import { realClock } from "#test/kit/real.ts";
import { ConnectionBook } from "./connection-book.ts";
import { createGate } from "./gate.ts";
import { isThrough } from "./punched-through.ts";

const [self, other] = [1, 2].map((seed) => createKeypair(new Uint8Array(32).fill(seed)).peerId);

test("only a peer connection that is connected is a path", async () => {
  assert.ok(self !== undefined && other !== undefined);
  const gate = createGate({ self, isRefused: () => false, connections: new ConnectionBook(realClock) });
  const remoteAddr = multiaddr(`/webrtc/p2p/${other}`);
  assert.equal(isThrough({ remoteAddr }), true, "another transport");
  for (const [state, denied] of [
    ["connecting", true],
    ["failed", true],
    ["connected", false],
  ] as const) {
    const connection = { remoteAddr, peerConnection: { connectionState: state } };
    const asked = [peerIdFromString(other), connection] as unknown as Parameters<
      NonNullable<typeof gate.denyInboundUpgradedConnection>
    >;
    assert.equal(await gate.denyInboundUpgradedConnection?.(...asked), denied, state);
    assert.equal(await gate.denyOutboundUpgradedConnection?.(...asked), denied, state);
  }
});
