/**
 * Loaded into a process before anything else (`node --import`): counts what the process writes, to SQLite and to files,
 * and ends it with SIGKILL at a write chosen beforehand, right before or right after it. Knows no table but one: a row
 * taken out of `best` means that a reorganisation is under way, all of them that the state is computed anew.
 *
 * `WAYBILL_KILL_AT` says which: `N:before` or `N:after`; nothing dies without it. What was going on is told on standard
 * output as the last line, since nothing can be told afterwards.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import process from "node:process";
import { DatabaseSync, type SQLInputValue, StatementSync } from "node:sqlite";

export type Moment = "opening" | "resuming" | "repairing" | "connecting" | "reorganising" | "writing";

const [count, side] = (process.env["WAYBILL_KILL_AT"] ?? "").split(":");
const killAt = count === undefined || count === "" ? Number.POSITIVE_INFINITY : Number(count);
/** SQLite copies its log into the file this often, so that many deaths fall into that too. Its default is 1,000. */
const CHECKPOINT_PAGES = 24;

const writeNow = fs.writeSync;
let written = 0;
let hasOpened = false;
let isReorganising = false;
let isRepairing = false;
let inTransaction = false;

/** One line for whoever started this process; there before the next thing happens. */
export function say(line: string): void {
  writeNow(1, `${line}\n`);
}

/** Start-up is over: what a death interrupts from now on is no recovery. */
export function opened(): void {
  hasOpened = true;
}

/** What was begun is on disk whole. */
export function settled(): void {
  isReorganising = false;
}

function moment(): Moment {
  if (!hasOpened && isRepairing) return "repairing";
  if (!hasOpened) return isReorganising ? "resuming" : "opening";
  if (isReorganising) return "reorganising";
  return inTransaction ? "connecting" : "writing";
}

function die(what: string): void {
  say(`killed ${moment()} ${written} ${side} ${what.replaceAll(/\s+/g, " ").slice(0, 60)}`);
  process.kill(process.pid, "SIGKILL");
  // The signal is delivered on the way out of the system call; nothing below may run.
  for (;;) fs.fsyncSync(1);
}

function onWrite<Value>(what: string, write: () => Value): Value {
  written += 1;
  const isLast = written === killAt;
  if (isLast && side === "before") die(what);
  if (/^\s*BEGIN/i.test(what)) inTransaction = true;
  const value = write();
  if (/^\s*(COMMIT|ROLLBACK)/i.test(what)) inTransaction = false;
  if (/^\s*DELETE FROM best\s*;/i.test(what)) isRepairing = true;
  else if (/^\s*DELETE FROM best\b/i.test(what)) isReorganising = true;
  // Blocks are connected at a start where the death before left a reorganisation half done.
  else if (!hasOpened && /^\s*INSERT INTO best\b/i.test(what)) isReorganising = true;
  // The last thing that the start of a whole peer writes.
  if (/api\.json\b/.test(what)) hasOpened = true;
  if (isLast) die(what);
  return value;
}

const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
  onWrite(sql, () => exec.call(this, sql));
  if (/journal_mode\s*=\s*WAL|wal_autocheckpoint/i.test(sql))
    exec.call(this, `PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
};

const { run } = StatementSync.prototype;
Reflect.set(StatementSync.prototype, "run", function (this: StatementSync, ...values: SQLInputValue[]) {
  return onWrite(this.sourceSQL, () => Reflect.apply(run, this, values));
});

for (const name of ["writeSync", "writeFileSync", "renameSync", "fsyncSync", "unlinkSync"] as const) {
  const original = fs[name] as (...values: readonly unknown[]) => unknown;
  Reflect.set(fs, name, (...values: readonly unknown[]) =>
    onWrite(`${name} ${String(values[0])}`, () => original(...values)),
  );
}
const { rename } = fs.promises;
Reflect.set(fs.promises, "rename", (from: string, to: string) =>
  onWrite(`rename ${to}`, () => rename(from, to)),
);
syncBuiltinESMExports();
