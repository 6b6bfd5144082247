/**
 * Owns a world for tests of invites: peers on the simulated network who reach each other where a test says so, trackers
 * that all of them share, and what each of them keeps.
 */
import assert from "node:assert/strict";
import type { PeerId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { fail, ok, problem, type Result } from "#base/result.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { decodeFrame, encodeFrame, type InviteFrame } from "#invites/codec.ts";
import { type Invite, type InviteStore, type Invites, openInvites } from "#invites/index.ts";
import { FRAME_BYTES_MAX, JOIN_WAIT_MS, PROTOCOL, STREAMS_PER_PEER_MAX } from "#invites/limits.ts";
import type { Log } from "#ports/log.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import { memoryInvites } from "#storage/memory/invites.ts";
import { SimulatedClock } from "./clock.ts";
import { SimulatedNetwork } from "./network.ts";
import { seededRandom } from "./random.ts";

export class World {
  readonly clock = new SimulatedClock();
  readonly random = seededRandom(11);
  readonly network = new SimulatedNetwork({ clock: this.clock, random: this.random, wiring: "manual" });
  readonly faults: unknown[] = [];
  /** What every tracker of this world knows. */
  readonly meetings = new Map<PeerId, ReadonlySet<string>>();
  readonly listening = new Map<string, PeerId>();

  async peer(seed: number): Promise<Peer> {
    const peer = new Peer(this, seed);
    this.listening.set(peer.address, peer.id);
    return peer;
  }

  /** Runs until the promise has settled. */
  async settled<Value>(work: Promise<Value>): Promise<Value> {
    return this.clock.advanceUntilSettled(work, 2 * JOIN_WAIT_MS, "settled");
  }
}

export class Peer {
  readonly world: World;
  readonly keypair;
  readonly address: string;
  readonly store: InviteStore = memoryInvites();
  /** Durable: what `keepVerified` wrote. */
  readonly verified: PeerId[] = [];
  readonly trackers: string[] = [];
  network: Network;
  invites: Invites;
  failWrites = false;

  constructor(world: World, seed: number) {
    this.world = world;
    this.keypair = createKeypair(new Uint8Array(32).fill(seed));
    this.address = `/ip4/192.168.0.${seed}/tcp/28411`;
    this.network = world.network.addPeer(this.id);
    this.invites = this.#open();
  }

  get id(): PeerId {
    return this.keypair.peerId;
  }

  /** As after a power cut: what was written stays. */
  async restart(): Promise<void> {
    this.world.network.stop(this.id);
    await this.world.settled(this.invites.close());
    this.network = this.world.network.start(this.id);
    this.invites = this.#open();
  }

  meets(other: Peer): void {
    this.world.network.connect(this.id, other.id);
  }

  create(options: { hours?: number; note?: string } = {}): Invite & { link: string; words: string } {
    const made = this.invites.create(options);
    assert.ok(made.ok, JSON.stringify(made));
    const { link, words } = made.value;
    assert.ok(link !== null && words !== null);
    return { ...made.value, link, words };
  }

  async join(text: string, at?: string): Promise<PeerId | string> {
    const joined = await this.world.settled(this.invites.accept(text, at));
    return joined.ok ? joined.value : joined.fault.code;
  }

  /** Sends frames as no honest guest would; gives what came back. */
  async speak(to: Peer, ...frames: readonly (InviteFrame | Uint8Array)[]): Promise<readonly InviteFrame[]> {
    const opened = await this.world.settled(
      this.network.open(to.id, PROTOCOL, {
        frameBytesMax: FRAME_BYTES_MAX,
        streamsPerPeerMax: STREAMS_PER_PEER_MAX,
        timeoutMs: 1_000,
      }),
    );
    assert.ok(opened.ok);
    const stream: FrameStream = opened.value;
    const answers: InviteFrame[] = [];
    for (const frame of frames) {
      await stream.send(frame instanceof Uint8Array ? frame : encodeFrame(frame));
      const received = await this.world.settled(stream.receive({ timeoutMs: 1_000 }));
      if (!received.ok || received.value === null) break;
      const decoded = decodeFrame(received.value);
      if (decoded.ok) answers.push(decoded.value);
    }
    await stream.close();
    return answers;
  }

  #open(): Invites {
    const { world } = this;
    const log: Log = {
      debug() {},
      info() {},
      warn() {},
      fault: (_message, error) => void world.faults.push(error),
      child: () => log,
    };
    return openInvites(
      { keypair: this.keypair },
      {
        ...{ network: this.network, clock: world.clock, random: world.random, log, store: this.store },
        reach: {
          addresses: () => [`${this.address}/p2p/${this.id}`],
          trackers: () => this.trackers,
          addTracker: (address) => this.#addTracker(address),
          connect: (address) => this.#connect(address),
          suggest: (peer, addresses) => this.#suggest(peer, addresses),
          meet: async (id) => this.#meet(toHex(id)),
          setRendezvous: (ids) => void world.meetings.set(this.id, new Set(ids.map(toHex))),
        },
        keepVerified: (peer, alongside) => {
          let isWritten = false;
          alongside(() => {
            if (this.failWrites) throw new Error("disk full");
            isWritten = true;
          });
          if (isWritten && !this.verified.includes(peer)) this.verified.push(peer);
          return ok();
        },
      },
    );
  }

  #addTracker(address: string): Result<undefined, never> {
    this.trackers.push(address);
    return ok();
  }

  async #connect(address: string) {
    const { listening, network } = this.world;
    const peer = listening.get(address.replace(/\/p2p\/.*/, ""));
    if (peer === undefined) return fail(problem("unreachable", "nobody answers there", "It is tried again."));
    network.connect(this.id, peer);
    return ok(peer);
  }

  #suggest(peer: PeerId, addresses: readonly string[]): void {
    const { listening, network } = this.world;
    if (addresses.some((address) => listening.get(address) === peer)) network.connect(this.id, peer);
  }

  #meet(id: string): readonly PeerId[] {
    if (this.trackers.length === 0) return [];
    const met = [...this.world.meetings].flatMap(([peer, ids]) => (ids.has(id) ? [peer] : []));
    for (const peer of met) this.world.network.connect(this.id, peer);
    return met;
  }
}
