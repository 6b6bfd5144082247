/**
 * Owns the decision whether this peer signs a block now, and which: never two at one height, never below what it has
 * signed, never away from it while that might still become final. Pure; `checkpoints.ts` carries out.
 */
import type { AccountId, BlockId } from "#base/brand.ts";
import type { CheckpointRules } from "#ledger/index.ts";
import { CHECKPOINT_DEPTH_BLOCKS, COSIGNATURES_PER_SIGNER_MAX } from "../limits.ts";
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
  /** What is known to be signed by a key, our own too: the newest `COSIGNATURES_PER_SIGNER_MAX`, in any order. */
  readonly signaturesOf: (signer: AccountId) => readonly SigningMark[];
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
 * Whether something that we signed lies off our best chain and may yet become final. Nothing can any more when a block
 * at or above the last of it is final; nor can what so many others are against that too few are left. Heights are
 * signed upwards and once each, so whoever signed another block of a height, or our best chain at or above it, is
 * against what lies there beside it.
 */
function isBound(mark: SigningMark, view: SigningView): boolean {
  const best = new Map<number, BlockId | null>();
  const isOff = ({ height, blockId }: SigningMark): boolean => {
    if (!best.has(height)) best.set(height, view.blockAt(height)?.id ?? null);
    return best.get(height) !== blockId;
  };
  if (view.finalHeight >= mark.height || !isOff(mark)) return false;
  const { keys, needed } = view.rules;
  const own = view.signaturesOf(view.signer);
  // Where older ones are forgotten, one of them may be what all others signed too, whatever they signed above it.
  const isWhole = own.length < COSIGNATURES_PER_SIGNER_MAX;
  const isAgainst = (ours: SigningMark, theirs: SigningMark): boolean =>
    (theirs.height >= ours.height && !isOff(theirs)) ||
    (isWhole && theirs.height === ours.height && theirs.blockId !== ours.blockId);
  const others = keys.filter((key) => key !== view.signer).map((key) => view.signaturesOf(key));
  return [mark, ...own.filter((each) => each.height > view.finalHeight && isOff(each))].some((ours) => {
    const against = others.filter((signed) => signed.some((theirs) => isAgainst(ours, theirs))).length;
    return keys.length - against >= needed;
  });
}
