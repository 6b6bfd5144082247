/**
 * Owns power cuts: a block store that loses its power at a chosen write. What was written before is kept, what comes
 * after is not, and the write itself is done whole or not at all, as a transaction on disk is.
 */
import type { BlockStore } from "#chain/store.ts";

/** Thrown out of the store by the write that the power failed at, and by all calls after it. */
export class PowerCut extends Error {
  constructor() {
    super("the power failed");
  }
}

/** Whether an error is a power cut, or was brought about by one. */
export function isPowerCut(error: unknown): boolean {
  return error instanceof PowerCut || (error instanceof Error && isPowerCut(error.cause));
}

/** Everything that only looks. What is not named here counts as a write. */
const LOOKS = new Set<PropertyKey>([
  "chainId",
  "tip",
  "entry",
  "body",
  "heaviest",
  "hasRival",
  "bestAt",
  "best",
  "bestBefore",
  "undo",
  "place",
  "placesOf",
  "minedSince",
  "minedBy",
  "pool",
  "read",
]);

export interface FailingStore {
  /** For one run of a node: a new one is made over the same content after each power cut. */
  readonly store: BlockStore;
  /** The power fails at the write after `writes` further ones, which is still done (`true`) or not. */
  failAfter(writes: number, isDone: boolean): void;
  /** Another store of the same computer: its writes count, and it dies, with the first. */
  beside<Store extends object>(content: Store): Store;
  readonly writes: number;
}

/** @param onCut told at the moment of the cut, before anything else can happen. */
export function failingStore(content: BlockStore, onCut: () => void): FailingStore {
  let cut: { readonly at: number; readonly isDone: boolean } | null = null;
  let isDead = false;
  let writes = 0;
  const fail = (): never => {
    if (!isDead) {
      isDead = true;
      onCut();
    }
    throw new PowerCut();
  };
  const write = (work: () => unknown): unknown => {
    writes += 1;
    if (cut === null || writes <= cut.at) return work();
    if (cut.isDone) work();
    return fail();
  };
  const guarded = <Store extends object>(whole: Store): Store =>
    new Proxy(whole, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return (...given: unknown[]): unknown => {
          if (isDead) return fail();
          const work = (): unknown => Reflect.apply(member, target, given);
          return LOOKS.has(name) ? work() : write(work);
        };
      },
    });
  return {
    store: guarded(content),
    beside: guarded,
    failAfter: (count, isDone) => {
      cut = { at: writes + count, isDone };
    },
    get writes() {
      return writes;
    },
  };
}
