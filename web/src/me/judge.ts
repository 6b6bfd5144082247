/**
 * Owns the judgement of the page on a .waybill file: that of `waybill verify` without a peer, by the same code and in
 * the same words. Knows nothing of the page; runs in the thread of `check-thread.ts`.
 */
import type { VerdictView } from "#api/views.ts";
import { loadNetwork } from "#ledger/index.ts";
import { GRADE_WORDS, verifyWaybill } from "#receipts/index.ts";

export interface Judgement {
  readonly verdict: VerdictView;
  /** The verdict in a few words. */
  readonly grade: string;
}

/**
 * @param bytes of a whole file, from anybody; above the largest that a .waybill file can be, it is refused unread.
 * @param genesisTexts the genesis files of the networks that come with Waybill.
 */
export function judge(bytes: Uint8Array, genesisTexts: readonly string[]): Judgement {
  const networks = genesisTexts.map(loadNetwork).flatMap((network) => (network.ok ? [network.value] : []));
  const { verdict } = verifyWaybill(bytes, { networks });
  return { verdict, grade: GRADE_WORDS[verdict.grade] };
}
