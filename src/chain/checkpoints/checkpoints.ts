/**
 * Owns co-signed checkpoints at run time: asks peers what they know and passes on what is new, signs for this peer
 * where the genesis names its key, keeps all of it, and tells the chain which block is final. Which block to sign is
 * decided in `checkpoint-signing.ts`, what signatures add up to in `checkpoint-book.ts`. It is
 * long, since all that may bring a signature or a final block meets here.
 */
import type { AccountId, PeerId } from "#base/brand.ts";
import { fromUtf8, toHex, utf8 } from "#base/bytes.ts";
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import { type Problem, problem } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import {
  cosign,
  decodeCheckpoint,
  encodeCheckpoint,
  noteOf,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from "#ledger/checkpoint.ts";
import type { BlockRef, Network as LedgerNetwork } from "#ledger/index.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Judgement, Network, Topic } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import type { Holding } from "../holding.ts";
import {
  CHECKPOINT_FIRST_SIGNING_DELAY_MS,
  COSIGNATURE_AHEAD_BLOCKS_MAX,
  COSIGNATURE_QUEUE_MAX,
} from "../limits.ts";
import { InboundQueue } from "../relay/inbound-queue.ts";
import type { StoreFault } from "../store.ts";
import type { Chain } from "../types.ts";
import { CheckpointBook } from "./checkpoint-book.ts";
import { CheckpointExchange } from "./checkpoint-exchange.ts";
import {
  decideSigning,
  type SigningDecision,
  type SigningPause,
  type SigningView,
} from "./checkpoint-signing.ts";
import type { CheckpointChange, CheckpointStore, SigningMark } from "./checkpoint-store.ts";
import type { FinalBlocks } from "./finality.ts";

export interface CheckpointsDependencies {
  readonly chain: Pick<
    Chain,
    | "network"
    | "tip"
    | "headerAt"
    | "summary"
    | "syncState"
    | "checkpointAt"
    | "seekFinal"
    | "subscribe"
    | "finalBlock"
  > & { readonly blocks: Chain["blocks"] };
  readonly store: CheckpointStore;
  readonly peers: Network;
  readonly keypair: Keypair;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What is known of signatures, for people. */
export interface CheckpointStatus {
  readonly signers: readonly {
    readonly account: AccountId;
    /** The highest that is known to be signed by this key; `null` when none is. */
    readonly height: number | null;
    /** Shown to have signed two blocks of one height. */
    readonly isEquivocator: boolean;
  }[];
  readonly needed: number;
  readonly everyBlocks: number;
  /** The newest final block of our best chain, and by how many keys it is signed. */
  readonly final: (BlockRef & { readonly cosigned: number }) | null;
  /** A final block that is not on our best chain yet. */
  readonly sought: BlockRef | null;
  /** Whether our key is named; then what it waits for, `null` when it signed all that is due. */
  readonly signing: { readonly isSigner: boolean; readonly waitsFor: SigningPause | null };
  readonly problem: Problem | null;
}

export type CheckpointsEvent = { readonly type: "CheckpointsChanged" };

export interface Checkpoints {
  /** `null` where the genesis names nobody who could sign. */
  status(): CheckpointStatus | null;
  /** The newest final checkpoint as a signed note; `null` when there is none. */
  finalNote(): string | null;
  /** Two notes for each signer that was shown to have signed twice. */
  evidence(): readonly { readonly signer: AccountId; readonly text: string }[];
  /** What is in memory for others. */
  holdings(): readonly Holding[];
  subscribe(listener: (event: CheckpointsEvent) => void): Unsubscribe;
  close(): Promise<void>;
}

/** What the chain must heed from its first moment on. Rows that do not verify are passed over. */
export function finalBlocksOf(network: LedgerNetwork, store: Pick<CheckpointStore, "read">): FinalBlocks {
  const book = new CheckpointBook(network, store.read());
  return { floor: refOf(book.final), sought: refOf(book.sought) };
}

function refOf(checkpoint: VerifiedCheckpoint | null): BlockRef | null {
  if (checkpoint === null) return null;
  return { id: checkpoint.checkpoint.blockId, height: checkpoint.checkpoint.height };
}

export function openCheckpoints(dependencies: CheckpointsDependencies): Checkpoints {
  return dependencies.chain.network.params.checkpoints === null ? NONE : new ChainCheckpoints(dependencies);
}

const NONE: Checkpoints = {
  status: () => null,
  finalNote: () => null,
  evidence: () => [],
  holdings: () => [],
  subscribe: () => () => undefined,
  close: async () => undefined,
};

class ChainCheckpoints implements Checkpoints {
  readonly #dependencies: CheckpointsDependencies;
  readonly #book: CheckpointBook;
  readonly #events: Emitter<CheckpointsEvent>;
  readonly #inbound: InboundQueue<Uint8Array>;
  readonly #topic: Topic;
  readonly #exchange: CheckpointExchange;
  readonly #unsubscribe: Unsubscribe;
  readonly #firstSigning: Timer;
  /** Seconds since the Unix epoch: blocks dated later did not exist when this process started. */
  readonly #newerThanSeconds: number;
  #mark: SigningMark | null;
  #mayHaveAsked = false;
  #problem: Problem | null = null;
  #decision: SigningDecision = { code: "wait", why: "asking-peers" };

  constructor(dependencies: CheckpointsDependencies) {
    this.#dependencies = dependencies;
    const { chain, store, peers, clock, random, log } = dependencies;
    const { params, chainId } = chain.network;
    const record = store.read();
    this.#book = new CheckpointBook(chain.network, record);
    this.#mark = record.mark;
    this.#newerThanSeconds = Math.floor(clock.nowMs() / 1000) + params.maxFutureSeconds;
    this.#events = new Emitter((error) => log.fault("a listener of checkpoints failed", error));
    this.#inbound = new InboundQueue(
      { order: "first-in-first-out", limit: COSIGNATURE_QUEUE_MAX },
      async (bytes) => this.#judgeGossip(bytes),
      (error) => log.fault("a cosignature could not be worked on", error),
    );
    this.#topic = peers.topic(topicOf(chainId), {
      messageBytesMax: GOSSIP_BYTES_MAX,
      validate: (bytes) => this.#inbound.push(bytes),
    });
    this.#exchange = new CheckpointExchange({
      peers,
      clock,
      random,
      log,
      chainId,
      notes: () => this.#book.notes(),
      take: (note, from) => this.#takeFrom(note, from),
      asked: () => this.#look(),
    });
    this.#unsubscribe = chain.subscribe((event) => {
      if (event.type === "FinalBlock") this.#settled(event.code, event.block);
      if (event.type === "TipChanged" || event.type === "SyncChanged") this.#look();
    });
    this.#firstSigning = clock.after(CHECKPOINT_FIRST_SIGNING_DELAY_MS, () => {
      this.#mayHaveAsked = true;
      try {
        this.#look();
      } catch (error) {
        // Nobody catches what a timer throws; a damaged ledger is seen to by whoever keeps it.
        log.fault("signing could not begin", error);
      }
    });
    // The chain was told of what is kept when it was opened; it may have got there before we listened.
    const { sought } = this.#book;
    if (sought !== null && chain.finalBlock()?.id === sought.checkpoint.blockId) {
      this.#settled("reached", { id: sought.checkpoint.blockId, height: sought.checkpoint.height });
    }
  }

  status(): CheckpointStatus | null {
    const { chain, keypair } = this.#dependencies;
    const rules = chain.network.params.checkpoints;
    if (rules === null) return null;
    const final = refOf(this.#book.final);
    return {
      signers: rules.keys.map((account) => ({
        account,
        height: this.#book.highestOf(account)?.height ?? null,
        isEquivocator: this.#book.evidence.has(account),
      })),
      needed: rules.needed,
      everyBlocks: rules.everyBlocks,
      final: final === null ? null : { ...final, cosigned: this.#book.final?.cosignatures.length ?? 0 },
      sought: refOf(this.#book.sought),
      signing: {
        isSigner: rules.keys.includes(keypair.account),
        waitsFor:
          this.#decision.code === "wait" && this.#decision.why !== "nothing-due" ? this.#decision.why : null,
      },
      problem: this.#problem,
    };
  }

  finalNote(): string | null {
    const { final } = this.#book;
    return final === null ? null : encodeCheckpoint(noteOf(final));
  }

  evidence(): readonly { readonly signer: AccountId; readonly text: string }[] {
    return [...this.#book.evidence].map(([signer, text]) => ({ signer, text }));
  }

  holdings(): readonly Holding[] {
    return [
      { what: "cosignatures to be judged", count: this.#inbound.waiting, limit: COSIGNATURE_QUEUE_MAX },
      ...this.#book.holdings(),
      ...this.#exchange.holdings(),
    ];
  }

  subscribe(listener: (event: CheckpointsEvent) => void): Unsubscribe {
    return this.#events.subscribe(listener);
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#firstSigning.cancel();
    this.#topic.close();
    await this.#exchange.close();
    await this.#inbound.close();
  }

  // What comes in -----------------------------------------------------------------------------------------------

  /** One signature a message: whole notes would be as many as the ways to put them together. */
  #judgeGossip(bytes: Uint8Array): Judgement {
    const text = fromUtf8(bytes);
    const note = text === null ? null : decodeCheckpoint(text);
    if (note === null || !note.ok || note.value.signatures.length !== 1) return "reject";
    const verified = verifyCheckpoint(note.value, this.#dependencies.chain.network);
    if (!verified.ok) return "reject";
    if (this.#isTooFarAhead(verified.value)) return "ignore";
    return this.#take(verified.value) ? "accept" : "ignore";
  }

  #takeFrom(text: string, from: PeerId): void {
    const note = decodeCheckpoint(text);
    const verified = note.ok ? verifyCheckpoint(note.value, this.#dependencies.chain.network) : note;
    if (!verified.ok) {
      this.#dependencies.peers.judge(from, "reject");
      return;
    }
    // What the chain is shown to have passed with enough signatures is worth knowing at any height.
    if (verified.value.isComplete || !this.#isTooFarAhead(verified.value)) this.#take(verified.value);
  }

  /** What our own key signed must be known at any height: a folder put back from a copy may have an old ledger too. */
  #isTooFarAhead({ checkpoint, cosignatures }: VerifiedCheckpoint): boolean {
    const { chain, keypair } = this.#dependencies;
    if (cosignatures.some(({ signer }) => signer === keypair.account)) return false;
    return checkpoint.height > chain.tip().height + COSIGNATURE_AHEAD_BLOCKS_MAX;
  }

  /** Whether it brought anything that others should hear. */
  #take(verified: VerifiedCheckpoint): boolean {
    const taken = this.#book.take(verified);
    const isNews = taken.fresh.length > 0 || taken.equivocations.length > 0;
    if (!isNews && taken.completed === null) return false;
    this.#keep(taken.change);
    for (const signer of taken.equivocations) {
      this.#dependencies.log.warn("a key signed two blocks of one height", {
        signer,
        height: verified.checkpoint.height,
      });
    }
    if (taken.completed !== null) this.#seek(taken.completed);
    this.#look();
    this.#events.emit({ type: "CheckpointsChanged" });
    return isNews;
  }

  #seek(completed: VerifiedCheckpoint): void {
    const { chain, log } = this.#dependencies;
    const block = { id: completed.checkpoint.blockId, height: completed.checkpoint.height };
    chain.seekFinal(block).catch((error: unknown) => log.fault("a final block could not be gone to", error));
  }

  #settled(code: "reached" | "refused", block: BlockRef): void {
    if (this.#book.sought?.checkpoint.blockId !== block.id) return;
    if (code === "refused") this.#problem = contradicts(block, this.#book.final);
    const change = code === "reached" ? this.#book.reached() : this.#book.refused();
    if (change !== null) this.#keep(change);
    this.#dependencies.log.info("a block was co-signed by enough", { height: block.height, code });
    this.#events.emit({ type: "CheckpointsChanged" });
  }

  /** What cannot be written now is asked of peers again after the next start: nothing was acknowledged by keeping it. */
  #keep(change: CheckpointChange): void {
    const written = this.#dependencies.store.write(change);
    if (!written.ok)
      this.#dependencies.log.warn("checkpoints could not be written", { cause: written.fault.cause });
  }

  // Signing -----------------------------------------------------------------------------------------------------

  /** Signs what is due. Called whenever something changed on which that depends. */
  #look(): void {
    this.#decision = this.#decide();
    while (this.#decision.code === "sign") {
      if (!this.#sign(this.#decision.height)) return;
      this.#decision = this.#decide();
    }
  }

  #decide(): SigningDecision {
    const { chain, keypair } = this.#dependencies;
    const rules = chain.network.params.checkpoints;
    if (rules === null) return { code: "wait", why: "no-signer" };
    return decideSigning({
      rules,
      signer: keypair.account,
      mark: this.#knownMark(),
      isEquivocator: this.#book.evidence.has(keypair.account),
      peersAsked: this.#peersAsked(rules.keys.length),
      isSynced: chain.syncState().state === "synced" && this.#book.sought === null,
      tipHeight: chain.tip().height,
      blockAt: (height) => {
        const [block] = chain.blocks({ before: height + 1, limit: 1 });
        return block === undefined || block.height !== height
          ? null
          : { id: block.id, time: block.header.time };
      },
      newerThanSeconds: this.#newerThanSeconds,
      finalHeight: this.#book.final?.checkpoint.height ?? 0,
      signaturesOf: (signer) => this.#book.signaturesOf(signer),
    });
  }

  #peersAsked(keys: number): SigningView["peersAsked"] {
    if (!this.#mayHaveAsked) return "asking-peers";
    // A group of one has nobody to ask.
    return this.#exchange.answers > 0 || keys === 1 ? "answered" : "nobody-answered";
  }

  /** By our disk, or higher by what peers showed: then this folder is an old copy. */
  #knownMark(): SigningMark | null {
    const shown = this.#book.highestOf(this.#dependencies.keypair.account);
    return shown !== null && shown.height > (this.#mark?.height ?? 0) ? shown : this.#mark;
  }

  /** Whether it was signed. The mark is durable before the signature exists, so none can leave without it. */
  #sign(height: number): boolean {
    const { chain, store, keypair, clock, log } = this.#dependencies;
    const checkpoint = chain.checkpointAt(height);
    if (checkpoint === null) return false;
    const marked = store.setMark({ height, blockId: checkpoint.blockId });
    if (!marked.ok) {
      this.#problem = unsigned(marked.fault);
      return false;
    }
    this.#problem = this.#problem?.code === "checkpoint-not-signed" ? null : this.#problem;
    this.#mark = { height, blockId: checkpoint.blockId };
    const line = cosign(checkpoint, Math.floor(clock.nowMs() / 1000), keypair);
    const verified = verifyCheckpoint({ checkpoint, signatures: [line] }, chain.network);
    if (!verified.ok) throw new Error(`our own cosignature is refused: ${verified.fault.code}`);
    this.#take(verified.value);
    const bytes = utf8(encodeCheckpoint({ checkpoint, signatures: [line] }));
    this.#topic.publish(bytes).catch((error: unknown) => log.fault("a cosignature could not be sent", error));
    return true;
  }
}

/** `waybill/<first 8 bytes of the chain id, hex>/checkpoint/1` */
function topicOf(chainId: Uint8Array): string {
  return `waybill/${toHex(chainId.subarray(0, 8))}/checkpoint/1`;
}

/** A note with one line, and some room. */
const GOSSIP_BYTES_MAX = 1_024;

function unsigned(fault: StoreFault): Problem {
  return problem(
    "checkpoint-not-signed",
    `A checkpoint was not signed, because that could not be written down first: ${fault.cause}.`,
    "Make room on the disk; it goes on by itself with the next one.",
  );
}

function contradicts(block: BlockRef, final: VerifiedCheckpoint | null): Problem {
  return problem(
    "checkpoints-contradict",
    `Enough keys signed block ${block.height} (${block.id.slice(0, 12)}…), which is not on the branch of the final block ` +
      `${final?.checkpoint.height ?? 0}, or breaks the rules. This peer stays with what was final first.`,
    "Compare the evidence of waybill checkpoint --json with others: some signers have broken their word or lost their keys.",
  );
}
