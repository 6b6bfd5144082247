/**
 * Owns a miner that keeps its blocks to itself (Eyal and Sirer 2013): its node mines as any other, but what it finds is
 * announced only when others come close, so that their work is lost.
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import { BLOCK_PARTS_PROTOCOL, decodeBlockPartsQuestion } from "#chain/relay/block-parts-codec.ts";
import { decodeCompactBlock } from "#chain/relay/compact-block.ts";
import { topicName } from "#chain/relay/relay.ts";
import { SYNC_PROTOCOL } from "#chain/sync/sync-codec.ts";
import type { Network } from "#ports/network.ts";
import { InterceptedNetwork, type Interception, type PeekedStream } from "#test/kit/sim-attacker.ts";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import type { SimWorld } from "../world.ts";

interface Kept {
  readonly id: BlockId;
  readonly height: number;
  readonly announcement: Uint8Array;
}

const PEEK_TIMEOUT_MS = 30_000;

export class Withholder implements Interception {
  readonly network: InterceptedNetwork;
  /** Blocks found that others were not told of at once. */
  withheld = 0;
  readonly #world: SimWorld;
  readonly #blockTopic: string;
  /** Found and told to nobody, oldest first. */
  #kept: Kept[] = [];
  /** Of the highest block that others know. */
  #publicHeight = 0;
  /** Others know a branch as high as ours: what we find next is told at once. */
  #isRace = false;

  constructor(inner: Network, world: SimWorld) {
    this.network = new InterceptedNetwork(inner, this);
    this.#world = world;
    this.#blockTopic = topicName(world.ledger.chainId, "block");
  }

  get #node(): ChainNode {
    const [node] = this.#world.malicious;
    if (node === undefined) throw new Error("a withholder without a node");
    return node;
  }

  mayPublish(topic: string, bytes: Uint8Array): boolean {
    if (topic !== this.#blockTopic) return true;
    const compact = decodeCompactBlock(bytes);
    if (!compact.ok || compact.value.header.height <= this.#publicHeight) return true;
    const { id, header } = compact.value;
    if (this.#isRace) {
      this.#isRace = false;
      this.#publicHeight = header.height;
      return true;
    }
    this.withheld += 1;
    this.#kept.push({ id, height: header.height, announcement: bytes.slice() });
    return false;
  }

  heard(topic: string, bytes: Uint8Array, _from: PeerId): void {
    const compact = topic === this.#blockTopic ? decodeCompactBlock(bytes) : null;
    if (compact === null || !compact.ok) return;
    const { height } = compact.value.header;
    if (height <= this.#publicHeight) return;
    this.#publicHeight = height;
    this.#isRace = false;
    const newest = this.#kept.at(-1);
    if (newest === undefined) return;
    if (newest.height < height) {
      // They are ahead: what was kept is lost, and its node goes over to them.
      this.#kept = [];
      return;
    }
    const lead = newest.height - height;
    this.#isRace = lead === 0;
    // A lead of one is not worth keeping: all is shown, and it wins.
    const upTo = lead <= 1 ? newest.height : height;
    for (const kept of this.#kept.filter((one) => one.height <= upTo)) {
      this.network
        .publish(this.#blockTopic, kept.announcement)
        .catch((error: unknown) => this.#world.faults.push(error));
    }
    this.#kept = this.#kept.filter((one) => one.height > upTo);
    this.#publicHeight = Math.max(this.#publicHeight, upTo);
  }

  /** Whoever asks where it stands would learn of what it keeps. */
  async serves(protocol: string, stream: PeekedStream): Promise<boolean> {
    if (protocol === SYNC_PROTOCOL) return this.#kept.length > 0;
    if (protocol !== BLOCK_PARTS_PROTOCOL) return false;
    const frame = await stream.peek(PEEK_TIMEOUT_MS);
    const question = frame === null ? null : decodeBlockPartsQuestion(frame);
    return question?.ok === true && this.#kept.some(({ id }) => id === question.value.id);
  }

  /** Gives up: what is still kept is told, so that all can agree. */
  release(): void {
    for (const kept of this.#kept) {
      this.network
        .publish(this.#blockTopic, kept.announcement)
        .catch((error: unknown) => this.#world.faults.push(error));
    }
    this.#kept = [];
    this.#publicHeight = this.#node.chain.tip().height;
  }
}
