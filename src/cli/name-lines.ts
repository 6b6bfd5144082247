/** Owns the command lines about what the ledger says beyond coins: names, and co-signed checkpoints. */
import { addCommand, type Commands, type Common, misused, withPeer } from "./command-line.ts";
import { dataDirOf } from "./data-dir.ts";
import { findPeer } from "./session.ts";

export function addNames(commands: Commands): void {
  addName(commands);
  addCheckpoint(commands);
}

interface NameFlags extends Common {
  readonly key?: string;
  readonly owner?: string;
}

function addName(commands: Commands): void {
  const command = addCommand(
    commands,
    "name",
    "Names on the ledger: register, renew, change, or see whose one is.",
    [
      "waybill name register anna-lee",
      "waybill name list",
      "waybill name show anna-lee",
      "waybill name renew anna-lee",
      "waybill name update anna-lee --key bob",
      "waybill name update anna-lee --owner 12D3KooW...",
    ],
  )
    .argument("<what>", "register, renew, update, show, list or forget")
    .argument("[name]", "3 to 32 of a to z, 0 to 9 and hyphens")
    .option("--key <who>", "whom it stands for: a person, peer id or account (register: me)")
    .option("--owner <who>", "update: hands it over for good");
  withPeer<NameFlags>(commands, command, async (session, [what, name], { key, owner }) => {
    const names = await import("./commands/names.ts");
    if (key !== undefined && what !== "register" && what !== "update")
      return misused(command, "--key belongs to name register and name update");
    if (owner !== undefined && what !== "update")
      return misused(command, "--owner belongs to name update: a name is registered for oneself first");
    if (what === "list" && name === undefined) return await names.listNames(session);
    if (name === undefined) return misused(command, "say: name WHAT NAME, or name list");
    if (what === "register") return await names.registerName(session, name, key);
    if (what === "renew") return await names.changeName(session, name, { renew: true });
    if (what === "show") return await names.showName(session, name);
    if (what === "forget") return await names.forgetName(session, name);
    if (what === "update" && key !== undefined && owner === undefined) {
      return await names.changeName(session, name, { key });
    }
    if (what === "update" && owner !== undefined && key === undefined) {
      return await names.changeName(session, name, { owner });
    }
    return misused(
      command,
      "say: name register|renew|show|forget NAME, name update NAME --key WHO or --owner WHO",
    );
  });
}

interface CheckpointFlags extends Common {
  readonly network?: string;
  readonly force?: boolean;
}

function addCheckpoint(commands: Commands): void {
  const { context, report } = commands;
  const command = addCommand(
    commands,
    "checkpoint",
    "Co-signed checkpoints: who signs, what is final; save one, or check one without a peer.",
    [
      "waybill checkpoint",
      "waybill checkpoint export final.checkpoint",
      "waybill checkpoint verify final.checkpoint --network our.json",
    ],
  )
    .argument("[what]", "export or verify")
    .argument("[file]", "the checkpoint's file")
    .option("--network <file>", "verify: the network's file (default: the one that comes with Waybill)")
    .option("--force", "export: write over a file that is there");
  command.action(async () => {
    const options = command.opts<CheckpointFlags>();
    const json = options.json === true;
    const [what, file] = command.args;
    const { terminal, surroundings } = context;
    const checkpoints = await import("./commands/checkpoints.ts");
    if (what === "verify" && file !== undefined) {
      return report(await checkpoints.verifyFile(file, options.network ?? null, { terminal, json }), json);
    }
    if (what !== undefined && (what !== "export" || file === undefined)) {
      return misused(command, "say: checkpoint, checkpoint export FILE, or checkpoint verify FILE");
    }
    const client = await findPeer(dataDirOf(options.data, surroundings));
    if (!client.ok) return report(client, json);
    const session = { client: client.value, terminal, json };
    const outcome =
      file === undefined
        ? await checkpoints.showCheckpoints(session)
        : await checkpoints.exportFile(session, file, options.force === true);
    report(outcome, json);
  });
}
