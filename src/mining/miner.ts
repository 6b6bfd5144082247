/**
 * Owns when this peer mines and on what: while the mode is on and something waits (a transaction, or a branch as
 * heavy as ours that only a further block decides about), one search at a time, on the newest tip. What it finds goes in by the door that every block goes in by. Does not hash (`kernel.ts`), and
 * decides nothing about blocks.
 *
 *     off ── nothing waits ── too soon ── searching ── found ─▶ submitted ─▶ (looks again)
 *      ▲           every change of mode, tip or pool makes it look again          │
 *      └──────────────────────────────────────────────────────────────────────────┘
 */
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import { type Problem, problem } from "#base/result.ts";
import { encodeBlock, encodeHeader, sealBlock } from "#ledger/codec.ts";
import { targetBytes } from "#ledger/target.ts";
import type { Block } from "#ledger/types.ts";
import { POOL_RENEW_MS, REFUSED_PAUSE_MS, TEMPLATE_LIFE_MS } from "./limits.ts";
import { HashRate } from "./rate.ts";
import type {
  Miner,
  MinerDependencies,
  MinerOptions,
  MiningEvent,
  MiningMode,
  MiningStatus,
} from "./types.ts";

const OFF = problem("mining-off", "Mining is switched off here.", "Switch it on to earn rewards.");
const NOTHING_WAITS = problem(
  "nothing-waits",
  "No transaction waits, so there is nothing to put in a block.",
  "Send a message or pay somebody; mining starts by itself.",
);
const CATCHING_UP = problem(
  "catching-up",
  "This peer is fetching blocks that others have already.",
  "Nothing to do; mining goes on when it has caught up.",
);
const TOO_SOON = problem(
  "too-soon",
  "The last block is so new that the rules ask for a pause.",
  "Nothing to do; mining goes on in some seconds.",
);
const REFUSED = problem(
  "block-refused",
  "This peer could not take the block it found.",
  "Look at the warnings of this peer: its disk may be full.",
);

export function openMiner(options: MinerOptions, dependencies: MinerDependencies): Miner {
  return new ChainMiner(options, dependencies);
}

class ChainMiner implements Miner {
  readonly #account: MinerOptions["account"];
  readonly #dependencies: MinerDependencies;
  readonly #events: Emitter<MiningEvent>;
  readonly #unsubscribe: Unsubscribe;
  readonly #rate: HashRate;
  #mode: MiningMode;
  #closed = false;
  #reason: Problem | null = null;
  #searching: AbortController | null = null;
  #running: Promise<void> = Promise.resolve();
  #wake: { cancel(): void } | null = null;
  #tip: string;
  #tipSinceMs: number;
  #templateSinceMs = 0;

  constructor(options: MinerOptions, dependencies: MinerDependencies) {
    const { chain, clock, log } = dependencies;
    this.#account = options.account;
    this.#mode = options.mode;
    this.#dependencies = dependencies;
    this.#events = new Emitter((error) => log.fault("a listener of the miner failed", error));
    this.#rate = new HashRate(() => clock.monotonicMs());
    this.#tip = chain.tip().id;
    // A tip that was there before us has had its pause.
    this.#tipSinceMs = Number.NEGATIVE_INFINITY;
    this.#unsubscribe = chain.subscribe((event) => this.#chainChanged(event.type));
    this.#look();
  }

  mode(): MiningMode {
    return this.#mode;
  }

  setMode(mode: MiningMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#stop();
    this.#look();
    this.#announce();
  }

  status(): MiningStatus {
    return {
      mode: this.#mode,
      active: this.#searching !== null,
      hashesPerSecond:
        this.#searching === null ? 0 : this.#rate.perSecond(this.#dependencies.search.hashes()),
      reason: this.#reason,
    };
  }

  subscribe(listener: (event: MiningEvent) => void): Unsubscribe {
    return this.#events.subscribe(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    this.#stop();
    await this.#running;
    await this.#dependencies.search.close();
  }

  #chainChanged(type: string): void {
    const { chain, clock } = this.#dependencies;
    const tip = chain.tip().id;
    if (tip !== this.#tip) {
      this.#tip = tip;
      this.#tipSinceMs = clock.monotonicMs();
      this.#stop();
      this.#look();
    } else if (type === "PoolChanged") {
      this.#poolChanged();
    } else if (type === "TipContested" || type === "SyncChanged") {
      this.#look();
    }
  }

  #poolChanged(): void {
    const { chain, clock } = this.#dependencies;
    if (this.#searching === null || (chain.pool().length === 0 && !chain.isContested())) {
      this.#stop();
      this.#look();
      return;
    }
    // Under a flood of transactions a template is renewed now and then, not for each of them.
    const age = clock.monotonicMs() - this.#templateSinceMs;
    this.#lookAgainIn(Math.max(0, POOL_RENEW_MS - age));
  }

  /** Starts a search when there is reason to; says why not otherwise. */
  #look(): void {
    if (this.#closed || this.#searching !== null) return;
    const before = this.#reason;
    this.#reason = this.#begin();
    if (before !== this.#reason) this.#announce();
  }

  #begin(): Problem | null {
    const { chain, clock } = this.#dependencies;
    if (this.#mode === "off") return OFF;
    if (chain.pool().length === 0 && !chain.isContested()) return NOTHING_WAITS;
    if (chain.syncState().state === "syncing") return CATCHING_UP;
    const waitMs = this.#pauseMs();
    if (waitMs > 0) {
      this.#lookAgainIn(waitMs);
      return TOO_SOON;
    }
    const { block, transactionCount } = chain.template(this.#account, Math.floor(clock.nowMs() / 1000));
    if (transactionCount === 0 && !chain.isContested()) return NOTHING_WAITS;
    this.#search(block);
    return null;
  }

  /**
   * The rules ask for a gap between the times that blocks state. Where clocks differ, the tip may be ahead of
   * ours: then the block's time runs ahead too, up to half of what is allowed, but never sooner after the tip
   * came in than the gap.
   */
  #pauseMs(): number {
    const { chain, clock } = this.#dependencies;
    const { minGapSeconds, maxFutureSeconds } = chain.network.params;
    const aheadMs = (chain.tip().header.time + minGapSeconds) * 1000 - clock.nowMs();
    if (aheadMs <= 0) return 0;
    const sinceTipMs = clock.monotonicMs() - this.#tipSinceMs;
    const gapLeftMs = Math.min(aheadMs, minGapSeconds * 1000 - sinceTipMs);
    return Math.ceil(Math.max(gapLeftMs, aheadMs - maxFutureSeconds * 500, 0));
  }

  #search(block: Block): void {
    const { clock, log, search, random } = this.#dependencies;
    const controller = new AbortController();
    this.#searching = controller;
    this.#templateSinceMs = clock.monotonicMs();
    this.#rate.begin(search.hashes());
    this.#lookAgainIn(TEMPLATE_LIFE_MS);
    const header = encodeHeader(block.header);
    const job = { header, target: targetBytes(block.header.bits), low: random.below(2 ** 32) };
    const before = this.#running;
    this.#running = (async () => {
      await before;
      const nonce = await search.run(job, controller.signal);
      if (nonce !== null && !controller.signal.aborted) await this.#found(block, nonce, controller);
    })().catch((error: unknown) => {
      log.fault("the search for a block failed", error);
      if (this.#searching === controller) this.#searching = null;
      this.#lookAgainIn(REFUSED_PAUSE_MS);
    });
  }

  async #found(block: Block, nonce: bigint, controller: AbortController): Promise<void> {
    const { chain, log } = this.#dependencies;
    const sealed = sealBlock({ ...block.header, nonce }, block.transactions);
    const outcome = await chain.submitBlock(encodeBlock(sealed));
    if (outcome.ok) {
      log.info("block mined", { height: sealed.header.height, outcome: outcome.value.code });
      if (outcome.value.code === "connected") this.#events.emit({ type: "BlockMined", id: sealed.id });
    } else {
      log.info("own block refused", { code: outcome.fault.code });
    }
    // The tip's change has begun a new search already, unless this block did not become the tip.
    if (this.#searching !== controller) return;
    this.#searching = null;
    if (outcome.ok) return this.#look();
    this.#reason = REFUSED;
    this.#announce();
    this.#lookAgainIn(REFUSED_PAUSE_MS);
  }

  #stop(): void {
    this.#searching?.abort();
    this.#searching = null;
    this.#wake?.cancel();
    this.#wake = null;
  }

  #lookAgainIn(delayMs: number): void {
    if (this.#closed) return;
    this.#wake?.cancel();
    this.#wake = this.#dependencies.clock.after(delayMs, () => {
      this.#stop();
      this.#look();
    });
  }

  #announce(): void {
    this.#events.emit({ type: "StatusChanged", status: this.status() });
  }
}
