/** What catching up needs of the store: headers, kept before their bodies. Interface only. */
import type { BlockId } from "#base/brand.ts";
import type { HeaderPoint } from "../header-point.ts";
import type { Written } from "../store.ts";

/** Headers as a tree: each is kept with or without the body of its block. */
export interface HeaderTree {
  /** A kept header as parent of further ones; `null` when not kept, `"invalid"` when it or what it stands on is. */
  point(id: BlockId): HeaderPoint | "invalid" | null;
  /** Keeps headers, each the parent of the next, the first one's parent being kept. All or none, durable on ok. */
  keepHeaders(points: readonly HeaderPoint[]): Written;
  /** Whether the tip can be moved to this block with the bodies that are here. */
  isWithinReach(id: BlockId): boolean;
}
