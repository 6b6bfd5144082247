/**
 * Owns the rule that one process uses one data folder. The lock is an exclusive SQLite transaction on `lock.db`,
 * which the operating system releases however the process ends; a lock file with a pid would outlive kill -9.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface DataLock {
  release(): void;
}

/** `null` when another process holds the folder. @throws when the folder cannot be used at all. */
export function acquireDataLock(dataDir: string): DataLock | null {
  const lock = new DatabaseSync(join(dataDir, "lock.db"));
  try {
    lock.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (error instanceof Error && /database is locked/.test(error.message)) return null;
    throw error;
  }
  return { release: () => lock.close() };
}
