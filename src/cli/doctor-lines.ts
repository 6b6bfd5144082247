/** Owns the command line of `doctor`, which works with and without a running peer. */
import { addCommand, type Commands, type Common } from "./command-line.ts";
import { dataDirOf } from "./data-dir.ts";

export function addDoctor(commands: Commands): void {
  const { context, report } = commands;
  const command = addCommand(commands, "doctor", "What helps and hinders this peer, or one person.", [
    "waybill doctor",
    "waybill doctor bob",
    "waybill doctor --json",
  ])
    .argument("[who]", "name or beginning of a peer id: why they are reached, or not")
    .addHelpText(
      "after",
      "\nExit code 1 when a finding is bad: somebody must do something. Warnings and the rest end with 0." +
        "\nWithout a running peer this computer alone is examined.",
    );
  command.action(async () => {
    const options = command.opts<Common>();
    const json = options.json === true;
    const { doctor } = await import("./commands/doctor.ts");
    const dataDir = dataDirOf(options.data, context.surroundings);
    report(await doctor(dataDir, command.args[0] ?? null, { terminal: context.terminal, json }), json);
  });
}
