/** Owns the commands about who may connect. */
import type { DoorsView } from "#api/views.ts";
import { ok } from "#base/result.ts";
import { failed, type Outcome } from "../outcome.ts";
import { type Session, show as showAnswer } from "../session.ts";
import { tableText } from "../table.ts";
import { oneLine } from "../terminal-text.ts";
import { plural } from "../words.ts";

const MODE_WORDS: Readonly<Record<DoorsView["mode"], string>> = {
  open: "open: others may connect",
  "outbound-only": "outbound only: nothing listens; others come over a relay that this peer called",
  "no-inbound": "no inbound: no connection that others begin is taken",
};

/** In the order in which a caller meets them. */
const REFUSAL_WORDS: Readonly<Record<string, string>> = {
  mode: "called where no calls are taken",
  blocked: "on the block list",
  "not-allowed": "not on the allow list",
  "half-open-silent": "connected and said nothing",
  "half-open-displaced": "half open, gave way to newcomers",
  "half-open-slow": "did not finish the handshake in time",
  "half-open-full": "no room for more half-open connections",
  "not-waybill": "spoke something else",
  "network-key": "without this network's key",
  "handshakes-of-address": "too many handshakes from one address",
  "handshakes-in-all": "too many handshakes in all",
  "address-full": "too many connections from one address",
  "group-full": "too many connections from one network",
  "relay-full": "too many connections over one relay",
  "relays-full": "too many connections over relays",
  "all-full": "all places were taken",
};

function doorsText(doors: DoorsView, { terminal }: Session): string {
  const list = (entries: readonly string[], none: string) =>
    entries.length === 0 ? none : entries.map(oneLine).join(", ");
  const rows = [
    ["Mode", MODE_WORDS[doors.mode]],
    ["Network key", doors.privateNetwork ? "yes: only its holders connect" : "none: an open network"],
    ["Allowed", list(doors.allow, "everybody who is not blocked")],
    ["Blocked", list(doors.block, "nobody")],
  ];
  const refused = Object.entries(doors.refused).map(([reason, count]) => [
    String(count),
    REFUSAL_WORDS[reason] ?? oneLine(reason),
  ]);
  const { columns, glyphs } = terminal;
  return [
    ...rows.map(([label = "", value = ""]) => `${label.padEnd(12)} ${value}`),
    ...(refused.length === 0 ? ["Nobody was refused since the start."] : ["Refused since the start:"]),
    ...(refused.length === 0 ? [] : [tableText(refused, columns, glyphs.ellipsis)]),
  ].join("\n");
}

export async function show(session: Session): Promise<Outcome> {
  return showAnswer(session, await session.client.doors(), (doors) =>
    session.terminal.print(doorsText(doors, session)),
  );
}

export async function setMode(session: Session, mode: DoorsView["mode"]): Promise<Outcome> {
  return showAnswer(session, await session.client.setDoors({ mode }), (doors) =>
    session.terminal.print(
      `${MODE_WORDS[doors.mode]}.\nCalls are judged by it from now on; ports open and close with the next start.`,
    ),
  );
}

export async function add(
  session: Session,
  list: "allow" | "block",
  entries: readonly string[],
): Promise<Outcome> {
  const now = await session.client.doors();
  if (!now.ok) return failed(now.fault);
  const changed = await session.client.setDoors({ [list]: [...now.value[list], ...entries] });
  return showAnswer(session, changed, (doors) => session.terminal.print(doorsText(doors, session)));
}

/** Takes entries off both lists. */
export async function forget(session: Session, entries: readonly string[]): Promise<Outcome> {
  const now = await session.client.doors();
  if (!now.ok) return failed(now.fault);
  const { allow, block } = now.value;
  const without = (list: readonly string[]) => list.filter((entry) => !entries.includes(entry));
  const gone = allow.length + block.length - without(allow).length - without(block).length;
  const changed = await session.client.setDoors({ allow: without(allow), block: without(block) });
  return showAnswer(session, changed, () =>
    session.terminal.print(gone === 0 ? "No such entry." : `${plural(gone, "entry", "entries")} taken off.`),
  );
}

/** Needs no running peer. */
export async function makeKey(
  file: string,
  { terminal, json }: Pick<Session, "terminal" | "json">,
): Promise<Outcome> {
  const [{ makeNetworkKeyFile }, { systemRandom }] = await Promise.all([
    import("#node/network-key-file.ts"),
    import("#node/system.ts"),
  ]);
  const made = makeNetworkKeyFile(file, systemRandom);
  if (!made.ok) return failed(made.fault);
  if (json) terminal.printJson({ file });
  else {
    terminal.print(
      `${file} holds the key. Pass it on as you would a password; each peer and tracker starts with`,
    );
    terminal.print(`--network-key ${file}. Whoever has it may connect; whoever has not, cannot.`);
  }
  return ok();
}
