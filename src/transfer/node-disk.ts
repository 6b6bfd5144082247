/** The real disk, over `node:fs/promises`. */

import type { Stats } from "node:fs";
import { constants } from "node:fs";
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  statfs,
  unlink,
} from "node:fs/promises";
import type { Disk, DiskEntry, DiskFile } from "./disk.ts";

const { O_RDONLY, O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Windows has neither flag; there the checks of `entry` alone stand between a link and its target. */
const CAREFULLY = (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0);

export const nodeDisk: Disk = {
  async open(path, mode) {
    const flags = mode === "read" ? O_RDONLY | CAREFULLY : O_RDWR | O_CREAT | (O_NOFOLLOW ?? 0);
    const handle = await open(path, flags, 0o600);
    const file = fileOf(handle);
    try {
      if ((await file.entry()).kind !== "file") throw notAFile(path);
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  },

  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },

  async entry(path) {
    try {
      return entryOf(await lstat(path));
    } catch (error) {
      if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
      throw error;
    }
  },

  async list(path) {
    return (await readdir(path)).sort();
  },

  async place(from, to) {
    return (await lstat(from)).isDirectory() ? placeFolder(from, to) : placeFile(from, to);
  },

  async syncFolder(path) {
    let handle: FileHandle;
    try {
      handle = await open(path, O_RDONLY);
    } catch (error) {
      // Windows opens no folders; its file system journals names by itself.
      if (codeOf(error) === "EISDIR" || codeOf(error) === "EPERM") return;
      throw error;
    }
    try {
      await handle.sync();
    } catch (error) {
      // Some network file systems know no sync of folders.
      if (codeOf(error) !== "EINVAL" && codeOf(error) !== "EPERM") throw error;
    } finally {
      await handle.close();
    }
  },

  async remove(path) {
    await rm(path, { recursive: true, force: true });
  },

  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};

function fileOf(handle: FileHandle): DiskFile {
  return {
    async read(target, position) {
      let done = 0;
      while (done < target.length) {
        const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    async write(bytes, position) {
      let done = 0;
      while (done < bytes.length) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    },
    truncate: (bytes) => handle.truncate(bytes),
    sync: () => handle.sync(),
    setModified: (modifiedMs) => handle.utimes(modifiedMs / 1000, modifiedMs / 1000),
    entry: async () => entryOf(await handle.stat()),
    close: () => handle.close(),
  };
}

/** A hard link fails where the name is taken, which a rename does not. */
async function placeFile(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (!NO_LINKS.has(codeOf(error))) throw error;
    // File systems without links (FAT, some network shares): the look and the move are two steps there.
    if (await nodeDisk.entry(to)) return false;
    await rename(from, to);
    return true;
  }
  await unlink(from);
  return true;
}

const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EACCES"]);

/** A rename of a folder fails where something stands, save an empty folder, which nobody misses. */
async function placeFolder(from: string, to: string): Promise<boolean> {
  if ((await nodeDisk.entry(to)) !== null) return false;
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (TAKEN.has(codeOf(error))) return false;
    throw error;
  }
}

const TAKEN = new Set(["EEXIST", "ENOTEMPTY", "ENOTDIR"]);

function entryOf(stats: Stats): DiskEntry {
  const kind = stats.isFile()
    ? "file"
    : stats.isDirectory()
      ? "folder"
      : stats.isSymbolicLink()
        ? "symbolic-link"
        : "special-file";
  return {
    kind,
    bytes: stats.size,
    modifiedMs: Math.max(0, Math.floor(stats.mtimeMs)),
    identity: `${stats.dev}:${stats.ino}`,
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

function notAFile(path: string): Error {
  return Object.assign(new Error(`not a regular file: ${path}`), { code: "EISDIR" });
}
