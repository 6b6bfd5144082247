/** Owns how this peer checks a proof file that somebody hands it: with its own network and its own best chain. */
import type { VerdictView } from "#api/views.ts";
import type { Chain } from "#chain/index.ts";
import { verifyWaybill } from "#receipts/index.ts";

export function verifyHere(
  waybill: Uint8Array,
  chain: Pick<Chain, "network" | "confirmationsOf">,
): VerdictView {
  const { verdict } = verifyWaybill(waybill, {
    network: chain.network,
    headerInMyChain(id) {
      const confirmations = chain.confirmationsOf(id);
      return confirmations === 0 ? null : confirmations;
    },
  });
  return {
    ok: verdict.ok,
    grade: verdict.grade,
    problem: verdict.problem,
    statements: [...verdict.statements],
    limits: [...verdict.limits],
    kind: verdict.kind,
    from: verdict.from,
    to: verdict.to,
    bytes: verdict.bytes,
    fileCount: verdict.fileCount,
    deliveredMs: verdict.deliveredMs,
    notLaterThanMs: verdict.notLaterThanMs,
    height: verdict.height,
  };
}
