/**
 * Owns the joining of the chain's parts: doors, best chain, pool, relay and sync, and the events that tell of them.
 * Decides nothing by itself. It is long because what is joined is joined in one place.
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import { ok, type Problem, problem, type Result } from "#base/result.ts";
import { accountOfPeer } from "#crypto/peer-id.ts";
import { inThreadSignatureChecker, type SignatureChecker } from "#crypto/signature-checker.ts";
import {
  type Block,
  type BlockRef,
  buildTemplate,
  decodeBlock,
  type Network as LedgerNetwork,
  type SignedTransaction,
} from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Judgement, Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import { BestChain } from "./best-chain.ts";
import { BlockDoor } from "./block-door.ts";
import type { FinalBlocks } from "./checkpoints/finality.ts";
import { ClockWatch } from "./clock-watch.ts";
import type { Holding } from "./holding.ts";
import { REPAIRS_TOLD_MAX, SNAPSHOT_POLICY } from "./limits.ts";
import type { PoolBounds } from "./pool/pool.ts";
import { type PoolChange, TransactionDoor } from "./pool/transaction-door.ts";
import { ChainQueries } from "./queries.ts";
import { AnnouncedBlocks } from "./relay/announced-blocks.ts";
import { Relay } from "./relay/relay.ts";
import type { SnapshotPolicy, SnapshotStore } from "./snapshots/snapshot-store.ts";
import { BLOCK_STANDING, TRANSACTION_STANDING } from "./standing.ts";
import type { BlockStore, StoreFault } from "./store.ts";
import { ChainSync } from "./sync/chain-sync.ts";
import type { HistoryStore } from "./sync/history-check.ts";
import type { Move } from "./trail.ts";
import { Turn } from "./turn.ts";
import type {
  BlockSummary,
  Chain,
  ChainEvent,
  MiningTemplate,
  OpenedChain,
  SubmitFault,
  SyncState,
} from "./types.ts";

export interface ChainOptions {
  readonly network: LedgerNetwork;
  /** What `checkpoints.ts` knew when it last ran; none when absent. */
  readonly finalBlocks?: FinalBlocks;
  /** Bodies further below the tip are dropped, at least `KEEP_BLOCKS_MIN`; all are kept when not given. */
  readonly keepBlocks?: number | null;
  /** `SNAPSHOT_POLICY` when not given. */
  readonly snapshotPolicy?: SnapshotPolicy;
  /** How much may wait, where it is not to be as much as `limits.ts` says. */
  readonly poolBounds?: Partial<PoolBounds>;
}

export interface ChainDependencies {
  readonly store: BlockStore;
  /** The peers; types of `ports/network.ts`. */
  readonly peers: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The caller's to close, afterwards. On the calling thread when absent. */
  readonly signatures?: Pick<SignatureChecker, "check">;
  /** Where snapshots that others may ask for are kept; none are made when absent. */
  readonly snapshots?: SnapshotStore;
  /** Where what lies under a snapshot is checked; without it a new peer begins at the first block. */
  readonly history?: HistoryStore;
}

/**
 * Opens the chain over its store and begins to talk with peers. A damaged store is repaired from its own blocks.
 * @returns a problem when the store holds another network's ledger, or cannot be written at all.
 */
export async function openChain(
  options: ChainOptions,
  dependencies: ChainDependencies,
): Promise<Result<OpenedChain, Problem>> {
  const opened = BestChain.open(options.network, dependencies.store, options);
  if (!opened.ok) return opened;
  const { best, repaired } = opened.value;
  if (repaired !== null) dependencies.log.warn("the ledger on disk was repaired", { code: repaired.code });
  const chain = new JoinedChain(best, dependencies, repaired, options);
  await chain.begin();
  const surface = chain.surface();
  const holdings = (): readonly Holding[] => chain.holdings();
  return ok({ chain: surface, repaired: surface.repairs()[0] ?? null, holdings });
}

class JoinedChain {
  readonly #best: BestChain;
  readonly #dependencies: ChainDependencies;
  readonly #events: Emitter<ChainEvent>;
  readonly #blocks: BlockDoor;
  readonly #transactions: TransactionDoor;
  readonly #queries: ChainQueries;
  /** A flood of transactions must not hold the thread. */
  readonly #gossipTurn: Turn;
  readonly #clockWatch: ClockWatch;
  #relay: Relay | null = null;
  #announced: AnnouncedBlocks | null = null;
  #sync: ChainSync | null = null;
  #problem: Problem | null = null;
  readonly #repairs: Problem[];
  readonly #options: ChainOptions;
  readonly #signatures: Pick<SignatureChecker, "check">;

  /** @param repaired what opening the store already put right. */
  constructor(
    best: BestChain,
    dependencies: ChainDependencies,
    repaired: Problem | null,
    options: ChainOptions,
  ) {
    this.#best = best;
    this.#options = options;
    this.#repairs = repaired === null ? [] : [repaired];
    this.#dependencies = dependencies;
    const { store, clock, log } = dependencies;
    this.#events = new Emitter((error) => log.fault("a listener of the chain failed", error));
    this.#gossipTurn = new Turn(clock);
    const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
    this.#clockWatch = new ClockWatch({
      maxFutureSeconds: best.network.params.maxFutureSeconds,
      clock,
      peerCount: () => this.#sync?.heardCount ?? 0,
      onChange: () => this.#tellProblem(),
    });
    const signatures = dependencies.signatures ?? inThreadSignatureChecker();
    this.#signatures = signatures;
    this.#transactions = new TransactionDoor(
      {
        own: accountOfPeer(dependencies.peers.self),
        best,
        store,
        clock,
        log,
        signatures,
        onChange: (change) => this.#poolChanged(change),
      },
      options.poolBounds,
    );
    this.#blocks = new BlockDoor({
      best,
      store,
      clock,
      log,
      isVerified: (transaction) => this.#transactions.isVerified(transaction),
      signatures,
      onMove: (move, pause) => this.#moved(move, pause),
      onRival: () => this.#events.emit({ type: "TipContested" }),
      onStore: (fault) => this.#storeChanged(fault),
      onTakenOver: () => this.#transactions.storeRenewed(),
      onRepaired: (repaired) => this.#repaired(repaired),
    });
    best.finality.onOutcome((outcome) => this.#events.emit({ type: "FinalBlock", ...outcome }));
    this.#queries = new ChainQueries({
      best,
      store,
      pool: this.#transactions.pool,
      nowSeconds,
      isHistoryWhole: () => this.#sync?.isHistoryWhole ?? true,
    });
  }

  /** Resumes what was under way when this node last stopped, then opens the doors to strangers. */
  async begin(): Promise<void> {
    const { peers, clock, random, log, store } = this.#dependencies;
    await this.#blocks.open(() => this.#transactions.restore());
    const { chainId } = this.#best.network;
    const announced = new AnnouncedBlocks({
      network: peers,
      clock,
      random,
      log,
      maxFutureSeconds: this.#best.network.params.maxFutureSeconds,
      isSettled: (id) => this.#blocks.isSettled(id),
      checkHeader: (bytes, parent) => this.#blocks.checkAnnounced(bytes, parent),
      candidates: () => this.#transactions.pool.entries(),
      keptBlock: (id) => this.#keptBlock(id),
      takeBlock: (block, from, wasPassedOn) => this.#takeAnnouncedBlock(block, from, wasPassedOn),
      sawHeader: ({ time }, from) => this.#clockWatch.saw(time, from),
      compareWith: (peer) => this.#sync?.compareWith(peer),
    });
    this.#announced = announced;
    this.#relay = new Relay({
      network: peers,
      clock,
      random,
      log,
      chainId,
      judgeAnnouncement: (bytes, from) => announced.judge(bytes, from),
      takeTransaction: (bytes) => this.#takeGossipedTransaction(bytes),
    });
    this.#sync = new ChainSync({
      network: peers,
      clock,
      random,
      log,
      store,
      best: this.#best,
      blocks: this.#blocks,
      transactions: this.#transactions,
      clockWatch: this.#clockWatch,
      signatures: this.#signatures,
      snapshots: this.#dependencies.snapshots ?? null,
      history: this.#dependencies.history ?? null,
      keepBlocks: this.#options.keepBlocks ?? null,
      snapshotPolicy: this.#options.snapshotPolicy ?? SNAPSHOT_POLICY,
      onHistoryWrong: (id, told, onLeft) => this.#historyWrong(id, told, onLeft),
      onTransaction: (bytes) => this.#relay?.tellTransaction(bytes),
      onOtherNetwork: (peer) => this.#events.emit({ type: "PeerNetworkDiffers", peer }),
      onFetched: () => this.#fetched(),
      onChange: (sync) => this.#events.emit({ type: "SyncChanged", sync }),
      onProblem: () => this.#tellProblem(),
    });
  }

  surface(): Chain {
    const queries = this.#queries;
    const { pool } = this.#transactions;
    const { store, clock } = this.#dependencies;
    return {
      network: this.#best.network,
      tip: () => queries.tip(),
      headerAt: (height) => queries.headerAt(height),
      blockAt: (height) => queries.blockAt(height),
      block: (id) => queries.block(id),
      confirmationsOf: (id) => queries.confirmationsOf(id),
      blocks: (query) => queries.blocks(query),
      summary: (id) => queries.summary(id),
      transaction: (id) => queries.transaction(id),
      anchorState: (id) => queries.anchorState(id),
      transactionsOf: (account, limit) => queries.transactionsOf(account, limit),
      account: (id) => this.#best.state.account(id),
      pendingPayouts: (account) => queries.pendingPayouts(account),
      pool: () => pool.entries(),
      poolSize: () => pool.size,
      pendingOf: (account) => pool.of(account),
      uncoveredOf: (account) => this.#transactions.uncoveredOf(account),
      heldBackOf: (account) => this.#transactions.heldBackOf(account),
      submit: async (transaction) => this.#submit(transaction),
      submitBlock: (bytes) => this.#submitBlock(bytes),
      template: (miner, timeSeconds) => this.#template(miner, timeSeconds),
      nameAt: (name) => queries.nameAt(name),
      stateProof: (key) => queries.stateProof(key),
      commitmentAt: (account, commitment) => queries.commitmentAt(account, commitment),
      checkpointAt: (height) => queries.checkpointAt(height),
      finalBlock: () => this.#best.finality.floor,
      seekFinal: (block) => this.#seekFinal(block),
      inclusion: (id) => queries.inclusion(id),
      feePerByte: () => pool.feePerByte(clock.nowMs()),
      minerShares: (blocks) => queries.minerShares(blocks),
      blocksMinedBy: (account) => store.minedBy(account),
      syncState: () => this.#syncState(),
      peersOnOtherNetworks: () => this.#sync?.elsewhere() ?? new Map(),
      isContested: () => store.hasRival(this.#best.tip.id, this.#best.tip.header.chainWork),
      repairs: () => this.#repairs,
      problem: () => this.#currentProblem(),
      tellAgain: (id) => this.#tellAgain(id),
      subscribe: (listener): Unsubscribe => this.#events.subscribe(listener),
      close: () => this.#close(),
    };
  }

  holdings(): readonly Holding[] {
    return [
      ...this.#transactions.holdings(),
      ...this.#blocks.holdings(),
      ...this.#clockWatch.holdings(),
      ...(this.#relay?.holdings() ?? []),
      ...(this.#announced?.holdings() ?? []),
      ...(this.#sync?.holdings() ?? []),
      { what: "repairs told", count: this.#repairs.length, limit: REPAIRS_TOLD_MAX },
    ];
  }

  async #close(): Promise<void> {
    this.#clockWatch.close();
    await this.#sync?.close();
    await this.#relay?.close();
    await this.#announced?.close();
    await this.#blocks.close();
    this.#transactions.close();
  }

  // Doors ----------------------------------------------------------------------------------------------------

  #submit(transaction: SignedTransaction): Result<SignedId, SubmitFault> {
    const taken = this.#transactions.submitOwn(transaction);
    if (!taken.ok) return taken;
    if (taken.value.isNew) this.#tellAgain(taken.value.id);
    return ok(taken.value.id);
  }

  #tellAgain(id: SignedId): void {
    const entry = this.#transactions.pool.get(id);
    if (entry !== null) this.#relay?.tellTransaction(entry.bytes);
  }

  async #submitBlock(bytes: Uint8Array): ReturnType<Chain["submitBlock"]> {
    const isOversized = bytes.length > this.#best.network.params.maxBlockBytes;
    const decoded = isOversized ? null : decodeBlock(bytes);
    if (decoded?.ok !== true) return this.#blocks.submit(bytes);
    const block = decoded.value;
    // Looked up before it is connected: then nothing of it waits any more.
    const scarce = new Set(block.transactions.filter((each) => this.#transactions.isScarce(each)));
    const outcome = await this.#blocks.submitBlock(block);
    if (outcome.ok && outcome.value.code === "connected") {
      this.#announced?.remember(block);
      this.#relay?.announce(block, (transaction) => scarce.has(transaction));
    }
    return outcome;
  }

  #announce(id: BlockId): void {
    const block = this.#keptBlock(id);
    if (block === null) return;
    this.#announced?.remember(block);
    this.#relay?.announce(block);
  }

  /** `null` when it is not kept with its body, or was found invalid. */
  #keptBlock(id: BlockId): Block | null {
    const { store } = this.#dependencies;
    if (store.entry(id)?.invalid !== false) return null;
    const bytes = store.body(id);
    const decoded = bytes === null ? null : decodeBlock(bytes);
    return decoded?.ok === true ? decoded.value : null;
  }

  /** Nobody is judged: its header was sound, and that is all that whoever announced it need have known. */
  async #takeAnnouncedBlock(block: Block, from: PeerId, wasPassedOn: boolean): Promise<void> {
    const outcome = await this.#blocks.submitBlock(block);
    if (outcome.ok) {
      const { code } = outcome.value;
      if (code === "connected" && !wasPassedOn) this.#relay?.announce(block);
      // Heavier than ours and not reached: of what it stands on some was never more than a header here.
      if (code === "side-branch" && block.header.chainWork > this.#best.workToBeat)
        this.#sync?.compareWith(from);
      return;
    }
    const { code } = outcome.fault;
    this.#dependencies.log.debug("an announced block was not taken", { block: block.id, from, code });
    if (BLOCK_STANDING[code] === "ignore") this.#sync?.compareWith(from);
  }

  async #takeGossipedTransaction(bytes: Uint8Array): Promise<Judgement> {
    await this.#gossipTurn.pause();
    const taken = this.#transactions.submitBytes(bytes);
    if (!taken.ok) return TRANSACTION_STANDING[taken.fault.code];
    return taken.value.isNew ? "accept" : "ignore";
  }

  async #seekFinal(block: BlockRef): Promise<void> {
    this.#best.finality.seek(block);
    await this.#blocks.advance();
  }

  // What happened --------------------------------------------------------------------------------------------

  async #moved(move: Move, pause: () => Promise<void>): Promise<void> {
    const { log } = this.#dependencies;
    if (move.disconnected.length > 0) {
      log.debug("the best chain changed branch", {
        undone: move.disconnected.length,
        connected: move.connected.length,
      });
    }
    const tip = this.#queries.tip();
    this.#sync?.moved(move);
    await this.#transactions.chainMoved(move, pause);
    const connected = move.connected.refs
      .map(({ id }) => this.#queries.summary(id))
      .filter((summary): summary is BlockSummary => summary !== null);
    const disconnected = move.disconnected.refs.map(({ id }) => id);
    this.#events.emit({ type: "TipChanged", tip, connected, disconnected });
  }

  #poolChanged(change: PoolChange): void {
    this.#events.emit({ type: "PoolChanged", ...change });
  }

  #storeChanged(fault: StoreFault | null): void {
    this.#problem =
      fault === null
        ? null
        : problem(
            "ledger-not-written",
            `The ledger cannot be written, so no blocks are taken: ${fault.cause}.`,
            "Make room on the disk, or make it writable again; it goes on by itself.",
          );
    if (this.#problem === null) this.#dependencies.log.info("the ledger is written again");
    else this.#dependencies.log.warn(this.#problem.cause, { code: this.#problem.code });
    this.#tellProblem();
  }

  #historyWrong(id: BlockId, told: Problem, onLeft: () => void): void {
    const left = (): void => {
      onLeft();
      this.#repaired(told);
    };
    this.#blocks
      .leave(id, left)
      .catch((error: unknown) => this.#dependencies.log.fault("a false branch could not be left", error));
  }

  #repaired(repaired: Problem): void {
    this.#repairs.push(repaired);
    if (this.#repairs.length > REPAIRS_TOLD_MAX) this.#repairs.shift();
    this.#dependencies.log.warn(repaired.cause, { code: repaired.code });
    this.#transactions.storeRenewed();
    this.#tellProblem();
  }

  #tellProblem(): void {
    this.#events.emit({ type: "ProblemChanged", problem: this.#currentProblem() });
  }

  #currentProblem(): Problem | null {
    return this.#problem ?? this.#clockWatch.problem ?? this.#sync?.problem ?? null;
  }

  #fetched(): void {
    // Others who have it only from us, or from nobody yet, hear of it; who has it ignores it.
    if (this.#best.tip.header.height > 0) this.#announce(this.#best.tip.id);
  }

  #syncState(): SyncState {
    const { height } = this.#best.tip.header;
    const alone = { state: "synced", phase: "alone", height, targetHeight: height } as const;
    return this.#sync?.state() ?? { ...alone, done: 0, total: 0, secondsLeft: null, history: null };
  }

  // Views for others -----------------------------------------------------------------------------------------

  #template(miner: Parameters<Chain["template"]>[0], timeSeconds: number): MiningTemplate {
    const { tip, state, network } = this.#best;
    const block = buildTemplate(
      {
        parent: tip,
        state,
        history: tip.history,
        candidates: this.#transactions.pool.mineable(),
        miner,
        extra: new Uint8Array(0),
        timeSeconds: Math.floor(timeSeconds),
      },
      network,
    );
    return { block, transactionCount: block.transactions.length - 1 };
  }
}

type SignedId = Parameters<Chain["transaction"]>[0];
