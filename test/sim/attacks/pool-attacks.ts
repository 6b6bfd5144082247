/** Owns floods of transactions, each of them paid for or stamped: what they are to fill is bounded at every peer. */

import type { AccountId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { TRANSACTION_BURST_PER_PEER_MAX } from "#chain/limits.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import {
  accountKey,
  encodeTransaction,
  isStampValid,
  signTransaction,
  TRANSFER_BYTES,
} from "#ledger/index.ts";
import type { Attack, Attacker } from "./attacker.ts";
import { FEE, freeAnchorOf, freshAccounts, headOf, paymentOf, tell } from "./transactions.ts";

/** Accounts of one flood: with 32 each more than a pool of a simulated node holds. */
const FLOOD_ACCOUNTS = 4;
/** Of one account; a pool takes 32. */
const RUN = 40;
/** Those of one account that are told at once: as far as they overtake each other, a pool lets them in all the same. */
const TOLD_AT_ONCE = 4;
const APART_MS = 150;
/** Each with four transactions behind a gap: more than may wait so. */
const GAP_ACCOUNTS = 8;
const FRESH_ACCOUNTS = 16;
const DUST_ACCOUNTS = 4;
const CHURN = 40;
const CROWD = 8;

/** The least that a pool takes while it has room. */
const LEAST_FEE = TRANSFER_BYTES;

/** As many in a row of each account as a pool takes and more, a few at a time, since gossip keeps no order. */
async function run(attacker: Attacker, accounts: readonly Keypair[], fee: () => number): Promise<boolean> {
  let isTold = false;
  const heads = accounts.map((keypair) => ({ keypair, head: headOf(attacker, keypair) }));
  for (let from = 0; from < RUN && attacker.node.running; from += TOLD_AT_ONCE) {
    for (const { keypair, head } of heads) {
      for (let at = from; at < from + TOLD_AT_ONCE; at++) {
        isTold = tell(attacker, paymentOf(attacker, keypair, { ...head, seq: head.seq + at, fee: fee() }));
      }
    }
    await attacker.passTime(APART_MS);
  }
  return isTold;
}

const floodsBehindGaps: Attack = (attacker) => {
  let isTold = false;
  for (const keypair of attacker.crew.accounts(GAP_ACCOUNTS)) {
    const head = headOf(attacker, keypair);
    for (let ahead = 1; ahead <= TOLD_AT_ONCE; ahead++) {
      isTold = tell(attacker, paymentOf(attacker, keypair, { ...head, seq: head.seq + ahead }));
    }
  }
  return isTold;
};

/** Each pays a trifle more than the one before it. */
const replacesAgainAndAgain: Attack = (attacker) => {
  const [keypair] = attacker.crew.accounts(1);
  if (keypair === undefined) return false;
  const isTold = Array.from({ length: CHURN }, (_, at) =>
    tell(attacker, paymentOf(attacker, keypair, { fee: FEE + at })),
  );
  return isTold.includes(true);
};

/** More at once than a peer's share, to one peer; none of them worth a look at its signature. */
const sendsThousands: Attack = (attacker) => {
  const [keypair] = attacker.crew.accounts(1);
  const [victim] = attacker.neighbours();
  if (keypair === undefined || victim === undefined) return false;
  const unpaid = paymentOf(attacker, keypair, { fee: 0 });
  for (let amount = 1; amount <= TRANSACTION_BURST_PER_PEER_MAX + 100; amount++) {
    attacker.say(attacker.transactionTopic, encodeTransaction({ ...unpaid, amount }), [victim]);
  }
  return true;
};

function pays(attacker: Attacker, accounts: number, each: number, to: () => AccountId): boolean {
  let isTold = false;
  for (const keypair of attacker.crew.accounts(accounts)) {
    const head = headOf(attacker, keypair);
    for (let at = 0; at < each; at++) {
      const change = { ...head, seq: head.seq + at, fee: FEE, amount: 1, to: to() };
      isTold = tell(attacker, paymentOf(attacker, keypair, change));
    }
  }
  return isTold;
}

/** One unit each, to accounts that nobody ever heard of. */
const scattersDust: Attack = (attacker) =>
  pays(attacker, DUST_ACCOUNTS, TOLD_AT_ONCE, () => toHex(attacker.random.bytes(32)) as AccountId);

/** Accounts whose places in the state begin alike. */
const crowdsKeys: Attack = (attacker) =>
  pays(attacker, CROWD / TOLD_AT_ONCE, TOLD_AT_ONCE, () => {
    for (;;) {
      const account = toHex(attacker.random.bytes(32)) as AccountId;
      if (accountKey(account)[0] === 0) return account;
    }
  });

/** Of fresh accounts: more than may wait, some with stronger stamps than anybody needs. */
const floodsFreeShare: Attack = (attacker) => {
  const { stampBits } = attacker.world.params.freeAnchors;
  let isTold = false;
  for (const keypair of freshAccounts(attacker, FRESH_ACCOUNTS)) {
    for (let seqAhead = 0; seqAhead < TOLD_AT_ONCE; seqAhead++) {
      const bits = stampBits + attacker.random.below(3);
      isTold = tell(attacker, freeAnchorOf(attacker, keypair, { seqAhead, bits }));
    }
  }
  return isTold;
};

/** A stamp that was worked out for one anchor, under another: of another root, another seq, another account. */
const reusesStamps: Attack = (attacker) => {
  const { chainId, params } = attacker.world.ledger;
  const [one, other] = freshAccounts(attacker, 2);
  if (one === undefined || other === undefined) return false;
  const { stamp, root } = freeAnchorOf(attacker, one);
  const head = headOf(attacker, one);
  const elsewhere = [
    { keypair: one, body: { ...head, root: attacker.random.bytes(32) } },
    { keypair: one, body: { ...head, root, seq: head.seq + 1 } },
    { keypair: one, body: { ...head, root, validUntil: head.validUntil - 1 } },
    { keypair: other, body: { ...headOf(attacker, other), root } },
  ].map(({ keypair, body }) =>
    signTransaction({ type: "stamped-anchor", ...body, fee: 0, stamp }, chainId, keypair),
  );
  // By chance one in sixteen does there too.
  const unstamped = elsewhere.filter(
    (anchor) => !isStampValid(anchor, chainId, params.freeAnchors.stampBits),
  );
  return unstamped.map((anchor) => tell(attacker, anchor)).includes(true);
};

/** For a life longer than any may be: stamps are not to be hoarded. */
const stampsAhead: Attack = (attacker) => {
  const { chainId, params } = attacker.world.ledger;
  const [fresh] = freshAccounts(attacker, 1);
  if (fresh === undefined) return false;
  const validUntil = attacker.node.chain.tip().height + 2 * params.validUntilMaxBlocks;
  const { signature: _, ...body } = freeAnchorOf(attacker, fresh);
  for (let stamp = 0n; ; stamp++) {
    const ahead = signTransaction({ ...body, validUntil, stamp }, chainId, fresh);
    if (isStampValid(ahead, chainId, params.freeAnchors.stampBits)) return tell(attacker, ahead);
  }
};

export const POOL_ATTACKS: Readonly<Record<string, Attack>> = {
  "pool flood": (attacker) => run(attacker, attacker.crew.accounts(FLOOD_ACCOUNTS), () => LEAST_FEE),
  "pool flood that pays more and more": (attacker) => {
    let fee = LEAST_FEE;
    return run(attacker, attacker.crew.accounts(FLOOD_ACCOUNTS), () => (fee += 2));
  },
  "endless run of one account": (attacker) => run(attacker, attacker.crew.accounts(1), () => FEE),
  "gap flood": floodsBehindGaps,
  "replacement churn": replacesAgainAndAgain,
  "thousands of transactions": sendsThousands,
  dust: scattersDust,
  "key crowd": crowdsKeys,
  "free share flood": floodsFreeShare,
  "stamp of another anchor": reusesStamps,
  "stamp for too long a life": stampsAhead,
};
