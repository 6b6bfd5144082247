/** Owns the part of a conversation about what waits: which transactions the other side has and we lack. */
import type { TxId } from "#base/brand.ts";
import { SYNC_TRANSACTIONS_MAX } from "../limits.ts";
import type { Conversation, ConversationEnd } from "./sync-conversation.ts";

/** Our pool, as seen from a conversation with one peer. */
export interface PoolTarget {
  wants(id: TxId): boolean;
  /** Judges by itself who sent it. */
  takeTransaction(bytes: Uint8Array): Promise<void>;
}

/** Asks for what waits there and not here. */
export async function fetchPool(conversation: Conversation, target: PoolTarget): Promise<ConversationEnd> {
  const pool = await conversation.ask({ type: "get-pool" }, "pool");
  if (!pool.ok) return pool.fault;
  const wanted = pool.value.ids.filter((id) => target.wants(id));
  for (let at = 0; at < wanted.length; at += SYNC_TRANSACTIONS_MAX) {
    const ids = wanted.slice(at, at + SYNC_TRANSACTIONS_MAX);
    const answer = await conversation.ask({ type: "get-transactions", ids }, "transactions");
    if (!answer.ok) return answer.fault;
    for (const bytes of answer.value.transactions) await target.takeTransaction(bytes);
  }
  return { code: "level" };
}
