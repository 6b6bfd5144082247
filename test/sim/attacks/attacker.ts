/**
 * Owns one malicious peer: an honest node's view of the chain, identities to speak under, and the means to say anything to
 * anybody. Which attack comes when is the crew's; the attacks are listed in `kinds.ts`.
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
import type { Block } from "#ledger/index.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import type { SeededRandom } from "#test/kit/random.ts";
import { InterceptedNetwork, type Interception, type PeekedStream } from "#test/kit/sim-attacker.ts";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import type { SimWorld } from "../world.ts";
import type { Crew } from "./crew.ts";
import { Face } from "./face.ts";

const PEEK_TIMEOUT_MS = 30_000;
/** Messages of others kept, to be told again; and forged blocks, for those who ask for parts of them. */
const KEPT_MAX = 200;
/** With fewer neighbours an identity is given up for another. */
const NEIGHBOURS_MIN = 2;

/** @returns whether an honest peer was really told of it, asked or served; else it is tried again another time. */
export type Attack = (attacker: Attacker) => boolean | Promise<boolean>;
/** How a stream that somebody opened is answered. @returns whether the lie was told to an honest peer. */
export type Manner = (attacker: Attacker, stream: FrameStream) => Promise<boolean>;
type Listener = (topic: string, bytes: Uint8Array) => void;

export interface Repertoire {
  readonly attacks: Readonly<Record<string, Attack>>;
  readonly manners: Readonly<Record<string, Manner>>;
}

export class Attacker implements Interception {
  readonly world: SimWorld;
  readonly crew: Crew;
  readonly random: SeededRandom;
  readonly network: InterceptedNetwork;
  /** What it heard, by topic. */
  readonly heardOf: { readonly topic: string; readonly bytes: Uint8Array }[] = [];
  readonly #repertoire: Repertoire;
  readonly #listeners = new Set<Listener>();
  /** Forged blocks, and how their parts are served: truly, or not at all. */
  readonly #forged = new Map<BlockId, { readonly block: Block; readonly isServed: boolean }>();
  readonly #at: number;
  #face: Face | null = null;
  #isAttacking = false;
  /** Until then its node passes nothing on. */
  #swallowsUntilMs = 0;
  #swallowed = 0;

  constructor(inner: Network, at: number, crew: Crew, repertoire: Repertoire) {
    this.world = crew.world;
    this.crew = crew;
    this.#at = at;
    this.#repertoire = repertoire;
    this.random = this.world.random.fork(`attacker ${at}`);
    this.network = new InterceptedNetwork(inner, this);
    crew.attackers.push(this);
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

  /** From now on, until its {@link end}. @param periodMs mean time between two attacks. */
  begin(periodMs: number): void {
    this.#isAttacking = true;
    this.#face = new Face(this);
    const again = (): void => {
      const waitMs = -Math.log(1 - this.random.fraction()) * periodMs;
      this.world.clock.after(waitMs, () => {
        if (!this.#isAttacking) return;
        this.#attack();
        again();
      });
    };
    again();
  }

  /** From now on nobody hears of it; its node is the world's to stop. */
  end(): void {
    this.#isAttacking = false;
    this.#face?.end();
  }

  #attack(): void {
    if (this.face.neighbours().length < Math.min(NEIGHBOURS_MIN, this.world.honest.length)) {
      this.#face?.end();
      this.#face = new Face(this);
      return;
    }
    const kind = this.crew.nextAttack();
    const attack = this.#repertoire.attacks[kind];
    if (attack === undefined) throw new Error(`no attack is called ${kind}`);
    // Begun at once: the chance that it draws on belongs to this moment.
    const made = (async () => attack(this))();
    made.then(
      (isFelt) => this.crew.noteAttack(kind, isFelt),
      (error: unknown) => this.#failed(error),
    );
  }

  /** What an attack was about to do when its node stopped is nobody's fault. */
  #failed(error: unknown): void {
    if (this.node.running) this.world.faults.push(error);
  }

  // What attacks are made of ---------------------------------------------------------------------------------

  /** Under which it speaks now. */
  get face(): Face {
    if (this.#face === null) throw new Error(`${this} has not begun`);
    return this.#face;
  }

  /** Honest peers that it can speak to. */
  neighbours(): readonly PeerId[] {
    return this.face.neighbours();
  }

  /** To all neighbours, or to some. @returns whether there are any. */
  say(topic: string, bytes: Uint8Array, to: readonly PeerId[] = this.neighbours()): boolean {
    for (const peer of to) this.world.network.whisper(this.face.network.self, peer, topic, bytes);
    return to.length > 0;
  }

  /** The next message that `read` makes something of, as its node hears it; `null` when none comes in time. */
  async nextHeard<Value>(
    patienceMs: number,
    read: (topic: string, bytes: Uint8Array) => Value | null,
  ): Promise<Value | null> {
    const found = Promise.withResolvers<Value | null>();
    const listener: Listener = (topic, bytes) => {
      const value = read(topic, bytes);
      if (value !== null) found.resolve(value);
    };
    this.#listeners.add(listener);
    this.world.clock.after(patienceMs, () => found.resolve(null));
    const value = await found.promise;
    this.#listeners.delete(listener);
    return this.node.running ? value : null;
  }

  async passTime(ms: number): Promise<void> {
    await new Promise<void>((resolve) => this.world.clock.after(ms, resolve));
  }

  nowSeconds(): number {
    return Math.floor(this.world.clock.nowMs() / 1000);
  }

  template(timeSeconds = this.nowSeconds()): Block {
    return this.node.chain.template(this.node.account, timeSeconds).block;
  }

  /** @param isServed whether whoever asks for its parts gets them. */
  announce(block: Block, isServed: boolean, to?: readonly PeerId[]): boolean {
    const [oldest] = this.#forged.keys();
    if (this.#forged.size >= KEPT_MAX && oldest !== undefined) this.#forged.delete(oldest);
    this.#forged.set(block.id, { block, isServed });
    const nonce = BigInt(this.random.below(2 ** 32));
    return this.say(this.blockTopic, encodeCompactBlock(compactOf(block, nonce, () => false)), to);
  }

  /** For so long its node hears everything and passes nothing on. @returns how much that was. */
  async swallow(ms: number): Promise<number> {
    const before = this.#swallowed;
    this.#swallowsUntilMs = this.world.clock.monotonicMs() + ms;
    await this.passTime(ms);
    return this.#swallowed - before;
  }

  // What stands between its node and the network -------------------------------------------------------------

  mayPublish(): boolean {
    return true;
  }

  mayPassOn(): boolean {
    if (this.world.clock.monotonicMs() >= this.#swallowsUntilMs) return true;
    this.#swallowed += 1;
    return false;
  }

  heard(topic: string, bytes: Uint8Array): void {
    const copy = bytes.slice();
    if (this.heardOf.length < KEPT_MAX) this.heardOf.push({ topic, bytes: copy });
    else this.heardOf[this.random.below(KEPT_MAX)] = { topic, bytes: copy };
    for (const listener of [...this.#listeners]) listener(topic, copy);
  }

  async serves(protocol: string, stream: PeekedStream): Promise<boolean> {
    if (protocol === BLOCK_PARTS_PROTOCOL) return await this.#servesParts(stream);
    const kind = protocol === SYNC_PROTOCOL && this.#isAttacking ? this.crew.nextManner(this) : "";
    const manner = this.#repertoire.manners[kind];
    if (manner === undefined) return false;
    try {
      const isFelt = await manner(this, stream);
      this.crew.noteManner(kind, isFelt && this.crew.isHonest(stream.peer));
    } catch (error) {
      this.#failed(error);
    }
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
      this.crew.note("parts withheld", this.crew.isHonest(stream.peer));
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
