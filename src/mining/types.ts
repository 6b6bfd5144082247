/** The public types of the miner, and its usual settings. */
import type { AccountId, BlockId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Problem, Result } from "#base/result.ts";
import type { Block } from "#ledger/index.ts";
import type { NonceSearch } from "./search.ts";

/**
 * `on`: mines once enough transactions wait, or the first has waited long enough. `always`: also when none does.
 */
export const MINING_MODES = ["on", "off", "always"] as const;
export type MiningMode = (typeof MINING_MODES)[number];

/** What a person chooses about mining. */
export interface MiningSettings {
  readonly mode: MiningMode;
  /** 1 to {@link MINING_THREADS_MAX}. */
  readonly threads: number;
  /** 1 to 100: the part of the time that each thread works. */
  readonly dutyPercent: number;
  /** Mines as soon as so many transactions wait. */
  readonly afterCount: number;
  /** Mines when the first of fewer has waited for so many seconds. */
  readonly afterSeconds: number;
  /** Whether it mines on while the computer runs on its battery. */
  readonly onBattery: boolean;
}

export const DEFAULT_MINING: MiningSettings = Object.freeze({
  mode: "on",
  threads: 1,
  dutyPercent: 100,
  afterCount: 4,
  afterSeconds: 5,
  onBattery: false,
});

/** Where the computer's power comes from; `unknown` where the system does not say. */
export type PowerSource = "mains" | "battery" | "unknown";

export interface MiningStatus {
  readonly settings: MiningSettings;
  readonly power: PowerSource;
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
    readonly params: {
      readonly targetSpacingSeconds: number;
      readonly minGapSeconds: number;
      readonly maxFutureSeconds: number;
    };
  };
  tip(): { readonly id: BlockId; readonly header: { readonly height: number; readonly time: number } };
  /** Of the best chain; `null` above the tip, and where it is not kept. */
  headerAt(height: number): { readonly time: number } | null;
  /** What waits, with the moment when this peer first had it, ms since the Unix epoch. */
  pool(): readonly { readonly receivedMs: number }[];
  /** How many wait. Asked at every transaction that comes in, so it takes no longer when many do. */
  poolSize(): number;
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

/** Settings left out are those of {@link DEFAULT_MINING}. */
export interface MinerOptions extends Partial<MiningSettings> {
  /** Who is paid. */
  readonly account: AccountId;
}

export interface MinerDependencies {
  readonly chain: MinedChain;
  readonly clock: MinerClock;
  readonly log: MinerLog;
  readonly random: { below(bound: number): number };
  readonly search: NonceSearch;
}

export interface Miner {
  settings(): MiningSettings;
  /** Holds at once. Values are checked by whoever takes them from outside. */
  change(settings: Partial<MiningSettings>): void;
  /** Where the computer's power comes from from now on. */
  setPower(source: PowerSource): void;
  status(): MiningStatus;
  subscribe(listener: (event: MiningEvent) => void): Unsubscribe;
  /** Stops the search and ends its threads. */
  close(): Promise<void>;
}
