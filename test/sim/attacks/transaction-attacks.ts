/** Owns transactions that are false in one way each, and such as are sent where they do not belong. */

import type { PeerId } from "#base/brand.ts";
import { concat, utf8 } from "#base/bytes.ts";
import { sign } from "#crypto/ed25519.ts";
import {
  decodeTransaction,
  encodeTransaction,
  isSigned,
  type SignedTransaction,
  signingPreimage,
  signTransaction,
  TRANSFER_BYTES,
} from "#ledger/index.ts";
import type { Attack, Attacker } from "./attacker.ts";
import { freeAnchorOf, freshAccounts, headOf, paymentOf, recorded, tell } from "./transactions.ts";

/** Traffic is slow: somebody says something within this time. */
const PATIENCE_MS = 20_000;
/** The order of the group of Ed25519, RFC 8032 section 5.1. */
const GROUP_ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
/** y = 1, the neutral element: whoever is lax takes any message as signed by it. */
const NEUTRAL_POINT = Uint8Array.of(1, ...new Uint8Array(31));
const SEQ_AT = 1 + 32;
const FEE_AT = SEQ_AT + 8;

export function halves(peers: readonly PeerId[]): readonly [readonly PeerId[], readonly PeerId[]] {
  const middle = Math.ceil(peers.length / 2);
  return [peers.slice(0, middle), peers.slice(middle)];
}

function anAccount(attacker: Attacker) {
  const [keypair] = attacker.crew.accounts(1);
  if (keypair === undefined) throw new Error("no accounts");
  return keypair;
}

const aPayment = (attacker: Attacker): SignedTransaction => paymentOf(attacker, anAccount(attacker));

/** Adds the group order to the second half of a signature: the same equation, and other bytes. */
function otherSpelling(signature: Uint8Array): Uint8Array {
  let scalar = 0n;
  for (const byte of signature.subarray(32).toReversed()) scalar = (scalar << 8n) | BigInt(byte);
  scalar += GROUP_ORDER;
  const spelt = signature.slice();
  for (let at = 32; at < 64; at++, scalar >>= 8n) spelt[at] = Number(scalar & 0xffn);
  return spelt;
}

/** Of a small-order key: with the neutral point as R and 0 as S the equation holds for every message. */
function ofSmallOrder(attacker: Attacker): Uint8Array {
  const [fresh] = freshAccounts(attacker, 1);
  if (fresh === undefined) return new Uint8Array();
  const bytes = encodeTransaction(freeAnchorOf(attacker, fresh));
  bytes.set(NEUTRAL_POINT, 1);
  bytes.set(NEUTRAL_POINT, bytes.length - 64);
  bytes.fill(0, bytes.length - 32);
  return bytes;
}

const paysTwice: Attack = (attacker) => {
  const keypair = anAccount(attacker);
  const [here, there] = halves(attacker.neighbours());
  for (const half of [here, there]) {
    attacker.say(attacker.transactionTopic, encodeTransaction(paymentOf(attacker, keypair)), half);
  }
  return there.length > 0;
};

const repeatsTheRecorded: Attack = (attacker) => {
  const past = recorded(attacker, 5);
  return past.length > 0 && tell(attacker, attacker.random.pick(past));
};

const isOver: Attack = (attacker) => {
  const { height } = attacker.node.chain.tip();
  return height > 0 && tell(attacker, paymentOf(attacker, anAccount(attacker), { validUntil: height - 1 }));
};

const signsForAnotherPurpose: Attack = (attacker) => {
  const keypair = anAccount(attacker);
  const payment = paymentOf(attacker, keypair);
  const preimage = signingPreimage(payment, attacker.world.ledger.chainId);
  const signature = sign(keypair, concat(utf8("waybill-dispatch-v1\0"), preimage));
  return tell(attacker, { ...payment, signature });
};

const signsForAnotherNetwork: Attack = (attacker) => {
  const keypair = anAccount(attacker);
  const { signature: _, ...body } = paymentOf(attacker, keypair);
  return tell(attacker, signTransaction(body, attacker.random.bytes(32), keypair));
};

/** Beyond what a number may be: in place of a seq, a fee or an amount. */
const writesNumbersTooLarge: Attack = (attacker) => {
  const amountAt = TRANSFER_BYTES - 64 - 8;
  let isTold = false;
  for (const at of [SEQ_AT, FEE_AT, amountAt]) {
    const bytes = encodeTransaction(aPayment(attacker));
    bytes.fill(0xff, at, at + 8);
    isTold = attacker.say(attacker.transactionTopic, bytes);
  }
  const keypair = anAccount(attacker);
  const [fee, amount] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  const body = { type: "transfer", ...headOf(attacker, keypair), fee, amount, to: keypair.account } as const;
  return tell(attacker, signTransaction(body, attacker.world.ledger.chainId, keypair)) && isTold;
};

/** One byte more, one byte fewer. */
const spellsOtherwise: Attack = (attacker) => {
  const bytes = encodeTransaction(aPayment(attacker));
  attacker.say(attacker.transactionTopic, concat(bytes, Uint8Array.of(0)));
  return attacker.say(attacker.transactionTopic, bytes.subarray(0, -1));
};

/** As soon as somebody else's is heard: the same under another signature, told to those who may not have it yet. */
const signsAnew: Attack = async (attacker) => {
  const heard = await attacker.nextHeard(PATIENCE_MS, (topic, bytes) => {
    if (topic !== attacker.transactionTopic) return null;
    const decoded = decodeTransaction(bytes);
    return decoded.ok && isSigned(decoded.value) ? decoded.value : null;
  });
  return heard !== null && tell(attacker, { ...heard, signature: attacker.random.bytes(64) });
};

export const TRANSACTION_ATTACKS: Readonly<Record<string, Attack>> = {
  "two payments": paysTwice,
  "transaction recorded already": repeatsTheRecorded,
  "transaction whose life is over": isOver,
  "signature spoilt alone": (attacker) =>
    tell(attacker, { ...aPayment(attacker), signature: attacker.random.bytes(64) }),
  "signature in another spelling": (attacker) => {
    const payment = aPayment(attacker);
    return tell(attacker, { ...payment, signature: otherSpelling(payment.signature) });
  },
  "signature of another purpose": signsForAnotherPurpose,
  "signature put anew under another's transaction": signsAnew,
  "key of small order": (attacker) => attacker.say(attacker.transactionTopic, ofSmallOrder(attacker)),
  "other network's transaction": signsForAnotherNetwork,
  "numbers too large": writesNumbersTooLarge,
  "transaction in another spelling": spellsOtherwise,
};
