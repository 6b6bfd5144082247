/** Owns what an attacker tells of blocks: such as break each rule, two at once, old ones, and what is no announcement at all. */
import {
  type CompactBlock,
  compactOf,
  decodeCompactBlock,
  encodeCompactBlock,
} from "#chain/relay/compact-block.ts";
import { type Block, signTransaction } from "#ledger/index.ts";
import type { Attack, Attacker } from "./attacker.ts";
import { BODY_FAULTS, forged, HEADER_FAULTS, type Spare } from "./forge.ts";
import { claimOfNothing } from "./name-attacks.ts";
import { halves } from "./transaction-attacks.ts";
import { freeAnchorOf, freshAccounts, paymentOf, recorded } from "./transactions.ts";

const SWALLOWING_MS = 20_000;
const FAR_AHEAD = 1_000;
const REPETITIONS = 5;

function withHeaderFault(name: string): Attack {
  return (attacker) => {
    const template = attacker.template();
    const header = HEADER_FAULTS[name]?.(template.header, attacker.random) ?? {};
    return attacker.announce(forged(template, { header }, attacker.random), true);
  };
}

function spareOf(attacker: Attacker): Spare {
  const { world } = attacker;
  const [keypair] = attacker.crew.accounts(1);
  const [fresh] = freshAccounts(attacker, 1);
  if (keypair === undefined || fresh === undefined) throw new Error("no accounts");
  const { signature: _, ...body } = paymentOf(attacker, keypair);
  const ahead = signTransaction({ ...body, seq: body.seq + FAR_AHEAD }, world.ledger.chainId, keypair);
  const { perAccountPerBlock } = world.params.freeAnchors;
  return {
    valid: [paymentOf(attacker, keypair)],
    ahead: [ahead],
    recorded: recorded(attacker, 3).slice(0, 1),
    free: Array.from({ length: perAccountPerBlock + 1 }, (_, seqAhead) =>
      freeAnchorOf(attacker, fresh, { seqAhead }),
    ),
    claim: claimOfNothing(attacker, keypair),
  };
}

function withBodyFault(name: string): Attack {
  return (attacker) => {
    const template = attacker.template();
    const transactions = BODY_FAULTS[name]?.(template, spareOf(attacker), attacker.random) ?? null;
    if (transactions === null) return false;
    return attacker.announce(forged(template, { transactions }, attacker.random), true);
  };
}

/** A sound header and a body that nobody gets to see. */
const withholdsBody: Attack = (attacker) => {
  const template = attacker.template();
  const transactions = [...template.transactions, ...spareOf(attacker).valid];
  return attacker.announce(forged(template, { transactions }, attacker.random), false);
};

function newest({ node: { chain } }: Attacker): Block | null {
  const { id, height } = chain.tip();
  return height === 0 ? null : chain.block(id);
}

/** The newest block's true header over another body. */
const mutatesBody: Attack = (attacker) => {
  const block = newest(attacker);
  if (block === null) return false;
  const { random } = attacker;
  const doubled = [...block.transactions, ...block.transactions.slice(-1)];
  const extended = [...block.transactions, ...spareOf(attacker).valid];
  const cut = block.transactions.slice(0, -1);
  const transactions = random.pick([doubled, extended, cut]);
  return attacker.announce({ ...block, transactions }, true);
};

/** A true block, announced with short ids or whole transactions that are not its own. */
const announcesWrongly: Attack = (attacker) => {
  const block = newest(attacker);
  if (block === null) return false;
  const { random } = attacker;
  const compact = compactOf(block, BigInt(random.below(2 ** 32)), () => false);
  const [payment] = spareOf(attacker).valid;
  const { length } = compact.shortIds;
  const wrong: (CompactBlock | null)[] = [
    // Of an empty block there is nothing to change: it would be announced rightly.
    length === 0 ? null : { ...compact, shortIds: compact.shortIds.map(() => random.below(2 ** 32)) },
    { ...compact, shortIds: [...compact.shortIds, random.below(2 ** 32)] },
    payment === undefined ? null : { ...compact, prefilled: [{ index: 0, transaction: payment }] },
    payment === undefined
      ? null
      : { ...compact, prefilled: [...compact.prefilled, { index: 1, transaction: payment }] },
  ];
  const picked = random.pick(wrong);
  return picked !== null && attacker.say(attacker.blockTopic, encodeCompactBlock(picked));
};

/** Two sound blocks on one parent, each told to one half: the same content, and another nonce. */
const tellsTwoBlocks: Attack = (attacker) => {
  const template = attacker.template();
  const told = halves(attacker.neighbours()).map((half) =>
    attacker.announce(forged(template, {}, attacker.random), true, half),
  );
  return told.every((isTold) => isTold);
};

/** What others said, once more: changed by nothing, or by one bit. */
const repeatsOthers: Attack = (attacker) => {
  const { heardOf, random } = attacker;
  if (heardOf.length === 0) return false;
  for (let at = 0; at < REPETITIONS; at++) {
    const { topic, bytes } = random.pick(heardOf);
    const copy = bytes.slice();
    if (copy.length === 0) continue;
    const place = random.below(copy.length);
    if (random.chance(0.5)) copy[place] = (copy[place] ?? 0) ^ (1 << random.below(8));
    attacker.say(topic, copy);
  }
  return attacker.neighbours().length > 0;
};

function anOldBlock({ node: { chain }, random }: Attacker): Block | null {
  const { height } = chain.tip();
  return height === 0 ? null : chain.blockAt(1 + random.below(height));
}

/** A block of the past. */
const repeatsOldBlock: Attack = (attacker) => {
  const block = anOldBlock(attacker);
  return block !== null && attacker.announce(block, attacker.random.chance(0.5));
};

/** A sibling of an old block, with work of its own. */
const forksFarBelow: Attack = (attacker) => {
  const old = anOldBlock(attacker);
  return old !== null && attacker.announce(forged(old, {}, attacker.random), true);
};

const saysGarbage: Attack = (attacker) => {
  const { random, heardOf } = attacker;
  for (const topic of [attacker.blockTopic, attacker.transactionTopic]) {
    attacker.say(topic, random.bytes(random.pick([0, 1, 176, 300, 2_000, 70_000])));
    const known = heardOf.find((heard) => heard.topic === topic);
    if (known !== undefined) attacker.say(topic, known.bytes.subarray(0, random.below(known.bytes.length)));
  }
  return attacker.neighbours().length > 0;
};

/** A true announcement with more behind it. */
const mangles: Attack = (attacker) => {
  const known = attacker.heardOf.find(
    ({ topic, bytes }) => topic === attacker.blockTopic && decodeCompactBlock(bytes).ok,
  );
  if (known === undefined) return false;
  return attacker.say(attacker.blockTopic, Buffer.concat([known.bytes, attacker.random.bytes(3)]));
};

/** Something on a topic that nobody has opened. */
const speaksToNobody: Attack = (attacker) => {
  const topic = `waybill/${attacker.random.below(2 ** 32)}/block/2`;
  return attacker.say(topic, attacker.random.bytes(200));
};

/** Its node, which stands in the mesh as others do, keeps for itself whatever it is told. */
const passesNothingOn: Attack = async (attacker) => (await attacker.swallow(SWALLOWING_MS)) > 0;

function eachOf(faults: Readonly<Record<string, unknown>>, attack: (name: string) => Attack) {
  return Object.fromEntries(Object.keys(faults).map((name) => [name.replaceAll("-", " "), attack(name)]));
}

export const BLOCK_ATTACKS: Readonly<Record<string, Attack>> = {
  ...eachOf(HEADER_FAULTS, withHeaderFault),
  ...eachOf(BODY_FAULTS, withBodyFault),
  "body withheld": withholdsBody,
  "body mutated": mutatesBody,
  "announced wrongly": announcesWrongly,
  "two blocks": tellsTwoBlocks,
  repetition: repeatsOthers,
  "old block": repeatsOldBlock,
  "fork far below": forksFarBelow,
  garbage: saysGarbage,
  "mangled announcement": mangles,
  "message on a topic of nobody": speaksToNobody,
  "nothing passed on": passesNothingOn,
};
