/** Owns what "nothing acknowledged is lost" means for a ledger, asked of a chain that was opened again. */
import type { Chain } from "#chain/index.ts";
import type { BlockStore } from "#chain/store.ts";
import { decodeBlock, decodeTransaction, txIdOf } from "#ledger/index.ts";
import type { Step } from "./script.ts";

/** What of these acknowledged steps is missing, in words. */
export function lostOf(steps: readonly Step[], chain: Chain, store: BlockStore): string[] {
  const lost: string[] = [];
  let mostWork = 0n;
  for (const [at, { kind, bytes }] of steps.entries()) {
    if (kind === "payment") {
      const payment = decodeTransaction(bytes);
      if (!payment.ok || chain.transaction(txIdOf(payment.value)) === null)
        lost.push(`payment of step ${at}`);
      continue;
    }
    const block = decodeBlock(bytes);
    if (!block.ok) throw new Error(`step ${at} holds no block`);
    const kept = store.body(block.value.id);
    if (kept === null || Buffer.compare(kept, bytes) !== 0) lost.push(`block of step ${at}`);
    const { chainWork } = block.value.header;
    if (chainWork > mostWork) mostWork = chainWork;
  }
  const { header } = chain.tip();
  if (header.chainWork < mostWork)
    lost.push(`the tip: its work is ${header.chainWork}, ${mostWork} was reached`);
  return lost;
}
