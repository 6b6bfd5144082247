/** The shell of messaging: streams, timers and commits around the decisions of `receive.ts` and `outbox.ts`. */
import type { PeerId } from "#base/brand.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import type { MessageStore } from "./store.ts";
import type { Messaging } from "./types.ts";

export interface MessagingOptions {
  readonly keypair: Keypair;
}

export interface MessagingDependencies {
  readonly network: Pick<Network, "self" | "connected" | "subscribe" | "handle" | "open" | "judge">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: MessageStore;
  /** Whether messages of this peer are taken now. A refused sender keeps its messages and is told "blocked". */
  readonly admits: (peer: PeerId) => boolean;
}

/** Registers the protocol and begins to send what waits. */
export declare function openMessaging(
  options: MessagingOptions,
  dependencies: MessagingDependencies,
): Promise<Messaging>;
