/** Owns signing of transactions and the check of their signatures, each over the preimage of `codec.ts`. */
import type { Keypair } from "#crypto/ed25519.ts";
import { sign, verify } from "#crypto/ed25519.ts";
import { bytesOfId, signingPreimage } from "./codec.ts";
import type { Anchor, SignedTransaction, StampedAnchor, Transfer, UnsignedTransaction } from "./types.ts";

/** Throws when the keypair is not that of `from`: a fault of ours, since nobody else can ask for it. */
export function signTransaction(
  tx: Omit<Transfer, "signature">,
  chainId: Uint8Array,
  keypair: Keypair,
): Transfer;
export function signTransaction(tx: Omit<Anchor, "signature">, chainId: Uint8Array, keypair: Keypair): Anchor;
export function signTransaction(
  tx: Omit<StampedAnchor, "signature">,
  chainId: Uint8Array,
  keypair: Keypair,
): StampedAnchor;
export function signTransaction(
  tx: UnsignedTransaction,
  chainId: Uint8Array,
  keypair: Keypair,
): SignedTransaction {
  if (tx.from !== keypair.account) throw new Error(`asked to sign for ${tx.from} as ${keypair.account}`);
  return { ...tx, signature: sign(keypair, signingPreimage(tx, chainId)) };
}

/** Whether the signature is that of `from`, on this network. */
export function isSignatureValid(tx: SignedTransaction, chainId: Uint8Array): boolean {
  return verify(bytesOfId(tx.from), signingPreimage(tx, chainId), tx.signature);
}
