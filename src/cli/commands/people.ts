/** Owns the commands about this peer and other people: status, peers, connect, contact. */
import type { PersonChange } from "#api/client.ts";
import type { PersonView, StatusView } from "#api/views.ts";
import { formatAmount } from "../amount.ts";
import type { Outcome } from "../outcome.ts";
import { type Session, show } from "../session.ts";
import { tableText } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { oneLine } from "../terminal-text.ts";
import { middleCut, plural, sizeText } from "../words.ts";

/** How a person is reached now, as a word. */
function pathWord(person: PersonView): string {
  if (person.blocked) return "blocked";
  if (!person.online) return "offline";
  return person.path === "loopback"
    ? "this computer"
    : person.path === "lan"
      ? "LAN"
      : (person.path ?? "online");
}

function statusText(status: StatusView, terminal: Terminal): string {
  const { chain, mining, coin } = status;
  const { separator } = terminal.glyphs;
  const syncing = chain.sync.state === "syncing" ? `, catching up to ${chain.sync.targetHeight}` : "";
  const rate = `${sizeText(mining.hashesPerSecond).replace(/ ?B$/, "")} hashes/s`;
  const rows = [
    ["Name", status.name],
    ["Peer id", status.peerId],
    ["Version", status.version],
    ["Data", status.dataDir],
    ["Received", status.receivedDir],
    [
      "Accepts",
      { all: "files of everybody", contacts: "files of contacts", ask: "nothing unasked" }[status.accept],
    ],
    ["Online", plural(status.peersOnline, "peer")],
    [
      "Ledger",
      `${chain.networkName}, block ${chain.tip.height}${syncing}${separator}${chain.pendingCount} waiting`,
    ],
    ["Mining", mining.active ? rate : `${mining.mode}${separator}${mining.reason?.cause ?? "idle"}`],
    ["Balance", `${formatAmount(status.balance, coin.unitsPerCoin)} ${coin.symbol}`],
    ...status.addresses.map((address, at) => [at === 0 ? "Addresses" : "", address]),
    ...status.warnings.map(({ cause, nextStep }) => ["Warning", `${cause} ${nextStep}`]),
  ];
  // Addresses are copied from here: nothing is cut.
  return tableText(rows, Number.POSITIVE_INFINITY, terminal.glyphs.ellipsis);
}

export async function status(session: Session): Promise<Outcome> {
  return show(session, await session.client.status(), (value) =>
    session.terminal.print(statusText(value, session.terminal)),
  );
}

function peopleText(people: readonly PersonView[], terminal: Terminal): string {
  const { ellipsis } = terminal.glyphs;
  const rows = people.map((person) => [
    person.name,
    pathWord(person),
    person.contact ? "contact" : "",
    person.latencyMs === null ? "" : `${Math.max(1, Math.round(person.latencyMs))} ms`,
    middleCut(person.peerId, ellipsis),
    person.problem?.cause ?? "",
  ]);
  return tableText([["NAME", "PATH", "", "DELAY", "PEER ID", ""], ...rows], terminal.columns, ellipsis);
}

export async function peers(session: Session): Promise<Outcome> {
  return show(session, await session.client.people(), (people) =>
    session.terminal.print(
      people.length === 0
        ? "Nobody is known yet. Others on the same network appear by themselves, unless --no-discovery was given; or: waybill connect ADDR"
        : peopleText(people, session.terminal),
    ),
  );
}

export async function connect(session: Session, address: string): Promise<Outcome> {
  return show(session, await session.client.connect(address), (person) =>
    session.terminal.print(`Connected to ${oneLine(person.name)} (${person.peerId}), ${pathWord(person)}.`),
  );
}

export interface ContactOptions {
  readonly name?: string;
  readonly block?: boolean;
  readonly unblock?: boolean;
  readonly remove?: boolean;
}

export async function contact(session: Session, who: string, options: ContactOptions): Promise<Outcome> {
  const change: PersonChange = {
    contact: options.remove !== true && options.block !== true,
    ...(options.name === undefined ? {} : { petname: options.name === "" ? null : options.name }),
    ...(options.block === true ? { blocked: true } : options.unblock === true ? { blocked: false } : {}),
  };
  return show(session, await session.client.updatePerson(who, change), (person) => {
    const is = person.blocked ? "is blocked" : person.contact ? "is a contact" : "is no contact";
    session.terminal.print(`${oneLine(person.name)} ${is}.`);
  });
}
