/**
 * Owns the two gossip topics of a network: transactions, and announced blocks. A block is passed on once its header
 * was found sound, a transaction once it was accepted in full; what is accepted here for the first time is told.
 * Transactions wait in a bounded queue, and no peer may send more of them than its share.
 */
import type { PeerId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { type Block, TRANSACTION_BYTES_MAX, type Transaction } from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Judgement, Network, Topic } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import type { Holding } from "../holding.ts";
import {
  TRANSACTION_BURST_PER_PEER_MAX,
  TRANSACTION_PEERS_MAX,
  TRANSACTION_QUEUE_CALM,
  TRANSACTION_QUEUE_MAX,
  TRANSACTIONS_PER_PEER_PER_SECOND_MAX,
} from "../limits.ts";
import { COMPACT_BYTES_MAX, compactOf, encodeCompactBlock } from "./compact-block.ts";
import { InboundQueue } from "./inbound-queue.ts";
import { TokenBuckets } from "./token-buckets.ts";

export interface RelayDependencies {
  readonly network: Pick<Network, "topic">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly chainId: Uint8Array;
  /** Judges by the header alone, at once. */
  readonly judgeAnnouncement: (bytes: Uint8Array, from: PeerId) => Judgement;
  readonly takeTransaction: (bytes: Uint8Array) => Promise<Judgement>;
}

/** Each topic has a version of its own: blocks were told whole in their first. */
const TOPICS = { tx: "tx/1", block: "block/2" } as const;

/** `waybill/<first 8 bytes of the chain id, hex>/<what>/<version>` */
export function topicName(chainId: Uint8Array, what: keyof typeof TOPICS): string {
  return `waybill/${toHex(chainId.subarray(0, 8))}/${TOPICS[what]}`;
}

export class Relay {
  readonly #dependencies: RelayDependencies;
  readonly #transactions: InboundQueue<Uint8Array>;
  readonly #buckets: TokenBuckets;
  readonly #blockTopic: Topic;
  readonly #transactionTopic: Topic;
  #beyondShare = 0;

  constructor(dependencies: RelayDependencies) {
    this.#dependencies = dependencies;
    const { network, clock, log, chainId, judgeAnnouncement, takeTransaction } = dependencies;
    this.#buckets = new TokenBuckets(
      {
        perSecond: TRANSACTIONS_PER_PEER_PER_SECOND_MAX,
        burst: TRANSACTION_BURST_PER_PEER_MAX,
        peersMax: TRANSACTION_PEERS_MAX,
      },
      clock,
    );
    this.#transactions = new InboundQueue(
      { order: "last-in-first-out", limit: TRANSACTION_QUEUE_MAX, calmBelow: TRANSACTION_QUEUE_CALM },
      takeTransaction,
      (error) => log.fault("a gossiped transaction could not be worked on", error),
    );
    this.#blockTopic = network.topic(topicName(chainId, "block"), {
      messageBytesMax: COMPACT_BYTES_MAX,
      validate: async (bytes, from) => judgeAnnouncement(bytes, from),
    });
    this.#transactionTopic = network.topic(topicName(chainId, "tx"), {
      messageBytesMax: TRANSACTION_BYTES_MAX,
      validate: (bytes, from) => this.#queueTransaction(bytes, from),
    });
  }

  /** Transactions dropped unjudged: for want of room in the queue, and beyond the share of who sent them. */
  get dropped(): { readonly queue: number; readonly share: number } {
    return { queue: this.#transactions.dropped, share: this.#beyondShare };
  }

  holdings(): readonly Holding[] {
    return [
      { what: "gossiped transactions", count: this.#transactions.waiting, limit: TRANSACTION_QUEUE_MAX },
      { what: "peers whose share is counted", count: this.#buckets.size, limit: TRANSACTION_PEERS_MAX },
    ];
  }

  /** @param isScarce whether others can hardly have a transaction yet; none when absent. */
  announce(block: Block, isScarce: (transaction: Transaction) => boolean = () => false): void {
    const { random } = this.#dependencies;
    // Unknown beforehand: else somebody could make transactions whose short ids are those of others.
    const nonce = (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
    this.#tell(this.#blockTopic, encodeCompactBlock(compactOf(block, nonce, isScarce)));
  }

  tellTransaction(bytes: Uint8Array): void {
    this.#tell(this.#transactionTopic, bytes);
  }

  async close(): Promise<void> {
    this.#blockTopic.close();
    this.#transactionTopic.close();
    await this.#transactions.close();
  }

  #queueTransaction(bytes: Uint8Array, from: PeerId): Promise<Judgement> {
    if (this.#buckets.take(from)) return this.#transactions.push(bytes);
    this.#beyondShare += 1;
    return Promise.resolve("ignore");
  }

  #tell(topic: Topic, bytes: Uint8Array): void {
    // Whoever misses it finds it by comparing tips, or in the pool.
    topic
      .publish(bytes)
      .catch((error: unknown) => this.#dependencies.log.fault("gossip could not be sent", error));
  }
}
