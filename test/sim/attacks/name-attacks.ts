/** Owns attacks on names: who would have those that others committed to, claim or hold. */
import type { AccountId } from "#base/brand.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import {
  commitmentOf,
  decodeTransaction,
  isSigned,
  type NameClaim,
  type NameCommit,
  type SignedTransaction,
  signTransaction,
} from "#ledger/index.ts";
import type { Attack, Attacker } from "./attacker.ts";
import { FEE, headOf, paymentOf, recorded, tell } from "./transactions.ts";

/** Honest names are registered one after the other, and each takes some blocks. */
const PATIENCE_MS = 90_000;
const LOOK_AGAIN_MS = 2_000;
/** Blocks looked through for names that others hold. */
const LOOK_BACK_BLOCKS = 60;
const HOARDING_ACCOUNTS = 4;
const NAMES_EACH = 3;

/** What only the one who committed to a name knows. */
interface Secret {
  readonly keypair: Keypair;
  readonly name: string;
  readonly salt: Uint8Array;
  readonly key: AccountId;
}

function secretOf({ random }: Attacker, keypair: Keypair, name: string): Secret {
  return { keypair, name, salt: random.bytes(32), key: keypair.account };
}

function commits(attacker: Attacker, { keypair, ...secret }: Secret, seqAhead = 0): NameCommit {
  const commitment = commitmentOf(secret, keypair.account);
  const body = { type: "name-commit", ...headOf(attacker, keypair, seqAhead), fee: FEE, commitment } as const;
  return signTransaction(body, attacker.world.ledger.chainId, keypair);
}

export function claims(attacker: Attacker, { keypair, ...secret }: Secret, seqAhead = 0): NameClaim {
  const body = { type: "name-claim", ...headOf(attacker, keypair, seqAhead), fee: FEE, ...secret } as const;
  return signTransaction(body, attacker.world.ledger.chainId, keypair);
}

/** Of a name that nobody committed to. */
export function claimOfNothing(attacker: Attacker, keypair: Keypair): NameClaim {
  return claims(attacker, secretOf(attacker, keypair, `nothing-${attacker.random.below(2 ** 32)}`));
}

/** The commitment is told, and the claim as soon as it is due. @returns whether it came to that. */
async function registers(attacker: Attacker, secret: Secret): Promise<boolean> {
  const { node, world } = attacker;
  const { account } = secret.keypair;
  if (!tell(attacker, commits(attacker, secret))) return false;
  const commitment = commitmentOf(secret, account);
  const untilMs = world.clock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    await attacker.passTime(LOOK_AGAIN_MS);
    if (!node.running || world.clock.monotonicMs() > untilMs) return false;
    const committed = node.chain.commitmentAt(account, commitment);
    const isDue =
      committed !== null &&
      node.chain.tip().height + 1 >= committed.height + world.params.names.claimAfterBlocks;
    if (isDue) return tell(attacker, claims(attacker, secret));
  }
}

/** The next transaction of an honest account that is of the kind. */
function heard<Kind extends SignedTransaction>(
  attacker: Attacker,
  isOfKind: (transaction: SignedTransaction) => transaction is Kind,
): Promise<Kind | null> {
  return attacker.nextHeard(PATIENCE_MS, (topic, bytes) => {
    const decoded = topic === attacker.transactionTopic ? decodeTransaction(bytes) : null;
    if (decoded?.ok !== true || !isSigned(decoded.value)) return null;
    if (!attacker.crew.isHonestAccount(decoded.value.from)) return null;
    return isOfKind(decoded.value) ? decoded.value : null;
  });
}

const heardClaim = (attacker: Attacker) => heard(attacker, (tx): tx is NameClaim => tx.type === "name-claim");

/** As soon as a claim is heard: commits to the name, and claims it at once and when that is due. */
const runsAhead: Attack = async (attacker) => {
  const [keypair] = attacker.crew.accounts(1);
  const claim = await heardClaim(attacker);
  if (claim === null || keypair === undefined) return false;
  const secret = secretOf(attacker, keypair, claim.name);
  tell(attacker, claims(attacker, secret, 1));
  return registers(attacker, secret);
};

/** The claim itself, word for word, as one's own. */
const takesClaimOver: Attack = async (attacker) => {
  const [keypair] = attacker.crew.accounts(1);
  const claim = await heardClaim(attacker);
  if (claim === null || keypair === undefined) return false;
  tell(attacker, { ...claim, key: keypair.account });
  return tell(attacker, claims(attacker, { keypair, name: claim.name, salt: claim.salt, key: claim.key }));
};

const copiesCommitment: Attack = async (attacker) => {
  const [keypair] = attacker.crew.accounts(1);
  const commit = await heard(attacker, (tx): tx is NameCommit => tx.type === "name-commit");
  if (commit === null || keypair === undefined) return false;
  const { commitment } = commit;
  const body = { type: "name-commit", ...headOf(attacker, keypair), fee: 2 * FEE, commitment } as const;
  return tell(attacker, signTransaction(body, attacker.world.ledger.chainId, keypair));
};

/** One that an honest account holds; `null` while there is none. */
function nameOfHonest(attacker: Attacker): string | null {
  const names = recorded(attacker, LOOK_BACK_BLOCKS).flatMap((transaction) =>
    transaction.type === "name-claim" && attacker.crew.isHonestAccount(transaction.from)
      ? [transaction.name]
      : [],
  );
  return names.length === 0 ? null : attacker.random.pick(names);
}

/** With a commitment of its own that came too late. */
const claimsWhatIsTaken: Attack = async (attacker) => {
  const [keypair] = attacker.crew.accounts(1);
  const name = nameOfHonest(attacker);
  return name !== null && keypair !== undefined && registers(attacker, secretOf(attacker, keypair, name));
};

const changesWhatIsNotItsOwn: Attack = (attacker) => {
  const name = nameOfHonest(attacker);
  const [keypair] = attacker.crew.accounts(1);
  if (name === null || keypair === undefined) return false;
  const { account } = keypair;
  const change = attacker.random.pick([
    { kind: "renew" } as const,
    { kind: "key", key: account } as const,
    { kind: "owner", owner: account } as const,
  ]);
  const body = { type: "name-update", ...headOf(attacker, keypair), fee: FEE, name, change } as const;
  return tell(attacker, signTransaction(body, attacker.world.ledger.chainId, keypair));
};

/** Claims that are not due yet, for high fees, with payments behind them that have to wait as long. */
const claimsTooEarly: Attack = async (attacker) => {
  const [keypair] = attacker.crew.accounts(1);
  if (keypair === undefined) return false;
  const { node, world } = attacker;
  const secret = secretOf(attacker, keypair, `early-${attacker.random.below(2 ** 32)}`);
  tell(attacker, commits(attacker, secret));
  const commitment = commitmentOf(secret, keypair.account);
  const untilMs = world.clock.monotonicMs() + PATIENCE_MS;
  while (node.running && node.chain.commitmentAt(keypair.account, commitment) === null) {
    if (world.clock.monotonicMs() > untilMs) return false;
    await attacker.passTime(LOOK_AGAIN_MS);
  }
  if (!node.running || !tell(attacker, claims(attacker, secret))) return false;
  const head = headOf(attacker, keypair);
  for (const ahead of [1, 2, 3]) {
    tell(attacker, paymentOf(attacker, keypair, { ...head, seq: head.seq + ahead, fee: 10 * FEE }));
  }
  return true;
};

const hoards: Attack = async (attacker) => {
  const registered: Promise<boolean>[] = [];
  for (const keypair of attacker.crew.accounts(HOARDING_ACCOUNTS)) {
    const name = () => `hoard-${attacker.random.below(2 ** 32)}`;
    // One claim follows a block after the commitments; the others are only committed to.
    for (let at = 1; at < NAMES_EACH; at++) {
      tell(attacker, commits(attacker, secretOf(attacker, keypair, name()), at));
    }
    registered.push(registers(attacker, secretOf(attacker, keypair, name())));
  }
  return (await Promise.all(registered)).includes(true);
};

const claimsWithoutCommitment: Attack = (attacker) => {
  const [keypair] = attacker.crew.accounts(1);
  return keypair !== undefined && tell(attacker, claimOfNothing(attacker, keypair));
};

export const NAME_ATTACKS: Readonly<Record<string, Attack>> = {
  "claim run ahead of": runsAhead,
  "claim taken over": takesClaimOver,
  "commitment copied": copiesCommitment,
  "claim of another's name": claimsWhatIsTaken,
  "change of another's name": changesWhatIsNotItsOwn,
  "claim before its time": claimsTooEarly,
  "claim without commitment": claimsWithoutCommitment,
  "names hoarded": hoards,
};
