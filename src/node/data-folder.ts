/**
 * Owns the data folder as a whole: made when missing, held by one process, its databases opened. What lies in it is
 * written down in `spec/data-folder.md`.
 */
import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { isDiskFault } from "#storage/disk/blocks.ts";
import { Database, NewerSchemaError, type Schema, setAside } from "#storage/disk/database.ts";
import { acquireDataLock, type DataLock } from "./data-lock.ts";

export interface HeldFolder {
  readonly path: string;
  readonly lock: DataLock;
}

function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Makes the folder when it is missing, and holds it. A folder held by another process is `data-folder-in-use`. */
export function holdDataFolder(path: string): Result<HeldFolder, Problem> {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // Or it would be found out by whichever file is written first.
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    const lock = acquireDataLock(path);
    if (lock !== null) return ok({ path, lock });
  } catch (error) {
    return fail(
      problem(
        "data-folder-unusable",
        `The data folder ${path} cannot be used (${causeOf(error)}).`,
        "Choose another one with --data, or see that it belongs to you, and that its disk has space and is not mounted read-only.",
      ),
    );
  }
  return fail(
    problem(
      "data-folder-in-use",
      `Another Waybill is running on the data folder ${path}.`,
      "Use its page, or start a second peer with --data and another folder.",
    ),
  );
}

/**
 * Opens the database of deliveries. It holds what nobody else has, so a damaged one is never replaced by itself.
 */
export function openDeliveryDatabase(dataDir: string, schemas: readonly Schema[]): Result<Database, Problem> {
  const path = join(dataDir, "waybill.db");
  try {
    return ok(opened(path, schemas));
  } catch (error) {
    if (isRefusal(error) && !(error instanceof NewerSchemaError)) {
      return fail(
        problem(
          "deliveries-unusable",
          `The file waybill.db in the data folder cannot be opened or written (${causeOf(error)}); nothing says that it is damaged.`,
          "See that the disk has space and can be written, and that the file belongs to you.",
        ),
      );
    }
    return fail(
      problem(
        "deliveries-damaged",
        `The file waybill.db in the data folder cannot be used (${causeOf(error)}).`,
        "Put back a copy of it, or move it away to start without history; identity and received files stay.",
      ),
    );
  }
}

/**
 * Opens the database of one network's ledger. All of it can be had from peers again, so a damaged one is moved aside
 * and the ledger is fetched anew; `repaired` says so.
 */
export function openLedgerDatabase(
  dataDir: string,
  chainIdHex: string,
  schemas: readonly Schema[],
  lookThrough: LookThrough = "when in doubt",
): Result<{ readonly database: Database; readonly repaired: Problem | null }, Problem> {
  const name = `ledger-${chainIdHex.slice(0, 16)}.db`;
  const path = join(dataDir, name);
  try {
    return ok({ database: openedSound(path, schemas, lookThrough), repaired: null });
  } catch (damaged) {
    try {
      if (isRefusal(damaged)) throw damaged;
      setAside(path);
      const repaired = problem(
        "ledger-refetched",
        `The ledger's file was damaged (${causeOf(damaged)}); it was moved aside. What is sound in it is used again.`,
        `Nothing is to be done: the rest is fetched from other peers. Delete ${name}.damaged when you like.`,
      );
      return ok({ database: new Database(path, schemas), repaired });
    } catch (error) {
      return fail(
        problem(
          "ledger-unusable",
          `The file ${name} in the data folder cannot be used (${causeOf(error)}).`,
          "See that the disk has space and that the folder belongs to you.",
        ),
      );
    }
  }
}

/** SQLite's IOERR_READ: a sector that cannot be read is damage, and what else the disk says is not. */
const READ_FAILED = 266;

/** Whether the disk or the program refuses and the file may well be sound: it stays where it is. */
function isRefusal(error: unknown): boolean {
  if (error instanceof NewerSchemaError) return true;
  if (isDiskFault(error)) return !("errcode" in error && error.errcode === READ_FAILED);
  // As of a file that cannot be opened at all.
  return error instanceof Error && "syscall" in error;
}

/** Files up to this size are looked through at every start: it takes a fraction of a second. */
const ALWAYS_CHECKED_BYTES_MAX = 64 * 1024 * 1024;

/** Whether a large file is looked through before it is used: all of it is read then. */
export type LookThrough = "when in doubt" | "always";

/**
 * In doubt is a large one that was not closed in order: SQLite's log lies beside it then. What that misses is noticed
 * when it is read (`storage/disk/blocks.ts`).
 * @throws when the file is not a sound database.
 */
function openedSound(path: string, schemas: readonly Schema[], lookThrough: LookThrough): Database {
  const isUnclean = existsSync(`${path}-wal`);
  const isSmall = !existsSync(path) || statSync(path).size <= ALWAYS_CHECKED_BYTES_MAX;
  const isToCheck = isUnclean || isSmall || lookThrough === "always";
  return isToCheck ? opened(path, schemas) : new Database(path, schemas);
}

/** @throws when the file is not a sound database. */
function opened(path: string, schemas: readonly Schema[]): Database {
  const database = new Database(path, schemas);
  let answer: unknown;
  try {
    answer = database.sql.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
  } finally {
    // Or the file stays held, and cannot be set aside everywhere.
    if (answer !== "ok") database.close();
  }
  if (answer === "ok") return database;
  throw new Error(`quick_check: ${String(answer)}`);
}
