/**
 * Owns the way to the operating system: the few things that probes ask of it. Everything is bounded in bytes, and
 * what is not there or not allowed is null; nothing here throws.
 */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, open, readdir, readlink, stat, statfs } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import process from "node:process";
import { PROBE_BYTES_MAX, PROGRAM_TIMEOUT_MS } from "./limits.ts";

export interface SystemInterface {
  readonly name: string;
  readonly addresses: readonly {
    readonly address: string;
    readonly cidr: string | null;
    readonly family: 4 | 6;
    readonly internal: boolean;
  }[];
}

/** How a program ended, or why it did not run. */
export type ProgramAnswer =
  | { readonly ran: true; readonly exitCode: number; readonly output: string }
  | { readonly ran: false };

export interface System {
  readonly platform: string;
  readonly pid: number;
  /** Null where the system has no user numbers. */
  readonly userId: number | null;
  /** Null when it cannot be read; cut at a bound. */
  readText(path: string): Promise<string | null>;
  /** Names in a folder; null when it cannot be read. */
  list(path: string): Promise<readonly string[] | null>;
  /** Where a symbolic link points. */
  link(path: string): Promise<string | null>;
  /** Runs a program without a shell and without input. */
  run(program: string, args: readonly string[]): Promise<ProgramAnswer>;
  interfaces(): readonly SystemInterface[];
  diskOf(path: string): Promise<{
    readonly blockBytes: number;
    readonly blocks: number;
    readonly freeBlocks: number;
    readonly files: number;
    readonly freeFiles: number;
  } | null>;
  /** Rights and owner; null when there is nothing at the path. */
  rightsOf(path: string): Promise<{ readonly mode: number; readonly isWritable: boolean } | null>;
}

export const nodeSystem: System = {
  platform: process.platform,
  pid: process.pid,
  userId: process.getuid?.() ?? null,
  readText,
  list: (path) => orNull(readdir(path)),
  link: (path) => orNull(readlink(path)),
  run,
  interfaces,
  diskOf: async (path) => {
    const seen = await orNull(statfs(path));
    if (seen === null) return null;
    const { bsize, blocks, bavail, files, ffree } = seen;
    return { blockBytes: bsize, blocks, freeBlocks: bavail, files, freeFiles: ffree };
  },
  rightsOf: async (path) => {
    const seen = await orNull(stat(path));
    if (seen === null) return null;
    const isWritable = await access(path, constants.W_OK).then(
      () => true,
      () => false,
    );
    return { mode: seen.mode & 0o777, isWritable };
  },
};

function interfaces(): readonly SystemInterface[] {
  try {
    return Object.entries(networkInterfaces()).map(([name, addresses]) => ({
      name,
      addresses: (addresses ?? []).map(({ address, cidr, family, internal }) => ({
        address,
        cidr,
        family: family === "IPv4" ? 4 : 6,
        internal,
      })),
    }));
  } catch {
    // Some containers forbid the question.
    return [];
  }
}

async function orNull<Value>(work: Promise<Value>): Promise<Value | null> {
  try {
    return await work;
  } catch {
    return null;
  }
}

/** Files under /proc tell no size, so they are read until they end. */
async function readText(path: string): Promise<string | null> {
  try {
    await using file = await open(path, "r");
    const buffer = Buffer.alloc(64 * 1024);
    const parts: Buffer[] = [];
    for (let bytes = 0; bytes < PROBE_BYTES_MAX; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) break;
      parts.push(Buffer.from(buffer.subarray(0, bytesRead)));
      bytes += bytesRead;
    }
    return Buffer.concat(parts).toString("utf8");
  } catch {
    return null;
  }
}

function run(program: string, args: readonly string[]): Promise<ProgramAnswer> {
  const { promise, resolve } = Promise.withResolvers<ProgramAnswer>();
  const limits = { timeout: PROGRAM_TIMEOUT_MS, maxBuffer: PROBE_BYTES_MAX, windowsHide: true };
  try {
    const child = execFile(program, [...args], limits, (error, output) => {
      if (error === null) resolve({ ran: true, exitCode: 0, output });
      else if (typeof error.code === "number") resolve({ ran: true, exitCode: error.code, output });
      else resolve({ ran: false });
    });
    child.stdin?.end();
  } catch {
    resolve({ ran: false });
  }
  return promise;
}
