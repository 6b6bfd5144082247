/** The entry of the command line: gathers what the process has, runs the command, ends with its exit code. */
import { homedir } from "node:os";
import process from "node:process";
import { EXIT } from "./outcome.ts";
import { runProgram } from "./program.ts";
import { askLine, askYesNo } from "./question.ts";
import { openTerminal } from "./terminal.ts";
import { programVersion } from "./version.ts";

const { platform, env: environment, stdout: out, stderr: err } = process;
const terminal = openTerminal({ out, err, environment, platform });

/** A user that no file of accounts knows, as in a container, has no home: what is usually there lies where we are. */
function homeDir(): string {
  try {
    return homedir();
  } catch {
    return process.cwd();
  }
}

function interruptible(): AbortSignal {
  const interrupt = new AbortController();
  // Once: the second Ctrl-C ends the process as ever.
  process.once("SIGINT", () => interrupt.abort());
  return interrupt.signal;
}

const streams = { input: process.stdin, output: err };

// A reader that has enough (`waybill history | head`) is no fault.
for (const stream of [out, err]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.done);
    throw error;
  });
}

process.exitCode = await runProgram(process.argv.slice(2), {
  terminal,
  surroundings: { environment, platform, homeDir: homeDir(), workingDir: process.cwd() },
  version: programVersion(),
  interruptible,
  confirm: (question) => askYesNo(question, streams),
  ask: (question) => askLine(question, streams),
});
