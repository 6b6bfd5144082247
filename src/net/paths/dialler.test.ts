/** What a dial tells of somebody who was not reached. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { createKeypair } from "#crypto/ed25519.ts";
import { startHostPeer } from "#test/kit/network-hosts.ts";

/** A port at which nothing listens any more. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

test("a cause is told of the addresses of which it holds, and of no other", { timeout: 20_000 }, async () => {
  const caller = await startHostPeer({ seed: 231, listen: [] });
  const other = await startHostPeer({ seed: 232, listen: ["/ip4/127.0.0.1/tcp/0"] });
  try {
    const wanted = createKeypair(new Uint8Array(32).fill(233)).peerId;
    const [taken] = other.host.getMultiaddrs().map((each) => each.toString().split("/p2p/")[0] ?? "");
    assert.ok(taken);
    const silent = await freePort();
    caller.directory.heard(wanted, "typed", [`/ip4/127.0.0.1/tcp/${silent}`, taken]);
    const outcome = await caller.dialler.reach(wanted, new AbortController().signal);
    assert.equal(outcome.ok ? "" : outcome.fault.code, "peer-other");
    const { cause = "" } = caller.directory.get(wanted)?.problem ?? {};
    assert.ok(cause.includes(taken.split("/").at(-1) ?? "?") && !cause.includes(String(silent)), cause);
  } finally {
    await Promise.all([caller.close(), other.close()]);
  }
});

test("an address given while old ones are still tried is tried by itself", { timeout: 20_000 }, async () => {
  const caller = await startHostPeer({ seed: 234, listen: [] });
  const other = await startHostPeer({ seed: 235, listen: ["/ip4/127.0.0.1/tcp/0"] });
  const old = await freePort();
  try {
    const peer = createKeypair(new Uint8Array(32).fill(235)).peerId;
    const [address] = other.host.getMultiaddrs().map((each) => each.toString().split("/p2p/")[0] ?? "");
    assert.ok(address);
    caller.directory.heard(peer, "typed", [`/ip4/127.0.0.1/tcp/${old}`]);
    const before = caller.dialler.reach(peer, new AbortController().signal);
    const outcome = await caller.dialler.reachAddress(address, peer);
    assert.ok(outcome.ok, JSON.stringify(outcome));
    await before;
  } finally {
    await Promise.all([caller.close(), other.close()]);
  }
});
