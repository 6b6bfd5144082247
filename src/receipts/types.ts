/** The values of a receipt, decoded. Plain data: bytes are in `codec.ts`, signatures in `sign.ts`. */
import type { AccountId, DeliveryId } from "#base/brand.ts";

/** What the sender says about a delivery before it leaves. Its encoding is what the sender signs. */
export interface DispatchBody {
  readonly version: 1;
  readonly kind: "message" | "files";
  readonly deliveryId: DeliveryId;
  readonly sender: AccountId;
  readonly receiver: AccountId;
  /** 32 bytes: `messageDigest` of the text, or `manifestDigest` of the files. */
  readonly contentDigest: Uint8Array;
  /** Of a message: its UTF-8 bytes. Of files: the sum of their sizes. */
  readonly bytes: number;
  /** Of a message: 0. Of files: at least 1. */
  readonly fileCount: number;
  /** By the sender's clock, which nobody vouches for. */
  readonly dispatchedMs: number;
}

export interface Dispatch {
  readonly body: DispatchBody;
  /** 64 bytes, by the key of `body.sender`. */
  readonly signature: Uint8Array;
}

/** The receiver's word that every byte of one dispatch was checked and is on its disk. */
export interface Completion {
  /** SHA-256 of the encoded dispatch, its signature included. */
  readonly dispatchHash: Uint8Array;
  /** By the receiver's clock, which nobody vouches for. */
  readonly completedMs: number;
  /** 64 bytes, by the key of the dispatch's `receiver`. */
  readonly signature: Uint8Array;
}

/** Both signatures over one delivery. Valid only when `verifyReceipt` says so. */
export interface Receipt {
  readonly dispatch: Dispatch;
  readonly completion: Completion;
}

export interface ManifestEntry {
  /** Relative, `/` between its parts, as the sender names it. Not yet safe to use as a name on a disk. */
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  /** 32 bytes: BLAKE3 of the content. */
  readonly digest: Uint8Array;
}

/** The files of one delivery, each path once, in the order of their UTF-8 bytes. */
export interface Manifest {
  readonly entries: readonly ManifestEntry[];
}
