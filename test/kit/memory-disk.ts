/**
 * Owns a disk in memory, behind the slice that transfer asks for. Everything resolves without the event loop, so
 * that it runs on simulated time. Writes can be made to fail at any point, what was not synced can be lost as in a
 * power cut, and content can be spoilt behind the back of the program.
 */
import { dirname } from "node:path";
import type { Disk, DiskEntry, DiskFile } from "#transfer/index.ts";

interface Inode {
  readonly number: number;
  content: Uint8Array;
  synced: Uint8Array;
  modifiedMs: number;
}

export class MemoryDisk implements Disk {
  readonly #files = new Map<string, Inode>();
  readonly #folders = new Set<string>(["/"]);
  readonly #others = new Map<string, DiskEntry["kind"]>();
  #numbers = 0;
  free = 2 ** 40;
  /** Called before each write of any kind; throws to make it fail. */
  beforeWrite: (what: string) => void = () => undefined;
  /** Awaited before each read of a file. */
  beforeRead: () => Promise<void> = async () => undefined;
  /** Files open now; a test asserts that none is left. */
  openCount = 0;

  // What transfer asks for ---------------------------------------------------------------------------------

  async open(path: string, mode: "read" | "write"): Promise<DiskFile> {
    if (this.#others.has(path)) throw fault("ELOOP", path);
    if (this.#folders.has(path)) throw fault("EISDIR", path);
    let inode = this.#files.get(path);
    if (inode === undefined) {
      if (mode === "read" || !this.#folders.has(dirname(path))) throw fault("ENOENT", path);
      this.beforeWrite(`create ${path}`);
      inode = this.#newInode(new Uint8Array(0), 0);
      this.#files.set(path, inode);
    }
    return this.#opened(path, inode);
  }

  #opened(path: string, inode: Inode): DiskFile {
    let closed = false;
    this.openCount += 1;
    const check = () => {
      if (closed) throw fault("EBADF", path);
    };
    return {
      read: async (target, position) => {
        check();
        await this.beforeRead();
        const part = inode.content.subarray(position, position + target.length);
        target.set(part);
        return part.length;
      },
      write: async (bytes, position) => {
        check();
        this.beforeWrite(`write ${path}`);
        if (bytes.length > this.free) throw fault("ENOSPC", path);
        const grown = new Uint8Array(Math.max(inode.content.length, position + bytes.length));
        grown.set(inode.content);
        grown.set(bytes, position);
        this.free -= grown.length - inode.content.length;
        inode.content = grown;
      },
      truncate: async (bytes) => {
        check();
        this.beforeWrite(`truncate ${path}`);
        const cut = new Uint8Array(bytes);
        cut.set(inode.content.subarray(0, bytes));
        inode.content = cut;
      },
      sync: async () => {
        check();
        this.beforeWrite(`sync ${path}`);
        inode.synced = inode.content.slice();
      },
      setModified: async (modifiedMs) => {
        check();
        this.beforeWrite(`date ${path}`);
        inode.modifiedMs = modifiedMs;
      },
      entry: async () => {
        check();
        return entryOf(inode);
      },
      close: async () => {
        check();
        closed = true;
        this.openCount -= 1;
      },
    };
  }

  async makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    this.beforeWrite(`folder ${path}`);
    for (let at = path; !this.#folders.has(at); at = dirname(at)) {
      if (this.#files.has(at)) throw fault("EEXIST", at);
      this.#folders.add(at);
    }
  }

  async entry(path: string): Promise<DiskEntry | null> {
    const inode = this.#files.get(path);
    if (inode !== undefined) return entryOf(inode);
    const kind = this.#folders.has(path) ? "folder" : this.#others.get(path);
    return kind === undefined ? null : { kind, bytes: 0, modifiedMs: 0, identity: path };
  }

  async list(path: string): Promise<readonly string[]> {
    if (!this.#folders.has(path)) throw fault("ENOENT", path);
    return this.#below(path)
      .map((below) => below.slice(path === "/" ? 1 : path.length + 1))
      .filter((name) => name !== "" && !name.includes("/"))
      .sort();
  }

  async place(from: string, to: string): Promise<boolean> {
    if ((await this.entry(to)) !== null) return false;
    this.beforeWrite(`place ${to}`);
    const file = this.#files.get(from);
    if (file !== undefined) {
      this.#files.set(to, file);
      // The second half of a link and an unlink: a crash between leaves both names.
      this.beforeWrite(`unlink ${from}`);
      this.#files.delete(from);
      return true;
    }
    for (const path of [from, ...this.#below(from)]) {
      const moved = to + path.slice(from.length);
      const inode = this.#files.get(path);
      if (inode !== undefined) this.#files.set(moved, inode);
      if (this.#folders.delete(path)) this.#folders.add(moved);
      this.#files.delete(path);
    }
    return true;
  }

  async syncFolder(path: string): Promise<void> {
    if (!this.#folders.has(path)) throw fault("ENOENT", path);
    this.beforeWrite(`sync ${path}`);
  }

  async remove(path: string): Promise<void> {
    for (const below of [path, ...this.#below(path)]) {
      this.beforeWrite(`remove ${below}`);
      const inode = this.#files.get(below);
      const elsewhere = [...this.#files].some(([other, same]) => other !== below && same === inode);
      if (inode !== undefined && !elsewhere) this.free += inode.content.length;
      this.#files.delete(below);
      this.#folders.delete(below);
      this.#others.delete(below);
    }
  }

  async freeBytes(_path: string): Promise<number> {
    return this.free;
  }

  // What tests do ------------------------------------------------------------------------------------------

  /** Puts a file there, synced, with its folders. */
  put(path: string, content: Uint8Array, modifiedMs = 1_700_000_000_000): void {
    for (let at = dirname(path); !this.#folders.has(at); at = dirname(at)) this.#folders.add(at);
    const inode = this.#newInode(content.slice(), modifiedMs);
    inode.synced = inode.content;
    this.#files.set(path, inode);
  }

  putFolder(path: string): void {
    for (let at = path; !this.#folders.has(at); at = dirname(at)) this.#folders.add(at);
  }

  putOther(path: string, kind: "symbolic-link" | "special-file"): void {
    this.#others.set(path, kind);
  }

  get(path: string): Uint8Array | null {
    return this.#files.get(path)?.content.slice() ?? null;
  }

  isSynced(path: string): boolean {
    const inode = this.#files.get(path);
    return inode !== undefined && Buffer.compare(inode.synced, inode.content) === 0;
  }

  /** All files, sorted. */
  paths(): readonly string[] {
    return [...this.#files.keys()].sort();
  }

  /** What was not synced is gone; names stay, as a journaling file system keeps them. */
  powerCut(): void {
    for (const inode of this.#files.values()) inode.content = inode.synced.slice();
  }

  /** Flips one bit, synced: the disk itself went wrong. */
  spoil(path: string, at: number): void {
    const inode = this.#files.get(path);
    if (inode === undefined) throw new Error(`no file ${path}`);
    inode.content[at] = (inode.content[at] ?? 0) ^ 1;
    inode.synced = inode.content.slice();
  }

  #newInode(content: Uint8Array, modifiedMs: number): Inode {
    this.#numbers += 1;
    return { number: this.#numbers, content, synced: new Uint8Array(0), modifiedMs };
  }

  #below(path: string): readonly string[] {
    const inside = path === "/" ? "/" : `${path}/`;
    return [...this.#files.keys(), ...this.#folders, ...this.#others.keys()].filter((one) =>
      one.startsWith(inside),
    );
  }
}

function entryOf({ number, content, modifiedMs }: Inode): DiskEntry {
  return { kind: "file", bytes: content.length, modifiedMs, identity: `memory:${number}` };
}

function fault(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
