/** Owns the command lines about the ledger: chain, wallet, mine. */
import { addCommand, type Commands, type Common, misused, speakToPeer, withPeer } from "./command-line.ts";
import * as ledger from "./commands/ledger.ts";
import { dataDirOf } from "./data-dir.ts";
import { addMine } from "./mining-lines.ts";
import type { Outcome } from "./outcome.ts";
import type { Session } from "./session.ts";

export function addLedger(commands: Commands): void {
  const { context, report } = commands;
  const chain = addCommand(commands, "chain", "The ledger: its tip, a block, a transaction, or what waits.", [
    "waybill chain",
    "waybill chain block 18",
    "waybill chain tx 5f0c...",
    "waybill chain pending --json",
    "waybill chain check",
  ])
    .argument("[what]", "tip, block, tx, pending or check", "tip")
    .argument("[which]", "height or id of the block, id of the transaction")
    .option("--network <file>", "for check: genesis file of another network")
    .addHelpText(
      "after",
      "\ncheck derives the whole ledger once more from its genesis, and names the first thing that does not agree." +
        "\nThe peer must be stopped. Exit code 1 when something does not agree.",
    );
  const ask = async (session: Session, [what = "tip", which]: readonly string[]): Promise<Outcome> => {
    if (what === "tip" && which === undefined) return await ledger.chainTip(session);
    if (what === "pending" && which === undefined) return await ledger.chainPending(session);
    if (what === "block" && which !== undefined) return await ledger.chainBlock(session, which);
    if (what === "tx" && which !== undefined) return await ledger.chainTransaction(session, which);
    return misused(chain, "say one of: chain tip, chain block H, chain tx ID, chain pending, chain check");
  };
  chain.action(async () => {
    const options = chain.opts<Common & { readonly network?: string }>();
    if (chain.args.length !== 1 || chain.args[0] !== "check") return speakToPeer(commands, chain, ask);
    const { chainCheck } = await import("./commands/check-ledger.ts");
    const json = options.json === true;
    const dataDir = dataDirOf(options.data, context.surroundings);
    report(await chainCheck(dataDir, options.network ?? null, { terminal: context.terminal, json }), json);
  });
  const wallet = addCommand(commands, "wallet", "My balance; or pay somebody.", [
    "waybill wallet",
    "waybill wallet pay carol 2.5",
    "waybill wallet dismiss 5e1f00c4a2b7",
  ])
    .argument("[verb]", "pay; or dismiss, for a payment that was not made")
    .argument("[who]", "name, beginning of a peer id, or an account; the payment's id for dismiss")
    .argument("[amount]", "coins, decimal")
    .option("--fee <amount>", "coins for the miner");
  withPeer<Common & { readonly fee?: string }>(commands, wallet, async (session, args, options) => {
    const [verb, who, amount] = args;
    if (verb === undefined) return await ledger.wallet(session);
    if (verb === "pay" && who !== undefined && amount !== undefined) {
      return await ledger.pay(session, who, amount, options.fee);
    }
    if (verb === "dismiss" && who !== undefined && amount === undefined) {
      return await ledger.dismissPayment(session, who);
    }
    return misused(wallet, "say: wallet, wallet pay WHO AMOUNT, or wallet dismiss ID");
  });
  addMine(commands);
}
