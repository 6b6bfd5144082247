/**
 * Owns the two signatures of a receipt. The preimages open with domains of their own, so that no other signature
 * of the same key (ledger, libp2p) can be taken for one of these.
 */
import { assert } from "#base/assert.ts";
import { concat, equalBytes, fromHex, utf8 } from "#base/bytes.ts";
import { type Keypair, sign, verify } from "#crypto/ed25519.ts";
import { sha256 } from "#crypto/sha256.ts";
import { encodeCompletionBody, encodeDispatch, encodeDispatchBody } from "./codec.ts";
import type { Completion, Dispatch, DispatchBody, Receipt } from "./types.ts";

const DISPATCH_DOMAIN = "waybill-dispatch-v1\0";
const COMPLETION_DOMAIN = "waybill-completion-v1\0";

const DISPATCH_PREFIX = utf8(DISPATCH_DOMAIN);
const COMPLETION_PREFIX = utf8(COMPLETION_DOMAIN);

/** @param keypair of `body.sender`. */
export function signDispatch(body: DispatchBody, keypair: Keypair): Dispatch {
  assert(keypair.account === body.sender, "a dispatch is signed by its sender");
  return { body, signature: sign(keypair, concat(DISPATCH_PREFIX, encodeDispatchBody(body))) };
}

export function verifyDispatch(dispatch: Dispatch): boolean {
  const key = fromHex(dispatch.body.sender);
  const preimage = concat(DISPATCH_PREFIX, encodeDispatchBody(dispatch.body));
  return key !== null && verify(key, preimage, dispatch.signature);
}

/** What a completion names: SHA-256 of the encoded dispatch, its signature included. */
export function dispatchHash(dispatch: Dispatch): Uint8Array {
  return sha256(encodeDispatch(dispatch));
}

/**
 * To be called only when every byte was checked and is synced to disk.
 *
 * @param keypair of the dispatch's receiver.
 */
export function signCompletion(dispatch: Dispatch, completedMs: number, keypair: Keypair): Completion {
  assert(keypair.account === dispatch.body.receiver, "a completion is signed by the receiver");
  const body = { dispatchHash: dispatchHash(dispatch), completedMs };
  return { ...body, signature: sign(keypair, concat(COMPLETION_PREFIX, encodeCompletionBody(body))) };
}

/** Whether the receiver signed the completion of just this dispatch. Does not check the dispatch itself. */
export function verifyCompletion(dispatch: Dispatch, completion: Completion): boolean {
  const key = fromHex(dispatch.body.receiver);
  if (key === null || !equalBytes(completion.dispatchHash, dispatchHash(dispatch))) return false;
  return verify(key, concat(COMPLETION_PREFIX, encodeCompletionBody(completion)), completion.signature);
}

export function verifyReceipt(receipt: Receipt): boolean {
  return verifyDispatch(receipt.dispatch) && verifyCompletion(receipt.dispatch, receipt.completion);
}
