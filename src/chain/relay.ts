/**
 * Owns the two gossip topics of a network: transactions and whole blocks. What comes in waits in bounded queues, and
 * is passed on to others only after it was accepted in full; what is accepted here for the first time is told.
 */
import type { PeerId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { BLOCK_BYTES_MAX, TRANSACTION_BYTES_MAX } from "#ledger/index.ts";
import type { Log } from "#ports/log.ts";
import type { Judgement, Network, Topic } from "#ports/network.ts";
import { InboundQueue } from "./inbound-queue.ts";
import { BLOCK_QUEUE_MAX, TRANSACTION_QUEUE_MAX } from "./limits.ts";

interface Told {
  readonly bytes: Uint8Array;
  readonly from: PeerId;
}

export interface RelayDependencies {
  readonly network: Network;
  readonly log: Log;
  readonly chainId: Uint8Array;
  readonly takeBlock: (bytes: Uint8Array, from: PeerId) => Promise<Judgement>;
  readonly takeTransaction: (bytes: Uint8Array) => Promise<Judgement>;
}

/** `waybill/<first 8 bytes of the chain id, hex>/<what>/1` */
export function topicName(chainId: Uint8Array, what: "tx" | "block"): string {
  return `waybill/${toHex(chainId.subarray(0, 8))}/${what}/1`;
}

export class Relay {
  readonly #log: Log;
  readonly #blocks: InboundQueue<Told>;
  readonly #transactions: InboundQueue<Told>;
  readonly #blockTopic: Topic;
  readonly #transactionTopic: Topic;

  constructor({ network, log, chainId, takeBlock, takeTransaction }: RelayDependencies) {
    this.#log = log;
    const onFault = (error: unknown): void => log.fault("a gossiped message could not be worked on", error);
    this.#blocks = new InboundQueue(
      { order: "first-in-first-out", limit: BLOCK_QUEUE_MAX },
      ({ bytes, from }) => takeBlock(bytes, from),
      onFault,
    );
    this.#transactions = new InboundQueue(
      { order: "last-in-first-out", limit: TRANSACTION_QUEUE_MAX },
      ({ bytes }) => takeTransaction(bytes),
      onFault,
    );
    this.#blockTopic = network.topic(topicName(chainId, "block"), {
      messageBytesMax: BLOCK_BYTES_MAX,
      validate: (bytes, from) => this.#blocks.push({ bytes, from }),
    });
    this.#transactionTopic = network.topic(topicName(chainId, "tx"), {
      messageBytesMax: TRANSACTION_BYTES_MAX,
      validate: (bytes, from) => this.#transactions.push({ bytes, from }),
    });
  }

  /** Messages dropped because a queue was full. */
  get dropped(): { readonly blocks: number; readonly transactions: number } {
    return { blocks: this.#blocks.dropped, transactions: this.#transactions.dropped };
  }

  tellBlock(bytes: Uint8Array): void {
    this.#tell(this.#blockTopic, bytes);
  }

  tellTransaction(bytes: Uint8Array): void {
    this.#tell(this.#transactionTopic, bytes);
  }

  async close(): Promise<void> {
    this.#blockTopic.close();
    this.#transactionTopic.close();
    await Promise.all([this.#blocks.close(), this.#transactions.close()]);
  }

  #tell(topic: Topic, bytes: Uint8Array): void {
    // Whoever misses it finds it by comparing tips, or in the pool.
    topic.publish(bytes).catch((error: unknown) => this.#log.fault("gossip could not be sent", error));
  }
}
