/** Keeps the files of one transfer open while they are in use, and not more than a few: many are small. */
import type { Disk, DiskFile } from "./disk.ts";
import { FILES_OPEN_MAX } from "./limits.ts";

interface Slot {
  readonly opened: Promise<DiskFile>;
  users: number;
}

export class OpenFiles {
  readonly #open: (file: number) => Promise<DiskFile>;
  /** Least recently opened first. */
  readonly #slots = new Map<number, Slot>();

  constructor(disk: Pick<Disk, "open">, mode: "read" | "write", pathOf: (file: number) => Promise<string>) {
    this.#open = async (file) => disk.open(await pathOf(file), mode);
  }

  /** Runs `work` with the file open; the file may stay open after it. */
  async use<Value>(file: number, work: (opened: DiskFile) => Promise<Value>): Promise<Value> {
    let slot = this.#slots.get(file);
    if (slot === undefined) {
      slot = { opened: this.#open(file), users: 0 };
      this.#slots.set(file, slot);
    }
    slot.users += 1;
    try {
      return await work(await slot.opened);
    } catch (error) {
      this.#slots.delete(file);
      await closeQuietly(slot);
      throw error;
    } finally {
      slot.users -= 1;
      await this.#shed();
    }
  }

  /** Done with this file. */
  async close(file: number): Promise<void> {
    const slot = this.#slots.get(file);
    if (slot === undefined || slot.users > 0) return;
    this.#slots.delete(file);
    await (await slot.opened).close();
  }

  async closeAll(): Promise<void> {
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    await Promise.all(slots.map(closeQuietly));
  }

  async #shed(): Promise<void> {
    if (this.#slots.size <= FILES_OPEN_MAX) return;
    for (const [file, slot] of this.#slots) if (slot.users === 0) return this.close(file);
  }
}

/** After a fault the file's own outcome matters no more. */
async function closeQuietly(slot: Slot): Promise<void> {
  await slot.opened.then(
    (opened) => opened.close().catch(() => undefined),
    () => undefined,
  );
}
