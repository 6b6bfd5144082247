/** Owns what transactions of attackers are made of: signed as the rules ask, by any account that they hold. */
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import {
  encodeTransaction,
  isSigned,
  type SignedTransaction,
  type StampedAnchor,
  searchStamp,
  signTransaction,
  stampPrefix,
  type Transfer,
} from "#ledger/index.ts";
import type { Attacker } from "./attacker.ts";

/** More than the least fee, and less than what ends the coins soon. */
export const FEE = 2_000;
const LIFE_BLOCKS = 100;
/** Stamps tried: 2,000 times as many as the simulated network asks for. */
const STAMPS_MAX = 1 << 15;

/** @param seqAhead of the seq that is due as the attacker's node sees it. */
export function headOf({ node }: Attacker, { account }: Keypair, seqAhead = 0) {
  const { chain } = node;
  const seq = chain.account(account).nextSeq + seqAhead;
  return { from: account, seq, validUntil: chain.tip().height + LIFE_BLOCKS } as const;
}

export function paymentOf(attacker: Attacker, keypair: Keypair, change: Partial<Transfer> = {}): Transfer {
  const { world, random } = attacker;
  const to = random.pick(world.honest).account;
  const head = headOf(attacker, keypair);
  const body = { type: "transfer", ...head, fee: FEE, to, amount: 1 + random.below(100), ...change } as const;
  return signTransaction(body, world.ledger.chainId, keypair);
}

/** A free anchor whose stamp is as strong as the network asks for, or stronger. */
export function freeAnchorOf(
  attacker: Attacker,
  keypair: Keypair,
  { seqAhead = 0, bits = attacker.world.params.freeAnchors.stampBits } = {},
): StampedAnchor {
  const { world, random } = attacker;
  const { chainId } = world.ledger;
  const subject = { ...headOf(attacker, keypair, seqAhead), root: random.bytes(32) };
  const stamp = searchStamp(stampPrefix(subject, chainId), bits, 0n, STAMPS_MAX) ?? 0n;
  return signTransaction({ type: "stamped-anchor", ...subject, fee: 0, stamp }, chainId, keypair);
}

/** Accounts that nobody ever heard of. */
export function freshAccounts({ random }: Attacker, count: number): readonly Keypair[] {
  return Array.from({ length: count }, () => createKeypair(random.bytes(32)));
}

export function tell(attacker: Attacker, transaction: SignedTransaction): boolean {
  return attacker.say(attacker.transactionTopic, encodeTransaction(transaction));
}

/** The newest transactions of the best chain, of anybody. */
export function recorded({ node }: Attacker, blocks: number): readonly SignedTransaction[] {
  const { height } = node.chain.tip();
  return Array.from({ length: Math.min(blocks, height) }, (_, at) => node.chain.blockAt(height - at))
    .flatMap((block) => block?.transactions ?? [])
    .filter(isSigned);
}
