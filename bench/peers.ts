/** Owns the figures of whole peers: how soon they are ready, what they take while idle, how long a message takes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { EventView } from "#api/views.ts";
import { must, type RealPeer, startPeer } from "../tools/real-peer.ts";
import { type Findings, median, quantile } from "./figures.ts";

const STARTS = 5;
const READY_TARGET_MS = 1_500;
const IDLE_TARGET_MB = 180;
/** A peer has opened everything and collected its start's garbage by then. */
const SETTLE_MS = 15_000;
const MESSAGES = 300;
const WARM_UP_MESSAGES = 20;

export async function withFolder<Value>(work: (folder: string) => Promise<Value>): Promise<Value> {
  const folder = mkdtempSync(join(tmpdir(), "waybill-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Two peers that know each other and nobody else, without mining unless `mine`. */
export async function withPair<Value>(
  folder: string,
  work: (alice: RealPeer, bob: RealPeer) => Promise<Value>,
): Promise<Value> {
  const flags = ["--no-discovery", "--no-mine"];
  const alice = await startPeer({ name: "alice", dataDir: join(folder, "alice"), accept: "all", flags });
  const bob = await startPeer({ name: "bob", dataDir: join(folder, "bob"), accept: "all", flags });
  try {
    const { addresses, peerId } = await must(bob.client.status());
    await must(alice.client.connect(addresses[0] ?? ""));
    await alice.until("sees bob", 20_000, async () => {
      const people = await must(alice.client.people());
      return people.some((person) => person.peerId === peerId && person.online) ? true : null;
    });
    return await work(alice, bob);
  } finally {
    await Promise.all([alice.interrupt(), bob.interrupt()]);
  }
}

export function benchStart(): Promise<Findings> {
  return withFolder(async (folder) => {
    const runs: number[] = [];
    // The first makes key and databases; the others are the everyday start.
    for (let at = 0; at <= STARTS; at++) {
      const peer = await startPeer({
        name: "alice",
        dataDir: join(folder, "alice"),
        flags: ["--no-discovery"],
      });
      if (at > 0) runs.push(peer.readyMs);
      await peer.interrupt();
    }
    const value = median(runs);
    const target = { words: `under ${READY_TARGET_MS} ms`, met: value < READY_TARGET_MS };
    return {
      figures: [{ part: "start", what: "start to ready", value, unit: "ms", runs, target }],
      gaps: [],
    };
  });
}

export function benchIdle(): Promise<Findings> {
  return withFolder(async (folder) => {
    const peer = await startPeer({ name: "alice", dataDir: join(folder, "alice") });
    await delay(SETTLE_MS);
    const bytes = residentBytes(peer.pid);
    await peer.interrupt();
    if (bytes === null) {
      const why = "this system has no /proc";
      return { figures: [], gaps: [{ part: "idle", what: "resident memory of an idle peer", why }] };
    }
    const value = bytes / 1e6;
    const target = { words: `under ${IDLE_TARGET_MB} MB`, met: value < IDLE_TARGET_MB };
    const what = "resident memory of an idle peer";
    return { figures: [{ part: "idle", what, value, unit: "MB", runs: [value], target }], gaps: [] };
  });
}

/** proc(5): `VmRSS` in kB of 1,024 bytes. */
export function residentBytes(pid: number): number | null {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    return null;
  }
}

/**
 * From the request to send until the sender knows that the receiver has stored and signed: two commits with a disk
 * sync each side, two signatures, one round trip.
 */
export function benchMessages(): Promise<Findings> {
  return withFolder((folder) =>
    withPair(folder, async (alice, bob) => {
      const { peerId } = await must(bob.client.status());
      const waiting = new Map<string, () => void>();
      const settled = new Set<string>();
      alice.subscribe((event: EventView) => {
        if (event.type !== "slip" || !["delivered", "receipted", "anchored"].includes(event.slip.state))
          return;
        settled.add(event.slip.id);
        waiting.get(event.slip.id)?.();
      });
      const runs: number[] = [];
      for (let at = 0; at < WARM_UP_MESSAGES + MESSAGES; at++) {
        const startedMs = performance.now();
        const slip = await must(alice.client.say(peerId, `message ${at}`));
        if (!settled.has(slip.id)) {
          await new Promise<void>((resolve) => waiting.set(slip.id, resolve));
        }
        if (at >= WARM_UP_MESSAGES) runs.push(performance.now() - startedMs);
      }
      const part = "message";
      return {
        figures: [
          { part, what: "acknowledged round trip, median", value: median(runs), unit: "ms", runs },
          {
            part,
            what: "acknowledged round trip, 95th of 100",
            value: quantile(runs, 0.95),
            unit: "ms",
            runs: [],
          },
        ],
        gaps: [],
      };
    }),
  );
}
