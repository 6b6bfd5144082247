/**
 * Owns the joining of sync to the rest of the chain: what peers may ask of us, what catching up does to us, and what
 * the user is told of it. Decides nothing of how it is done. It is long, since what is joined is joined in one place.
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import { ok, type Problem, problem } from "#base/result.ts";
import type { SignatureChecker } from "#crypto/signature-checker.ts";
import { decodeHeader, HEADER_BYTES, workOfBits } from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import type { BestChain } from "../best-chain.ts";
import type { BlockDoor } from "../block-door.ts";
import type { ClockWatch } from "../clock-watch.ts";
import type { HeaderPoint } from "../header-point.ts";
import type { Holding } from "../holding.ts";
import { CONVERSATIONS_MAX, LOW_WORK_BLOCKS, SYNC_ASKED_MIN } from "../limits.ts";
import type { TransactionDoor } from "../pool/transaction-door.ts";
import { SNAPSHOT_PARTS } from "../snapshots/snapshot-fetch.ts";
import { SnapshotMaker } from "../snapshots/snapshot-maker.ts";
import type { SnapshotPolicy, SnapshotStore } from "../snapshots/snapshot-store.ts";
import { TRANSACTION_STANDING } from "../standing.ts";
import type { BlockStore } from "../store.ts";
import type { Move } from "../trail.ts";
import { Turn } from "../turn.ts";
import type { SyncState } from "../types.ts";
import type { MissingBranch } from "./body-fetch.ts";
import { headerTree } from "./header-tree.ts";
import { HistoryCheck, type HistoryStore } from "./history-check.ts";
import { MissingBodies } from "./missing-bodies.ts";
import { Sync } from "./sync.ts";
import type { Hello } from "./sync-codec.ts";
import type { PoolTarget } from "./sync-pool.ts";
import { SyncProgress } from "./sync-progress.ts";
import { locatorHeights, type SyncSource } from "./sync-server.ts";
import type { SyncListener, SyncTarget } from "./sync-target.ts";

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
  readonly signatures: Pick<SignatureChecker, "check">;
  /** Where snapshots for others are kept; none are made or taken over when absent. */
  readonly snapshots: SnapshotStore | null;
  /** Where what lies under a snapshot is checked; none is taken over when absent. */
  readonly history: HistoryStore | null;
  /** As in {@link ChainOptions}. */
  readonly keepBlocks: number | null;
  readonly snapshotPolicy: SnapshotPolicy;
  /** A transaction that a peer had waiting is new here. */
  readonly onTransaction: (bytes: Uint8Array) => void;
  readonly onOtherNetwork: (peer: PeerId) => void;
  /** A block under the snapshot breaks the rules: the ledger is to begin anew without it. */
  /** @param onLeft to be called once the chain stands on it no more. */
  readonly onHistoryWrong: (id: BlockId, told: Problem, onLeft: () => void) => void;
  /** What was fetched stands in the chain, or is given up. */
  readonly onFetched: () => void;
  readonly onChange: (state: SyncState) => void;
  /** {@link ChainSync.problem} is another. */
  readonly onProblem: () => void;
}

export class ChainSync {
  readonly #dependencies: ChainSyncDependencies;
  readonly #sync: Sync;
  readonly #progress: SyncProgress;
  /** Connected peers that said where they stand. */
  readonly #heard = new Set<PeerId>();
  /** Connected peers that were asked and did not say: trackers, other networks, and who is silent. */
  readonly #silent = new Set<PeerId>();
  readonly #maker: SnapshotMaker | null;
  readonly #history: HistoryCheck | null;
  readonly #missing: MissingBodies;
  /** A snapshot led to a false state: none is taken over any more. */
  #distrusts = false;
  #isTakingOver = false;
  /** What is missing and nobody has. */
  #nowhere: MissingBranch | null = null;
  /** Nothing is being fetched. */
  #isAtRest = true;

  constructor(dependencies: ChainSyncDependencies) {
    this.#dependencies = dependencies;
    const { network, clock, random, log, best } = dependencies;
    this.#progress = new SyncProgress({
      clock,
      height: () => best.tip.header.height,
      onChange: () => dependencies.onChange(this.state()),
    });
    this.#maker = this.#makerFor(dependencies.snapshots);
    this.#history = this.#historyIn(dependencies.history);
    this.#history?.resume();
    this.#missing = new MissingBodies({
      ...dependencies,
      isHistoryWhole: () => this.isHistoryWhole,
      fillIn: (bytes) => dependencies.blocks.fillIn(bytes),
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
      turn: () => this.#turn(),
    });
  }

  #turn(): () => Promise<void> {
    const turn = new Turn(this.#dependencies.clock);
    return () => turn.pause();
  }

  #makerFor(snapshots: SnapshotStore | null): SnapshotMaker | null {
    const { store, log, snapshotPolicy } = this.#dependencies;
    if (snapshots === null) return null;
    const isBusy = (): boolean => this.state().state === "syncing";
    return new SnapshotMaker({ policy: snapshotPolicy, store, snapshots, log, isBusy, pause: this.#turn() });
  }

  #historyIn(history: HistoryStore | null): HistoryCheck | null {
    const { best, store, clock, log, signatures, keepBlocks, onHistoryWrong } = this.#dependencies;
    if (history === null) return null;
    return new HistoryCheck({
      history,
      best,
      store,
      clock,
      log,
      signatures,
      keptFrom: () => (keepBlocks === null ? 0 : best.tip.header.height - keepBlocks),
      onProgress: (checked) => this.#progress.setHistory(checked),
      onHindered: () => this.#dependencies.onProblem(),
      onWrong: (id, told, onLeft) => {
        this.#distrusts = true;
        onHistoryWrong(id, told, onLeft);
      },
    });
  }

  /** To be told of every move of the best chain, at once. */
  moved(move: Move): void {
    this.#maker?.moved(move);
    this.#maker?.consider();
    if (move.disconnected.length > 0) this.#history?.wentAnotherWay();
    // What we have is heavier now: the other is not missed any more.
    const { chainWork } = this.#dependencies.best.tip.header;
    if (chainWork > (this.#nowhere?.target.header.chainWork ?? chainWork)) this.#blocksNowhere(null);
  }

  state(): SyncState {
    return this.#progress.state();
  }

  holdings(): readonly Holding[] {
    const limit = this.#dependencies.network.connected().length + CONVERSATIONS_MAX;
    return [
      { what: "peers that said where they stand", count: this.#heard.size, limit },
      { what: "peers that did not say", count: this.#silent.size, limit },
      ...this.#sync.holdings(),
      ...(this.#maker?.holdings() ?? []),
      ...(this.#history?.holdings() ?? []),
    ];
  }

  /** Why catching up does not go on; `null` when it does, or has nothing to do. */
  get problem(): Problem | null {
    if (this.#nowhere === null) return this.#history?.problem ?? null;
    return problem(
      "blocks-nowhere",
      `No peer that is connected keeps block ${this.#nowhere.height} of the ledger, from which on this one must check it.`,
      "Connect to a peer that keeps all blocks (it runs without --keep-blocks); it goes on by itself.",
    );
  }

  /** Whether all blocks since the first are known: what is not found in them was never recorded. */
  get isHistoryWhole(): boolean {
    return !this.#isTakingOver && (this.#history?.isWhole ?? true);
  }

  /** Connected peers that said where they stand. */
  get heardCount(): number {
    return this.#heard.size;
  }

  elsewhere(): ReadonlyMap<PeerId, string> {
    return this.#sync.elsewhere();
  }

  compareWith(peer: PeerId): void {
    this.#sync.compareWith(peer);
  }

  async close(): Promise<void> {
    await this.#sync.close();
    await this.#history?.close();
    await this.#maker?.close();
  }

  #hello(): Hello {
    const { best, store } = this.#dependencies;
    const { height, chainWork } = best.tip.header;
    return {
      type: "hello",
      chainId: best.network.chainId,
      height,
      tip: best.tip.id,
      work: chainWork,
      bodiesFrom: store.bodiesFrom(),
      snapshots: this.#maker?.offered() ?? [],
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
      chunk: (at, key) => this.#maker?.chunk(at, key) ?? null,
    };
  }

  #target(): SyncTarget {
    const { store, best, blocks, random, snapshotPolicy } = this.#dependencies;
    return {
      tree: headerTree(best, store),
      locator: () =>
        locatorHeights(best.tip.header.height)
          .map((height) => store.bestAt(height)?.id)
          .filter((id) => id !== undefined),
      workNeeded: () => this.#workNeeded(),
      workToBeat: () => best.workToBeat,
      check: (from, bytes, parent) => {
        const checked = blocks.checkHeader(bytes, parent);
        if (!checked.ok && checked.fault.code === "time-too-far-ahead") this.#watchClock(bytes, from);
        return checked;
      },
      salt: () => random.bytes(16),
      takeBlock: (bytes) => blocks.submit(bytes, { branchShown: true }),
      snapshot: {
        policy: snapshotPolicy,
        store: best,
        isWorth: (height) => this.#isSnapshotWorth(height),
        adopt: async (at) => {
          const prepared = this.#history?.prepare() ?? ok();
          if (!prepared.ok) return prepared;
          this.#isTakingOver = true;
          const taken = await blocks.takeOver(at);
          // Also when nothing was taken over: then nothing is to be checked, and what was prepared goes.
          this.#history?.resume();
          this.#isTakingOver = false;
          return taken;
        },
      },
      history: {
        needed: () => this.#history?.needed() ?? null,
        pointAt: (height) => this.#history?.pointAt(height) ?? null,
        takeBlock: (bytes) => this.#takeOldBlock(bytes),
      },
      missing: {
        needed: () => this.#missing.needed(),
        pointAt: (height) => this.#missing.pointAt(height),
        takeBlock: (bytes) => this.#missing.take(bytes),
      },
    };
  }

  /** Not by standing on genesis: one cheap block, or an hour of mining alone, would make a new peer fetch block by block. */
  #isSnapshotWorth(bestHeight: number): boolean {
    const { best, snapshotPolicy } = this.#dependencies;
    const { worthBlocks } = snapshotPolicy;
    const { height } = best.tip.header;
    if (this.#history === null || this.#distrusts || !this.isHistoryWhole) return false;
    return height < worthBlocks && bestHeight - height >= worthBlocks;
  }

  #takeOldBlock(bytes: Uint8Array): ReturnType<SyncTarget["takeBlock"]> {
    const unavailable = { ok: false, fault: { code: "unavailable", cause: "nothing is checked" } } as const;
    return this.#history?.take(bytes) ?? Promise.resolve(unavailable);
  }

  /** As much as our chain has, less what its last blocks took: a branch from long ago shows more before it is kept. */
  #workNeeded(): bigint {
    const { best } = this.#dependencies;
    const { header } = best.tip;
    // What enough have signed outweighs any work.
    if (header.height === 0 || best.finality.isSeeking) return 0n;
    const spared = workOfBits(header.bits) * BigInt(LOW_WORK_BLOCKS);
    return header.chainWork > spared ? header.chainWork - spared : 0n;
  }

  #watchClock(headerBytes: Uint8Array, from: PeerId): void {
    const header = decodeHeader(headerBytes.subarray(0, HEADER_BYTES));
    if (header.ok) this.#dependencies.clockWatch.saw(header.value.time, from);
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
        const { phase } = this.#progress;
        if (!this.#isAtRest && (phase === "blocks" || phase === "snapshot")) return;
        this.#isAtRest = false;
        const { height } = point.header;
        const isBehind = isKept && isHeavier(point);
        const total = Math.max(targetHeight, height);
        this.#progress.set({ phase: "headers", isBehind, targetHeight: total, done: height, total });
      },
      onSnapshot: ({ header }, done) => {
        this.#isAtRest = false;
        const { height } = header;
        this.#progress.set({
          phase: "snapshot",
          isBehind: true,
          targetHeight: height,
          done,
          total: SNAPSHOT_PARTS,
        });
      },
      onBodies: (target, done, total, isDoubted) => {
        this.#isAtRest = false;
        const { height } = target.header;
        this.#progress.set({ phase: "blocks", isBehind: !isDoubted, targetHeight: height, done, total });
      },
      onNowhere: (missing) => this.#blocksNowhere(missing),
      onLevel: () => this.#rested(),
      onHello: (peer, hello) => this.#heardOf(peer, hello),
      onSilent: (peer) => {
        if (!this.#heard.has(peer)) this.#silent.add(peer);
        this.#restAgain();
      },
      onOtherNetwork,
    };
  }

  #blocksNowhere(missing: MissingBranch | null): void {
    const before = this.#nowhere;
    this.#nowhere = missing;
    if (before?.height === missing?.height) return;
    this.#restAgain();
    this.#dependencies.onProblem();
  }

  #rested(): void {
    const hasFetched = !this.#isAtRest;
    this.#isAtRest = true;
    this.#restPhase();
    if (hasFetched) this.#dependencies.onFetched();
  }

  #restPhase(): void {
    const { network, best } = this.#dependencies;
    const peers = network.connected().filter(({ peer }) => !this.#silent.has(peer)).length;
    const isAsked = this.#heard.size >= Math.min(peers, SYNC_ASKED_MIN);
    const total = this.#nowhere?.target.header.height ?? 0;
    const done = Math.min(best.tip.header.height, total);
    // In step with nobody, but not kept from mining either: nobody may have it at all.
    if (peers > 0 && total > 0)
      this.#progress.set({ phase: "blocks", isBehind: false, targetHeight: total, done, total });
    else this.#progress.rest(peers === 0 ? "alone" : isAsked ? "level" : "asking");
  }

  #restAgain(): void {
    if (this.#isAtRest) this.#restPhase();
  }

  #heardOf(peer: PeerId, hello: Hello | null): void {
    if (hello === null) this.#heard.delete(peer);
    else this.#heard.add(peer);
    this.#silent.delete(peer);
    this.#restAgain();
  }
}
