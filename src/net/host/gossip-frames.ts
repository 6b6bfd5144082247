/**
 * Owns what it costs to send gossip frames that cannot be read. The router drops them without a word to anybody, so that
 * they could come without end, each up to the limit of a frame.
 */
import type { GossipSub } from "@libp2p/gossipsub";
import type { PeerId as Libp2pPeerId } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
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

/** @param onUnreadable told of each frame that cannot be decoded, or holds more of something than may be in one. */
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
      if (sender !== undefined) onUnreadable(sender);
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
