/**
 * Owns what happens in the demo: who writes, sends and pays whom, who is killed, who comes late; and what is waited
 * for. Knows peers only through their API. Prints nothing but through `say`.
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SlipView, StatusView } from "#api/views.ts";
import { must, type RealPeer, startPeer, waybill } from "../real-peer.ts";
import { BIG_FILE, BIG_FILE_BYTES, type Content } from "./content.ts";

const MEET_TIMEOUT_MS = 15_000;
const DELIVER_TIMEOUT_MS = 45_000;
const ANCHOR_TIMEOUT_MS = 60_000;
const PAY_COINS = 3;

/** The transfer is cut once this much is there, so that there is something to resume from, and something left. */
const CUT_AFTER_BYTES = 12 * 1024 * 1024;

export interface Cast {
  readonly alice: RealPeer;
  readonly bob: RealPeer;
  readonly carol: RealPeer;
}

export type Say = (line: string) => void;

/** Everybody sees everybody: found by announcements on this computer, nobody typed an address. */
export async function meet(peers: readonly RealPeer[]): Promise<void> {
  const statuses = await Promise.all(peers.map((peer) => must(peer.client.status())));
  await Promise.all(
    peers.map((peer, at) =>
      peer.until("sees the others", MEET_TIMEOUT_MS, async () => {
        const online = new Set(
          (await must(peer.client.people())).filter((person) => person.online).map((person) => person.peerId),
        );
        return statuses.every((status, other) => other === at || online.has(status.peerId)) ? true : null;
      }),
    ),
  );
}

/**
 * A coin comes only from mining. So that alice is sure to have one to pay with, the others do not mine until she has
 * been paid for a block of hers; she needs something to record for that, and writes to bob. Mining and recording are
 * the real ones: nothing is given to her.
 */
export async function earnFirstCoins(cast: Cast, say: Say): Promise<SlipView> {
  await Promise.all([cast.bob, cast.carol].map((peer) => must(peer.client.setMining({ mode: "off" }))));
  const bob = await must(cast.bob.client.status());
  const first = await must(
    cast.alice.client.say(bob.peerId, "Hello Bob, the scans follow. Please sign for them."),
  );
  await anchored(cast.alice, first.id);
  say("alice wrote to bob; bob's device signed for it; the receipt is anchored");
  for (let note = 1; (await spendableCoins(cast.alice)) < PAY_COINS; note++) {
    const slip = await must(cast.alice.client.say(bob.peerId, `Note ${note}`));
    await anchored(cast.alice, slip.id);
  }
  await Promise.all([cast.bob, cast.carol].map((peer) => must(peer.client.setMining({ mode: "on" }))));
  say("alice was paid for a block she mined; now everybody mines");
  return must(cast.alice.client.slip(first.id));
}

async function spendableCoins(peer: RealPeer): Promise<number> {
  const { coin } = await must(peer.client.status());
  return (await must(peer.client.wallet())).spendable / coin.unitsPerCoin;
}

async function anchored(peer: RealPeer, slipId: string): Promise<SlipView> {
  return peer.until(`has the receipt of ${slipId.slice(0, 8)} anchored`, ANCHOR_TIMEOUT_MS, async () => {
    const slip = await must(peer.client.slip(slipId));
    if (slip.state === "failed" || slip.state === "declined" || slip.state === "cancelled") {
      throw new Error(`the delivery ended as ${slip.state}: ${slip.reason?.cause ?? "no reason given"}`);
    }
    return slip.state === "anchored" ? slip : null;
  });
}

export interface Interrupted {
  readonly bob: RealPeer;
  readonly sent: SlipView;
  readonly resumedFromBytes: number;
}

/** Alice sends the folder; bob is killed (-9) in the middle of the big file, starts again, and has it all in the end. */
export async function sendAndInterrupt(cast: Cast, content: Content, say: Say): Promise<Interrupted> {
  const bobId = (await must(cast.bob.client.status())).peerId;
  const sent = await must(cast.alice.client.sendPaths(bobId, [content.folder]));
  const cutAt = await receivedBytes(cast.bob, sent.id);
  await cast.bob.kill();
  say(`bob's process was killed (-9) with ${mebibytes(cutAt)} of ${mebibytes(content.bytes)} there`);
  const bob = await startPeer(cast.bob.options);
  const delivered = await bob.until("has all files", DELIVER_TIMEOUT_MS, async () => {
    const slip = await must(bob.client.slip(sent.id));
    return ["delivered", "receipted", "anchored"].includes(slip.state) ? slip : null;
  });
  const resumedFromBytes = delivered.progress?.resumedFromBytes ?? 0;
  say(`bob is back and has everything; ${mebibytes(resumedFromBytes)} were not sent again`);
  return { bob, sent, resumedFromBytes };
}

/**
 * How much bob has verified when it is time to cut. Asked without pause, because on one computer the whole file
 * passes in less than the time between two events of progress.
 */
async function receivedBytes(bob: RealPeer, id: string): Promise<number> {
  const deadlineMs = performance.now() + DELIVER_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    const slip = await bob.client.slip(id);
    if (!slip.ok) continue;
    const done = slip.value.progress?.bytesDone ?? 0;
    if (done >= CUT_AFTER_BYTES || slip.value.state === "delivered") return done;
  }
  throw new Error("bob received nothing to speak of before the time was up");
}

/** Alice pays carol; resolves when the payment is in a block. */
export async function payCarol(cast: Cast, say: Say): Promise<string> {
  const { coin } = await must(cast.alice.client.status());
  const carol = await must(cast.carol.client.status());
  const payment = await must(cast.alice.client.pay(carol.peerId, PAY_COINS * coin.unitsPerCoin));
  const state = await cast.alice.until("has paid carol", ANCHOR_TIMEOUT_MS, async () => {
    const known = await must(cast.alice.client.transaction(payment.id));
    return known.state === "confirmed" ? known.state : null;
  });
  say(`alice paid carol ${PAY_COINS} ${coin.symbol}`);
  return state;
}

/** Every receipt of every peer is anchored, nothing waits, and all stand on one tip. */
export async function settle(peers: readonly RealPeer[]): Promise<readonly StatusView[]> {
  for (const peer of peers) {
    await peer.until("has all receipts anchored", ANCHOR_TIMEOUT_MS, async () => {
      const slips = await must(peer.client.slips({ limit: 500 }));
      return slips.every((slip) => slip.state === "anchored") ? true : null;
    });
  }
  const [first] = peers;
  if (first === undefined) return [];
  return first.until("shares one tip with the others", ANCHOR_TIMEOUT_MS, async () => {
    const statuses = await Promise.all(peers.map((peer) => must(peer.client.status())));
    const tips = new Set(statuses.map((status) => status.chain.tip.id));
    return tips.size === 1 && statuses.every((status) => status.chain.pendingCount === 0) ? statuses : null;
  });
}

export interface Proof {
  readonly path: string;
  readonly verified: boolean;
}

/**
 * Takes alice's `.waybill` file, and has it checked by the command that anyone would use, without a peer: as it is,
 * with one byte of it changed, and with one byte of the content changed.
 */
export async function proveDelivery(
  alice: RealPeer,
  slipId: string,
  content: Content,
  folder: string,
): Promise<Proof> {
  const receipt = await must(alice.client.receipt(slipId));
  const path = join(folder, "delivery.waybill");
  writeFileSync(path, receipt.bytes);

  const changed = join(folder, "changed.waybill");
  const positions = [0, Math.floor(receipt.bytes.length / 2), receipt.bytes.length - 1];
  const refusals: boolean[] = [];
  for (const position of positions) {
    const bytes = receipt.bytes.slice();
    bytes[position] = (bytes[position] ?? 0) ^ 1;
    writeFileSync(changed, bytes);
    refusals.push(!(await verifies(changed, content.folder)));
  }

  const changedContent = join(folder, "changed-content");
  cpSync(content.folder, changedContent, { recursive: true });
  const big = readFileSync(join(changedContent, BIG_FILE));
  const middle = BIG_FILE_BYTES / 2 + 1;
  big[middle] = (big[middle] ?? 0) ^ 1;
  writeFileSync(join(changedContent, BIG_FILE), big);
  refusals.push(!(await verifies(path, changedContent)));

  const accepted = await verifies(path, content.folder);
  return { path, verified: accepted && refusals.every((refused) => refused) };
}

async function verifies(file: string, content: string): Promise<boolean> {
  const { code, stderr } = await waybill("verify", file, content);
  if (code === 0 || code === 1) return code === 0;
  throw new Error(`waybill verify ended with ${code}: ${stderr}`);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
