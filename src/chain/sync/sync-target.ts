/** What sync needs of the rest of the chain, and whom it tells. Types only. */
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import type { HeaderPoint } from "../header-point.ts";
import type { SnapshotFetchDependencies } from "../snapshots/snapshot-fetch.ts";
import type { BodyFetchDependencies } from "./body-fetch.ts";
import type { BranchDependencies, HistoryDependencies } from "./body-routes.ts";
import type { Hello } from "./sync-codec.ts";
import type { HeaderSyncDependencies } from "./sync-headers.ts";
import type { PoolTarget } from "./sync-pool.ts";
import type { SyncSource } from "./sync-server.ts";

/** Our side, as catching up needs it. */
export interface SyncTarget
  extends Omit<HeaderSyncDependencies, "check" | "progress" | "isTurnOver" | "pause">,
    Pick<BranchDependencies, "workToBeat">,
    Pick<BodyFetchDependencies, "takeBlock"> {
  /** @param from who sent it. */
  readonly check: (
    from: PeerId,
    ...header: Parameters<HeaderSyncDependencies["check"]>
  ) => ReturnType<HeaderSyncDependencies["check"]>;
  readonly snapshot: Pick<SnapshotFetchDependencies, "policy" | "store" | "isWorth" | "adopt">;
  /** What lies under a snapshot that was taken over. */
  readonly history: Pick<HistoryDependencies, "needed" | "pointAt"> &
    Pick<BodyFetchDependencies, "takeBlock">;
  /** Bodies of our best chain that are to be here and are not. */
  readonly missing: Pick<HistoryDependencies, "needed" | "pointAt"> &
    Pick<BodyFetchDependencies, "takeBlock">;
}

/** What is told of catching up. */
export interface SyncListener {
  /** Headers are being fetched; `kept` as in `sync-headers.ts`. */
  readonly onHeaders: (point: HeaderPoint, targetHeight: number, kept: boolean) => void;
  readonly onSnapshot: SnapshotFetchDependencies["progress"];
  readonly onBodies: BodyFetchDependencies["progress"];
  readonly onNowhere: BodyFetchDependencies["onNowhere"];
  /** Nothing is being fetched any more. */
  readonly onLevel: () => void;
  /** A peer said where it stands and what its clock shows; `null` when it is gone. */
  readonly onHello: (peer: PeerId, hello: Hello | null) => void;
  /** A peer was asked where it stands and did not say: it speaks of no chain, of another one, or not at all. */
  readonly onSilent: (peer: PeerId) => void;
  readonly onOtherNetwork: (peer: PeerId) => void;
}

export interface SyncDependencies {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly source: SyncSource;
  readonly target: SyncTarget;
  /** A view of our pool for a conversation with `peer`, on whom it may pass judgement. */
  readonly poolFor: (peer: PeerId) => PoolTarget;
  readonly listener: SyncListener;
  /** Between pieces of work, so that others get their turn; one for each conversation. */
  readonly turn: () => () => Promise<void>;
}
