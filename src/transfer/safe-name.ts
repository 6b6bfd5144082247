/**
 * Owns which names of a stranger become names on this disk. Pure. A manifest keeps the names which the sender
 * signed; here each gets a local form that every common system can hold, and that can do no harm: no way out of
 * the folder, no device, no hidden stream, nothing that a terminal or a reader of right-to-left text is fooled by.
 * The rules are written down in spec/transfer.md.
 */
import { utf8 } from "#base/bytes.ts";
import { LOCAL_NAMES_MAX, NAME_BYTES_MAX, NAME_NUMBERS_MAX } from "./limits.ts";

/** Devices of Windows, with any ending. */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;

/** Separators, wildcards, the colon of alternate data streams, quotes and pipes. */
const FORBIDDEN = new Set('<>:"|?*\\/');

/**
 * Controls (Cc), formats such as bidirectional overrides and zero-width joiners (Cf), line and paragraph
 * separators (Zl, Zp), private and unassigned characters (Co, Cn).
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/u;

/** Most names: nothing in them is changed, save for a device or a great length. */
const PLAIN = /^[\w .,;=+@()[\]{}!#$%&'~^-]*[\w)\]}-]$/;
const ASCII = /^[\x20-\x7e]*$/;

/**
 * One part of a path as a name that is safe on Linux, macOS and Windows; of a safe name the name itself (in NFC).
 * Total: every text has a safe form.
 */
export function safeName(part: string): string {
  let name = PLAIN.test(part) ? part : visibleName(part);
  const stem = name.split(".", 1)[0] ?? "";
  if (RESERVED.test(stem.trim())) name = `_${name}`;
  return shortened(name, NAME_BYTES_MAX);
}

/** Without what is forbidden or cannot be seen. */
function visibleName(part: string): string {
  let name = "";
  for (const character of part.toWellFormed().normalize("NFC")) {
    name += FORBIDDEN.has(character) || INVISIBLE.test(character) ? "_" : character;
  }
  // Windows drops dots and spaces at the end, so that two names would be one.
  name = name.replace(/[. \u00a0]+$/u, (ending) => "_".repeat(Math.min(ending.length, 3)));
  return name.trim() === "" ? `_${name.trim()}` : name;
}

/** The name with at most `maxBytes` of UTF-8, its ending kept where that is short. */
function shortened(name: string, maxBytes: number): string {
  if (utf8(name).length <= maxBytes) return name;
  const dot = name.lastIndexOf(".");
  const ending = dot > 0 && utf8(name.slice(dot)).length <= 20 ? name.slice(dot) : "";
  const room = maxBytes - utf8(ending).length;
  let stem = "";
  let bytes = 0;
  for (const character of dot > 0 && ending !== "" ? name.slice(0, dot) : name) {
    bytes += utf8(character).length;
    if (bytes > room) break;
    stem += character;
  }
  return `${stem.replace(/[. \u00a0]+$/u, "_")}${ending}`.normalize("NFC");
}

/** `name (2).ext` for number 2; the name itself for number 1. */
export function numberedName(name: string, number: number): string {
  if (number === 1) return name;
  const mark = ` (${number})`;
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  const room = NAME_BYTES_MAX - utf8(ending).length - mark.length;
  return room > 0
    ? `${shortened(stem, room)}${mark}${ending}`
    : `${shortened(name, NAME_BYTES_MAX - mark.length)}${mark}`;
}

/** Names that some common system would take for one: compared without case, in NFC. */
export function collisionKey(name: string): string {
  if (ASCII.test(name)) return name.toUpperCase();
  return name.normalize("NFKC").toLowerCase().toUpperCase().normalize("NFC");
}

interface Folder {
  /** Safe names in use, by collision key. */
  readonly taken: Set<string>;
  readonly folders: Map<string, { readonly name: string; readonly folder: Folder }>;
}

/**
 * Local relative paths for the paths of a manifest, in the same order, each part safe and no two colliding: a later
 * name that collides gets a number.
 *
 * @param paths of a decoded manifest: parts divided by `/`, none empty, `.` or `..`, each path once.
 * @returns `null` when more names collide, or more folders are needed, than is worked for.
 */
export function localPaths(paths: readonly string[]): readonly string[] | null {
  return new LocalPaths().of(paths);
}

function newFolder(): Folder {
  return { taken: new Set(), folders: new Map() };
}

function sharedLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}

/** A folder that the path at hand goes through. */
interface Step {
  readonly folder: Folder;
  /** Its local path with a `/` at the end; empty for the first. */
  readonly local: string;
  /** Characters of the manifest's path up to here, the `/` among them. */
  readonly length: number;
}

class LocalPaths {
  #namesLeft = LOCAL_NAMES_MAX;
  #previous = "";
  readonly #root: Step = { folder: newFolder(), local: "", length: 0 };
  readonly #steps: Step[] = [];

  of(paths: readonly string[]): readonly string[] | null {
    const local: string[] = [];
    for (const path of paths) {
      const place = this.#enter(path);
      const name = place && this.#freeName(place.folder.taken, path.slice(place.length));
      if (place === null || name === null) return null;
      local.push(place.local + name);
    }
    return local;
  }

  /** Goes to the folder of a path, from the one before: in a sorted list every folder is entered once. */
  #enter(path: string): Step | null {
    const shared = sharedLength(this.#previous, path);
    while (this.#top().length > shared) this.#steps.pop();
    this.#previous = path;
    for (let end = path.indexOf("/", this.#top().length); end >= 0; end = path.indexOf("/", end + 1)) {
      const { folder, local, length } = this.#top();
      const part = path.slice(length, end);
      const inner = folder.folders.get(part) ?? this.#folder(folder, part);
      if (inner === null) return null;
      this.#steps.push({ folder: inner.folder, local: `${local}${inner.name}/`, length: end + 1 });
    }
    return this.#top();
  }

  #top(): Step {
    return this.#steps.at(-1) ?? this.#root;
  }

  #folder(parent: Folder, part: string): { readonly name: string; readonly folder: Folder } | null {
    const name = this.#freeName(parent.taken, part);
    if (name === null) return null;
    const inner = { name, folder: newFolder() };
    parent.folders.set(part, inner);
    return inner;
  }

  #freeName(taken: Set<string>, part: string): string | null {
    const base = safeName(part);
    for (let number = 1; number <= NAME_NUMBERS_MAX; number++) {
      if (this.#namesLeft === 0) return null;
      this.#namesLeft -= 1;
      const name = numberedName(base, number);
      const key = collisionKey(name);
      if (taken.has(key)) continue;
      taken.add(key);
      return name;
    }
    return null;
  }
}
