/**
 * Owns the joining of the chain's parts: doors, best chain, pool, relay and sync, and the events that tell of them.
 * Decides nothing by itself.
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import { ok, type Problem, problem, type Result } from "#base/result.ts";
import { inThreadSignatureChecker, type SignatureChecker } from "#crypto/signature-checker.ts";
import {
  type Block,
  buildTemplate,
  decodeBlock,
  decodeHeader,
  HEADER_BYTES,
  type Network as LedgerNetwork,
  type SignedTransaction,
} from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Judgement, Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import { AnnouncedBlocks } from "./announced-blocks.ts";
import { BestChain } from "./best-chain.ts";
import { BlockDoor } from "./block-door.ts";
import { ClockWatch } from "./clock-watch.ts";
import { ChainQueries } from "./queries.ts";
import { Relay } from "./relay.ts";
import { BLOCK_STANDING, TRANSACTION_STANDING } from "./standing.ts";
import type { BlockStore, StoreFault } from "./store.ts";
import { Sync } from "./sync.ts";
import type { Hello } from "./sync-codec.ts";
import { locatorHeights, type SyncSource } from "./sync-server.ts";
import type { SyncTarget } from "./sync-session.ts";
import type { Move } from "./trail.ts";
import { type PoolChange, TransactionDoor } from "./transaction-door.ts";
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
}

/**
 * Opens the chain over its store and begins to talk with peers. A damaged store is repaired from its own blocks.
 * @returns a problem when the store holds another network's ledger, or cannot be written at all.
 */
export async function openChain(
  options: ChainOptions,
  dependencies: ChainDependencies,
): Promise<Result<OpenedChain, Problem>> {
  const opened = BestChain.open(options.network, dependencies.store);
  if (!opened.ok) return opened;
  const { best, repaired } = opened.value;
  if (repaired !== null) dependencies.log.warn("the ledger on disk was repaired", { code: repaired.code });
  const chain = new JoinedChain(best, dependencies);
  await chain.begin();
  return ok({ chain: chain.surface(), repaired });
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
  #sync: Sync | null = null;
  #problem: Problem | null = null;
  #syncState: SyncState = { state: "synced", height: 0, targetHeight: 0 };

  constructor(best: BestChain, dependencies: ChainDependencies) {
    this.#best = best;
    this.#dependencies = dependencies;
    const { store, clock, log } = dependencies;
    this.#events = new Emitter((error) => log.fault("a listener of the chain failed", error));
    this.#gossipTurn = new Turn(clock);
    const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
    this.#clockWatch = new ClockWatch({
      maxFutureSeconds: best.network.params.maxFutureSeconds,
      nowSeconds,
      onChange: () => this.#tellProblem(),
    });
    this.#transactions = new TransactionDoor({
      best,
      store,
      clock,
      log,
      onChange: (change) => this.#poolChanged(change),
    });
    this.#blocks = new BlockDoor({
      best,
      store,
      clock,
      log,
      isVerified: (transaction) => this.#transactions.isVerified(transaction),
      signatures: dependencies.signatures ?? inThreadSignatureChecker(),
      onMove: (move) => this.#moved(move),
      onRival: () => this.#events.emit({ type: "TipContested" }),
      onStore: (fault) => this.#storeChanged(fault),
    });
    this.#queries = new ChainQueries(best, store, this.#transactions.pool, nowSeconds);
  }

  /** Resumes what was under way when this node last stopped, then opens the doors to strangers. */
  async begin(): Promise<void> {
    const { peers, clock, random, log } = this.#dependencies;
    await this.#blocks.open();
    this.#transactions.restore();
    this.#setSync("synced", 0);
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
      sawHeader: ({ time }) => this.#clockWatch.saw(time),
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
      isScarce: (transaction) => this.#transactions.isScarce(transaction),
    });
    this.#sync = new Sync({
      network: peers,
      clock,
      random,
      log,
      source: this.#source(),
      targetFor: (peer) => this.#targetFor(peer),
      onFetched: () => this.#fetched(),
      onOtherNetwork: (peer) => this.#events.emit({ type: "PeerNetworkDiffers", peer }),
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
      pendingOf: (account) => pool.of(account),
      submit: async (transaction) => this.#submit(transaction),
      submitBlock: (bytes) => this.#submitBlock(bytes),
      template: (miner, timeSeconds) => this.#template(miner, timeSeconds),
      inclusion: (id) => queries.inclusion(id),
      feePerByte: () => pool.feePerByte(clock.nowMs()),
      minerShares: (blocks) => queries.minerShares(blocks),
      blocksMinedBy: (account) => store.minedBy(account),
      syncState: () => this.#syncState,
      peersOnOtherNetworks: () => this.#sync?.elsewhere() ?? [],
      isContested: () => store.hasRival(this.#best.tip.id, this.#best.tip.header.chainWork),
      problem: () => this.#problem ?? this.#clockWatch.problem,
      tellAgain: (id) => this.#tellAgain(id),
      subscribe: (listener): Unsubscribe => this.#events.subscribe(listener),
      close: () => this.#close(),
    };
  }

  async #close(): Promise<void> {
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
    const outcome = await this.#blocks.submit(bytes);
    if (outcome.ok && outcome.value.code === "connected") this.#announce(outcome.value.id);
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
      if (outcome.value.code === "connected" && !wasPassedOn) this.#relay?.announce(block);
      return;
    }
    const { code } = outcome.fault;
    this.#dependencies.log.debug("an announced block was not taken", { block: block.id, from, code });
    if (BLOCK_STANDING[code] === "ignore") this.#sync?.compareWith(from);
  }

  #watchClock(blockBytes: Uint8Array): void {
    const header = decodeHeader(blockBytes.subarray(0, HEADER_BYTES));
    if (header.ok) this.#clockWatch.saw(header.value.time);
  }

  async #takeGossipedTransaction(bytes: Uint8Array): Promise<Judgement> {
    await this.#gossipTurn.pause();
    const taken = this.#transactions.submitBytes(bytes);
    if (!taken.ok) return TRANSACTION_STANDING[taken.fault.code];
    return taken.value.isNew ? "accept" : "ignore";
  }

  // What happened --------------------------------------------------------------------------------------------

  #moved(move: Move): void {
    const { log } = this.#dependencies;
    if (move.disconnected.length > 0) {
      log.debug("the best chain changed branch", {
        undone: move.disconnected.length,
        connected: move.connected.length,
      });
    }
    const tip = this.#queries.tip();
    this.#setSync(this.#syncState.state, this.#syncState.targetHeight);
    this.#transactions.chainMoved(move);
    const connected = move.connected
      .map((block: Block) => this.#queries.summary(block.id))
      .filter((summary): summary is BlockSummary => summary !== null);
    const disconnected = move.disconnected.map((block) => block.id);
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
            "Make room on the disk; it goes on by itself.",
          );
    if (this.#problem === null) this.#dependencies.log.info("the ledger is written again");
    else this.#dependencies.log.warn(this.#problem.cause, { code: this.#problem.code });
    this.#tellProblem();
  }

  #tellProblem(): void {
    this.#events.emit({ type: "ProblemChanged", problem: this.#problem ?? this.#clockWatch.problem });
  }

  #fetched(): void {
    this.#setSync("synced", 0);
    // Others who have it only from us, or from nobody yet, hear of it; who has it ignores it.
    if (this.#best.tip.header.height > 0) this.#announce(this.#best.tip.id);
  }

  #setSync(state: SyncState["state"], targetHeight: number): void {
    const { height } = this.#best.tip.header;
    const before = this.#syncState;
    this.#syncState = { state, height, targetHeight: Math.max(height, targetHeight) };
    if (before.state !== state || before.targetHeight !== this.#syncState.targetHeight) {
      this.#events.emit({ type: "SyncChanged", sync: this.#syncState });
    }
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

  #hello(): Hello {
    const { tip, network } = this.#best;
    const { height, chainWork } = tip.header;
    return { type: "hello", chainId: network.chainId, height, tip: tip.id, work: chainWork };
  }

  #source(): SyncSource {
    const { store } = this.#dependencies;
    const { pool } = this.#transactions;
    return {
      chainId: this.#best.network.chainId,
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
    };
  }

  #targetFor(peer: PeerId): SyncTarget {
    const { store, peers, clock } = this.#dependencies;
    const turn = new Turn(clock);
    return {
      chainId: this.#best.network.chainId,
      hello: () => this.#hello(),
      tipWork: () => this.#best.tip.header.chainWork,
      locator: () =>
        locatorHeights(this.#best.tip.header.height)
          .map((height) => store.bestAt(height)?.id)
          .filter((id) => id !== undefined),
      keptPoint: (id) => this.#best.point(id),
      checkHeader: (bytes, parent) => {
        const checked = this.#blocks.checkHeader(bytes, parent);
        if (!checked.ok && checked.fault.code === "time-too-far-ahead") this.#watchClock(bytes);
        return checked;
      },
      takeBlock: async (bytes) => {
        const outcome = await this.#blocks.submit(bytes, { branchShown: true });
        await turn.pause();
        return outcome;
      },
      wants: (id) => !this.#transactions.pool.has(id) && store.place(id) === null,
      takeTransaction: async (bytes) => {
        const taken = this.#transactions.submitBytes(bytes);
        if (!taken.ok) peers.judge(peer, TRANSACTION_STANDING[taken.fault.code]);
        else if (taken.value.isNew) this.#relay?.tellTransaction(bytes);
        await turn.pause();
      },
      progress: (targetHeight) => this.#setSync("syncing", targetHeight),
      pause: () => turn.pause(),
    };
  }
}

type SignedId = Parameters<Chain["transaction"]>[0];
