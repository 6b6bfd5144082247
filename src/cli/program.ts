/**
 * Owns the command line: names, options, help and examples, and the way from typed words to a command. What commands
 * do is in `commands/`.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { ok } from "#base/result.ts";
import { ACCEPT_POLICIES, type AcceptPolicy } from "#node/config.ts";
import * as deliveries from "./commands/deliveries.ts";
import * as ledger from "./commands/ledger.ts";
import * as people from "./commands/people.ts";
import { dataDirOf, type Surroundings } from "./data-dir.ts";
import { EXIT, type ExitCode, type Outcome, reportFault } from "./outcome.ts";
import { findPeer, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { WAIT_GOALS, type WaitGoal } from "./wait-for-slip.ts";

export interface ProgramContext {
  readonly terminal: Terminal;
  readonly surroundings: Surroundings;
  readonly version: string;
  /**
   * From the call on, the first Ctrl-C aborts the signal in place of ending the process: for commands that only
   * wait, and have something to say when they stop.
   */
  readonly interruptible: () => AbortSignal;
}

/** Options that every command has. */
interface Common {
  readonly data?: string;
  readonly json?: boolean;
}

const integer = (minimum: number, maximum: number) => (text: string) => {
  const value = Number(text);
  if (/^[0-9]{1,9}$/.test(text) && value >= minimum && value <= maximum) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`);
};
const each = (text: string, list: readonly string[] = []) => [...list, text];

/** Runs one command line; all that is said goes to the terminal. */
export async function runProgram(argv: readonly string[], context: ProgramContext): Promise<ExitCode> {
  let exit: ExitCode = EXIT.done;
  const program = createProgram(context, (outcome, json) => {
    if (outcome.ok) return;
    exit = outcome.fault.exit;
    reportFault(outcome.fault, context.terminal, json);
  });
  try {
    await program.parseAsync(argv.length === 0 ? ["--help"] : [...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.done : EXIT.wrongUse;
  }
  return exit;
}

type Report = (outcome: Outcome, json: boolean) => void;

function createProgram(context: ProgramContext, report: Report): Command {
  const { terminal } = context;
  const program = new Command("waybill")
    .description("Pass messages and files straight from one computer to another, with a signed receipt.")
    .version(context.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.warn(text.trimEnd()),
    })
    .showHelpAfterError("Help: add --help.")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed, 2 wrong use, 3 no running peer.\nFirst: waybill start. Then: waybill peers",
    );
  const commands: Commands = { program, context, report };
  addStart(commands);
  addPeople(commands);
  addDeliveries(commands);
  addLedger(commands);
  addReceipts(commands);
  return program;
}

interface Commands {
  readonly program: Command;
  readonly context: ProgramContext;
  readonly report: Report;
}

/** A command with the common options and examples, still without its action. */
function addCommand(
  { program }: Commands,
  name: string,
  summary: string,
  examples: readonly string[],
): Command {
  return program
    .command(name)
    .description(summary)
    .allowExcessArguments(false)
    .option("--data <dir>", "data folder of the peer (default: WAYBILL_DATA, else the usual place)")
    .option("--json", "print JSON")
    .addHelpText("after", `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`);
}

/** Gives a command an action that speaks to the running peer. */
function withPeer<Options extends Common>(
  commands: Commands,
  command: Command,
  run: (session: Session, args: readonly string[], options: Options) => Promise<Outcome>,
): void {
  const { context, report } = commands;
  command.action(async () => {
    const options = command.opts<Options>();
    const json = options.json === true;
    const client = await findPeer(dataDirOf(options.data, context.surroundings));
    if (!client.ok) return report(client, json);
    const session: Session = { client: client.value, terminal: context.terminal, json };
    report(await run(session, command.args, options), json);
  });
}

interface StartOptions extends Common {
  readonly name?: string;
  readonly listen?: readonly string[];
  readonly join?: readonly string[];
  readonly accept?: AcceptPolicy;
  readonly uiPort?: number;
  readonly open: boolean;
  readonly mine: boolean;
  readonly discovery: boolean;
  readonly network?: string;
  readonly clockOffset?: number;
}

function addStart(commands: Commands): void {
  const { context, report } = commands;
  const command = addCommand(commands, "start", "Start a peer, and show its page.", [
    "waybill start",
    "waybill start --name alice --data ~/alice",
    "waybill start --join 192.168.1.20:4001 --accept ask --no-open",
  ])
    .option("--name <name>", "what others see; kept for later starts")
    .option("--listen <addr>", "address to listen on, a multiaddr; may be repeated", each)
    .option("--join <addr>", "address of another peer; may be repeated", each)
    .addOption(new Option("--accept <whose>", "whose files come in unasked").choices(ACCEPT_POLICIES))
    .option("--ui-port <port>", "port of the page; 0 for any", integer(0, 65_535))
    .option("--no-open", "do not open the page in a browser")
    .option("--no-mine", "do not mine in this run")
    .option("--no-discovery", "do not look for peers on the local network")
    .option("--network <file>", "genesis file of another network")
    .addOption(
      new Option("--clock-offset <ms>").argParser((text) => Number.parseInt(text, 10) || 0).hideHelp(),
    );
  command.action(async () => {
    const options = command.opts<StartOptions>();
    const { start, WEB_ROOT } = await import("./commands/start.ts");
    const config = Object.freeze({
      dataDir: dataDirOf(options.data, context.surroundings),
      name: options.name ?? null,
      listen: options.listen ?? [],
      join: options.join ?? [],
      accept: options.accept ?? null,
      uiPort: options.uiPort ?? null,
      mine: options.mine,
      networkFile: options.network ?? null,
      webRoot: WEB_ROOT,
      version: context.version,
      clockOffsetMs: options.clockOffset ?? 0,
      discovery: options.discovery,
    });
    const json = options.json === true;
    const { terminal, surroundings } = context;
    report(await start(config, { terminal, json, surroundings, open: options.open && !json }), json);
  });
}

function addPeople(commands: Commands): void {
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
      "waybill connect 192.168.1.20:4001",
      "waybill connect /ip4/192.168.1.20/tcp/4001",
    ]).argument("<address>", "multiaddr, host:port or [v6]:port"),
    (session, [address = ""]) => people.connect(session, address),
  );
  withPeer<Common & people.ContactOptions>(
    commands,
    addCommand(commands, "contact", "Make somebody a contact, name or block them.", [
      "waybill contact bob",
      'waybill contact 12D3KooWQ --name "Bob from the lab"',
      "waybill contact mallory --block",
    ])
      .argument("<who>", "name or beginning of a peer id")
      .option("--name <petname>", "what you call them; empty to forget it")
      .option("--remove", "no longer a contact")
      .addOption(new Option("--block", "refuse all from them").conflicts("unblock"))
      .option("--unblock", "let them in again"),
    (session, [who = ""], options) => people.contact(session, who, options),
  );
}

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
    .option("--timeout <seconds>", "give up waiting after this; the delivery goes on", integer(1, 86_400));
}

function addDeliveries(commands: Commands): void {
  const { context } = commands;
  withPeer<WaitFlags>(
    commands,
    addWaiting(
      addCommand(commands, "say", "Send a message.", [
        "waybill say bob Are you at your desk?",
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
  withPeer<Common & { readonly limit: number; readonly read?: boolean }>(
    commands,
    addCommand(commands, "inbox", "What has come, and what waits for your yes.", [
      "waybill inbox",
      "waybill inbox --read",
    ])
      .option("--limit <count>", "how many", integer(1, 500), 20)
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
      .option("--limit <count>", "how many", integer(1, 500), 20),
    (session, [who], options) => deliveries.history(session, who, options),
  );
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

/** Ends as commander does when an argument is wrong. */
function misused(command: Command, message: string): never {
  return command.error(`error: ${message}`);
}

function addLedger(commands: Commands): void {
  const chain = addCommand(commands, "chain", "The ledger: its tip, a block, a transaction, or what waits.", [
    "waybill chain",
    "waybill chain block 18",
    "waybill chain tx 5f0c...",
    "waybill chain pending --json",
  ])
    .argument("[what]", "tip, block, tx or pending", "tip")
    .argument("[which]", "height or id of the block, id of the transaction");
  withPeer(commands, chain, async (session, [what = "tip", which]) => {
    if (what === "tip" && which === undefined) return await ledger.chainTip(session);
    if (what === "pending" && which === undefined) return await ledger.chainPending(session);
    if (what === "block" && which !== undefined) return await ledger.chainBlock(session, which);
    if (what === "tx" && which !== undefined) return await ledger.chainTransaction(session, which);
    return misused(chain, "say one of: chain tip, chain block H, chain tx ID, chain pending");
  });
  const wallet = addCommand(commands, "wallet", "My balance; or pay somebody.", [
    "waybill wallet",
    "waybill wallet pay carol 2.5",
  ])
    .argument("[pay]", "the word pay")
    .argument("[who]", "name, beginning of a peer id, or an account")
    .argument("[amount]", "coins, decimal")
    .option("--fee <amount>", "coins for the miner");
  withPeer<Common & { readonly fee?: string }>(commands, wallet, async (session, args, options) => {
    const [verb, who, amount] = args;
    if (verb === undefined) return await ledger.wallet(session);
    if (verb === "pay" && who !== undefined && amount !== undefined) {
      return await ledger.pay(session, who, amount, options.fee);
    }
    return misused(wallet, "say: wallet, or wallet pay WHO AMOUNT");
  });
  const mine = addCommand(commands, "mine", "Mining: how it goes, on, or off.", [
    "waybill mine",
    "waybill mine off",
  ]);
  mine.argument("[mode]", "on or off");
  withPeer(commands, mine, async (session, [mode]) => {
    if (mode === undefined || mode === "on" || mode === "off") return await ledger.mine(session, mode);
    return misused(mine, "say: mine, mine on or mine off");
  });
}

interface VerifyFlags extends Common {
  readonly network?: string;
  readonly offline?: boolean;
}

function addReceipts(commands: Commands): void {
  const { context, report } = commands;
  withPeer<Common & { readonly output: string; readonly force?: boolean }>(
    commands,
    addCommand(commands, "receipt", "Save the receipt of a delivery as a .waybill file.", [
      "waybill receipt 3f2a91c04d -o thesis.waybill",
    ])
      .argument("<id>", "beginning of the delivery's id")
      .requiredOption("-o, --output <file>", "where to save it")
      .option("--force", "replace the file if there is one"),
    async (session, [id = ""], { output, force }) => {
      const { receipt } = await import("./commands/receipts.ts");
      return await receipt(session, id, { output, force: force === true });
    },
  );
  const command = addCommand(commands, "verify", "Check a .waybill file; needs no running peer.", [
    "waybill verify thesis.waybill",
    "waybill verify thesis.waybill ./thesis.pdf",
    "waybill verify scans.waybill ./scans --offline --json",
  ])
    .argument("<file>", "the .waybill file")
    .argument("[path]", "file or folder to compare with what was delivered")
    .option("--offline", "do not ask a running peer for its chain")
    .option("--network <file>", "genesis file of the network it is said to be anchored in");
  command.action(async () => {
    const options = command.opts<VerifyFlags>();
    const json = options.json === true;
    const [file = "", path] = command.args;
    const peer =
      options.offline === true ? null : await findPeer(dataDirOf(options.data, context.surroundings));
    const { verify } = await import("./commands/receipts.ts");
    const outcome = await verify(file, path, {
      terminal: context.terminal,
      json,
      networkFile: options.network ?? null,
      client: peer?.ok === true ? peer.value : null,
    });
    report(outcome.ok ? ok() : outcome, json);
  });
}
