/** Owns how far anchoring got with a delivery, worded for the slip. Pure. */
import type { AnchorStatus } from "#anchoring/index.ts";
import type { Stamp } from "./slip-view.ts";

export function stampOf(status: AnchorStatus | null): Stamp {
  if (status === null) return { anchor: null, reason: null };
  switch (status.state) {
    case "waiting":
      return { anchor: null, reason: status.reason };
    case "pending":
      return {
        anchor: { txId: status.txId, blockId: null, height: null, confirmations: 0, timeMs: null },
        reason: status.reason,
      };
    case "anchored":
      return {
        anchor: {
          txId: status.txId,
          blockId: status.blockId,
          height: status.height,
          confirmations: status.confirmations,
          timeMs: status.blockTimeMs,
        },
        reason: null,
      };
  }
}
