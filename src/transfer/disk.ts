/**
 * The slice of a file system that transfer needs, so that tests can make it fail at any write. Types only;
 * `node-disk.ts` is the real one. Every method throws what the system throws (`code` such as ENOSPC).
 */

export interface DiskEntry {
  readonly kind: "file" | "folder" | "symbolic-link" | "special-file";
  readonly bytes: number;
  readonly modifiedMs: number;
  /** Device and inode; equal for two names of one file. */
  readonly identity: string;
}

export interface DiskFile {
  /** Fills `target` from `position`; fewer bytes only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Writes all of `bytes`. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  truncate(bytes: number): Promise<void>;
  /** Content and size on stable storage. */
  sync(): Promise<void>;
  setModified(modifiedMs: number): Promise<void>;
  entry(): Promise<DiskEntry>;
  close(): Promise<void>;
}

export interface Disk {
  /**
   * `read`: an existing regular file. `write`: made when missing, content kept, readable too. Neither follows a
   * symbolic link at the end of the path.
   */
  open(path: string, mode: "read" | "write"): Promise<DiskFile>;
  /** With its parents; existing is fine. Mode 0700. */
  makeFolder(path: string): Promise<void>;
  /** Of the path itself, links not followed; `null` when nothing is there. */
  entry(path: string): Promise<DiskEntry | null>;
  /** Names in a folder, sorted. */
  list(path: string): Promise<readonly string[]>;
  /** Moves a file or folder to a name that must be free; `false` when it is taken. Never replaces anything. */
  place(from: string, to: string): Promise<boolean>;
  /** The names of a folder on stable storage. */
  syncFolder(path: string): Promise<void>;
  /** With all below it; missing is fine. */
  remove(path: string): Promise<void>;
  /** Bytes which this user may still write on the file system of `path`. */
  freeBytes(path: string): Promise<number>;
}
