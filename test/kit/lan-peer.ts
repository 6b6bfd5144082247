/**
 * The network of one peer as a program of its own, so that it can run inside a network namespace, of which a process
 * has one. Run by `lan.ts`: options come as JSON in the first argument, orders and news are lines of JSON on standard
 * input and output. It closes when its input ends, so none outlives its test.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { createKeypair } from "#crypto/ed25519.ts";
import { type NetworkOptions, openNetwork } from "#net/index.ts";
import { memoryAddresses } from "#storage/memory/addresses.ts";
import { faultLog, realClock, realRandom } from "./real.ts";

export interface LanPeerOptions extends Pick<NetworkOptions, "listen" | "discovery"> {
  /** Fills the private key: the same number is the same peer. */
  readonly seed: number;
}

const { seed, ...options } = JSON.parse(process.argv[2] ?? "") as LanPeerOptions;
const say = (news: object): void => {
  process.stdout.write(`${JSON.stringify({ atMs: Date.now(), ...news })}\n`);
};
const { log, faults } = faultLog();
const keypair = createKeypair(new Uint8Array(32).fill(seed));
const net = await openNetwork(
  { keypair, name: `peer ${seed}`, chainId: new Uint8Array(32).fill(9), version: "0.0.0-test", ...options },
  { clock: realClock, random: realRandom, log, addresses: memoryAddresses(), isBlocked: () => false },
);
const self = () => ({ addresses: net.listenAddresses(), warnings: net.warnings() });
net.directory.subscribe((event) => say(event.type === "self" ? { ...event, ...self() } : event));
say({ type: "ready", peer: keypair.peerId, ...self() });
for (const entry of net.directory.list()) say({ type: "peer", entry });
for await (const address of createInterface({ input: process.stdin })) {
  const outcome = await net.connect(address);
  say({ type: "connect", address, code: outcome.ok ? null : outcome.fault.code });
}
await net.close();
say({ type: "closed", faults: faults.map(String) });
process.exit();
