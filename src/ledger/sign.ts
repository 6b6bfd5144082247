/** Owns signing of transactions and the check of their signatures, each over the preimage of `codec.ts`. */
import type { Keypair } from "#crypto/ed25519.ts";
import { sign, verify } from "#crypto/ed25519.ts";
import { bytesOfId, signingPreimage } from "./codec.ts";
import type { SignedTransaction, UnsignedTransaction } from "./types.ts";

/** Throws when the keypair is not that of `from`: a fault of ours, since nobody else can ask for it. */
export function signTransaction<Tx extends UnsignedTransaction>(
  tx: Tx,
  chainId: Uint8Array,
  keypair: Keypair,
): Tx & { readonly signature: Uint8Array } {
  if (tx.from !== keypair.account) throw new Error(`asked to sign for ${tx.from} as ${keypair.account}`);
  return { ...tx, signature: sign(keypair, signingPreimage(tx, chainId)) };
}

/** Whether the signature is that of `from`, on this network. */
export function isSignatureValid(tx: SignedTransaction, chainId: Uint8Array): boolean {
  return verify(bytesOfId(tx.from), signingPreimage(tx, chainId), tx.signature);
}
