/** Owns the command line of `network`: making the file of a group's own network, and showing what one says. */
import { InvalidArgumentError } from "commander";
import { addCommand, type Commands, type Common, each, integer, misused } from "./command-line.ts";
import type { NetworkFlags } from "./commands/network.ts";

const SECONDS_MAX = 3_600;
const BLOCKS_MAX = 1_000_000;

export function addNetwork(commands: Commands): void {
  const { context, report } = commands;
  const command = addCommand(
    commands,
    "network",
    "Make a network of your own, or show what the file of one says.",
    [
      "waybill network create our.json",
      "waybill network create school.json --preset classroom --name school-7b",
      "waybill network create ward.json --name ward --reward 0 --allocate 12D3KooW...=1000 --signer 12D3KooW...",
      "waybill network show our.json",
      "waybill start --network our.json --data ~/our-network",
    ],
  )
    .argument("<what>", "create or show")
    .argument("[file]", "the network's file; without one, show shows the network that comes with Waybill")
    .option("--preset <kind>", "classroom (10 s), default (15 s) or internet (30 s between blocks)")
    .option("--name <name>", "lower case letters, digits and hyphens")
    .option("--coin <symbol>", "what coins are called, up to 8 capital letters")
    .option("--spacing <seconds>", "mean time between blocks", integer(2, SECONDS_MAX))
    .option("--reward <coins>", "for the first blocks, halved every year; 0 for no new coins at all")
    .option("--allocate <who=coins>", "coins from the start, for a peer id or account; may be repeated", each)
    .option("--signer <key>", "peer id that co-signs checkpoints; may be repeated", each)
    .option(
      "--signatures <count>",
      "signatures that make a block final (default: more than two thirds)",
      integer(1, 64),
    )
    .option("--sign-every <blocks>", "heights that are signed (default: 20)", integer(1, BLOCKS_MAX))
    .option("--time <seconds>", "of the first block, Unix time (default: now)", unixSeconds)
    .option("--force", "write over a file that is there");
  command.action(async () => {
    const flags = command.opts<Common & NetworkFlags>();
    const json = flags.json === true;
    const [what, file] = command.args;
    const { terminal, ask } = context;
    const network = await import("./commands/network.ts");
    if (what === "show") return report(await network.showNetwork(file ?? null, { terminal, json }), json);
    if (what !== "create" || file === undefined)
      return misused(command, "say: network create FILE, or network show FILE");
    return report(await network.createNetwork(file, flags, { terminal, json, ask }), json);
  });
}

function unixSeconds(text: string): number {
  const value = Number(text);
  if (/^[0-9]{1,10}$/.test(text) && value <= 0xffff_ffff) return value;
  throw new InvalidArgumentError("It must be whole seconds since 1970.");
}
