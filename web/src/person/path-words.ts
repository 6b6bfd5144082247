/** Owns the words for how a person is found and reached. Pure. */
import type { PersonView, SlipView } from "#api/views.ts";
import { formatAge } from "../look/format.ts";

type PathKind = NonNullable<PersonView["path"]>;

const PATH_WORDS: Readonly<Record<PathKind, string>> = {
  loopback: "this computer",
  lan: "LAN",
  direct: "direct",
  punched: "direct, through routers",
  relayed: "relayed",
};

/** What the word means, for whoever sees it for the first time. */
const PATH_MEANINGS: Readonly<Record<PathKind, string>> = {
  loopback: "Both peers run on this computer.",
  lan: "Straight to their computer, over your own network.",
  direct: "Straight to their computer.",
  punched: "Straight to their computer: the routers on both sides were brought to let it pass.",
  relayed: "Over a third computer, which passes on what it cannot read.",
};

const FOUND_WORDS: Readonly<Record<PersonView["foundBy"][number], string>> = {
  mdns: "found on the local network (mDNS)",
  announcement: "announced itself nearby",
  typed: "address typed by you",
  exchange: "told by another peer",
  inbound: "came to you",
  tracker: "told by a tracker",
  kademlia: "looked up by its key",
  scan: "found by a scan",
  invite: "came by an invite",
};

const VERIFIED_WORDS = { invite: "by an invite", phrase: "by comparing the phrase" } as const;

/** `relayed via tracker.example`. */
function wordOf(kind: PathKind, viaName: string | null): string {
  return kind === "relayed" && viaName !== null ? `relayed via ${viaName}` : PATH_WORDS[kind];
}

export function pathWord(person: Pick<PersonView, "blocked" | "online" | "path" | "via">): string {
  if (person.blocked) return "blocked";
  if (!person.online) return "away";
  return person.path === null ? "here" : wordOf(person.path, person.via?.name ?? null);
}

export function slipPathWord(path: NonNullable<SlipView["path"]>): string {
  return wordOf(path.kind, path.viaName);
}

/** When somebody who is away was here; `null` for others, and where it is not known. */
export function lastHereWords(
  { online, lastSeenMs }: Pick<PersonView, "online" | "lastSeenMs">,
  nowMs: number,
): string | null {
  return online || lastSeenMs === null ? null : `last here ${formatAge(nowMs, lastSeenMs)}`;
}

export function pathMeaning(kind: PathKind): string {
  return PATH_MEANINGS[kind];
}

export function foundByWords(person: Pick<PersonView, "foundBy">): string {
  return person.foundBy.map((way) => FOUND_WORDS[way]).join(", ") || "known from before";
}

export function verifiedWords({ how }: NonNullable<PersonView["verified"]>): string {
  return VERIFIED_WORDS[how];
}
