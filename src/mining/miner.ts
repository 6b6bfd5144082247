/**
 * Owns when this peer mines and on what: while the mode is on and enough waits (transactions, or a branch as heavy as
 * ours that only a further block decides about), one search at a time, on the newest tip. What it finds goes in by the
 * door that every block goes in by. Does not hash (`kernel.ts`), and decides nothing about blocks.
 *
 *     off ── nothing waits ── gathering ── too soon ── searching ── found ─▶ submitted ─▶ (looks again)
 *      ▲      every change of settings, power, tip or pool makes it look again                 │
 *      └──────────────────────────────────────────────────────────────────────────────────────┘
 */
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import { type Problem, problem } from "#base/result.ts";
import { encodeBlock, encodeHeader, sealBlock } from "#ledger/codec.ts";
import { targetBytes } from "#ledger/target.ts";
import type { Block } from "#ledger/types.ts";
import {
  BURST_BLOCKS,
  FUTURE_MARGIN_MS,
  PAUSE_LOOK_MS,
  POOL_RENEW_MS,
  REFUSED_PAUSE_MS,
  TEMPLATE_LIFE_MS,
} from "./limits.ts";
import { HashRate } from "./rate.ts";
import {
  DEFAULT_MINING,
  type Miner,
  type MinerDependencies,
  type MinerOptions,
  type MiningEvent,
  type MiningSettings,
  type MiningStatus,
  type PowerSource,
} from "./types.ts";

const OFF = problem("mining-off", "Mining is switched off here.", "Switch it on to earn rewards.");
const NOTHING_WAITS = problem(
  "nothing-waits",
  "No transaction waits, so there is nothing to put in a block.",
  "Send a message or pay somebody; mining starts by itself.",
);
const GATHERING = problem(
  "gathering",
  "Few transactions wait; they are given some seconds of company before a block is mined.",
  "Nothing to do; mining begins by itself.",
);
const ON_BATTERY = problem(
  "on-battery",
  "The computer runs on its battery, so mining rests.",
  "Plug it in; or let it mine on battery too, in its settings.",
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
const DATED_AHEAD = problem(
  "dated-ahead",
  "The newest block is dated later than this computer's clock, by more than the rules allow.",
  "See whether date and time of this computer are right. If they are, mining begins by itself when that time has come.",
);
const REFUSED = problem(
  "block-refused",
  "This peer could not take the block it found.",
  "Look at the warnings of this peer: its disk may be full.",
);
const SEARCH_FAILED = problem(
  "search-failed",
  "The search for a block broke off on this computer.",
  "Nothing to do; it is tried again in two seconds. Should this stay, waybill.log in the data folder says why.",
);
const UNREADABLE = problem(
  "ledger-unreadable",
  "No block can be made, because the ledger kept here could not be read.",
  "Nothing to do; it is repaired by itself, and mining goes on then.",
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
  #settings: MiningSettings;
  #power: PowerSource = "unknown";
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
    const { account, ...settings } = options;
    this.#account = account;
    this.#settings = { ...DEFAULT_MINING, ...settings };
    this.#dependencies = dependencies;
    this.#events = new Emitter((error) => log.fault("a listener of the miner failed", error));
    this.#rate = new HashRate(() => clock.monotonicMs());
    this.#tip = chain.tip().id;
    // A tip that was there before us has had its pause.
    this.#tipSinceMs = Number.NEGATIVE_INFINITY;
    this.#unsubscribe = chain.subscribe((event) => this.#chainChanged(event.type));
    dependencies.search.tune?.(this.#settings);
    this.#look();
  }

  settings(): MiningSettings {
    return this.#settings;
  }

  change(settings: Partial<MiningSettings>): void {
    this.#settings = { ...this.#settings, ...settings };
    this.#dependencies.search.tune?.(this.#settings);
    this.#lookAnew();
  }

  setPower(source: PowerSource): void {
    if (source === this.#power) return;
    this.#power = source;
    this.#lookAnew();
  }

  status(): MiningStatus {
    return {
      settings: this.#settings,
      power: this.#power,
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
    const { clock } = this.#dependencies;
    if (this.#searching === null || !this.#hasReason()) {
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
    this.#reason = this.#begun();
    if (before !== this.#reason) this.#announce();
  }

  /** Looks are timers too, where a fault of the ledger would be nobody's: whoever keeps it is told by the same read. */
  #begun(): Problem | null {
    try {
      return this.#begin();
    } catch (error) {
      this.#dependencies.log.fault("no block could be made to mine", error);
      this.#lookAgainIn(REFUSED_PAUSE_MS);
      return UNREADABLE;
    }
  }

  #begin(): Problem | null {
    const { chain, clock } = this.#dependencies;
    const { mode, onBattery } = this.#settings;
    if (mode === "off") return OFF;
    if (this.#power === "battery" && !onBattery) return ON_BATTERY;
    if (!this.#hasReason()) return NOTHING_WAITS;
    if (chain.syncState().state === "syncing") return CATCHING_UP;
    const gatherMs = this.#gatherMs();
    const pauseMs = this.#pauseMs();
    if (gatherMs > 0 || pauseMs > 0) {
      this.#lookAgainIn(Math.min(Math.max(gatherMs, pauseMs), PAUSE_LOOK_MS));
      if (gatherMs > pauseMs) return GATHERING;
      return this.#isDatedAhead() ? DATED_AHEAD : TOO_SOON;
    }
    const { block, transactionCount } = chain.template(this.#account, Math.floor(clock.nowMs() / 1000));
    if (transactionCount === 0 && mode !== "always" && !chain.isContested()) return NOTHING_WAITS;
    this.#search(block);
    return null;
  }

  #hasReason(): boolean {
    const { chain } = this.#dependencies;
    return this.#settings.mode === "always" || chain.poolSize() > 0 || chain.isContested();
  }

  /** How long the first transaction still waits for company. */
  #gatherMs(): number {
    const { chain, clock } = this.#dependencies;
    const { mode, afterCount, afterSeconds } = this.#settings;
    if (mode === "always" || chain.poolSize() >= afterCount || chain.isContested()) return 0;
    const firstMs = chain
      .pool()
      .reduce((first, { receivedMs }) => Math.min(first, receivedMs), clock.nowMs());
    return Math.max(0, firstMs + afterSeconds * 1000 - clock.nowMs());
  }

  /**
   * The rules ask for a gap between the times that blocks state. Where it is not over, the block's time runs ahead of our
   * clock, as far as others take it: to wait longer would leave that time to whoever does not. Only while blocks come
   * in a burst, and many miners would hold one ready for the same moment, is the gap waited out (decision 0122).
   */
  #pauseMs(): number {
    const { chain, clock } = this.#dependencies;
    const { minGapSeconds, maxFutureSeconds } = chain.network.params;
    const aheadMs = (chain.tip().header.time + minGapSeconds) * 1000 - clock.nowMs();
    if (aheadMs <= 0) return 0;
    const beyondMs = aheadMs - (maxFutureSeconds * 1000 - FUTURE_MARGIN_MS);
    if (!this.#isBurst()) return Math.ceil(Math.max(beyondMs, 0));
    const sinceTipMs = clock.monotonicMs() - this.#tipSinceMs;
    const gapLeftMs = Math.min(aheadMs, minGapSeconds * 1000 - sinceTipMs);
    return Math.ceil(Math.max(gapLeftMs, beyondMs, 0));
  }

  /** Whether the tip would be refused, did it come now: it was there when the clock was put back, or is a genesis to come. */
  #isDatedAhead(): boolean {
    const { chain, clock } = this.#dependencies;
    return (chain.tip().header.time - chain.network.params.maxFutureSeconds) * 1000 > clock.nowMs();
  }

  /** Whether the newest blocks took less than half of their scheduled time, by the times they state. */
  #isBurst(): boolean {
    const { chain } = this.#dependencies;
    const { height, time } = chain.tip().header;
    const earlier = height < BURST_BLOCKS ? null : chain.headerAt(height - BURST_BLOCKS);
    return (
      earlier !== null && time - earlier.time < (BURST_BLOCKS * chain.network.params.targetSpacingSeconds) / 2
    );
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
      if (this.#searching === controller) this.#restAfter(SEARCH_FAILED);
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
    if (!outcome.ok) return this.#restAfter(REFUSED);
    this.#searching = null;
    this.#look();
  }

  #restAfter(failure: Problem): void {
    this.#searching = null;
    this.#reason = failure;
    this.#announce();
    this.#lookAgainIn(REFUSED_PAUSE_MS);
  }

  /** After a change of what the person or the computer wants. */
  #lookAnew(): void {
    this.#stop();
    this.#look();
    this.#announce();
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
