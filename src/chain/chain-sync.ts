/**
 * Owns the joining of sync to the rest of the chain: what peers may ask of us, what catching up does to us, and what
 * the user is told of it. Decides nothing of how it is done.
 */
import type { PeerId } from "#base/brand.ts";
import { decodeHeader, HEADER_BYTES, workOfBits } from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import type { BestChain } from "./best-chain.ts";
import type { BlockDoor } from "./block-door.ts";
import type { ClockWatch } from "./clock-watch.ts";
import type { HeaderPoint } from "./header-point.ts";
import { headerTree } from "./header-tree.ts";
import { LOW_WORK_BLOCKS, SYNC_ASKED_MIN } from "./limits.ts";
import { TRANSACTION_STANDING } from "./standing.ts";
import type { BlockStore } from "./store.ts";
import { Sync, type SyncListener, type SyncTarget } from "./sync.ts";
import type { Hello } from "./sync-codec.ts";
import type { PoolTarget } from "./sync-pool.ts";
import { SyncProgress } from "./sync-progress.ts";
import { locatorHeights, type SyncSource } from "./sync-server.ts";
import type { TransactionDoor } from "./transaction-door.ts";
import { Turn } from "./turn.ts";
import type { SyncState } from "./types.ts";

export interface ChainSyncDependencies {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: BlockStore;
  readonly best: BestChain;
  readonly blocks: BlockDoor;
  readonly transactions: TransactionDoor;
  readonly clockWatch: ClockWatch;
  /** A transaction that a peer had waiting is new here. */
  readonly onTransaction: (bytes: Uint8Array) => void;
  readonly onOtherNetwork: (peer: PeerId) => void;
  /** What was fetched stands in the chain, or is given up. */
  readonly onFetched: () => void;
  readonly onChange: (state: SyncState) => void;
}

export class ChainSync {
  readonly #dependencies: ChainSyncDependencies;
  readonly #sync: Sync;
  readonly #progress: SyncProgress;
  /** Connected peers that said where they stand. */
  readonly #heard = new Set<PeerId>();

  constructor(dependencies: ChainSyncDependencies) {
    this.#dependencies = dependencies;
    const { network, clock, random, log, best } = dependencies;
    this.#progress = new SyncProgress({
      clock,
      height: () => best.tip.header.height,
      onChange: () => dependencies.onChange(this.state()),
    });
    this.#sync = new Sync({
      network,
      clock,
      random,
      log,
      source: this.#source(),
      target: this.#target(),
      poolFor: (peer) => this.#poolFor(peer),
      listener: this.#listener(),
      turn: () => {
        const turn = new Turn(clock);
        return () => turn.pause();
      },
    });
  }

  state(): SyncState {
    return this.#progress.state();
  }

  elsewhere(): readonly PeerId[] {
    return this.#sync.elsewhere();
  }

  compareWith(peer: PeerId): void {
    this.#sync.compareWith(peer);
  }

  close(): Promise<void> {
    return this.#sync.close();
  }

  #hello(): Hello {
    const { best, clock } = this.#dependencies;
    const { height, chainWork } = best.tip.header;
    return {
      type: "hello",
      chainId: best.network.chainId,
      height,
      tip: best.tip.id,
      work: chainWork,
      bodiesFrom: 0,
      timeSeconds: Math.floor(clock.nowMs() / 1000),
      snapshots: [],
    };
  }

  #source(): SyncSource {
    const { store, best, transactions } = this.#dependencies;
    const { pool } = transactions;
    return {
      chainId: best.network.chainId,
      hello: () => this.#hello(),
      bestHeight: (id) => store.best(id)?.height ?? null,
      headerBytesFrom: (height, limit) =>
        store
          .bestBefore(height + limit, limit)
          .filter((block) => block.height >= height)
          .map((block) => block.header)
          .reverse(),
      blockBytes: (id) => store.body(id),
      poolIds: (limit) =>
        pool
          .entries()
          .slice(0, limit)
          // Who takes them one after the other refuses what lies far behind a gap.
          .sort((a, b) => a.transaction.seq - b.transaction.seq)
          .map((entry) => entry.id),
      transactionBytes: (id) => pool.get(id)?.bytes ?? null,
      chunk: () => null,
    };
  }

  #target(): SyncTarget {
    const { store, best, blocks, random } = this.#dependencies;
    return {
      tree: headerTree(best, store),
      locator: () =>
        locatorHeights(best.tip.header.height)
          .map((height) => store.bestAt(height)?.id)
          .filter((id) => id !== undefined),
      workNeeded: () => this.#workNeeded(),
      workToBeat: () => best.tip.header.chainWork,
      check: (bytes, parent) => {
        const checked = blocks.checkHeader(bytes, parent);
        if (!checked.ok && checked.fault.code === "time-too-far-ahead") this.#watchClock(bytes);
        return checked;
      },
      salt: () => random.bytes(16),
      takeBlock: (bytes) => blocks.submit(bytes, { branchShown: true }),
    };
  }

  /** As much as our chain has, less what its last blocks took: a branch from long ago shows more before it is kept. */
  #workNeeded(): bigint {
    const { header } = this.#dependencies.best.tip;
    if (header.height === 0) return 0n;
    const spared = workOfBits(header.bits) * BigInt(LOW_WORK_BLOCKS);
    return header.chainWork > spared ? header.chainWork - spared : 0n;
  }

  #watchClock(headerBytes: Uint8Array): void {
    const header = decodeHeader(headerBytes.subarray(0, HEADER_BYTES));
    if (header.ok) this.#dependencies.clockWatch.saw(header.value.time);
  }

  #poolFor(peer: PeerId): PoolTarget {
    const { store, network, clock, transactions, onTransaction } = this.#dependencies;
    const turn = new Turn(clock);
    return {
      wants: (id) => !transactions.pool.has(id) && store.place(id) === null,
      takeTransaction: async (bytes) => {
        const taken = transactions.submitBytes(bytes);
        if (!taken.ok) network.judge(peer, TRANSACTION_STANDING[taken.fault.code]);
        else if (taken.value.isNew) onTransaction(bytes);
        await turn.pause();
      },
    };
  }

  #listener(): SyncListener {
    const { best, onOtherNetwork } = this.#dependencies;
    const isHeavier = ({ header }: HeaderPoint): boolean => header.chainWork > best.tip.header.chainWork;
    return {
      onHeaders: (point, targetHeight, isKept) => {
        if (this.#progress.phase === "blocks") return;
        const { height } = point.header;
        const isBehind = isKept && isHeavier(point);
        const total = Math.max(targetHeight, height);
        this.#progress.set({ phase: "headers", isBehind, targetHeight: total, done: height, total });
      },
      onBodies: (target, done, total) => {
        const { height } = target.header;
        this.#progress.set({ phase: "blocks", isBehind: true, targetHeight: height, done, total });
      },
      onLevel: () => this.#rested(),
      onHello: (peer, hello) => this.#heardOf(peer, hello),
      onOtherNetwork,
    };
  }

  #rested(): void {
    const { phase } = this.#progress;
    this.#restPhase();
    if (phase === "headers" || phase === "blocks") this.#dependencies.onFetched();
  }

  #restPhase(): void {
    const connected = this.#dependencies.network.connected().length;
    const isAsked = this.#heard.size >= Math.min(connected, SYNC_ASKED_MIN);
    this.#progress.rest(connected === 0 ? "alone" : isAsked ? "level" : "asking");
  }

  #heardOf(peer: PeerId, hello: Hello | null): void {
    if (hello === null) this.#heard.delete(peer);
    else this.#heard.add(peer);
    const { phase } = this.#progress;
    if (phase === "alone" || phase === "asking" || phase === "level") this.#restPhase();
  }
}
