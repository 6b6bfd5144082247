/**
 * Owns the allow and block lists: how an entry is written, and what both lists say to a peer at an address. Pure.
 * Which connections are asked about, and when, is `doors.ts`.
 */
import { BlockList, isIP } from "node:net";
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { parsePeerId } from "#crypto/peer-id.ts";
import { DOOR_ENTRIES_MAX, DOOR_ENTRY_CHARS_MAX } from "../limits.ts";

/** Entries as `parseDoorEntry` gives them: peer ids, IP addresses and CIDR ranges. */
export interface DoorLists {
  /** Empty: everybody whom `block` does not name. */
  readonly allow: readonly string[];
  /** Beats `allow`. */
  readonly block: readonly string[];
}

/** What is known of the other side by now. */
export interface Caller {
  /** Null until it has proven who it is. */
  readonly peer: PeerId | null;
  /** IP address it is reached at; null where the path hides it (a relay, two routers) or a name stands for it. */
  readonly host: string | null;
}

export type ListVerdict = "admitted" | "blocked" | "not-allowed";

/** A peer id, an IP address, or a range in CIDR notation (RFC 4632, RFC 4291 2.3), in its one written form. */
export function parseDoorEntry(text: string): Result<string, Problem> {
  const trimmed = text.trim();
  if (trimmed.length === 0 || trimmed.length > DOOR_ENTRY_CHARS_MAX) return fail(entryMalformed(trimmed));
  const peer = parsePeerId(trimmed);
  if (peer !== null) return ok(peer);
  const [host = "", prefixText, ...rest] = trimmed.toLowerCase().split("/");
  const family = isIP(host);
  if (family === 0 || host.includes("%") || rest.length > 0) return fail(entryMalformed(trimmed));
  const bits = family === 4 ? 32 : 128;
  if (prefixText === undefined) return ok(host);
  if (!/^(0|[1-9]\d{0,2})$/.test(prefixText) || Number(prefixText) > bits)
    return fail(entryMalformed(trimmed));
  return ok(Number(prefixText) === bits ? host : `${host}/${prefixText}`);
}

/** Each entry in its one form and once, in the order given. */
export function parseDoorList(entries: readonly string[]): Result<readonly string[], Problem> {
  if (entries.length > DOOR_ENTRIES_MAX) {
    return fail(
      problem(
        "door-list-full",
        `The list has ${entries.length} entries; ${DOOR_ENTRIES_MAX} is the most.`,
        "Name ranges instead of addresses, or leave the rest to a firewall.",
      ),
    );
  }
  const parsed: string[] = [];
  for (const text of entries) {
    const entry = parseDoorEntry(text);
    if (!entry.ok) return entry;
    parsed.push(entry.value);
  }
  return ok([...new Set(parsed)]);
}

function entryMalformed(text: string): Problem {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return problem(
    "door-entry-malformed",
    `"${shown.replace(/[\p{Cc}\p{Cf}]/gu, "?")}" is neither a peer id nor an IP address nor a range of them.`,
    "Give a whole peer id, an address such as 192.168.1.20, or a range such as 192.168.1.0/24.",
  );
}

/** Both lists, ready to be asked at every connection. */
export class DoorLaw {
  readonly lists: DoorLists;
  readonly #allow: Entries;
  readonly #block: Entries;

  constructor(lists: DoorLists) {
    this.lists = lists;
    this.#allow = entriesOf(lists.allow);
    this.#block = entriesOf(lists.block);
  }

  /**
   * What the lists say by what is known so far. While the peer is not known, `admitted` means only that it may still
   * turn out to be; a caller whose address is hidden is let in by peer id alone.
   */
  judge({ peer, host }: Caller): ListVerdict {
    if ((peer !== null && this.#block.peers.has(peer)) || isInside(this.#block, host)) return "blocked";
    if (this.#allow.isEmpty || isInside(this.#allow, host)) return "admitted";
    if (peer === null) return this.#allow.peers.size > 0 ? "admitted" : "not-allowed";
    return this.#allow.peers.has(peer) ? "admitted" : "not-allowed";
  }

  /** What they would say at best, once it is known who and where: for a call of our own. */
  judgeBefore({ peer, host }: Caller): ListVerdict {
    const verdict = this.judge({ peer, host });
    const mayChange = verdict === "not-allowed" && host === null && this.#allow.hasRanges;
    return mayChange ? "admitted" : verdict;
  }
}

interface Entries {
  readonly isEmpty: boolean;
  readonly hasRanges: boolean;
  readonly peers: ReadonlySet<string>;
  readonly ranges: BlockList;
}

function entriesOf(list: readonly string[]): Entries {
  const peers = new Set<string>();
  const ranges = new BlockList();
  for (const entry of list) {
    const [host = "", prefix] = entry.split("/");
    const family = isIP(host);
    if (family === 0) peers.add(entry);
    else ranges.addSubnet(host, Number(prefix ?? (family === 4 ? 32 : 128)), family === 4 ? "ipv4" : "ipv6");
  }
  return { isEmpty: list.length === 0, hasRanges: peers.size < new Set(list).size, peers, ranges };
}

function isInside(entries: Entries, host: string | null): boolean {
  if (host === null) return false;
  const bare = host.replace(/%.*$/, "");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
  const family = isIP(mapped);
  return family !== 0 && entries.ranges.check(mapped, family === 4 ? "ipv4" : "ipv6");
}
