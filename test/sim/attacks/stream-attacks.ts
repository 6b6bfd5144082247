/** Owns what an attacker does on streams that it opens itself: too many, too long, too slow, out of order. */
import type { BlockId } from "#base/brand.ts";
import { ByteWriter } from "#base/bytes.ts";
import { SYNC_FRAME_BYTES_MAX } from "#chain/limits.ts";
import { BLOCK_PARTS_PROTOCOL } from "#chain/relay/block-parts-codec.ts";
import { encodeSyncMessage, SYNC_PROTOCOL } from "#chain/sync/sync-codec.ts";
import { encodeHeader } from "#ledger/index.ts";
import type { FrameStream } from "#ports/network.ts";
import type { Attack, Attacker } from "./attacker.ts";
import { truth } from "./sync-manners.ts";

const PATIENCE_MS = 30_000;
/** Many times as many as any protocol serves of one peer. */
const STREAMS_AT_ONCE = 64;
const QUESTIONS = 20;
/** The attacker's own end holds back nothing. */
const OPTIONS = {
  frameBytesMax: 2 * SYNC_FRAME_BYTES_MAX,
  streamsPerPeerMax: STREAMS_AT_ONCE,
  timeoutMs: PATIENCE_MS,
};
/** Of a message of the sync protocol: the kind byte of headers, of a block, of ids of the pool. */
const COUNTED_KINDS = [3, 5, 7] as const;

/** @returns whether the stream was opened, and the work says that it came to something. */
async function opened(
  attacker: Attacker,
  protocol: string,
  work: (stream: FrameStream) => Promise<boolean>,
): Promise<boolean> {
  const neighbours = attacker.neighbours();
  if (neighbours.length === 0) return false;
  const { network } = attacker.face;
  const answer = await network.open(attacker.random.pick(neighbours), protocol, OPTIONS);
  return answer.ok && (await work(answer.value));
}

const protocols = [SYNC_PROTOCOL, BLOCK_PARTS_PROTOCOL] as const;

/** Streams on which nothing is ever said, many times as many as are served; whoever is cut off opens another. */
const holdsStreams: Attack = async (attacker) => {
  const [peer] = attacker.neighbours();
  if (peer === undefined) return false;
  const { network } = attacker.face;
  const protocol = attacker.random.pick(protocols);
  const held = Array.from({ length: STREAMS_AT_ONCE }, async () => {
    const answer = await network.open(peer, protocol, OPTIONS);
    if (!answer.ok) return false;
    const ended = await answer.value.receive({ timeoutMs: PATIENCE_MS });
    return !ended.ok && ended.fault.code === "reset";
  });
  // Those beyond the cap were cut off at once: else they would not have been too many.
  return (await Promise.all(held)).includes(true);
};

const sendsGarbage: Attack = (attacker) =>
  opened(attacker, attacker.random.pick(protocols), async (stream) => {
    const sent = await stream.send(attacker.random.bytes(1 + attacker.random.below(500)));
    await stream.receive({ timeoutMs: PATIENCE_MS });
    return sent.ok;
  });

/** By a byte. The other side breaks the stream off by its length alone. */
const sendsTooLongFrame: Attack = (attacker) =>
  opened(attacker, SYNC_PROTOCOL, async (stream) => {
    const sent = await stream.send(new Uint8Array(SYNC_FRAME_BYTES_MAX + 1));
    return !sent.ok && sent.fault.code === "reset";
  });

/** Asks for everything, and reads no answer. */
const asksWithoutReading: Attack = (attacker) =>
  opened(attacker, SYNC_PROTOCOL, async (stream) => {
    await stream.send(encodeSyncMessage(truth(attacker)));
    const genesis = attacker.world.ledger.genesis.id;
    for (let at = 0; at < QUESTIONS; at++) {
      const sent = await stream.send(encodeSyncMessage({ type: "get-headers", locator: [genesis] }));
      if (!sent.ok) return at > 0;
    }
    await attacker.passTime(PATIENCE_MS);
    stream.reset("enough");
    return true;
  });

/** Asks before it says who it is, or says so again and again. */
const speaksOutOfOrder: Attack = (attacker) =>
  opened(attacker, SYNC_PROTOCOL, async (stream) => {
    const hello = encodeSyncMessage(truth(attacker));
    const [first, second] = attacker.random.chance(0.5)
      ? [encodeSyncMessage({ type: "get-pool" }), hello]
      : [hello, hello];
    const sent = await stream.send(first);
    await stream.send(second);
    await stream.receive({ timeoutMs: PATIENCE_MS });
    return sent.ok;
  });

/** Asks for what nobody has. */
const asksForNothing: Attack = (attacker) =>
  opened(attacker, SYNC_PROTOCOL, async (stream) => {
    await stream.send(encodeSyncMessage(truth(attacker)));
    await stream.receive({ timeoutMs: PATIENCE_MS });
    const id = (): BlockId => Buffer.from(attacker.random.bytes(32)).toString("hex") as BlockId;
    const sent = await stream.send(encodeSyncMessage({ type: "get-blocks", ids: [id(), id()] }));
    await stream.send(encodeSyncMessage({ type: "get-chunk", at: id(), key: attacker.random.bytes(32) }));
    await stream.receive({ timeoutMs: PATIENCE_MS });
    return sent.ok;
  });

/** Says that it stands on another network, and goes on asking. */
const comesFromElsewhere: Attack = (attacker) =>
  opened(attacker, SYNC_PROTOCOL, async (stream) => {
    const chainId = attacker.random.bytes(32);
    const sent = await stream.send(encodeSyncMessage({ ...truth(attacker), chainId }));
    await stream.send(encodeSyncMessage({ type: "get-pool" }));
    await stream.receive({ timeoutMs: PATIENCE_MS });
    return sent.ok;
  });

/** Counts and lengths of gigabytes with nothing behind them, on a stream and on both topics. */
const promises: Attack = async (attacker) => {
  const { random, node } = attacker;
  const head = new ByteWriter().raw(encodeHeader(node.chain.tip().header)).raw(random.bytes(8));
  attacker.say(attacker.blockTopic, head.u16(0xffff).u32(0xffffffff).done());
  attacker.say(attacker.transactionTopic, new ByteWriter().u8(6).raw(random.bytes(45)).u8(255).done());
  return await opened(attacker, SYNC_PROTOCOL, async (stream) => {
    await stream.send(encodeSyncMessage(truth(attacker)));
    await stream.receive({ timeoutMs: PATIENCE_MS });
    const sent = await stream.send(new ByteWriter().u8(random.pick(COUNTED_KINDS)).u32(0xffffffff).done());
    await stream.receive({ timeoutMs: PATIENCE_MS });
    return sent.ok;
  });
};

export const STREAM_ATTACKS: Readonly<Record<string, Attack>> = {
  "streams beyond the cap": holdsStreams,
  "garbage on a stream": sendsGarbage,
  "frame beyond the limit": sendsTooLongFrame,
  "questions without reading": asksWithoutReading,
  "questions out of order": speaksOutOfOrder,
  "questions for nothing": asksForNothing,
  "caller of another network": comesFromElsewhere,
  "counts without content": promises,
};
