/** Owns the smallest parts of what the API says: ids, numbers, and how a refusal is told. */
import { z } from "@hono/zod-openapi";
import type { AccountId, BlockId, DeliveryId, PeerId, TxId } from "#base/brand.ts";

export const peerId = z.string().transform((text) => text as PeerId);
export const accountId = z.string().transform((text) => text as AccountId);
export const blockId = z.string().transform((text) => text as BlockId);
export const txId = z.string().transform((text) => text as TxId);
export const deliveryId = z.string().transform((text) => text as DeliveryId);
export const count = z.int().nonnegative();
export const timeMs = z.int().nonnegative();
export const amount = z.int().nonnegative();

export const problemView = z
  .object({
    code: z.string().describe("Stable; scripts may compare it."),
    cause: z.string().describe("Why, in one sentence."),
    nextStep: z.string().describe("What to do now, in one sentence."),
  })
  .openapi("Problem");

export const errorView = z.object({ error: problemView }).openapi("Error");
