/** The public types of the miner. Types only. */
import type { AccountId, BlockId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Problem, Result } from "#base/result.ts";
import type { Block } from "#ledger/index.ts";
import type { NonceSearch } from "./search.ts";

/** `on`: mines while at least one transaction waits. */
export type MiningMode = "on" | "off";

export interface MiningStatus {
  readonly mode: MiningMode;
  /** A search is running now. */
  readonly active: boolean;
  /** Over the last seconds of search; 0 when idle. */
  readonly hashesPerSecond: number;
  /** Why nothing is mined now; `null` while mining. */
  readonly reason: Problem | null;
}

export type MiningEvent =
  | { readonly type: "StatusChanged"; readonly status: MiningStatus }
  /** A block of ours was taken onto the best chain. */
  | { readonly type: "BlockMined"; readonly id: BlockId };

/** What the miner needs of a chain. */
export interface MinedChain {
  readonly network: {
    readonly params: { readonly minGapSeconds: number; readonly maxFutureSeconds: number };
  };
  tip(): { readonly id: BlockId; readonly header: { readonly time: number } };
  pool(): readonly unknown[];
  syncState(): { readonly state: "synced" | "syncing" };
  /** Whether a branch as heavy as ours is known. */
  isContested(): boolean;
  template(
    miner: AccountId,
    timeSeconds: number,
  ): { readonly block: Block; readonly transactionCount: number };
  submitBlock(
    bytes: Uint8Array,
  ): Promise<Result<{ readonly code: string; readonly id: BlockId }, { readonly code: string }>>;
  subscribe(listener: (event: { readonly type: string }) => void): Unsubscribe;
}

/** The part of a clock that mining needs. */
export interface MinerClock {
  nowMs(): number;
  monotonicMs(): number;
  after(delayMs: number, task: () => void): { cancel(): void };
}

/** The part of a log that mining needs. */
export interface MinerLog {
  info(message: string, fields?: Readonly<Record<string, string | number>>): void;
  fault(message: string, error: unknown): void;
}

export interface MinerOptions {
  /** Who is paid. */
  readonly account: AccountId;
  readonly mode: MiningMode;
}

export interface MinerDependencies {
  readonly chain: MinedChain;
  readonly clock: MinerClock;
  readonly log: MinerLog;
  readonly random: { below(bound: number): number };
  readonly search: NonceSearch;
}

export interface Miner {
  mode(): MiningMode;
  setMode(mode: MiningMode): void;
  status(): MiningStatus;
  subscribe(listener: (event: MiningEvent) => void): Unsubscribe;
  /** Stops the search and ends the worker. */
  close(): Promise<void>;
}
