/**
 * Owns a throwaway identity of an attacker: a peer of its own key and connections, with no node behind it. What is said
 * under it costs the attacker's node no standing, and when it is shut out by all it is replaced by another.
 */
import type { PeerId } from "#base/brand.ts";
import { SYNC_FRAME_BYTES_MAX, SYNC_STREAMS_PER_PEER_MAX } from "#chain/limits.ts";
import { BLOCK_PARTS_OPTIONS } from "#chain/relay/block-parts.ts";
import { BLOCK_PARTS_PROTOCOL } from "#chain/relay/block-parts-codec.ts";
import { SYNC_PROTOCOL } from "#chain/sync/sync-codec.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import type { Network } from "#ports/network.ts";
import { PeekedStream } from "#test/kit/sim-attacker.ts";
import type { Attacker } from "./attacker.ts";
import { answersTruly } from "./sync-manners.ts";

/** Honest peers that one identity connects to. */
const CONNECTIONS = 6;

export class Face {
  readonly network: Network;
  readonly #attacker: Attacker;

  /** Connected a moment later. */
  constructor(attacker: Attacker) {
    this.#attacker = attacker;
    const { world, random } = attacker;
    const { peerId } = createKeypair(random.bytes(32));
    this.network = world.network.addPeer(peerId);
    const serve = (protocol: string, options: Parameters<Network["handle"]>[1]): void => {
      this.network.handle(protocol, options, async (stream) => {
        const peeked = new PeekedStream(stream);
        if (await attacker.serves(protocol, peeked)) return;
        if (protocol === SYNC_PROTOCOL) await answersTruly(attacker, peeked);
      });
    };
    serve(SYNC_PROTOCOL, {
      frameBytesMax: SYNC_FRAME_BYTES_MAX,
      streamsPerPeerMax: SYNC_STREAMS_PER_PEER_MAX,
    });
    serve(BLOCK_PARTS_PROTOCOL, BLOCK_PARTS_OPTIONS);
    const others = world.honest.map(({ id }) => id);
    for (let made = 0; made < CONNECTIONS && others.length > 0; made++) {
      for (const peer of others.splice(random.below(others.length), 1)) world.network.connect(peerId, peer);
    }
  }

  /** Honest ones. */
  neighbours(): readonly PeerId[] {
    const { crew } = this.#attacker;
    return this.network
      .connected()
      .map(({ peer }) => peer)
      .filter((peer) => crew.isHonest(peer));
  }

  end(): void {
    this.#attacker.world.network.stop(this.network.self);
  }
}
