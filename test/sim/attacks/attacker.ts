/**
 * Owns one malicious peer: an honest node's view of the chain, and the means to say anything to anybody. Which attack
 * comes when is drawn by chance; the attacks are in `gossip-attacks.ts` and `stream-attacks.ts`.
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import {
  BLOCK_PARTS_PROTOCOL,
  decodeBlockPartsQuestion,
  encodeBlockPartsAnswer,
} from "#chain/relay/block-parts-codec.ts";
import { compactOf, encodeCompactBlock } from "#chain/relay/compact-block.ts";
import { topicName } from "#chain/relay/relay.ts";
import { SYNC_PROTOCOL } from "#chain/sync/sync-codec.ts";
import { encodeBlock, encodeTransaction } from "#ledger/codec.ts";
import type { Block, SignedTransaction } from "#ledger/index.ts";
import { signTransaction } from "#ledger/index.ts";
import type { Network } from "#ports/network.ts";
import type { SeededRandom } from "#test/kit/random.ts";
import { InterceptedNetwork, type Interception, type PeekedStream } from "#test/kit/sim-attacker.ts";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import type { SimWorld } from "../world.ts";
import { GOSSIP_ATTACKS } from "./gossip-attacks.ts";
import { STREAM_ATTACKS, SYNC_MANNERS } from "./stream-attacks.ts";

/** Mean time between two attacks of one attacker. */
const ATTACK_PERIOD_MS = 8_000;
const PEEK_TIMEOUT_MS = 30_000;
/** Messages of others kept, to be told again. */
const HEARD_MAX = 200;

/** How often an attacker answers questions as an honest peer does: one that never did would soon be left alone. */
const HONEST_CHANCE = 0.4;

export type Attack = (attacker: Attacker) => Promise<void> | void;

const ATTACKS: readonly (readonly [string, Attack])[] = Object.entries({
  ...GOSSIP_ATTACKS,
  ...STREAM_ATTACKS,
});

export class Attacker implements Interception {
  readonly world: SimWorld;
  readonly random: SeededRandom;
  readonly network: InterceptedNetwork;
  /** By name, how often each attack was made. */
  readonly made = new Map<string, number>();
  /** What it heard, by topic. */
  readonly heardOf: { readonly topic: string; readonly bytes: Uint8Array }[] = [];
  /** Forged blocks, and how their parts are served: truly, or not at all. */
  readonly #forged = new Map<BlockId, { readonly block: Block; readonly isServed: boolean }>();
  readonly #at: number;
  #manner = "honest";

  constructor(inner: Network, at: number, world: SimWorld) {
    this.world = world;
    this.#at = at;
    this.random = world.random.fork(`attacker ${at}`);
    this.network = new InterceptedNetwork(inner, this);
  }

  get node(): ChainNode {
    const node = this.world.malicious.find(({ id }) => id === this.network.self);
    if (node === undefined) throw new Error("an attacker without a node");
    return node;
  }

  get blockTopic(): string {
    return topicName(this.world.ledger.chainId, "block");
  }

  get transactionTopic(): string {
    return topicName(this.world.ledger.chainId, "tx");
  }

  /** From now on, until the node stops. */
  begin(): void {
    const again = (): void => {
      const waitMs = -Math.log(1 - this.random.fraction()) * ATTACK_PERIOD_MS;
      this.world.clock.after(waitMs, () => {
        if (!this.node.running) return;
        this.#attack();
        again();
      });
    };
    again();
  }

  #attack(): void {
    this.#manner = this.random.chance(HONEST_CHANCE) ? "honest" : this.random.pick(Object.keys(SYNC_MANNERS));
    const [name, attack] = this.random.pick(ATTACKS);
    this.count(name);
    const made = Promise.resolve(attack(this));
    made.catch((error: unknown) => this.#failed(error));
  }

  /** What an attack was about to do when its node stopped is nobody's fault. */
  #failed(error: unknown): void {
    if (this.node.running) this.world.faults.push(error);
  }

  count(name: string): void {
    this.made.set(name, (this.made.get(name) ?? 0) + 1);
  }

  // What attacks are made of ---------------------------------------------------------------------------------

  neighbours(): readonly PeerId[] {
    return this.network.connected().map(({ peer }) => peer);
  }

  /** To all neighbours, or to some. */
  say(topic: string, bytes: Uint8Array, to: readonly PeerId[] = this.neighbours()): void {
    for (const peer of to) this.world.network.whisper(this.network.self, peer, topic, bytes);
  }

  template(): Block {
    const seconds = Math.floor(this.world.clock.nowMs() / 1000);
    return this.node.chain.template(this.node.account, seconds).block;
  }

  /** A payment of its own that nobody was told of. */
  payment(seqAhead = 0, fee = 5_000, chainId = this.world.ledger.chainId): SignedTransaction {
    const { chain, account, keypair } = this.node;
    const to = this.random.pick(this.world.honest).account;
    const body = {
      type: "transfer",
      from: account,
      seq: chain.account(account).nextSeq + seqAhead,
      fee,
      validUntil: chain.tip().height + 100,
      to,
      amount: 1 + this.random.below(100),
    } as const;
    return signTransaction(body, chainId, keypair);
  }

  /** @param isServed whether whoever asks for its parts gets them. */
  announce(block: Block, isServed: boolean, to?: readonly PeerId[]): void {
    const [oldest] = this.#forged.keys();
    if (this.#forged.size >= HEARD_MAX && oldest !== undefined) this.#forged.delete(oldest);
    this.#forged.set(block.id, { block, isServed });
    const nonce = BigInt(this.random.below(2 ** 32));
    this.say(this.blockTopic, encodeCompactBlock(compactOf(block, nonce, () => false)), to);
  }

  // What stands between its node and the network -------------------------------------------------------------

  mayPublish(): boolean {
    return true;
  }

  heard(topic: string, bytes: Uint8Array): void {
    if (this.heardOf.length < HEARD_MAX) this.heardOf.push({ topic, bytes: bytes.slice() });
    else this.heardOf[this.random.below(HEARD_MAX)] = { topic, bytes: bytes.slice() };
  }

  async serves(protocol: string, stream: PeekedStream): Promise<boolean> {
    if (protocol === BLOCK_PARTS_PROTOCOL) return await this.#servesParts(stream);
    const manner = protocol === SYNC_PROTOCOL ? SYNC_MANNERS[this.#manner] : undefined;
    if (manner === undefined) return false;
    this.count(`sync: ${this.#manner}`);
    await manner(this, stream).catch((error: unknown) => this.#failed(error));
    return true;
  }

  async #servesParts(stream: PeekedStream): Promise<boolean> {
    const frame = await stream.peek(PEEK_TIMEOUT_MS);
    const question = frame === null ? null : decodeBlockPartsQuestion(frame);
    if (question === null || !question.ok) return false;
    const forged = this.#forged.get(question.value.id);
    if (forged === undefined) return false;
    await stream.receive();
    if (!forged.isServed) {
      this.count("parts: silence");
      await stream.receive({ timeoutMs: PEEK_TIMEOUT_MS });
      return true;
    }
    const { block } = forged;
    const { value } = question;
    const answer =
      value.type === "get-whole"
        ? ({ type: "whole", block: encodeBlock(block) } as const)
        : ({
            type: "parts",
            transactions: value.positions.flatMap((at) => {
              const transaction = block.transactions[at];
              return transaction === undefined ? [] : [encodeTransaction(transaction)];
            }),
          } as const);
    await stream.send(encodeBlockPartsAnswer(answer));
    return true;
  }

  toString(): string {
    return `attacker ${this.#at} (${toHex(this.world.ledger.chainId.subarray(0, 4))})`;
  }
}
