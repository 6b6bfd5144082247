/** Ten thousand packets a second on the port of announcements: bounded, counted, and cheap. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createKeypair } from "#crypto/ed25519.ts";
import { signAnnouncement } from "#net/discovery/announcement.ts";
import { Announcer, type HeardPeer } from "#net/discovery/announcer.ts";
import { ANNOUNCEMENTS_BURST, ANNOUNCEMENTS_PER_SECOND } from "#net/limits.ts";
import { ANNOUNCEMENT_PORT } from "#test/kit/peer-network.ts";
import { faultLog, realClock, realRandom } from "#test/kit/real.ts";

const GROUP = "239.255.87.66";
const PER_SECOND = 10_000;
const SECONDS = 3;
const FLOOD = join(import.meta.dirname, "..", "kit", "udp-flood.ts");

/** Well signed, forged, and nonsense: each costs its own way. */
function packets(): readonly string[] {
  const stranger = createKeypair(new Uint8Array(32).fill(77));
  const sign = (counter: number) =>
    signAnnouncement(
      {
        name: "Stranger",
        chainPrefix: new Uint8Array(8),
        runMs: 1,
        counter,
        isNewcomer: false,
        port: 9,
        addresses: [],
      },
      stranger,
    );
  const good = Array.from({ length: 40 }, (_, at) => sign(at + 1));
  const forged = good.map((bytes) => bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1));
  const nonsense = good.map((_, at) => new Uint8Array(1_200).fill(at));
  return [...forged, ...nonsense, ...good].map((bytes) => Buffer.from(bytes).toString("hex"));
}

async function open(seed: number, port: number) {
  const heard: HeardPeer[] = [];
  const keypair = createKeypair(new Uint8Array(32).fill(seed));
  const { log, faults } = faultLog();
  const announcer = await Announcer.open(
    { keypair, chainId: new Uint8Array(32), port, lan: false, periodMs: 200 },
    {
      clock: realClock,
      random: realRandom,
      log,
      name: () => `peer ${seed}`,
      addresses: () => ["/ip4/127.0.0.1/tcp/28411"],
      onPeer: (peer) => heard.push(peer),
    },
  );
  return { announcer, heard, faults, peer: keypair.peerId };
}

test("a flood of announcements is bounded, counted, and cheap", { timeout: 30_000 }, async (t) => {
  const a = await open(71, ANNOUNCEMENT_PORT);
  const args = [FLOOD, GROUP, ANNOUNCEMENT_PORT, PER_SECOND, SECONDS, ...packets()].map(String);
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const before = process.cpuUsage();
    const startMs = realClock.monotonicMs();
    const sent = Number(await text(child.stdout));
    const tookS = (realClock.monotonicMs() - startMs) / 1_000;
    const used = process.cpuUsage(before);
    const share = (used.user + used.system) / 1e6 / tookS;
    const { accepted, flooded, malformed, replayed, badSignature } = a.announcer.guard.counts;
    const counted = accepted + flooded + malformed + replayed + badSignature;
    const cost = accepted + badSignature;
    t.diagnostic(`${Math.round(sent / SECONDS)} packets/s sent, ${counted} of ${sent} counted`);
    t.diagnostic(`${cost} signature checks, ${(share * 100).toFixed(1)} % of one core`);
    assert.ok(counted > sent / 2, `${counted} of ${sent} were counted`);
    assert.ok(cost <= ANNOUNCEMENTS_BURST + ANNOUNCEMENTS_PER_SECOND * (tookS + 1), `${cost} checks`);
    assert.ok(share < 0.7, `${share} of one core`);
    assert.ok(a.heard.length <= cost);
    assert.deepEqual(a.faults, []);
  } finally {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await a.announcer.close();
  }
});
