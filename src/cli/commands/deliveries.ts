/** Owns the commands about deliveries: say, send, inbox, history, accept, decline, cancel. */
import { resolve } from "node:path";
import type { Answered, Client } from "#api/client.ts";
import type { SlipView } from "#api/views.ts";
import { ok, problem } from "#base/result.ts";
import { LOOKUP_PAGE_SLIPS, LOOKUP_PAGES_MAX, SAY_TIMEOUT_MS } from "../limits.ts";
import { failed, interrupted, type Outcome, wrongUse } from "../outcome.ts";
import { type Session, show } from "../session.ts";
import { direction, progressText, slipCards } from "../slip-card.ts";
import { cutTo, oneLine } from "../terminal-text.ts";
import { hasFailed, notReached, type Waited, type WaitGoal, waitForSlip } from "../wait-for-slip.ts";
import { plural } from "../words.ts";

const ID_PREFIX = /^[0-9a-f]{4,64}$/;

export interface WaitOptions {
  /** `null`: not said; the command's own way then. */
  readonly goal: WaitGoal | null;
  readonly timeoutMs: number | null;
  readonly signal: AbortSignal;
}

function printCard(session: Session, slip: SlipView): void {
  if (session.json) session.terminal.printJson(slip);
  else session.terminal.print(slipCards([slip], session.terminal));
}

function liveLine(session: Session, slip: SlipView): string {
  const { separator } = session.terminal.glyphs;
  const moving = progressText(slip, session.terminal);
  const words =
    moving ?? `${slip.state}${slip.reason === null ? "" : separator + oneLine(slip.reason.cause)}`;
  // One column short: a full line makes terminals wrap.
  const room = Math.max(20, session.terminal.columns - 1);
  return cutTo(`${direction(slip, session.terminal)}  ${words}`, room, session.terminal.glyphs.ellipsis);
}

/** Waits as asked, prints where the delivery stands then, and says whether that is what was asked for. */
async function follow(
  session: Session,
  answer: Answered<SlipView>,
  wait: WaitOptions & { readonly goal: WaitGoal; readonly patient: boolean },
): Promise<Outcome> {
  if (!answer.ok) return failed(answer.fault);
  const waited = await waitForSlip(session.client, answer.value, answer.eventId, {
    goal: wait.goal,
    leaveQueued: !wait.patient,
    timeoutMs: wait.timeoutMs,
    signal: wait.signal,
    onChange: (slip) => session.terminal.live(liveLine(session, slip)),
  });
  session.terminal.live(null);
  if (!waited.ok) return failed(waited.fault);
  printCard(session, waited.value.slip);
  if (waited.value.end === "interrupted") return leftAlone(waited.value.slip, wait.goal);
  return satisfied(waited.value, wait.patient) ? ok() : failed(notReached(waited.value, wait.goal));
}

function leftAlone({ state }: SlipView, goal: WaitGoal): Outcome {
  return interrupted(
    `Interrupted: the delivery is ${state}, not yet ${goal}, and goes on while the peer runs.`,
    "See it with: waybill history.",
  );
}

/** Queued is good enough for whoever did not ask for more: it is kept, and goes when the other side is there. */
function satisfied({ slip, end }: Waited, patient: boolean): boolean {
  if (end === "reached" || end === "left-queued") return true;
  return !patient && !hasFailed(slip) && end === "timeout";
}

export async function say(session: Session, who: string, text: string, wait: WaitOptions): Promise<Outcome> {
  if (text.trim() === "") {
    return wrongUse(
      problem("message-empty", "There is nothing in the message.", "Write what is to be said."),
    );
  }
  const patient = wait.goal !== null;
  return await follow(session, await session.client.say(who, text), {
    ...wait,
    goal: wait.goal ?? "delivered",
    timeoutMs: wait.timeoutMs ?? (patient ? null : SAY_TIMEOUT_MS),
    patient,
  });
}

export async function send(
  session: Session,
  who: string,
  paths: readonly string[],
  wait: WaitOptions,
): Promise<Outcome> {
  const absolute = paths.map((path) => resolve(path));
  return await follow(session, await session.client.sendPaths(who, absolute), {
    ...wait,
    goal: wait.goal ?? "delivered",
    patient: wait.goal !== null,
  });
}

export async function inbox(
  session: Session,
  options: { readonly limit: number; readonly read: boolean },
): Promise<Outcome> {
  const slips = await session.client.slips({ direction: "in", limit: options.limit });
  const shown = show(session, slips, (value) => {
    const { terminal } = session;
    terminal.print(value.length === 0 ? "Nothing has come yet." : slipCards(value.toReversed(), terminal));
    const asked = value.filter((slip) => slip.state === "offered");
    if (asked.length > 0) {
      const ids = asked.map(
        (slip) => `  waybill accept ${slip.id.slice(0, 10)}   or   waybill decline ${slip.id.slice(0, 10)}`,
      );
      terminal.print(`${plural(asked.length, "offer")} waiting for your yes:\n${ids.join("\n")}`);
    }
  });
  if (!shown.ok || !options.read) return shown;
  return await markAllRead(session);
}

async function markAllRead({ client }: Session): Promise<Outcome> {
  const conversations = await client.conversations();
  if (!conversations.ok) return failed(conversations.fault);
  for (const { person, unread } of conversations.value) {
    if (unread === 0) continue;
    const marked = await client.markRead(person.peerId);
    if (!marked.ok) return failed(marked.fault);
  }
  return ok();
}

export async function history(
  session: Session,
  who: string | undefined,
  options: { readonly limit: number },
): Promise<Outcome> {
  const query = who === undefined ? { limit: options.limit } : { limit: options.limit, who };
  return show(session, await session.client.slips(query), (value) => {
    const { terminal } = session;
    // Newest last: that is where the eye is after a command.
    const cards = () => slipCards(value.toReversed(), terminal);
    terminal.print(value.length === 0 ? "Nothing has been passed yet." : cards());
  });
}

/** The one delivery whose id is, or begins with, what was typed. */
export async function findSlip(client: Client, typed: string): Promise<Outcome<SlipView>> {
  if (!ID_PREFIX.test(typed)) {
    const cause = "An id is at least the first four of its hexadecimal digits, as the slip shows them.";
    return wrongUse(problem("id-malformed", cause, "Find it with: waybill history."));
  }
  if (typed.length === 64) {
    const slip = await client.slip(typed);
    return slip.ok ? ok(slip.value) : failed(slip.fault);
  }
  const found: SlipView[] = [];
  let before: number | undefined;
  for (let page = 0; page < LOOKUP_PAGES_MAX && found.length < 2; page++) {
    const slips = await client.slips({
      limit: LOOKUP_PAGE_SLIPS,
      ...(before === undefined ? {} : { before }),
    });
    if (!slips.ok) return failed(slips.fault);
    found.push(...slips.value.filter((slip) => slip.id.startsWith(typed)));
    before = slips.value.at(-1)?.order;
    if (slips.value.length < LOOKUP_PAGE_SLIPS) break;
  }
  const [only, second] = found;
  if (only === undefined) {
    return failed(
      problem("id-unknown", "No delivery has an id that begins so.", "Find it with: waybill history."),
    );
  }
  if (second === undefined) return ok(only);
  return failed(
    problem("id-ambiguous", "More than one delivery's id begins so.", "Give more of its digits."),
  );
}

async function act(
  session: Session,
  typed: string,
  action: (id: string) => Promise<Answered<SlipView>>,
): Promise<Outcome> {
  const slip = await findSlip(session.client, typed);
  if (!slip.ok) return slip;
  return show(session, await action(slip.value.id), (value) =>
    session.terminal.print(slipCards([value], session.terminal)),
  );
}

export function accept(session: Session, id: string, options: { readonly to?: string }): Promise<Outcome> {
  const folder = options.to === undefined ? undefined : resolve(options.to);
  return act(session, id, (whole) => session.client.accept(whole, folder));
}

export function decline(session: Session, id: string): Promise<Outcome> {
  return act(session, id, (whole) => session.client.decline(whole));
}

export function cancel(session: Session, id: string): Promise<Outcome> {
  return act(session, id, (whole) => session.client.cancel(whole));
}
