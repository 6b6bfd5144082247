/**
 * Owns peers that attack co-signed checkpoints, as one group: malicious signers, fewer than a quorum, lend each other
 * their keys, and each peer says what it likes to whom it likes. Between attacks such a peer follows the chain as others
 * do. What the attacks are is in `checkpoint-attacks.ts`.
 */
import type { AccountId, BlockId, PeerId } from "#base/brand.ts";
import { fromUtf8, toHex, utf8 } from "#base/bytes.ts";
import { CHECKPOINT_PROTOCOL } from "#chain/checkpoints/checkpoint-codec.ts";
import { CHECKPOINT_DEPTH_BLOCKS, CHECKPOINT_FRAME_BYTES_MAX } from "#chain/limits.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { type Checkpoint, checkpointText, cosign, encodeCheckpoint } from "#ledger/checkpoint.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import type { SeededRandom } from "#test/kit/random.ts";
import { InterceptedNetwork, type Interception, type PeekedStream } from "#test/kit/sim-attacker.ts";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import type { SimWorld } from "../world.ts";
import {
  BOTH_SIDES,
  CHECKPOINT_ATTACKS,
  CHECKPOINT_MANNERS,
  SOUND_KINDS,
  STUFFING,
} from "./checkpoint-attacks.ts";

/** Mean time between two attacks of all attackers together. */
const ATTACK_PERIOD_MS = 1_500;
/** How often an attacker answers as an honest peer does: one that never did would soon be asked no more. */
const HONEST_CHANCE = 0.3;
const HEARD_MAX = 100;
const PATIENCE_MS = 30_000;
const STREAMS_AT_ONCE = 8;

/** What the attackers of one world know and do together. */
export class CheckpointCoalition {
  readonly world: SimWorld;
  readonly members: CheckpointAttacker[] = [];
  /** By kind, how often it was really said, or served. */
  readonly made = new Map<string, number>();
  /** What stood on the chain of one of their nodes when it was due, by height: more than one where branches were cut. */
  readonly seen = new Map<number, Map<BlockId, Checkpoint>>();
  /** What their keys signed and somebody honest was told. */
  readonly #told = new Map<AccountId, Map<number, Set<string>>>();
  /**
   * What they do now. Their keys sign both sides of a cut before they sign anything else: a key's second statement about a
   * height counts for nobody. And what costs them their connections comes after what looks sound to each who hears it.
   */
  stage: "sides" | "sound" | "all" = "sides";
  #settled = 0;
  #deck: string[] = [];
  #manners: string[] = [];

  constructor(world: SimWorld) {
    this.world = world;
  }

  get everyBlocks(): number {
    return this.world.params.checkpoints?.everyBlocks ?? 1;
  }

  /** Their keys that the genesis names. */
  get signers(): readonly Keypair[] {
    const keys = this.world.params.checkpoints?.keys ?? [];
    return this.world.malicious.flatMap(({ keypair }) => (keys.includes(keypair.account) ? [keypair] : []));
  }

  /** Their keys that signed two blocks of one height before the ears of honest peers. */
  get equivocators(): readonly AccountId[] {
    return [...this.#told].flatMap(([signer, byHeight]) =>
      [...byHeight.values()].some((texts) => texts.size > 1) ? [signer] : [],
    );
  }

  /** What was not made yet. */
  missing(): readonly string[] {
    const kinds = [...Object.keys(CHECKPOINT_ATTACKS), ...Object.keys(CHECKPOINT_MANNERS), WITHHELD];
    return kinds.filter((kind) => !this.made.has(kind));
  }

  /** All kinds in turn, in an order by chance. */
  nextKind(random: SeededRandom): string | null {
    if (this.isDisputed()) return BOTH_SIDES;
    if (this.stage === "sides") return null;
    const isLast = this.missing().every((kind) => kind === STUFFING);
    if (isLast && !this.made.has(STUFFING)) return STUFFING;
    if (this.#deck.length === 0) {
      const kinds = this.stage === "all" ? Object.keys(CHECKPOINT_ATTACKS) : SOUND_KINDS;
      this.#deck = kinds.filter((kind) => kind !== BOTH_SIDES && (isLast || kind !== STUFFING));
    }
    return this.#deck.splice(random.below(this.#deck.length), 1)[0] ?? "";
  }

  nextManner(random: SeededRandom): string {
    if (this.#manners.length === 0) this.#manners = Object.keys(CHECKPOINT_MANNERS);
    return this.#manners.splice(random.below(this.#manners.length), 1)[0] ?? "";
  }

  count(kind: string): void {
    this.made.set(kind, (this.made.get(kind) ?? 0) + 1);
  }

  /** Whether blocks of two branches were due at a height, and the group did not deal with it yet. */
  isDisputed(): boolean {
    return this.disputed() !== null;
  }

  /** Both sides of this height were signed, or it has one side alone by now. */
  settled(height: number): void {
    this.#settled = height;
  }

  /** The highest such; `null` when there is none. */
  disputed(): number | null {
    const heights = [...this.seen].flatMap(([height, byId]) => (byId.size > 1 ? [height] : []));
    const highest = Math.max(0, ...heights);
    return highest > this.#settled ? highest : null;
  }

  told(signer: AccountId, checkpoint: Checkpoint): void {
    const byHeight = this.#told.get(signer) ?? new Map<number, Set<string>>();
    this.#told.set(signer, byHeight);
    const texts = byHeight.get(checkpoint.height) ?? new Set<string>();
    byHeight.set(checkpoint.height, texts.add(checkpointText(checkpoint)));
  }
}

/** Whether anything was said to anybody. */
export type CheckpointAttack = (attacker: CheckpointAttacker) => Promise<boolean> | boolean;
/** How a question for checkpoints is answered; whether it was. */
export type CheckpointManner = (attacker: CheckpointAttacker, stream: FrameStream) => Promise<boolean>;

export class CheckpointAttacker implements Interception {
  readonly coalition: CheckpointCoalition;
  readonly random: SeededRandom;
  readonly network: InterceptedNetwork;
  /** Notes that it heard. */
  readonly heardNotes: string[] = [];
  readonly #topic: string;

  constructor(inner: Network, at: number, coalition: CheckpointCoalition) {
    this.coalition = coalition;
    this.random = coalition.world.random.fork(`checkpoint attacker ${at}`);
    this.network = new InterceptedNetwork(inner, this);
    const chain = toHex(coalition.world.ledger.chainId.subarray(0, 8));
    this.#topic = `waybill/${chain}/checkpoint/1`;
    coalition.members.push(this);
  }

  get world(): SimWorld {
    return this.coalition.world;
  }

  get node(): ChainNode {
    const node = this.world.malicious.find(({ id }) => id === this.network.self);
    if (node === undefined) throw new Error("an attacker without a node");
    return node;
  }

  /** From now on, until its node stops. */
  begin(): void {
    const again = (): void => {
      const meanMs = ATTACK_PERIOD_MS * this.coalition.members.length;
      const waitMs = -Math.log(1 - this.random.fraction()) * meanMs;
      this.world.clock.after(waitMs, () => {
        if (!this.node.running) return;
        this.#attack().catch((error: unknown) => this.#failed(error));
        again();
      });
    };
    again();
  }

  async #attack(): Promise<void> {
    this.#noteDue();
    const kind = this.coalition.nextKind(this.random);
    if (kind !== null && (await CHECKPOINT_ATTACKS[kind]?.(this)) === true) this.coalition.count(kind);
  }

  #failed(error: unknown): void {
    if (this.node.running) this.world.faults.push(error);
  }

  // What attacks are made of ---------------------------------------------------------------------------------

  /** Honest ones alone: the others know already. */
  neighbours(): readonly PeerId[] {
    const honest = new Set<PeerId>(this.world.honest.map(({ id }) => id));
    return this.network.connected().flatMap(({ peer }) => (honest.has(peer) ? [peer] : []));
  }

  /** One of the neighbours: what breaks the rules at first sight soon costs the connection. */
  someone(): readonly PeerId[] {
    const neighbours = this.neighbours();
    return neighbours.length === 0 ? [] : [this.random.pick(neighbours)];
  }

  say(bytes: Uint8Array, to: readonly PeerId[]): boolean {
    for (const peer of to) this.world.network.whisper(this.network.self, peer, this.#topic, bytes);
    return to.length > 0;
  }

  /** A note with the line of one of the group's keys. */
  sayVote(checkpoint: Checkpoint, signer: Keypair, to: readonly PeerId[]): boolean {
    if (to.length > 0) this.coalition.told(signer.account, checkpoint);
    const signatures = [cosign(checkpoint, this.seconds(), signer)];
    return this.say(utf8(encodeCheckpoint({ checkpoint, signatures })), to);
  }

  seconds(): number {
    return Math.floor(this.world.clock.nowMs() / 1000);
  }

  /** The highest block of its own chain that an honest signer would sign now; `null` when there is none. */
  due(): Checkpoint | null {
    const { chain } = this.node;
    const deepest = chain.tip().height - CHECKPOINT_DEPTH_BLOCKS;
    const height = deepest - (deepest % this.coalition.everyBlocks);
    return height < 1 ? null : chain.checkpointAt(height);
  }

  /** A statement about a block that nobody has. */
  invented(height: number): Checkpoint {
    const blockId = toHex(this.random.bytes(32)) as BlockId;
    const { chainId } = this.world.ledger;
    return { chainId, height, treeHash: this.random.bytes(32), blockId };
  }

  #noteDue(): void {
    const due = this.due();
    if (due === null) return;
    const { seen } = this.coalition;
    seen.set(due.height, (seen.get(due.height) ?? new Map<BlockId, Checkpoint>()).set(due.blockId, due));
  }

  async open(work: (stream: FrameStream) => Promise<boolean>): Promise<boolean> {
    const [peer] = this.someone();
    if (peer === undefined) return false;
    const answer = await this.network.open(peer, CHECKPOINT_PROTOCOL, {
      frameBytesMax: CHECKPOINT_FRAME_BYTES_MAX,
      streamsPerPeerMax: STREAMS_AT_ONCE,
      timeoutMs: PATIENCE_MS,
    });
    return answer.ok && (await work(answer.value));
  }

  // What stands between its node and the network -------------------------------------------------------------

  /** Its own node votes as an honest one would; nobody hears it. */
  mayPublish(topic: string): boolean {
    if (topic !== this.#topic) return true;
    this.coalition.count(WITHHELD);
    return false;
  }

  heard(topic: string, bytes: Uint8Array): void {
    const text = topic === this.#topic ? fromUtf8(bytes) : null;
    if (text === null) return;
    if (this.heardNotes.length < HEARD_MAX) this.heardNotes.push(text);
    else this.heardNotes[this.random.below(HEARD_MAX)] = text;
  }

  async serves(protocol: string, stream: PeekedStream): Promise<boolean> {
    const isHonest = this.coalition.stage !== "all" || this.random.chance(HONEST_CHANCE);
    if (protocol !== CHECKPOINT_PROTOCOL || isHonest) return false;
    const kind = this.coalition.nextManner(this.random);
    const isTold = (await CHECKPOINT_MANNERS[kind]?.(this, stream)) === true;
    if (isTold && this.world.honest.some(({ id }) => id === stream.peer)) this.coalition.count(kind);
    return true;
  }
}

/** The one kind that is not begun: it is what its own node would have published. */
export const WITHHELD = "vote withheld";
