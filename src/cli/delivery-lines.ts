/** Owns the command lines about deliveries: say, send, inbox, history, accept, decline, cancel. */
import { type Command, Option } from "commander";
import {
  addCommand,
  type Commands,
  type Common,
  integer,
  type ProgramContext,
  withPeer,
} from "./command-line.ts";
import * as deliveries from "./commands/deliveries.ts";
import { LISTED_SLIPS_MAX, WAIT_SECONDS_MAX } from "./limits.ts";
import { WAIT_GOALS, type WaitGoal } from "./wait-for-slip.ts";

interface WaitFlags extends Common {
  readonly wait?: WaitGoal;
  readonly timeout?: number;
}

const waitOptions = (options: WaitFlags, context: ProgramContext): deliveries.WaitOptions => ({
  goal: options.wait ?? null,
  timeoutMs: options.timeout === undefined ? null : options.timeout * 1000,
  signal: context.interruptible(),
});

function addWaiting(command: Command): Command {
  return command
    .addOption(new Option("--wait <state>", "wait until it is so far").choices(WAIT_GOALS))
    .option(
      "--timeout <seconds>",
      "give up waiting after this; the delivery goes on",
      integer(1, WAIT_SECONDS_MAX),
    );
}

export function addDeliveries(commands: Commands): void {
  addSending(commands);
  addListing(commands);
  addAnswering(commands);
}

function addSending(commands: Commands): void {
  const { context } = commands;
  withPeer<WaitFlags>(
    commands,
    addWaiting(
      addCommand(commands, "say", "Send a message.", [
        "waybill say bob I am at my desk",
        'waybill say bob "Two  spaces" --wait anchored --timeout 120',
      ])
        .argument("<who>", "name or beginning of a peer id")
        .argument("<text...>", "the message"),
    ),
    (session, [who = "", ...words], options) =>
      deliveries.say(session, who, words.join(" "), waitOptions(options, context)),
  );
  withPeer<WaitFlags>(
    commands,
    addWaiting(
      addCommand(commands, "send", "Send files and folders.", [
        "waybill send bob thesis.pdf",
        "waybill send bob ./scans ./notes.txt --wait receipted",
      ])
        .argument("<who>", "name or beginning of a peer id")
        .argument("<path...>", "files and folders"),
    ),
    (session, [who = "", ...paths], options) =>
      deliveries.send(session, who, paths, waitOptions(options, context)),
  );
}

function addListing(commands: Commands): void {
  withPeer<Common & { readonly limit: number; readonly read?: boolean }>(
    commands,
    addCommand(commands, "inbox", "What has come, and what waits for your yes.", [
      "waybill inbox",
      "waybill inbox --read",
    ])
      .option("--limit <count>", "how many", integer(1, LISTED_SLIPS_MAX), 20)
      .option("--read", "mark all as read"),
    (session, _, { limit, read }) => deliveries.inbox(session, { limit, read: read === true }),
  );
  withPeer<Common & { readonly limit: number }>(
    commands,
    addCommand(commands, "history", "What was passed, with everybody or with one.", [
      "waybill history",
      "waybill history bob --limit 100 --json",
    ])
      .argument("[who]", "name or beginning of a peer id")
      .option("--limit <count>", "how many", integer(1, LISTED_SLIPS_MAX), 20),
    (session, [who], options) => deliveries.history(session, who, options),
  );
}

function addAnswering(commands: Commands): void {
  withPeer<Common & { readonly to?: string }>(
    commands,
    addCommand(commands, "accept", "Say yes to files that were offered.", [
      "waybill accept 3f2a91c04d",
      "waybill accept 3f2a91c04d --to ~/Pictures",
    ])
      .argument("<id>", "beginning of the delivery's id")
      .option("--to <dir>", "folder to save under"),
    (session, [id = ""], options) => deliveries.accept(session, id, options),
  );
  withPeer(
    commands,
    addCommand(commands, "decline", "Say no to files that were offered.", [
      "waybill decline 3f2a91c04d",
    ]).argument("<id>", "beginning of the delivery's id"),
    (session, [id = ""]) => deliveries.decline(session, id),
  );
  withPeer(
    commands,
    addCommand(commands, "cancel", "Call a delivery off.", ["waybill cancel 3f2a91c04d"]).argument(
      "<id>",
      "beginning of the delivery's id",
    ),
    (session, [id = ""]) => deliveries.cancel(session, id),
  );
}
