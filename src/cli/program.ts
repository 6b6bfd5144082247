/**
 * Owns the command line as a whole: its commands, help, and exit code. What commands do is in `commands/`; lines about
 * deliveries and the ledger have files of their own.
 */
import { Command, CommanderError } from "commander";
import { ok, type Problem, problem } from "#base/result.ts";
import {
  addCommand,
  type Commands,
  type Common,
  type ProgramContext,
  type Report,
  withPeer,
} from "./command-line.ts";
import { dataDirOf } from "./data-dir.ts";
import { addDeliveries } from "./delivery-lines.ts";
import { addDoctor } from "./doctor-lines.ts";
import { addDoors } from "./doors-lines.ts";
import { addLedger } from "./ledger-lines.ts";
import { addNames } from "./name-lines.ts";
import { addNetwork } from "./network-lines.ts";
import { EXIT, type ExitCode, interrupted, QuestionInterrupted, reportFault } from "./outcome.ts";
import { addPeople } from "./people-lines.ts";
import { addReach } from "./reach-lines.ts";
import { findPeer } from "./session.ts";
import { addStart } from "./start-lines.ts";
import { addTracker } from "./tracker-lines.ts";

/** Runs one command line; all that is said goes to the terminal. */
export async function runProgram(argv: readonly string[], context: ProgramContext): Promise<ExitCode> {
  let exit: ExitCode = EXIT.done;
  // Asked of the words themselves: a command line that is wrong has no options yet.
  const json = argv.includes("--json");
  const report: Report = (outcome, asJson) => {
    if (outcome.ok) return;
    exit = outcome.fault.exit;
    reportFault(outcome.fault, context.terminal, asJson);
  };
  const program = createProgram(context, json, report);
  try {
    await program.parseAsync(argv.length === 0 ? ["--help"] : [...argv], { from: "user" });
  } catch (error) {
    if (error instanceof QuestionInterrupted) {
      report(
        interrupted("Interrupted at the question: nothing was changed.", "Run it again to answer."),
        json,
      );
      return exit;
    }
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.done : EXIT.wrongUse;
  }
  return exit;
}

/** Wrong use as JSON: the shape of every failure. */
function misuse(text: string): { readonly error: Problem } {
  const cause = text.trim().replace(/^error: /, "");
  return { error: problem("wrong-use", cause, "See the command's --help.") };
}

function createProgram(context: ProgramContext, json: boolean, report: Report): Command {
  const { terminal } = context;
  const program = new Command("waybill")
    .description("Pass messages and files straight from one computer to another, with a signed receipt.")
    .version(context.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.warn(text.trimEnd()),
      outputError: (text, write) => (json ? terminal.warnJson(misuse(text)) : write(text)),
    })
    .showHelpAfterError(json ? false : "Help: add --help.")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed, 2 wrong use, 3 no running peer, 130 interrupted.\nFirst: waybill start. Then: waybill peers",
    );
  const commands: Commands = { program, context, report };
  addStart(commands);
  addPeople(commands);
  addDeliveries(commands);
  addLedger(commands);
  addReceipts(commands);
  addReach(commands);
  addDoctor(commands);
  addTracker(commands);
  addDoors(commands);
  addNetwork(commands);
  addNames(commands);
  return program;
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
  withPeer<Common & { readonly output: string; readonly force?: boolean; readonly name?: boolean }>(
    commands,
    addCommand(commands, "prove", "Save a proof of what the ledger holds of an account or a name.", [
      "waybill prove Bob -o bob.stateproof",
      "waybill prove --name chess-club -o chess-club.stateproof",
    ])
      .argument("<who>", "person, peer id or account, your own too; with --name a name on the ledger")
      .requiredOption("-o, --output <file>", "where to save it")
      .option("--name", "it is a name on the ledger")
      .option("--force", "replace the file if there is one"),
    async (session, [who = ""], { output, force, name }) => {
      const { prove } = await import("./commands/state-proofs.ts");
      return await prove(session, who, { output, force: force === true, isName: name === true });
    },
  );
  const command = addCommand(
    commands,
    "verify",
    "Check a .waybill file or a proof of the ledger's state; needs no running peer.",
    [
      "waybill verify thesis.waybill",
      "waybill verify thesis.waybill ./thesis.pdf",
      "waybill verify scans.waybill ./scans --offline --json",
      "waybill verify bob.stateproof",
    ],
  )
    .argument("<file>", "the .waybill file, or what `prove` saved")
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
