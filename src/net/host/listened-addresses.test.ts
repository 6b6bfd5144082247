/** A public address is told like any other, once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { multiaddr } from "@multiformats/multiaddr";
import { createKeypair } from "#crypto/ed25519.ts";
import { ListenedAddresses } from "./listened-addresses.ts";

const { peerId } = createKeypair(new Uint8Array(32).fill(1));

test("all ports that are listened on are told, once, as ours", () => {
  const listened = new ListenedAddresses();
  const confirmed = [multiaddr(`/ip4/10.0.0.1/tcp/28411/p2p/${peerId}`)];
  assert.deepEqual(listened.complete(confirmed).map(String), confirmed.map(String), "before the start");
  const getAddrs = () =>
    ["/ip4/10.0.0.1/tcp/28411", "/ip4/45.67.89.3/tcp/28411"].map((text) => multiaddr(text));
  const over = multiaddr(`/ip4/45.67.89.1/tcp/28412/p2p/${peerId}/p2p-circuit`);
  const listeners = [{ getAddrs }, { getAddrs: () => [over] }];
  const transportManager = { getListeners: () => listeners };
  listened.attach({ peerId, services: { internals: { components: () => ({ transportManager }) } } });
  assert.deepEqual(listened.complete(confirmed).map(String), [
    `/ip4/10.0.0.1/tcp/28411/p2p/${peerId}`,
    `/ip4/45.67.89.3/tcp/28411/p2p/${peerId}`,
  ]);
});
