/**
 * Owns the decision whether this peer signs a block now, and which: never two at one height, never below what it has
 * signed, never away from it while that might still become final. Pure; `checkpoints.ts` carries out.
 */
import type { AccountId, BlockId } from "#base/brand.ts";
import type { CheckpointRules } from "#ledger/index.ts";
import { CHECKPOINT_DEPTH_BLOCKS } from "../limits.ts";
import type { SigningMark } from "./checkpoint-store.ts";

export type SigningPause =
  /** The genesis does not name our key. */
  | "no-signer"
  /** Two blocks of one height bear our signature: another copy of the key is at work. */
  | "key-used-twice"
  /** Since the start, peers are being asked what they know to be signed by us: a minute at least. */
  | "asking-peers"
  /** That minute is over, and none has answered. */
  | "nobody-answered"
  | "catching-up"
  /** No block is both due and deep enough. */
  | "nothing-due"
  /** The block due is older than this start: what this folder knows of our signatures may be older still. */
  | "older-than-start"
  /** We signed another branch, which may still become final. */
  | "bound-elsewhere";

export type SigningDecision =
  | { readonly code: "sign"; readonly height: number }
  | { readonly code: "wait"; readonly why: SigningPause };

export interface SigningView {
  readonly rules: CheckpointRules;
  readonly signer: AccountId;
  /** How far we have signed, by our disk and by what peers showed. */
  readonly mark: SigningMark | null;
  readonly isEquivocator: boolean;
  readonly peersAsked: "asking-peers" | "nobody-answered" | "answered";
  readonly isSynced: boolean;
  readonly tipHeight: number;
  /** Of our best chain; `null` above the tip. */
  readonly blockAt: (height: number) => { readonly id: BlockId; readonly time: number } | null;
  /** Blocks dated later than this, seconds since the Unix epoch, did not exist when this process started. */
  readonly newerThanSeconds: number;
  /** Of the newest final block; 0 when there is none. */
  readonly finalHeight: number;
  /** How many others are known to have signed another block of this height than this one. */
  readonly signersAgainst: (height: number, blockId: BlockId) => number;
}

const wait = (why: SigningPause): SigningDecision => ({ code: "wait", why });

export function decideSigning(view: SigningView): SigningDecision {
  const { rules, mark } = view;
  if (!rules.keys.includes(view.signer)) return wait("no-signer");
  if (view.isEquivocator) return wait("key-used-twice");
  if (view.peersAsked !== "answered") return wait(view.peersAsked);
  if (!view.isSynced) return wait("catching-up");
  const deepest = view.tipHeight - CHECKPOINT_DEPTH_BLOCKS;
  const height = deepest - (deepest % rules.everyBlocks);
  const block = height < 1 ? null : view.blockAt(height);
  if (block === null || height <= Math.max(mark?.height ?? 0, view.finalHeight)) return wait("nothing-due");
  if (block.time <= view.newerThanSeconds) return wait("older-than-start");
  return mark !== null && isBound(mark, view) ? wait("bound-elsewhere") : { code: "sign", height };
}

/**
 * Whether what we signed last lies off our best chain and may yet become final. It cannot any more when a block at or
 * above it is final, or when so many others signed against it, once a height as all do, that too few are left.
 */
function isBound(mark: SigningMark, view: SigningView): boolean {
  if (view.finalHeight >= mark.height || view.blockAt(mark.height)?.id === mark.blockId) return false;
  const { keys, needed } = view.rules;
  return keys.length - view.signersAgainst(mark.height, mark.blockId) >= needed;
}
