/** The shell of transfer: joins offers, pulls, notices and the store. */
import type { PeerId } from "#base/brand.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import type { Disk } from "./disk.ts";
import type { TransferStore } from "./store.ts";
import type { ManifestSummary, OfferDecision, Transfers } from "./types.ts";

export interface TransferOptions {
  readonly keypair: Keypair;
  /** Absolute; `partial/` and `received/` are made below it. */
  readonly dataDir: string;
}

export interface TransferDependencies {
  readonly network: Pick<Network, "self" | "connected" | "subscribe" | "handle" | "open" | "judge">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: TransferStore;
  readonly disk: Disk;
  /** Policy; asked once for each offer. */
  readonly decide: (peer: PeerId, offer: ManifestSummary) => OfferDecision;
  /** The name of the folder for what this peer sends; made safe here. */
  readonly folderOf: (peer: PeerId) => string;
}

/** Registers the protocol and goes on with all that is unfinished. */
export declare function openTransfers(
  options: TransferOptions,
  dependencies: TransferDependencies,
): Promise<Transfers>;
