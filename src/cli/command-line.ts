/** Owns what all commands have in common: options, examples, the way to the running peer, and how they end. */
import { isIP } from "node:net";
import { type Command, InvalidArgumentError } from "commander";
import { dataDirOf, type Surroundings } from "./data-dir.ts";
import type { Outcome, QuestionInterrupted } from "./outcome.ts";
import { findPeer, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

export interface ProgramContext {
  readonly terminal: Terminal;
  readonly surroundings: Surroundings;
  readonly version: string;
  /**
   * From the call on, the first Ctrl-C aborts the signal in place of ending the process: for commands that only
   * wait, and have something to say when they stop.
   */
  readonly interruptible: () => AbortSignal;
  /** Asks for yes or no; null where nobody can be asked. Throws {@link QuestionInterrupted} at Ctrl-C, as `ask` does. */
  readonly confirm: (question: string) => Promise<boolean | null>;
  /** Asks for one line; null where nobody can be asked. */
  readonly ask: (question: string) => Promise<string | null>;
}

/** Options that every command has. */
export interface Common {
  readonly data?: string;
  readonly json?: boolean;
}

/** A parser of whole numbers within bounds. */
export const integer = (minimum: number, maximum: number) => (text: string) => {
  const value = Number(text);
  if (/^[0-9]{1,9}$/.test(text) && value >= minimum && value <= maximum) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`);
};

/** A parser of IP addresses. */
export function ipAddress(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new InvalidArgumentError("It must be an IP address.");
}

/** A parser of the scheme, host and port of a page, with nothing behind. */
export function pageOrigin(text: string): string {
  const url = URL.parse(text);
  if (url !== null && url.protocol === "http:" && `${url.origin}/` === url.href) return url.origin;
  throw new InvalidArgumentError("It must be like http://127.0.0.1:4751.");
}

/** Gathers an option that may be repeated. */
export const each = (text: string, list: readonly string[] = []): readonly string[] => [...list, text];

export type Report = (outcome: Outcome, json: boolean) => void;

export interface Commands {
  readonly program: Command;
  readonly context: ProgramContext;
  readonly report: Report;
}

/** A command with the common options and examples, still without its action. */
export function addCommand(
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
export function withPeer<Options extends Common>(
  commands: Commands,
  command: Command,
  run: (session: Session, args: readonly string[], options: Options) => Promise<Outcome>,
): void {
  command.action(() => speakToPeer(commands, command, run));
}

/** The action of {@link withPeer}, for a command that needs the peer only sometimes. */
export async function speakToPeer<Options extends Common>(
  { context, report }: Commands,
  command: Command,
  run: (session: Session, args: readonly string[], options: Options) => Promise<Outcome>,
): Promise<void> {
  const options = command.opts<Options>();
  const json = options.json === true;
  const client = await findPeer(dataDirOf(options.data, context.surroundings));
  if (!client.ok) return report(client, json);
  const session: Session = { client: client.value, terminal: context.terminal, json };
  report(await run(session, command.args, options), json);
}

/** Ends as commander does when an argument is wrong. */
export function misused(command: Command, message: string): never {
  return command.error(`error: ${message}`);
}
