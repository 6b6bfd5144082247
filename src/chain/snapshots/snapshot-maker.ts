/**
 * Owns the making and keeping of snapshots that others may ask for: at every thousandth height the state is written
 * out chunk by chunk, while blocks go on being connected; what they change meanwhile is remembered as it was. Reads the
 * chain's store; writes only its own.
 */
import type { BlockId } from "#base/brand.ts";
import { compareBytes, equalBytes } from "#base/bytes.ts";
import { type BlockRef, decodeHeader, decodeUndo } from "#ledger/index.ts";
import type { Log } from "#ports/log.ts";
import type { Holding } from "../holding.ts";
import { SNAPSHOT_CHUNKS_MAX, SNAPSHOT_OVERLAY_KEYS_MAX, SNAPSHOTS_OFFERED_MAX } from "../limits.ts";
import type { BlockStore } from "../store.ts";
import type { Move } from "../trail.ts";
import {
  type ChunkPlace,
  checkChunk,
  chunkEnd,
  cutChunk,
  joinChunks,
  type SnapshotChunk,
} from "./snapshot-chunk.ts";
import type { SnapshotPolicy, SnapshotStore } from "./snapshot-store.ts";
import { StateOverlay } from "./state-overlay.ts";

export interface SnapshotMakerDependencies {
  readonly policy: SnapshotPolicy;
  readonly store: Pick<BlockStore, "state" | "undo" | "best" | "bestAt" | "tip">;
  readonly snapshots: SnapshotStore;
  readonly log: Log;
  /** Whether the thread and the disk have more important work, such as catching up. */
  readonly isBusy: () => boolean;
  /** Between chunks, so that others get their turn. */
  readonly pause: () => Promise<void>;
}

/** One that is being made. */
interface Making {
  readonly at: BlockRef;
  /** What changed since its height. */
  readonly before: StateOverlay;
  /** Of the best chain, as of the last move that we were told of. */
  tip: BlockId | null;
  isGivenUp: boolean;
}

/** What is kept in memory of one that is offered. */
interface Offered {
  readonly at: BlockRef;
  readonly stateRoot: Uint8Array;
  readonly places: readonly ChunkPlace[];
  readonly siblings: readonly (readonly Uint8Array[])[];
}

const FIRST_KEY = new Uint8Array(32);

export class SnapshotMaker {
  readonly #dependencies: SnapshotMakerDependencies;
  #making: Making | null = null;
  #running: Promise<void> | null = null;
  #loaded: Offered | null = null;
  #closed = false;

  constructor(dependencies: SnapshotMakerDependencies) {
    this.#dependencies = dependencies;
  }

  holdings(): readonly Holding[] {
    return [
      {
        what: "keys that changed under a snapshot",
        count: this.#making?.before.size ?? 0,
        limit: SNAPSHOT_OVERLAY_KEYS_MAX,
      },
      {
        what: "chunks of an offered snapshot",
        count: this.#loaded?.places.length ?? 0,
        limit: SNAPSHOT_CHUNKS_MAX,
      },
    ];
  }

  /** Those that stand deep enough on the best chain, newest first. */
  offered(): readonly BlockRef[] {
    const { store, snapshots } = this.#dependencies;
    const highest = (store.tip()?.height ?? 0) - this.#dependencies.policy.depthMinBlocks;
    return snapshots
      .finished()
      .filter(({ id, height }) => height <= highest && store.best(id) !== null)
      .slice(0, SNAPSHOTS_OFFERED_MAX);
  }

  /** The chunk in which a key lies; `null` when that snapshot is not offered, or damaged here. */
  chunk(at: BlockId, key: Uint8Array): SnapshotChunk | null {
    const offered = this.#load(at);
    if (offered === null) return null;
    const { places, siblings, stateRoot } = offered;
    let index = places.length - 1;
    for (let low = 0; low < index; ) {
      const middle = (low + index + 1) >> 1;
      const place = places[middle];
      if (place !== undefined && compareBytes(place.start, key) <= 0) low = middle;
      else index = middle - 1;
    }
    const entries = this.#dependencies.snapshots.entries(at, index);
    const start = places[index]?.start;
    if (entries === null || start === undefined) return null;
    const chunk = { start, siblings: siblings[index] ?? [], entries };
    if (checkChunk(chunk, stateRoot) === null) return chunk;
    // The disk has changed it: never handed on; the next one is made in time.
    this.#drop(at);
    return null;
  }

  /** To be told of every move of the best chain, at once. */
  moved({ disconnected, connected }: Move): void {
    const making = this.#making;
    if (making === null || making.isGivenUp) return;
    if (disconnected.refs.some(({ header }) => header.height <= making.at.height)) making.isGivenUp = true;
    // A ledger that began anew came to its tip by a way that nobody tells.
    if (connected.length === 0) making.isGivenUp = true;
    for (const { id } of connected.refs) {
      if (making.isGivenUp) break;
      if (!this.#remember(making, id, false)) making.isGivenUp = true;
    }
    making.tip = this.#dependencies.store.tip()?.id ?? null;
  }

  /** Begins the snapshot that is due, if one is. Returns at once. */
  consider(): void {
    const { store, snapshots, isBusy, policy } = this.#dependencies;
    if (this.#closed || this.#running !== null || isBusy()) return;
    const tip = store.tip()?.height ?? 0;
    const block = store.bestAt(tip - (tip % policy.everyBlocks));
    if (block === null || block.height === 0) return;
    if (snapshots.finished().some(({ id }) => id === block.id)) return;
    const making: Making = {
      at: { id: block.id, height: block.height },
      before: new StateOverlay(),
      tip: store.tip()?.id ?? null,
      isGivenUp: false,
    };
    this.#making = making;
    this.#running = this.#make(making)
      .catch((error: unknown) => this.#dependencies.log.fault("a snapshot could not be made", error))
      .finally(() => {
        this.#running = null;
        this.#making = null;
      });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#making !== null) this.#making.isGivenUp = true;
    await this.#running;
  }

  async #make(making: Making): Promise<void> {
    const { snapshots, log } = this.#dependencies;
    const { at } = making;
    if (!(await this.#rememberSince(making)) || !snapshots.begin(at).ok) return;
    const root = await this.#writeChunks(making);
    const expected = this.#stateRootOf(at.id);
    if (root === null || expected === null) return;
    if (!equalBytes(root, expected))
      throw new Error(`broken invariant: snapshot ${at.height} has another root`);
    if (!snapshots.finish().ok) return;
    for (const old of snapshots.finished().slice(SNAPSHOTS_OFFERED_MAX)) this.#drop(old.id);
    log.debug("snapshot made", { height: at.height });
  }

  /** What the blocks above changed, from the newest down: the lowest one says how it was. */
  async #rememberSince(making: Making): Promise<boolean> {
    const { store, pause } = this.#dependencies;
    for (let height = store.tip()?.height ?? 0; height > making.at.height; height--) {
      const block = store.bestAt(height);
      if (block === null || !this.#remember(making, block.id, true) || making.isGivenUp) return false;
      await pause();
    }
    return store.best(making.at.id) !== null;
  }

  /** False when the snapshot is to be given up. @param isOlder whether the block is older than those looked at before. */
  #remember({ before }: Making, id: BlockId, isOlder: boolean): boolean {
    const undo = decodeUndo(this.#dependencies.store.undo(id) ?? new Uint8Array(0));
    if (!undo.ok) return false;
    for (const { key, value } of undo.value.before) {
      const isKnown = before.has(key);
      if (!isKnown && before.size >= SNAPSHOT_OVERLAY_KEYS_MAX) return false;
      if (isOlder || !isKnown) before.set(key, value);
    }
    return true;
  }

  /** The root over all chunks; `null` when the snapshot is given up. */
  async #writeChunks(making: Making): Promise<Uint8Array | null> {
    const { snapshots, store, pause } = this.#dependencies;
    const places: ChunkPlace[] = [];
    const asItWas = making.before.over(store.state);
    for (let start: Uint8Array | null = FIRST_KEY; start !== null; ) {
      // On a long way from tip to tip others get their turn, and we are told of what changed when it is over.
      if (store.tip()?.id !== making.tip) return null;
      if (making.isGivenUp || places.length >= SNAPSHOT_CHUNKS_MAX) return null;
      const chunk = cutChunk(asItWas, start);
      if (chunk === null) return null;
      const { entries, ...place } = chunk;
      if (!snapshots.add(place, entries).ok) return null;
      places.push(place);
      start = chunkEnd(chunk.start, chunk.depth);
      await pause();
    }
    return making.isGivenUp ? null : (joinChunks(places)?.root ?? null);
  }

  #load(at: BlockId): Offered | null {
    if (this.#loaded?.at.id === at) return this.#loaded;
    const ref = this.offered().find(({ id }) => id === at);
    const stateRoot = ref === undefined ? null : this.#stateRootOf(at);
    if (ref === undefined || stateRoot === null) return null;
    const places = this.#dependencies.snapshots.places(at);
    const joined = joinChunks(places);
    if (joined === null || !equalBytes(joined.root, stateRoot)) return this.#drop(at);
    this.#loaded = { at: ref, stateRoot, places, siblings: joined.siblings };
    return this.#loaded;
  }

  #drop(at: BlockId): null {
    if (this.#loaded?.at.id === at) this.#loaded = null;
    this.#dependencies.snapshots.drop(at);
    return null;
  }

  #stateRootOf(id: BlockId): Uint8Array | null {
    const header = decodeHeader(this.#dependencies.store.best(id)?.header ?? new Uint8Array(0));
    return header.ok ? header.value.stateRoot : null;
  }
}
