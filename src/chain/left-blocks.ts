/**
 * Owns which blocks count as undone when the best chain is begun anew and not walked back: after damage, and where a
 * snapshot had hidden a false block. As after a reorganisation, what stands in them is to wait again where nothing else
 * records it.
 */
import type { BlockId } from "#base/brand.ts";
import { decodeHeader, type IdentifiedHeader, type Network } from "#ledger/index.ts";
import { genesisConnection } from "./block-records.ts";
import type { BlockStore, Written } from "./store.ts";
import { type MovedBlock, MovedBlocks } from "./trail.ts";

type Entries = Pick<BlockStore, "entry" | "heaviestHeader">;

/**
 * Blocks of one branch whose bodies are here, newest first, as far down as something in them could still be recorded: all
 * that is older has outlived its `validUntil` where the chain stood.
 * @param newest its last block; `null`, or one that is not kept: the last one of the branch with the most work.
 * @param lowest height below which nothing is left.
 */
export function blocksToLeave(
  store: Entries,
  { params }: Network,
  newest: BlockId | null,
  lowest = 1,
): readonly BlockId[] {
  const left: BlockId[] = [];
  let entry = (newest === null ? null : store.entry(newest)) ?? store.heaviestHeader();
  const floor = Math.max(lowest, (entry?.height ?? 0) - params.validUntilMaxBlocks);
  while (entry !== null && entry.height >= floor) {
    if (entry.hasBody) left.push(entry.id);
    entry = store.entry(entry.previous);
  }
  return left;
}

/** What leaves the best chain when a kept block, and all that it stands on, is put in its place. */
export function blocksLeftFor(
  store: Entries & Pick<BlockStore, "best">,
  network: Network,
  tip: BlockId,
  to: BlockId,
): readonly BlockId[] {
  // A new peer leaves nothing, and all headers of the chain lie on the way down.
  if (store.entry(tip)?.height === 0) return [];
  let entry = store.entry(to);
  while (entry !== null && store.best(entry.id) === null) entry = store.entry(entry.previous);
  return blocksToLeave(store, network, tip, (entry?.height ?? 0) + 1);
}

/** After the store was renewed: connecting a block takes it off the list again. @param newest as {@link blocksToLeave}. */
export function listAsUndone(store: BlockStore, network: Network, newest: BlockId | null): Written {
  return store.rewind(genesisConnection(network), blocksToLeave(store, network, newest));
}

/** All that are listed as undone, newest first, to be read one by one. */
export function undoneBlocks(
  store: Pick<BlockStore, "undone" | "entry">,
  read: (id: BlockId) => MovedBlock | null,
): MovedBlocks {
  const refs: IdentifiedHeader[] = [];
  for (const id of store.undone()) {
    const header = decodeHeader(store.entry(id)?.header ?? new Uint8Array(0));
    if (header.ok) refs.push({ id, header: header.value });
  }
  return new MovedBlocks(
    refs.reverse().map((ref) => ({ ...ref, block: null })),
    read,
  );
}
