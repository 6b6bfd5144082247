/** Owns the command lines about being found: trackers, scan. */
import { Option } from "commander";
import { addCommand, type Commands, type Common, withPeer } from "./command-line.ts";
import { scan } from "./commands/scan.ts";
import * as trackers from "./commands/trackers.ts";

interface TrackerFlags extends Common {
  readonly add?: string;
  readonly remove?: string;
}

export function addReach(commands: Commands): void {
  withPeer<TrackerFlags>(
    commands,
    addCommand(commands, "trackers", "The trackers that this peer uses, and how they do.", [
      "waybill trackers",
      "waybill trackers --add tracker.example",
      "waybill trackers --add http://tracker.example:4748",
      "waybill trackers --remove tracker.example",
    ])
      .addOption(new Option("--add <addr>", "host[:port], multiaddr or URL of its page").conflicts("remove"))
      .option("--remove <addr>", "use it no longer"),
    async (session, _words, { add, remove }) => {
      if (add !== undefined) return await trackers.add(session, add);
      return remove === undefined ? await trackers.list(session) : await trackers.remove(session, remove);
    },
  );
  withPeer(
    commands,
    addCommand(commands, "scan", "Look for peers at the ports of a computer, or of a range of them.", [
      "waybill scan 192.168.1.20",
      "waybill scan 192.168.1.0/24",
      "waybill scan nas.home 28411-28475,4000",
    ])
      .argument("<target>", "name, IP address, or range such as 192.168.1.0/24")
      .argument("[ports]", "ports and ranges of them (default: 28411-28475)"),
    (session, [target = "", ports]) => scan(session, target, ports),
  );
}
