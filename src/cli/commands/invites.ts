/** Owns the commands about invites: invite, invites, join. */
import type { InviteView, TrackerView } from "#api/views.ts";
import { type Problem, problem } from "#base/result.ts";
import { failed, interrupted, type Outcome } from "../outcome.ts";
import { qrLines } from "../qr-lines.ts";
import { type Session, show } from "../session.ts";
import { tableText } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { oneLine } from "../terminal-text.ts";
import { plural, shortId, timeText } from "../words.ts";

export interface InviteOptions {
  readonly hours?: number;
  readonly note?: string;
}

export async function invite(session: Session, options: InviteOptions): Promise<Outcome> {
  const { hours, note } = options;
  const wanted = { ...(hours === undefined ? {} : { hours }), ...(note === undefined ? {} : { note }) };
  return show(session, await session.client.createInvite(wanted), (made) =>
    session.terminal.print(inviteText(made, session.terminal)),
  );
}

function inviteText({ id, link, note, words, expiresMs }: InviteView, terminal: Terminal): string {
  const whom = note === null ? "" : ` ${oneLine(note)}`;
  const code = qrLines(link ?? "", terminal);
  return [
    `Invite ${shortId(id)}${whom}: good for one person, until ${timeText(expiresMs)}.`,
    "",
    `Words  ${terminal.style(words ?? "", "strong")}`,
    `Link   ${link ?? ""}`,
    "",
    ...(code ?? ["The page shows it as a QR code; so does a terminal that is wider, or has colours."]),
    "",
    "Keep Waybill running. The other side enters the link or the words: on the page under People, or with",
    `  waybill join ${words ?? ""}`,
  ].join("\n");
}

/** @param revoke the beginning of an id; null to list. */
export async function list(session: Session, revoke: string | null): Promise<Outcome> {
  const { client, terminal } = session;
  const all = await client.invites();
  if (!all.ok || revoke === null) {
    return show(session, all, (invites) =>
      terminal.print(
        invites.length === 0 ? "No invites yet. Make one: waybill invite" : listText(invites, terminal),
      ),
    );
  }
  const beginning = revoke.toLowerCase();
  const found = beginning === "" ? [] : all.value.filter(({ id }) => id.startsWith(beginning));
  const [only] = found;
  if (only === undefined || found.length > 1) return failed(noSuchInvite(revoke, found.length));
  return show(session, await client.revokeInvite(only.id), ({ id }) =>
    terminal.print(`Invite ${shortId(id)} is taken back.`),
  );
}

function noSuchInvite(beginning: string, found: number): Problem {
  return problem(
    "invite-unknown-id",
    `${found === 0 ? "No invite has" : `${found} invites have`} an id that begins with "${oneLine(beginning.slice(0, 64))}".`,
    "See their ids: waybill invites",
  );
}

function listText(invites: readonly InviteView[], terminal: Terminal): string {
  const rows = invites.map((each) => [
    shortId(each.id),
    stateText(each),
    each.note ?? "",
    each.failedGuesses === 0 ? "" : plural(each.failedGuesses, "wrong guess", "wrong guesses"),
    each.words ?? "",
  ]);
  return tableText(
    [["ID", "STATE", "NOTE", "", "WORDS"], ...rows],
    terminal.columns,
    terminal.glyphs.ellipsis,
  );
}

function stateText({ state, expiresMs, usedBy }: InviteView): string {
  if (state === "open") return `open until ${timeText(expiresMs)}`;
  if (state === "used") return `used by ${usedBy?.name ?? "somebody"}`;
  return state === "expired" ? "expired" : "taken back";
}

export interface JoinOptions {
  readonly at: string | null;
  readonly timeoutMs: number;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/**
 * What may pass by itself: somebody starts Waybill, comes back, or writes to a disk that has room again. One who lies
 * about the invite is no reason either to stop looking for whoever made it.
 */
const PASSING: readonly string[] = [
  "invite-impostor",
  "invite-unknown",
  "invite-unreached",
  "invite-offline",
  "invite-nobody-here",
  "invite-waits",
];

export async function join(session: Session, text: string, options: JoinOptions): Promise<Outcome> {
  const { client, json, terminal } = session;
  const before = await client.trackers();
  const outcome = await joinInTime(session, text, options);
  const after = await client.trackers();
  // Also where nobody was found: they stay in use.
  if (!json && before.ok && after.ok) sayTrackers(before.value, after.value, terminal);
  return outcome;
}

async function joinInTime(session: Session, text: string, options: JoinOptions): Promise<Outcome> {
  const { client, terminal } = session;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  let last: Problem | null = null;
  for (;;) {
    terminal.live(`Looking for whoever made this invite. ${last === null ? "" : oneLine(last.cause)}`);
    const joined = await client.acceptInvite(text, options.at ?? undefined, signal);
    if (joined.ok) {
      return show(session, joined, ({ name, peerId }) =>
        terminal.print(`${oneLine(name)} (${peerId}) and you are verified contacts of each other.`),
      );
    }
    // Given up while it was asked again: the last answer says more.
    if (signal.aborted) {
      terminal.live(null);
      if (options.signal.aborted) return GIVEN_UP;
      return failed(last ?? NOT_FOUND_IN_TIME);
    }
    if (!PASSING.includes(joined.fault.code)) {
      terminal.live(null);
      return failed(joined.fault);
    }
    last = joined.fault;
  }
}

const NOT_FOUND_IN_TIME = problem(
  "invite-not-found-yet",
  "Whoever made this invite was not found in this time.",
  "Waybill must be running there. Enter the invite again, with more time: --timeout 300, or an address: --at HOST:PORT.",
);

const GIVEN_UP = interrupted(
  "Interrupted: whoever made this invite was not found yet, and the invite can be entered again.",
  "Enter it again: waybill join INVITE.",
);

/** A link may bring a tracker along; the user is told of what is used from now on. */
function sayTrackers(
  before: readonly TrackerView[],
  after: readonly TrackerView[],
  terminal: Terminal,
): void {
  const known = new Set(before.map(({ address }) => address));
  for (const { address } of after) {
    if (known.has(address)) continue;
    terminal.print(`The tracker ${oneLine(address)} of the link is used from now on.`);
  }
}
