/** Owns peers for tests that speak the sync protocol over a chain of the test's, rightly but for what the test changes. */
import type { BlockId } from "#base/brand.ts";
import { type Block, encodeBlock, encodeHeader } from "#ledger/index.ts";
import type { TestChain } from "#ledger/test-chain.ts";
import type { Network } from "#ports/network.ts";
import { SYNC_FRAME_BYTES_MAX } from "./limits.ts";
import { decodeSyncMessage, encodeSyncMessage, SYNC_PROTOCOL, type SyncMessage } from "./sync-codec.ts";

const OPTIONS = { frameBytesMax: SYNC_FRAME_BYTES_MAX, streamsPerPeerMax: 8 };

export interface Puppet {
  /** Questions that it was asked, by kind. */
  readonly asked: Map<SyncMessage["type"], number>;
  /** Blocks that it was asked for. */
  readonly blocksAsked: BlockId[];
}

/** @returns answers in the place of the right ones; `null` for none at all, ever. */
export type Mischief = (
  question: SyncMessage,
  right: readonly SyncMessage[],
) => readonly SyncMessage[] | null | Promise<readonly SyncMessage[] | null>;

export function puppet(
  network: Network,
  chain: TestChain,
  mischief: Mischief = (_question, right) => right,
): Puppet {
  const told: Puppet = { asked: new Map(), blocksAsked: [] };
  network.handle(SYNC_PROTOCOL, OPTIONS, async (stream) => {
    for (
      let frame = await stream.receive();
      frame.ok && frame.value !== null;
      frame = await stream.receive()
    ) {
      const question = decodeSyncMessage(frame.value);
      if (!question.ok) return;
      const { type } = question.value;
      told.asked.set(type, (told.asked.get(type) ?? 0) + 1);
      if (question.value.type === "get-blocks") told.blocksAsked.push(...question.value.ids);
      const answers = await mischief(question.value, rightAnswers(question.value, chain));
      // Silent, but still there.
      if (answers === null) continue;
      for (const answer of answers) await stream.send(encodeSyncMessage(answer));
    }
  });
  return told;
}

function rightAnswers(question: SyncMessage, chain: TestChain): readonly SyncMessage[] {
  const blocks = blocksOf(chain);
  switch (question.type) {
    case "hello": {
      const { id, header } = chain.tip.block;
      const { height, chainWork: work } = header;
      const { chainId } = chain.network;
      return [{ type: "hello", chainId, height, tip: id, work, bodiesFrom: 0, snapshots: [] }];
    }
    case "get-headers": {
      const shared = question.locator.map((id) => blocks.findIndex((block) => block.id === id));
      const from = (shared.find((height) => height >= 0) ?? 0) + 1;
      return [{ type: "headers", headers: blocks.slice(from).map(({ header }) => encodeHeader(header)) }];
    }
    case "get-blocks":
      return question.ids.map((id) => {
        const block = blocks.find((one) => one.id === id);
        return { type: "block", bytes: block === undefined ? null : encodeBlock(block) };
      });
    case "get-pool":
      return [{ type: "pool", ids: [] }];
    case "get-transactions":
      return [{ type: "transactions", transactions: [] }];
    default:
      return [{ type: "chunk", chunk: null }];
  }
}

function blocksOf(chain: TestChain): readonly Block[] {
  const { height } = chain.tip.block.header;
  return Array.from({ length: height + 1 }, (_, at) => chain.at(at).block);
}
