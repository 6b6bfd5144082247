/**
 * Owns how files and folders come out of a drop or a file dialog, with their paths inside the dropped folder.
 */
import type { ChosenFile } from "./uploads.ts";

/** Must be called in the event itself: the browser empties the transfer afterwards. */
export function filesOfDrop(transfer: DataTransfer): Promise<readonly ChosenFile[]> {
  const dropped = [...transfer.items].map((item) => {
    if (item.kind !== "file") return Promise.resolve([]);
    const entry = item.webkitGetAsEntry();
    // A file that comes from memory, as from another page, has no entry in a file system.
    if (entry !== null) return filesOfEntry(entry, "");
    const file = item.getAsFile();
    return Promise.resolve(file === null ? [] : [{ path: file.name, file }]);
  });
  return Promise.all(dropped).then((lists) => lists.flat());
}

/** A folder chosen in a dialog gives `webkitRelativePath`; single files give none. */
export function filesOfDialog(list: FileList | null): readonly ChosenFile[] {
  return [...(list ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

async function filesOfEntry(entry: FileSystemEntry, folder: string): Promise<readonly ChosenFile[]> {
  const path = `${folder}${entry.name}`;
  if (entry instanceof FileSystemFileEntry) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [{ path, file }];
  }
  if (!(entry instanceof FileSystemDirectoryEntry)) return [];
  const reader = entry.createReader();
  const files: ChosenFile[] = [];
  // A reader gives some entries at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return files;
    for (const child of some) files.push(...(await filesOfEntry(child, `${path}/`)));
  }
}
