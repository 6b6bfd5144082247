/**
 * Owns the ids that cross folders. A brand keeps a block id from being passed where a peer id belongs;
 * at run time each is a plain string.
 */

declare const brand: unique symbol;
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** A libp2p peer id in its base58btc text form, e.g. `12D3KooW…`; always of an Ed25519 key. */
export type PeerId = Brand<string, "PeerId">;
/** A ledger account: the 32-byte Ed25519 public key as 64 lower-case hex digits. Same key as the peer id. */
export type AccountId = Brand<string, "AccountId">;
/** SHA-256d of a block header, as 64 lower-case hex digits in the order of the bytes. */
export type BlockId = Brand<string, "BlockId">;
/** SHA-256 of a transaction body without its signature, as 64 lower-case hex digits. */
export type TxId = Brand<string, "TxId">;
/** 32 random bytes chosen by the sender of a message or transfer, as 64 lower-case hex digits. */
export type DeliveryId = Brand<string, "DeliveryId">;
