/** Owns how a write that the disk refuses becomes a fault of the small stores; the ledger's own tells damage apart (`blocks.ts`). */
import { fail, ok } from "#base/result.ts";
import type { Written } from "#chain/store.ts";

/** @param work is durable when it returns. */
export function durably(work: () => unknown): Written {
  try {
    work();
    return ok();
  } catch (error) {
    return fail({ code: "store-unavailable", cause: error instanceof Error ? error.message : String(error) });
  }
}
