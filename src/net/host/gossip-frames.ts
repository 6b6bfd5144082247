/**
 * Owns two things about gossip frames that the router leaves open. One that cannot be read it drops without a word to
 * anybody, so that they could come without end, each up to the limit of a frame. And it offers more messages at once than
 * we let anybody offer: the whole frame would be dropped, with all else that is in it.
 */
import type { GossipSub } from "@libp2p/gossipsub";
import type { PeerId as Libp2pPeerId } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import { GOSSIP_IHAVE_IDS_MAX } from "../limits.ts";
import { peerOf } from "./gate.ts";

/** One frame as the router takes it off a stream. */
interface Frame {
  subarray(): Uint8Array;
}

/** How the router reads, which its public interface does not tell. */
interface Reader {
  pipePeerReadStream(from: Libp2pPeerId, frames: AsyncIterable<Frame>): Promise<void>;
  decodeRpc(bytes: Uint8Array): unknown;
}

/** What is offered to others comes from here: ids by topic, those of the newest round first. */
interface Offers {
  readonly mcache: { getGossipIDs(topics: ReadonlySet<string>): Map<string, Uint8Array[]> };
}

/** Of the router's decoder, for a frame that holds more of something than our limits let it. */
const TOO_MANY = "MaxLengthError";

/** Of very many new messages those of the newest rounds are offered; others came by the mesh, or are found by sync. */
export function keepGossipOffersShort(gossip: GossipSub): void {
  const { mcache } = gossip as unknown as Offers;
  const idsOf = mcache.getGossipIDs.bind(mcache);
  mcache.getGossipIDs = (topics) => {
    const offered = [...idsOf(topics)];
    return new Map(offered.map(([topic, ids]) => [topic, ids.slice(0, GOSSIP_IHAVE_IDS_MAX)]));
  };
}

/**
 * @param onUnreadable told of each frame that is no gossip. One that holds too much is dropped and no offence: other
 * programs have other limits.
 */
export function watchGossipFrames(gossip: GossipSub, onUnreadable: (peer: PeerId) => void): void {
  const reader = gossip as unknown as Reader;
  const read = reader.pipePeerReadStream.bind(gossip);
  const decode = reader.decodeRpc.bind(gossip);
  const senders = new WeakMap<Uint8Array, PeerId>();
  reader.pipePeerReadStream = (from, frames) => read(from, withSender(frames, peerOf(from), senders));
  reader.decodeRpc = (bytes) => {
    try {
      return decode(bytes);
    } catch (error) {
      const sender = senders.get(bytes);
      const holdsTooMany = error instanceof Error && error.name === TOO_MANY;
      if (sender !== undefined && !holdsTooMany) onUnreadable(sender);
      throw error;
    }
  };
}

/** The same frames; whose they are is known by the bytes that the router takes out of them. */
async function* withSender(
  frames: AsyncIterable<Frame>,
  sender: PeerId,
  senders: WeakMap<Uint8Array, PeerId>,
): AsyncGenerator<Frame> {
  for await (const frame of frames) {
    yield {
      subarray: () => {
        const bytes = frame.subarray();
        senders.set(bytes, sender);
        return bytes;
      },
    };
  }
}
