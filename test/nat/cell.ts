/**
 * Owns one cell of the table: a tracker on the public segment, two people where the plan says, and what becomes of
 * them: how soon they are connected, over which path at first and in the end, a message, and a file.
 */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PersonView, SlipView } from "#api/views.ts";
import type { PathKind } from "#ports/network.ts";
import type { Namespace } from "../kit/namespace.ts";
import { type HomeOptions, NatLab } from "../kit/nat-lab.ts";
import { type NatPeer, startTracker } from "../kit/nat-programs.ts";
import { onStage, type Stage } from "./stage.ts";

const MIB = 1024 * 1024;
export const FILE_BYTES = 64 * MIB;

/** Two processes that share two cores with those of another cell. */
const CONNECT_TIMEOUT_MS = 30_000;
const DELIVER_TIMEOUT_MS = 60_000;
/** A straight path that has not come by then does not count as one. */
const STRAIGHT_TIMEOUT_MS = 20_000;
/** How long a path that nobody expects to improve is watched all the same. */
const WATCH_MS = 5_000;

/** Trackers are told to peers by these, with the public address of their host. */
export type TrackerBy = (address: string) => string;

export interface CellPlan {
  readonly name: string;
  readonly families: readonly (4 | 6)[];
  /** `building`: two rooms of one, whose router joins them. */
  readonly place: "building" | readonly [HomeOptions, HomeOptions];
  /** Whether a path without a relay has to come about. */
  readonly straight: boolean;
  /** Flags of `waybill tracker`, and how peers name it. */
  readonly tracker: { readonly flags: readonly string[]; readonly by: TrackerBy };
}

export interface CellResult {
  /** From when both programs were ready until one had the other online. */
  readonly connectedMs: number;
  readonly firstPath: PathKind;
  readonly finalPath: PathKind;
  /** From the same moment until the final path stood. */
  readonly finalMs: number;
  /** The peer's own words for why its path is not a better one. */
  readonly reason: string | null;
  readonly messageMs: number;
  readonly megabytesPerSecond: number;
}

export async function runCell(plan: CellPlan): Promise<CellResult> {
  return onStage(async (stage) => {
    const lab = await NatLab.open(stage, plan.families);
    const server = await lab.host();
    const [here, there] = await places(lab, plan);
    await startTracker(server.namespace, stage.folder(), plan.tracker.flags);
    const tracker = plan.tracker.by(server.ipv4 ?? server.ipv6 ?? "");
    const [alice, bob] = await Promise.all([
      stage.peer("alice", here, ["--tracker", tracker]),
      stage.peer("bob", there, ["--tracker", tracker]),
    ]);
    const readyMs = performance.now();
    const firstPath = await alice.sees("has bob online", bob, CONNECT_TIMEOUT_MS, pathOf);
    const connectedMs = performance.now() - readyMs;
    const messageMs = await message(alice, bob);
    const settled = await settle(alice, bob, plan.straight);
    const finalMs = performance.now() - readyMs;
    return {
      ...{ connectedMs, firstPath, messageMs },
      ...(settled.path === firstPath
        ? { finalPath: firstPath, finalMs: connectedMs }
        : { finalPath: settled.path, finalMs }),
      reason: settled.reason,
      megabytesPerSecond: await file(stage, alice, bob),
    };
  });
}

async function places(lab: NatLab, { place }: CellPlan): Promise<readonly [Namespace, Namespace]> {
  if (place === "building") return lab.building();
  const [one, other] = [await lab.home(place[0]), await lab.home(place[1])];
  return [one.namespace, other.namespace];
}

function pathOf({ online, path }: PersonView): PathKind | null {
  return online ? path : null;
}

/** Waits for a path without a relay, or shows that none comes. */
async function settle(alice: NatPeer, bob: NatPeer, expected: boolean) {
  const startedMs = performance.now();
  const patienceMs = expected ? STRAIGHT_TIMEOUT_MS : WATCH_MS;
  return alice.sees(
    "stays on a path",
    bob,
    patienceMs + CONNECT_TIMEOUT_MS,
    ({ online, path, pathReason }) => {
      if (!online || path === null) return null;
      const late = performance.now() - startedMs > patienceMs;
      return path !== "relayed" || late
        ? { path, reason: path === "relayed" || path === "punched" ? (pathReason?.cause ?? null) : null }
        : null;
    },
  );
}

/** Kept by both sides with both signatures; only that counts as delivered. */
export function isReceipted({ state }: SlipView): boolean {
  return state === "receipted" || state === "anchored";
}

async function message(alice: NatPeer, bob: NatPeer): Promise<number> {
  const startedMs = performance.now();
  const { id } = await alice.call("say", bob.peerId, "Can you hear me?");
  await alice.watches("message delivered", id, DELIVER_TIMEOUT_MS, (slip) =>
    isReceipted(slip) ? true : null,
  );
  return performance.now() - startedMs;
}

/** Megabytes per second from the offer to the receipt: reading back and signing there are part of it. */
async function file(stage: Stage, alice: NatPeer, bob: NatPeer): Promise<number> {
  const path = join(stage.folder(), "content.bin");
  writeFileSync(path, randomBytes(FILE_BYTES));
  const { id } = await alice.call("sendPaths", bob.peerId, [path]);
  const startedMs = performance.now();
  await alice.watches("file delivered", id, DELIVER_TIMEOUT_MS, (slip) => (isReceipted(slip) ? true : null));
  return FILE_BYTES / 1000 / (performance.now() - startedMs);
}
