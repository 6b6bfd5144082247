/** Owns peers for tests that speak the sync protocol over a chain of the test's, rightly but for what the test changes. */
import type { BlockId } from "#base/brand.ts";
import { equalBytes, fromHex, toHex } from "#base/bytes.ts";
import { appendLeaf } from "#crypto/merkle.ts";
import { applyBlock } from "#ledger/apply.ts";
import { type Block, bytesOfId, encodeBlock, encodeHeader } from "#ledger/index.ts";
import { genesisEntries } from "#ledger/state.ts";
import type { TreeChange } from "#ledger/state-tree.ts";
import { ALICE, mine, TestChain } from "#ledger/test-chain.ts";
import type { Network } from "#ports/network.ts";
import { SYNC_FRAME_BYTES_MAX } from "../limits.ts";
import type { SnapshotChunk } from "../snapshots/snapshot-chunk.ts";
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
    default:
      return answersOf(question, {
        headersAfter: (locator) => {
          const shared = locator.map((id) => blocks.findIndex((block) => block.id === id));
          const from = (shared.find((height) => height >= 0) ?? 0) + 1;
          return blocks.slice(from).map(({ header }) => encodeHeader(header));
        },
        block: (id) => blocks.find((one) => one.id === id) ?? null,
      });
  }
}

/** What a peer answers that has this chain, and in whose pool nothing waits. */
export function answersOf(
  question: SyncMessage,
  chain: {
    readonly headersAfter: (locator: readonly BlockId[]) => readonly Uint8Array[];
    readonly block: (id: BlockId) => Block | null;
  },
): readonly SyncMessage[] {
  switch (question.type) {
    case "get-headers":
      return [{ type: "headers", headers: chain.headersAfter(question.locator) }];
    case "get-blocks":
      return question.ids.map((id) => {
        const block = chain.block(id);
        return { type: "block", bytes: block === null ? null : encodeBlock(block) };
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

/** A chain whose first block after the shared ones states a false root, with more on top; each header is sound by itself. */
export function falseChain(shared: TestChain, more: number): TestChain {
  const { network } = shared;
  const { height } = shared.tip.block.header;
  const { block, state, undo } = shared.fork(height).grow([], ALICE);
  const bad = mine({ ...block.header, stateRoot: new Uint8Array(32).fill(7) }, block.transactions);
  const history = appendLeaf(shared.tip.history, bytesOfId(bad.id));
  const before = Array.from({ length: height + 1 }, (_, at) => shared.at(at));
  const lie = new TestChain(network, [...before, { block: bad, state, history, undo }]);
  for (let at = 0; at < more; at++) lie.grow([], ALICE);
  return lie;
}

/** The whole state after a block, as one chunk. False roots on the way are passed over, as a liar would. */
export function snapshotOf(chain: TestChain, height: number): SnapshotChunk {
  const { params } = chain.network;
  const entries = new Map<string, Uint8Array>();
  const note = (changes: readonly TreeChange[]): void => {
    for (const { key, value } of changes) {
      if (value === null) entries.delete(toHex(key));
      else entries.set(toHex(key), value);
    }
  };
  note(genesisEntries(params));
  for (let at = 1; at <= height; at++) {
    const { block } = chain.at(at);
    const { stateRoot } = chain.at(at).block.header;
    const root = chain.at(at).state.root;
    const honest = equalBytes(stateRoot, root)
      ? block
      : { ...block, header: { ...block.header, stateRoot: root } };
    const applied = applyBlock(chain.at(at - 1).state, honest, params);
    if (!applied.ok) throw new Error(applied.fault.code);
    note(applied.value.changes);
  }
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    start: new Uint8Array(32),
    siblings: [],
    entries: sorted.map(([key, value]) => ({ key: fromHex(key) ?? new Uint8Array(0), value })),
  };
}
