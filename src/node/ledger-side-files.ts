/**
 * Owns the two files beside the ledger that may be lost without losing anything: snapshots made for others, and the
 * second state while the blocks under a snapshot are checked. Damaged ones are made anew without a word.
 */
import { existsSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { ChainDependencies } from "#chain/index.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database, type Schema } from "#storage/disk/database.ts";
import { diskSnapshots, snapshotSchema } from "#storage/disk/snapshots.ts";

type History = NonNullable<ChainDependencies["history"]>;
type Snapshots = NonNullable<ChainDependencies["snapshots"]>;

export interface LedgerSideFiles {
  readonly snapshots: Snapshots;
  readonly history: History;
  /** After the chain. */
  close(): void;
}

/** @throws when the folder cannot be written at all, which opening the ledger has ruled out. */
export function openLedgerSideFiles(dataDir: string, chainIdHex: string): LedgerSideFiles {
  const short = chainIdHex.slice(0, 16);
  const snapshots = openAnew(join(dataDir, `snapshots-${short}.db`), [snapshotSchema]);
  const history = new HistoryFile(join(dataDir, `history-${short}.db`));
  return {
    snapshots: diskSnapshots(snapshots),
    history,
    close: () => {
      history.close();
      snapshots.close();
    },
  };
}

class HistoryFile implements History {
  readonly #path: string;
  #database: Database | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  current(): ReturnType<History["current"]> {
    if (this.#database === null && existsSync(this.#path))
      this.#database = openAnew(this.#path, [blockSchema]);
    return this.#database === null ? null : diskBlocks(this.#database);
  }

  create(): ReturnType<History["create"]> {
    this.discard();
    this.#database = new Database(this.#path, [blockSchema]);
    return diskBlocks(this.#database);
  }

  discard(): void {
    this.close();
    remove(this.#path);
  }

  close(): void {
    this.#database?.close();
    this.#database = null;
  }
}

/** What is there, or an empty one in the place of what cannot be read. */
function openAnew(path: string, schemas: readonly Schema[]): Database {
  try {
    return new Database(path, schemas);
  } catch (error) {
    if (!existsSync(path)) throw error;
    empty(path);
    return new Database(path, schemas);
  }
}

/** The file stays: where it is seen that something is to be checked, it must be seen after a death or a refusal too. */
function empty(path: string): void {
  removeLog(path);
  truncateSync(path);
}

function remove(path: string): void {
  rmSync(path, { force: true });
  removeLog(path);
}

function removeLog(path: string): void {
  for (const suffix of ["-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
}
