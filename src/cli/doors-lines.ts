/** Owns the command lines about who may connect: doors, and the key of a private network. */
import { addCommand, type Commands, type Common, misused, withPeer } from "./command-line.ts";
import * as doors from "./commands/doors.ts";

const MODES = ["open", "outbound-only", "no-inbound"] as const;

export function addDoors(commands: Commands): void {
  const command = addCommand(
    commands,
    "doors",
    "Who may connect: the mode, and the lists of who may and may not.",
    [
      "waybill doors",
      "waybill doors outbound-only",
      "waybill doors allow 192.168.1.0/24 2a01:4f8::/32",
      "waybill doors block 45.67.89.10",
      "waybill doors forget 45.67.89.10",
    ],
  )
    .argument("[what]", "open, outbound-only, no-inbound, allow, block or forget")
    .argument("[entries...]", "whole peer ids, IP addresses, or ranges such as 192.168.1.0/24");
  withPeer(commands, command, async (session, [what, ...entries]) => {
    const mode = MODES.find((each) => each === what);
    if (what === undefined) return await doors.show(session);
    if (mode !== undefined && entries.length === 0) return await doors.setMode(session, mode);
    if (entries.length > 0 && (what === "allow" || what === "block")) {
      return await doors.add(session, what, entries);
    }
    if (entries.length > 0 && what === "forget") return await doors.forget(session, entries);
    return misused(command, "say: doors, doors MODE, doors allow|block|forget ENTRY...");
  });
  addNetworkKey(commands);
}

function addNetworkKey({ context, report, program }: Commands): void {
  const command = addCommand(
    { context, report, program },
    "network-key",
    "Make the key of a private network.",
    ["waybill network-key ward.key", "waybill start --network-key ward.key"],
  ).argument("<file>", "where to write it; must not exist");
  command.action(async () => {
    const json = command.opts<Common>().json === true;
    const [file = ""] = command.args;
    report(await doors.makeKey(file, { terminal: context.terminal, json }), json);
  });
}
