/**
 * Owns real peers inside a test: fresh folders, and an end for every process and folder when the test ends, whatever
 * happened in it. The processes themselves are the work of `tools/real-peer.ts`.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type PeerOptions, type RealPeer, startPeer } from "../../tools/real-peer.ts";

export { CLASSROOM, must, type RealPeer, startArguments, waybill } from "../../tools/real-peer.ts";

interface Belongings {
  readonly peers: RealPeer[];
  readonly folders: string[];
}

const belongings = new WeakMap<TestContext, Belongings>();

/** One hook a test, because processes must end before the folders they use are removed. */
function belongingsOf(test: TestContext): Belongings {
  const known = belongings.get(test);
  if (known !== undefined) return known;
  const fresh: Belongings = { peers: [], folders: [] };
  belongings.set(test, fresh);
  test.after(async () => {
    await Promise.all(fresh.peers.map((started) => started.kill()));
    for (const folder of fresh.folders) {
      // A test may have taken its rights away.
      chmodSync(folder, 0o700);
      rmSync(folder, { recursive: true, force: true });
    }
  });
  return fresh;
}

/** A folder of its own, removed with the test. */
export function freshFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "waybill-test-"));
  belongingsOf(test).folders.push(folder);
  return folder;
}

/** Starts a peer in a fresh folder, or in the one given; killed with the test if it still runs then. */
export async function peer(
  test: TestContext,
  options: Partial<PeerOptions> & Pick<PeerOptions, "name">,
): Promise<RealPeer> {
  const started = await startPeer({ ...options, dataDir: options.dataDir ?? freshFolder(test) });
  belongingsOf(test).peers.push(started);
  return started;
}

/** The same person again: same folder, same options, a new process. */
export async function restart(
  test: TestContext,
  before: RealPeer,
  change: Partial<PeerOptions> = {},
): Promise<RealPeer> {
  return peer(test, { ...before.options, ...change });
}

/** The address that another peer can be told: a TCP one of 127.0.0.1 with the peer's id. */
export async function addressOf(of: RealPeer): Promise<string> {
  const status = await of.client.status();
  if (!status.ok) throw new Error(status.fault.cause);
  const address = status.value.addresses.find((one) => one.startsWith("/ip4/127.0.0.1/tcp/"));
  if (address === undefined) throw new Error(`no loopback address among ${status.value.addresses.join(" ")}`);
  return address;
}

/** Connects `from` to `to` by a typed address and waits until each sees the other online. */
export async function connect(from: RealPeer, to: RealPeer): Promise<void> {
  const connected = await from.client.connect(await addressOf(to));
  if (!connected.ok) throw new Error(`${connected.fault.code}: ${connected.fault.cause}`);
  await Promise.all([seesOnline(from, to), seesOnline(to, from)]);
}

/** Waits until `one` has `other` online. */
export async function seesOnline(one: RealPeer, other: RealPeer, timeoutMs = 20_000): Promise<void> {
  const id = await peerIdOf(other);
  await one.until(`sees ${other.options.name} online`, timeoutMs, async () => {
    const people = await one.client.people();
    return people.ok && people.value.some((person) => person.peerId === id && person.online) ? true : null;
  });
}

export async function peerIdOf(of: RealPeer): Promise<string> {
  const status = await of.client.status();
  if (!status.ok) throw new Error(status.fault.cause);
  return status.value.peerId;
}
