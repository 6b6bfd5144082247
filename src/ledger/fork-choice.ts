/**
 * Owns which of two chains is the better one, and the steps from one to the other, as data: nothing is done here.
 * Most work wins; at equal work the one seen first stays, so that nobody gains by a late twin of a block.
 */
import type { BlockId } from "#base/brand.ts";
import type { BlockRef, Header, IdentifiedHeader } from "./types.ts";

export type ReorganisationPlan =
  /** The current tip stays. */
  | { readonly kind: "keep" }
  /** Oldest first. */
  | { readonly kind: "extend"; readonly apply: readonly BlockId[] }
  /** First undo, newest first, down to the common ancestor; then apply, oldest first. */
  | {
      readonly kind: "reorganise";
      readonly ancestor: BlockRef;
      readonly undo: readonly BlockId[];
      readonly apply: readonly BlockId[];
    }
  /** A header between the candidate and the common ancestor is not known. */
  | { readonly kind: "header-unknown"; readonly id: BlockId };

/** Whether the candidate's chain holds more work than the current one's. */
export function hasMoreWork(candidate: Header, current: Header): boolean {
  return candidate.chainWork > current.chainWork;
}

/**
 * @param headerOf every header known, on any branch; `null` when not known.
 * Each height is visited once on either side, whatever the headers claim: heights fall by one at each step.
 */
export function planReorganisation(
  current: IdentifiedHeader,
  candidate: IdentifiedHeader,
  headerOf: (id: BlockId) => Header | null,
): ReorganisationPlan {
  if (!hasMoreWork(candidate.header, current.header)) return { kind: "keep" };
  const undo: BlockId[] = [];
  const apply: BlockId[] = [];
  let [ours, theirs] = [current, candidate];
  while (ours.id !== theirs.id) {
    const stepTheirs = theirs.header.height >= ours.header.height;
    const stepOurs = ours.header.height >= theirs.header.height;
    if (stepTheirs) {
      apply.push(theirs.id);
      const parent = parentOf(theirs, headerOf);
      if (parent === null) return { kind: "header-unknown", id: theirs.header.previous };
      theirs = parent;
    }
    if (stepOurs) {
      undo.push(ours.id);
      const parent = parentOf(ours, headerOf);
      if (parent === null) return { kind: "header-unknown", id: ours.header.previous };
      ours = parent;
    }
  }
  apply.reverse();
  if (undo.length === 0) return { kind: "extend", apply };
  return { kind: "reorganise", ancestor: { id: ours.id, height: ours.header.height }, undo, apply };
}

function parentOf(
  child: IdentifiedHeader,
  headerOf: (id: BlockId) => Header | null,
): IdentifiedHeader | null {
  const header = headerOf(child.header.previous);
  if (header === null || header.height !== child.header.height - 1) return null;
  return { id: child.header.previous, header };
}
