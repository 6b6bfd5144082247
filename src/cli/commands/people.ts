/** Owns the commands about this peer and other people: status, peers, connect, phrase, contact. */
import type { Client, PersonChange, Reply } from "#api/client.ts";
import type { PersonView, StatusView } from "#api/views.ts";
import { ok, problem } from "#base/result.ts";
import { formatAmount } from "../amount.ts";
import { failed, type Outcome } from "../outcome.ts";
import { type Session, show } from "../session.ts";
import { tableText } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { oneLine } from "../terminal-text.ts";
import { middleCut, plural, sizeText, timeText } from "../words.ts";

const PATH_WORDS = {
  loopback: "this computer",
  lan: "LAN",
  direct: "direct",
  punched: "through routers",
} as const;

/** How a person is reached now, as a word. */
function pathWord(person: PersonView): string {
  if (person.blocked) return "blocked";
  if (person.standIn !== null) return "another key";
  if (!person.online) return "offline";
  if (person.path === "relayed") {
    return person.via === null ? "relayed" : `relayed via ${oneLine(person.via.name)}`;
  }
  return person.path === null ? "online" : PATH_WORDS[person.path];
}

function standingWord({ contact, verified }: PersonView): string {
  return verified !== null ? "verified" : contact ? "contact" : "";
}

function noteText({ problem, standIn }: PersonView): string {
  if (standIn === null) return problem?.cause ?? "";
  const looks = standIn.how === "name" ? "bears the name of" : "answers in the place of";
  return `${looks} ${standIn.ofName}, with another key: nothing is sent until you decide`;
}

function statusText(status: StatusView, terminal: Terminal): string {
  const { chain, mining, coin } = status;
  const { separator } = terminal.glyphs;
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
    ["Ledger", `${chain.networkName}, block ${chain.tip.height}${separator}${chain.pendingCount} waiting`],
    ["", chain.sync.words],
    ...(chain.sync.historyWords === null ? [] : [["", chain.sync.historyWords]]),
    ["Mining", mining.active ? rate : `${mining.mode}${separator}${mining.reason?.cause ?? "idle"}`],
    ["Balance", `${formatAmount(status.balance, coin.unitsPerCoin)} ${coin.symbol}`],
    ...status.addresses.map((address, at) => [at === 0 ? "Addresses" : "", address]),
    ...status.listening.map(({ transport, address, what }, at) => [
      at === 0 ? "Listens" : "",
      `${transport} ${address}${separator}${what}`,
    ]),
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

/** How a person came to be known; words of the page, shorter. */
const FOUND_WORDS: Readonly<Record<PersonView["foundBy"][number], string>> = {
  mdns: "mDNS",
  announcement: "nearby",
  typed: "address",
  exchange: "others",
  inbound: "called",
  tracker: "tracker",
  kademlia: "Kademlia",
  scan: "scan",
  invite: "invite",
};

/** How far away somebody who is here is, and when somebody who is not was here. */
function whenText({ online, latencyMs, lastSeenMs }: PersonView): string {
  if (online) return latencyMs === null ? "" : `${Math.max(1, Math.round(latencyMs))} ms`;
  return lastSeenMs === null ? "" : `seen ${timeText(lastSeenMs)}`;
}

function peopleText(people: readonly PersonView[], terminal: Terminal): string {
  const { ellipsis } = terminal.glyphs;
  const rows = people.map((person) => [
    person.name,
    pathWord(person),
    standingWord(person),
    whenText(person),
    person.foundBy.map((way) => FOUND_WORDS[way]).join(", "),
    middleCut(person.peerId, ellipsis),
    noteText(person),
  ]);
  return tableText(
    [["NAME", "PATH", "", "DELAY", "FOUND BY", "PEER ID", ""], ...rows],
    terminal.columns,
    ellipsis,
  );
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

/** @param who null: my own. */
export async function phrase(session: Session, who: string | null): Promise<Outcome> {
  const { client, terminal } = session;
  const own = await client.status();
  if (!own.ok || who === null) return show(session, own, ({ phrase }) => terminal.print(phrase));
  return show(session, await client.person(who), (person) =>
    terminal.print(phrasesText(person, own.value.phrase)),
  );
}

function phrasesText({ name, phrase }: PersonView, own: string): string {
  return [
    `Read each other these words, over the telephone or face to face.`,
    `${oneLine(name)} reads  ${phrase}`,
    `You read  ${own}`,
  ].join("\n");
}

export interface ContactOptions {
  readonly name?: string;
  readonly block?: boolean;
  readonly unblock?: boolean;
  readonly remove?: boolean;
  readonly verify?: boolean;
  readonly unverify?: boolean;
  readonly acceptKey?: boolean;
  readonly keepApart?: boolean;
  readonly yes?: boolean;
}

type Confirm = (question: string) => Promise<boolean | null>;

export async function contact(
  session: Session,
  who: string,
  options: ContactOptions,
  confirm: Confirm,
): Promise<Outcome> {
  const { client, terminal } = session;
  const isAboutKey = options.acceptKey === true || options.keepApart === true;
  const meant = isAboutKey ? await standInFor(who, client) : await client.person(who);
  if (!meant.ok) return failed(meant.fault);
  // The name may lead to somebody else by the time that the user has answered; the key does not.
  const { peerId } = meant.value;
  if (options.keepApart === true) {
    return show(session, await client.keepApart(peerId), ({ name }) =>
      terminal.print(`${oneLine(name)} is kept apart from whom it looks like.`),
    );
  }
  const asked = await compared(session, meant.value, options, confirm);
  if (!asked.ok) return asked;
  if (options.acceptKey === true) {
    const accepted = await client.acceptKey(peerId);
    const isAll = options.verify !== true && options.name === undefined;
    if (!accepted.ok || isAll) return show(session, accepted, (person) => sayAccepted(person, terminal));
  }
  return show(session, await client.updatePerson(peerId, changeOf(options)), (person) =>
    terminal.print(`${oneLine(person.name)} ${standingText(person)}.`),
  );
}

function sayAccepted({ name }: PersonView, terminal: Terminal): void {
  terminal.print(
    `The new key is ${oneLine(name)} from now on; the old one keeps the name with "(old key)". ` +
      "What waits for the old key was meant for that one, and does not move.",
  );
}

/** Whoever is let in again, or not known by the key any more, is not made a contact by that. */
export function changeOf(options: ContactOptions): PersonChange {
  const isLeft = options.remove === true || options.block === true;
  const isUndone = options.unblock === true || options.unverify === true;
  return {
    ...(isUndone && !isLeft ? {} : { contact: !isLeft }),
    ...(options.name === undefined ? {} : { petname: options.name === "" ? null : options.name }),
    ...(options.block === true ? { blocked: true } : options.unblock === true ? { blocked: false } : {}),
    ...(options.verify === true ? { verified: true } : options.unverify === true ? { verified: false } : {}),
  };
}

function standingText({ blocked, contact: isContact, verified }: PersonView): string {
  if (blocked) return "is blocked";
  if (!isContact) return "is no contact";
  return verified === null ? "is a contact" : "is a verified contact";
}

/** Shows the words of both keys and asks whether they are the same on both sides, where a key is to be trusted. */
async function compared(
  session: Session,
  person: PersonView,
  options: ContactOptions,
  confirm: Confirm,
): Promise<Outcome> {
  if ((options.verify !== true && options.acceptKey !== true) || options.yes === true) return ok();
  const own = await session.client.status();
  if (!own.ok) return failed(own.fault);
  if (!session.json) session.terminal.print(phrasesText(person, own.value.phrase));
  const answer = session.json ? null : await confirm("Are they the same on both sides?");
  if (answer === true) return ok();
  return failed(
    answer === false
      ? problem(
          "phrase-differs",
          "The words were not the same.",
          "Nothing was changed: this key may be somebody else's.",
        )
      : problem(
          "not-asked",
          "No answer came, so nothing was changed.",
          "Compare the words, then say so with --yes.",
        ),
  );
}

/** The key that is about to be accepted: the one named, or the one that looks like the person named. */
async function standInFor(who: string, client: Client): Reply<PersonView> {
  const named = await client.person(who);
  if (!named.ok || named.value.standIn !== null) return named;
  const all = await client.people();
  if (!all.ok) return all;
  const alike = all.value.filter(({ standIn }) => standIn?.of === named.value.peerId);
  const [only] = alike;
  return only !== undefined && alike.length === 1 ? { ...named, value: only } : named;
}
