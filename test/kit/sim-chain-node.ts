/**
 * Owns whole ledger nodes for simulations: chain, checkpoints, wallet and miner, as the composition root joins them,
 * over stores that outlive stops and power cuts. Deliveries are left out; nodes with messages are in `sim-node.ts`.
 */
import type { AccountId, PeerId } from "#base/brand.ts";
import {
  type Chain,
  type CheckpointStore,
  type Checkpoints,
  finalBlocksOf,
  type OpenedChain,
  openChain,
  openCheckpoints,
  openWallet,
  type SigningMark,
  type Wallet,
} from "#chain/index.ts";
import type { PoolBounds } from "#chain/pool/pool.ts";
import type { SnapshotPolicy, SnapshotStore } from "#chain/snapshots/snapshot-store.ts";
import type { BlockStore } from "#chain/store.ts";
import type { HistoryStore } from "#chain/sync/history-check.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { SignatureChecker } from "#crypto/signature-checker.ts";
import type { Network as LedgerNetwork } from "#ledger/index.ts";
import { type Miner, type MiningMode, openMiner } from "#mining/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { memoryCheckpoints } from "#storage/memory/checkpoints.ts";
import { memorySnapshots } from "#storage/memory/snapshots.ts";
import type { ComputerClock, SimulatedClock } from "./clock.ts";
import type { SimulatedNetwork } from "./network.ts";
import type { SeededRandom } from "./random.ts";
import { openTimedSearch, type TimedSearch } from "./sim-search.ts";
import { type FailingStore, failingStore, isPowerCut } from "./sim-store.ts";

export interface ChainNodeOptions {
  readonly name: string;
  readonly keypair: Keypair;
  readonly ledger: LedgerNetwork;
  readonly clock: SimulatedClock;
  readonly network: SimulatedNetwork;
  readonly random: SeededRandom;
  readonly signatures: SignatureChecker;
  /** 0 for a node that does not mine. */
  readonly hashesPerSecond: number;
  /** When it mines, if it does: `on` when absent. */
  readonly mode?: MiningMode;
  /** Lets go of old bodies, and cuts and takes snapshots, after few blocks; when absent it keeps all and does neither. */
  readonly thrift?: { readonly keepBlocks: number | null; readonly snapshotPolicy: SnapshotPolicy };
  /** How much may wait in its pool; as much as `src/chain/limits.ts` says when absent. */
  readonly poolBounds?: Partial<PoolBounds>;
  /** Stands between the node and the network: an attacker sees and says other things than its node. */
  readonly wrapNetwork?: (network: Network) => Network;
}

/** What exists while the node runs. */
interface Run {
  readonly clock: ComputerClock;
  readonly disk: FailingStore;
  readonly chain: Chain;
  readonly holdings: OpenedChain["holdings"];
  readonly checkpoints: Checkpoints;
  readonly wallet: Wallet;
  readonly miner: Miner;
  readonly search: TimedSearch;
}

export class ChainNode {
  readonly name: string;
  readonly keypair: Keypair;
  /** What was logged as a fault of ours. */
  readonly faults: unknown[] = [];
  /** Power cuts so far, and those of them while the store was being opened. */
  readonly cuts = { all: 0, opening: 0 };
  /** What its key has signed as a checkpoint, over all runs and folders, in order. */
  readonly signed: SigningMark[] = [];
  readonly #options: ChainNodeOptions;
  #content = memoryBlocks();
  #snapshots = memorySnapshots();
  #history = memoryHistory();
  #checkpointFile = memoryCheckpoints();
  #hashesPerSecond: number;
  #run: Run | null = null;
  #opening: { readonly clock: ComputerClock; readonly disk: FailingStore } | null = null;
  #runs = 0;
  #clockOffMs = 0;
  #cutAt: { readonly writes: number; readonly isDone: boolean } | null = null;
  #onStopped: () => void = () => undefined;

  constructor(options: ChainNodeOptions) {
    this.name = options.name;
    this.keypair = options.keypair;
    this.#options = options;
    this.#hashesPerSecond = options.hashesPerSecond;
  }

  get id(): PeerId {
    return this.keypair.peerId;
  }

  get account(): AccountId {
    return this.keypair.account;
  }

  get running(): boolean {
    return this.#run !== null;
  }

  get chain(): Chain {
    return this.#current().chain;
  }

  /** What its chain, and what it knows of checkpoints, hold in memory for others. */
  get holdings(): ReturnType<OpenedChain["holdings"]> {
    const { holdings, checkpoints } = this.#current();
    return [...holdings(), ...checkpoints.holdings()];
  }

  get checkpoints(): Checkpoints {
    return this.#current().checkpoints;
  }

  get wallet(): Wallet {
    return this.#current().wallet;
  }

  get miner(): Miner {
    return this.#current().miner;
  }

  /** What is on its disk, beneath all power cuts. */
  get content(): BlockStore {
    return this.#content;
  }

  /** The snapshots on its disk. */
  get snapshots(): SnapshotStore {
    return this.#snapshots;
  }

  get hashesPerSecond(): number {
    return this.#hashesPerSecond;
  }

  #current(): Run {
    if (this.#run === null) throw new Error(`${this.name} does not run`);
    return this.#run;
  }

  get #mode(): MiningMode {
    return this.#hashesPerSecond > 0 ? (this.#options.mode ?? "on") : "off";
  }

  setSpeed(hashesPerSecond: number): void {
    this.#hashesPerSecond = hashesPerSecond;
    this.#run?.search.setSpeed(hashesPerSecond);
    this.#run?.miner.change({ mode: this.#mode });
  }

  /** Its wall clock is off by so much from now on. */
  setClockOff(offMs: number): void {
    this.#clockOffMs = offMs;
  }

  /** The power fails at the write after so many further ones, in this run or the next. */
  cutPowerAfter(writes: number, isDone: boolean): void {
    this.#cutAt = { writes, isDone };
    (this.#run ?? this.#opening)?.disk.failAfter(writes, isDone);
  }

  /** A copy of what it keeps of checkpoints, as of now. */
  copyCheckpoints(): CheckpointStore {
    return copyOf(this.#checkpointFile);
  }

  /** While it does not run: what it keeps of checkpoints is an earlier copy again. */
  putCheckpointsBack(copy: CheckpointStore): void {
    if (this.#run !== null) throw new Error(`${this.name} runs`);
    this.#checkpointFile = copyOf(copy);
  }

  /** While it does not run: its folder is gone, and it begins as a new peer with the same key. */
  loseFolder(): void {
    if (this.#run !== null) throw new Error(`${this.name} runs`);
    this.#content = memoryBlocks();
    this.#snapshots = memorySnapshots();
    this.#history = memoryHistory();
    this.#checkpointFile = memoryCheckpoints();
  }

  /** Resolves when it runs, or when the power failed on the way. */
  async start(): Promise<void> {
    const { network, random } = this.#options;
    if (this.#run !== null || this.#opening !== null) throw new Error(`${this.name} runs already`);
    const computer = this.#options.clock.computer();
    const clock = this.#guarded(computer);
    const disk = failingStore(this.#content, () => this.#powerFailed());
    if (this.#cutAt !== null) disk.failAfter(this.#cutAt.writes, this.#cutAt.isDone);
    this.#opening = { clock: computer, disk };
    const peers = network.find(this.id) === null ? network.addPeer(this.id) : network.start(this.id);
    this.#runs += 1;
    const chance = random.fork(`${this.name} run ${this.#runs}`);
    const stopped = new Promise<null>((resolve) => {
      this.#onStopped = () => resolve(null);
    });
    const opened = this.#open(clock, disk, this.#options.wrapNetwork?.(peers) ?? peers, chance);
    const run = await Promise.race([opened.catch(ignorePowerCut), stopped]);
    if (run === null || this.#opening?.disk !== disk) return;
    this.#opening = null;
    this.#run = { ...run, clock: computer, disk };
  }

  async #open(clock: Clock, disk: FailingStore, peers: Network, random: SeededRandom) {
    const { ledger, keypair, signatures, thrift, poolBounds = {} } = this.#options;
    const shared = { clock, random, log: this.#log() };
    const file = disk.beside(this.#noting(this.#checkpointFile));
    const opened = await openChain(
      { network: ledger, finalBlocks: finalBlocksOf(ledger, file), poolBounds, ...thrift },
      {
        ...shared,
        ...(thrift === undefined ? {} : { snapshots: this.#snapshots, history: this.#history }),
        store: disk.store,
        peers,
        signatures,
      },
    );
    if (!opened.ok) throw new Error(opened.fault.cause);
    const { chain, holdings } = opened.value;
    const checkpoints = openCheckpoints({ ...shared, chain, keypair, peers, store: file });
    const wallet = openWallet({ ...shared, chain, keypair });
    const search = openTimedSearch({ clock, random: random.fork("search") }, this.#hashesPerSecond);
    const mining = { account: keypair.account, mode: this.#mode };
    const miner = openMiner(mining, { ...shared, chain, search });
    return { chain, holdings, checkpoints, wallet, search, miner };
  }

  /** A mark is set before each signature, and for nothing else. */
  #noting(file: CheckpointStore): CheckpointStore {
    return {
      read: () => file.read(),
      write: (change) => file.write(change),
      setMark: (mark) => {
        const written = file.setMark(mark);
        this.signed.push(mark);
        return written;
      },
    };
  }

  /** In order: what waits is written down. */
  async stop(): Promise<void> {
    const { miner, wallet, checkpoints, chain, clock } = this.#current();
    await miner.close();
    await wallet.close();
    await checkpoints.close();
    await chain.close();
    if (this.#run === null) return;
    clock.end();
    this.#options.network.stop(this.id);
    this.#run = null;
  }

  /** As by a power cut between two writes: timers end, the network is dead, what is not in the store is gone. */
  crash(): void {
    this.#current();
    this.#powerFailed();
  }

  #powerFailed(): void {
    this.cuts.all += 1;
    if (this.#opening !== null) this.cuts.opening += 1;
    (this.#run ?? this.#opening)?.clock.end();
    this.#options.network.stop(this.id);
    this.#run = null;
    this.#opening = null;
    this.#cutAt = null;
    this.#onStopped();
  }

  /** The clock of its computer, whose timers die with the power. */
  #guarded(computer: ComputerClock): Clock {
    const guard = (task: () => void) => () => {
      try {
        task();
      } catch (error) {
        if (!isPowerCut(error)) throw error;
      }
    };
    return {
      nowMs: () => computer.nowMs() + this.#clockOffMs,
      monotonicMs: () => computer.monotonicMs(),
      after: (delayMs, task) => computer.after(delayMs, guard(task)),
      every: (periodMs, task) => computer.every(periodMs, guard(task)),
    };
  }

  #log(): Log {
    const log: Log = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      fault: (message, error) => {
        if (!isPowerCut(error)) this.faults.push(`${this.name}: ${message}: ${describe(error)}`);
      },
      child: () => log,
    };
    return log;
  }
}

function memoryHistory(): HistoryStore {
  let store: BlockStore | null = null;
  return {
    current: () => store,
    create: () => {
      store = memoryBlocks();
      return store;
    },
    discard: () => {
      store = null;
    },
  };
}

function copyOf(file: CheckpointStore): CheckpointStore {
  const { mark, ...rest } = file.read();
  const { final, sought, cosignatures, evidence } = rest;
  const copy = memoryCheckpoints();
  if (mark !== null) copy.setMark(mark);
  copy.write({ ...(final === null ? {} : { final }), sought, put: cosignatures, evidence });
  return copy;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What was being opened when the power failed never is. */
function ignorePowerCut(error: unknown): null {
  if (isPowerCut(error)) return null;
  throw error;
}
