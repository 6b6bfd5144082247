/**
 * Owns what happens to people whose paths are taken away: a big file on its way while the straight path goes, then the
 * relay, then both for a minute, then the address of the home; and a tracker that dies.
 */
import { randomBytes } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { SlipView } from "#api/views.ts";
import { NatLab } from "../kit/nat-lab.ts";
import { type NatPeer, startTracker } from "../kit/nat-programs.ts";
import { isReceipted } from "./cell.ts";
import { onStage } from "./stage.ts";

const MB = 1_000_000;
/** Slow enough that every change falls into the transfer; after the last one it goes as fast as it can. */
const RATE_MEGABIT = 40;
const OUTAGE_MS = 60_000;
/** What has to get across after each change before it counts as survived. */
const STEP_BYTES = 10 * MB;
const STEP_TIMEOUT_MS = 60_000;
const DONE_TIMEOUT_MS = 180_000;

/** Headers of all layers, and what was under way at each change and is sent anew. */
const SENT_FACTOR_MAX = 1.2;

/** One change, and how long no byte was verified around it. */
export interface Step {
  readonly what: string;
  readonly stalledMs: number;
  readonly path: string;
}

export interface SwitchResult {
  readonly bytes: number;
  readonly tookMs: number;
  readonly steps: readonly Step[];
  /** All that left the sender's computer while it was sent, headers and repeated pieces included. */
  readonly sentBytes: number;
}

/** @throws Error when it does not complete, or when verified bytes were asked for again. */
export async function switchUnderLoad(bytes: number): Promise<SwitchResult> {
  return onStage(async (stage) => {
    const lab = await NatLab.open(stage);
    const server = await lab.host();
    const tracker = server.ipv4 ?? "";
    const [here, there] = [
      await lab.home({ router: "port-preserving" }),
      await lab.home({ router: "port-preserving" }),
    ];
    await startTracker(server.namespace, stage.folder(), []);
    const [alice, bob] = await Promise.all([
      stage.peer("alice", here.namespace, ["--tracker", tracker]),
      stage.peer("bob", there.namespace, ["--tracker", tracker]),
    ]);
    await reaches(alice, bob, "punched");
    const path = join(stage.folder(), "big.bin");
    writeNoise(path, bytes);
    here.limitRate(RATE_MEGABIT);
    const sentBefore = here.sentBytes();
    const startedMs = performance.now();
    const { id } = await alice.call("sendPaths", bob.peerId, [path]);
    const arrival = watchArrival(bob, id);
    const steps: Step[] = [];
    const survive = async (what: string, change: () => void | Promise<void>) => {
      await change();
      const stalledMs = await arrival.grows(what);
      steps.push({ what, stalledMs, path: await pathTo(alice, bob) });
    };
    await arrival.grows("it begins");
    await survive("the straight path is cut", () => here.cut("udp", there.address()));
    here.restore();
    await reaches(alice, bob, "punched");
    await survive("the relay is cut", () => here.cut("all", tracker));
    await survive("both are cut for a minute", async () => {
      here.cut("udp", there.address());
      await delay(OUTAGE_MS);
      here.restore();
    });
    await survive("the home gets another address", () => here.renumber());
    if (arrival.verified() + STEP_BYTES > bytes) throw new Error("it had all arrived before the last change");
    here.limitRate(null);
    await alice.watches("big file delivered", id, DONE_TIMEOUT_MS, (slip) =>
      isReceipted(slip) ? true : null,
    );
    const wentBack = arrival.wentBack();
    if (wentBack !== null) throw new Error(`verified bytes were fetched again: ${wentBack}`);
    const sentBytes = here.sentBytes() - sentBefore;
    if (sentBytes > bytes * SENT_FACTOR_MAX) throw new Error(`${sentBytes} bytes were sent for ${bytes}`);
    return { bytes, tookMs: performance.now() - startedMs, steps, sentBytes };
  });
}

/** What the receiver has verified, as it tells it. */
function watchArrival(bob: NatPeer, id: string) {
  let verified = 0;
  let grewMs = performance.now();
  let longestMs = 0;
  let back: string | null = null;
  const look = ({ progress }: SlipView) => {
    const now = progress?.bytesDone ?? 0;
    if (now < verified) back ??= `from ${verified} to ${now}`;
    if (now <= verified) return;
    longestMs = Math.max(longestMs, performance.now() - grewMs);
    grewMs = performance.now();
    verified = now;
  };
  bob.subscribe((event) => {
    if (event.type === "slip" && event.slip.id === id) look(event.slip);
  });
  return {
    /** @returns the longest pause since the last call. */
    grows: async (what: string) => {
      const until = verified + STEP_BYTES;
      await bob.until(`more arrives after ${what}`, STEP_TIMEOUT_MS, async () =>
        verified >= until ? true : null,
      );
      const stalledMs = longestMs;
      longestMs = 0;
      return stalledMs;
    },
    verified: () => verified,
    wentBack: () => back,
  };
}

async function pathTo(alice: NatPeer, bob: NatPeer): Promise<string> {
  return alice.sees("has a path", bob, STEP_TIMEOUT_MS, ({ online, path }) => (online ? path : null));
}

async function reaches(alice: NatPeer, bob: NatPeer, wanted: string): Promise<void> {
  await alice.sees(`is ${wanted}`, bob, STEP_TIMEOUT_MS, ({ online, path }) =>
    online && path === wanted ? true : null,
  );
}

function writeNoise(path: string, bytes: number): void {
  const file = openSync(path, "w");
  for (let left = bytes; left > 0; left -= MB) writeSync(file, randomBytes(Math.min(MB, left)));
  closeSync(file);
}

export interface LossResult {
  /** From the end of the tracker in use until both have each other again, and a message came through. */
  readonly backMs: number;
}

/** Two people who can only be relayed, and two trackers, of which the one in use is killed. */
export async function loseTracker(): Promise<LossResult> {
  return onStage(async (stage) => {
    const lab = await NatLab.open(stage);
    const servers = [await lab.host(), await lab.host()];
    const trackers = await Promise.all(
      servers.map(async ({ namespace, ipv4 }) => ({
        address: ipv4 ?? "",
        program: await startTracker(namespace, stage.folder(), []),
      })),
    );
    const flags = trackers.flatMap(({ address }) => ["--tracker", address]);
    const homes = [await lab.home({ router: "random-ports" }), await lab.home({ router: "random-ports" })];
    const [alice, bob] = await Promise.all(
      homes.map(({ namespace }, at) => stage.peer(at === 0 ? "alice" : "bob", namespace, flags)),
    );
    if (alice === undefined || bob === undefined) throw new Error("two peers");
    await reaches(bob, alice, "relayed");
    await reaches(alice, bob, "relayed");
    const via = await alice.sees("is relayed", bob, STEP_TIMEOUT_MS, (person) => person.via?.peerId ?? null);
    const inUse = (await alice.call("status")).trackers.find(({ peerId }) => peerId === via);
    const victim = trackers.find(({ address }) => inUse?.address.includes(address) === true);
    if (victim === undefined) throw new Error(`no tracker is ${via}`);
    await victim.program.kill();
    const killedMs = performance.now();
    const { id } = await alice.call("say", bob.peerId, "Still there?");
    await alice.watches("message delivered", id, STEP_TIMEOUT_MS, (slip) =>
      isReceipted(slip) ? true : null,
    );
    for (const [one, other] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      await one.sees("is relayed by the other tracker", other, STEP_TIMEOUT_MS, (person) =>
        person.online && person.via !== null && person.via.peerId !== via ? true : null,
      );
    }
    return { backMs: performance.now() - killedMs };
  });
}
