/** Owns the command lines about people: status, peers, connect, contact, phrase, invite, invites, join. */
import { Option } from "commander";
import { addCommand, type Commands, type Common, integer, withPeer } from "./command-line.ts";
import * as invites from "./commands/invites.ts";
import * as people from "./commands/people.ts";
import { INVITE_HOURS_MAX, JOIN_SECONDS_DEFAULT, WAIT_SECONDS_MAX } from "./limits.ts";

export function addPeople(commands: Commands): void {
  addSeeing(commands);
  addContact(commands);
  addInviting(commands);
}

function addSeeing(commands: Commands): void {
  withPeer(
    commands,
    addCommand(commands, "status", "What this peer is and how it does.", [
      "waybill status",
      "waybill status --json",
    ]),
    (session) => people.status(session),
  );
  withPeer(
    commands,
    addCommand(commands, "peers", "Who is known, who is here, and how they are reached.", [
      "waybill peers",
      "waybill peers --json",
    ]),
    (session) => people.peers(session),
  );
  withPeer(
    commands,
    addCommand(commands, "connect", "Connect to an address; it is remembered.", [
      "waybill connect 192.168.1.20:28411",
      "waybill connect /ip4/192.168.1.20/tcp/28411",
    ]).argument("<address>", "multiaddr, host:port or [v6]:port"),
    (session, [address = ""]) => people.connect(session, address),
  );
  withPeer(
    commands,
    addCommand(commands, "phrase", "The eight words of my key, or of somebody's, to compare by voice.", [
      "waybill phrase",
      "waybill phrase bob",
    ]).argument("[who]", "name or beginning of a peer id"),
    (session, [who]) => people.phrase(session, who ?? null),
  );
}

function addContact(commands: Commands): void {
  const { context } = commands;
  withPeer<Common & people.ContactOptions>(
    commands,
    addCommand(
      commands,
      "contact",
      "Make somebody a contact; name, verify or block them; decide about a key.",
      [
        "waybill contact bob",
        'waybill contact 12D3KooWQ --name "Bob from the lab"',
        "waybill contact bob --verify",
        "waybill contact mallory --block",
      ],
    )
      .argument("<who>", "name or beginning of a peer id")
      .option("--name <petname>", "what you call them; empty to forget it")
      .option("--remove", "no longer a contact")
      .option(
        "--verify",
        "compare the words of both keys with them, by voice; then the key is known as theirs",
      )
      .option("--unverify", "the key is not known as theirs any more")
      .option("--accept-key", "this new key is that of the person it looks like")
      .addOption(
        new Option("--keep-apart", "this key is somebody else than it looks like").conflicts([
          "acceptKey",
          "verify",
          "name",
        ]),
      )
      .option("--yes", "do not ask: the words have been compared")
      .addOption(new Option("--block", "refuse all from them").conflicts("unblock"))
      .option("--unblock", "let them in again"),
    (session, [who = ""], options) => people.contact(session, who, options, context.confirm),
  );
}

function addInviting(commands: Commands): void {
  const { context } = commands;
  withPeer<Common & invites.InviteOptions>(
    commands,
    addCommand(
      commands,
      "invite",
      "Invite somebody: link, QR code and words; whoever enters them is a verified contact.",
      ["waybill invite", 'waybill invite --hours 2 --note "for Bob"'],
    )
      .option("--hours <count>", "how long it stands (default: 24)", integer(1, INVITE_HOURS_MAX))
      .option("--note <text>", "for yourself: whom it is for"),
    (session, _, options) => invites.invite(session, options),
  );
  withPeer<Common & { readonly revoke?: string }>(
    commands,
    addCommand(commands, "invites", "Invites of the last weeks, and what became of them.", [
      "waybill invites",
      "waybill invites --revoke 3f2a91c04d",
    ]).option("--revoke <id>", "take one back: the beginning of its id"),
    (session, _, { revoke }) => invites.list(session, revoke ?? null),
  );
  withPeer<Common & { readonly at?: string; readonly timeout: number }>(
    commands,
    addCommand(commands, "join", "Enter an invite that somebody gave you.", [
      'waybill join "waybill:i/AQcH…"',
      "waybill join subway argue awake tornado pudding spatial unveil fly",
      "waybill join subway argue awake tornado pudding spatial unveil fly --at 192.168.1.20:28411",
    ])
      .argument("<invite...>", "the link, or the eight words")
      .option("--at <address>", "where the other side is, when nothing else finds it")
      .option(
        "--timeout <seconds>",
        "how long to look for the other side",
        integer(1, WAIT_SECONDS_MAX),
        JOIN_SECONDS_DEFAULT,
      ),
    (session, words, { at, timeout }) =>
      invites.join(session, words.join(" "), {
        at: at ?? null,
        timeoutMs: timeout * 1_000,
        signal: context.interruptible(),
      }),
  );
}
