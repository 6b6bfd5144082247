/** Owns what an attacker tells: blocks that break each rule, floods, repetitions, two stories at once. */

import { compactOf, decodeCompactBlock, encodeCompactBlock } from "#chain/relay/compact-block.ts";
import { encodeBlock, encodeTransaction } from "#ledger/codec.ts";
import { decodeBlock } from "#ledger/index.ts";
import type { Attack } from "./attacker.ts";
import { BODY_FAULTS, forged, HEADER_FAULTS } from "./forge.ts";

/** Transactions of one flood. */
const FLOOD_COUNT = 40;

function halves<Item>(items: readonly Item[]): readonly [readonly Item[], readonly Item[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

function withHeaderFault(name: string): Attack {
  return (attacker) => {
    const template = attacker.template();
    const header = HEADER_FAULTS[name]?.(template.header, attacker.random) ?? {};
    attacker.announce(forged(template, { header }, attacker.random), true);
  };
}

function withBodyFault(name: string): Attack {
  return (attacker) => {
    const template = attacker.template();
    const spoil = BODY_FAULTS[name];
    if (spoil === undefined) return;
    const transactions = spoil(template, [attacker.payment()], attacker.random);
    attacker.announce(forged(template, { transactions }, attacker.random), true);
  };
}

/** A sound header and a body that nobody gets to see. */
const withholdsBody: Attack = (attacker) => {
  const template = attacker.template();
  const transactions = [...template.transactions, attacker.payment()];
  attacker.announce(forged(template, { transactions }, attacker.random), false);
};

/** The newest block's true header over another body. */
const mutatesBody: Attack = (attacker) => {
  const block = attacker.node.chain.block(attacker.node.chain.tip().id);
  if (block === null) return;
  const { random } = attacker;
  const doubled = [...block.transactions, ...block.transactions.slice(-1)];
  const extended = [...block.transactions, attacker.payment()];
  const transactions = random.pick([doubled, extended, block.transactions.slice(0, 1)]);
  attacker.announce({ ...block, transactions }, true);
};

/** A true block, announced with short ids or whole transactions that are not its own. */
const announcesWrongly: Attack = (attacker) => {
  const { chain } = attacker.node;
  const block = chain.block(chain.tip().id);
  if (block === null) return;
  const { random } = attacker;
  const compact = compactOf(block, BigInt(random.below(2 ** 32)), () => false);
  const payment = attacker.payment();
  const wrong = random.pick([
    { ...compact, shortIds: compact.shortIds.map(() => random.below(2 ** 32)) },
    { ...compact, shortIds: [...compact.shortIds, random.below(2 ** 32)] },
    { ...compact, prefilled: [{ index: 0, transaction: payment }] },
    { ...compact, prefilled: [...compact.prefilled, { index: 1, transaction: payment }] },
  ]);
  attacker.say(attacker.blockTopic, encodeCompactBlock(wrong));
};

/** Two sound blocks on one parent, each told to one half: the same content, and another nonce. */
const tellsTwoBlocks: Attack = (attacker) => {
  const template = attacker.template();
  for (const half of halves(attacker.neighbours())) {
    attacker.announce(forged(template, {}, attacker.random), true, half);
  }
};

const paysTwice: Attack = (attacker) => {
  for (const half of halves(attacker.neighbours())) {
    attacker.say(attacker.transactionTopic, encodeTransaction(attacker.payment()), half);
  }
};

const floodsPool: Attack = (attacker) => {
  for (let at = 0; at < FLOOD_COUNT; at++) {
    attacker.say(attacker.transactionTopic, encodeTransaction(attacker.payment(at, 200 + at)));
  }
};

/** Each pays a trifle more than the one before it. */
const replacesAgainAndAgain: Attack = (attacker) => {
  for (let at = 0; at < FLOOD_COUNT; at++) {
    attacker.say(attacker.transactionTopic, encodeTransaction(attacker.payment(0, 5_000 + at)));
  }
};

const floodsBehindGaps: Attack = (attacker) => {
  for (let at = 0; at < FLOOD_COUNT; at++) {
    attacker.say(attacker.transactionTopic, encodeTransaction(attacker.payment(2 + at * 3)));
  }
};

const spoilsSignatures: Attack = (attacker) => {
  const transaction = { ...attacker.payment(), signature: attacker.random.bytes(64) };
  attacker.say(attacker.transactionTopic, encodeTransaction(transaction));
};

const signsForAnotherNetwork: Attack = (attacker) => {
  const transaction = attacker.payment(0, 5_000, attacker.random.bytes(32));
  attacker.say(attacker.transactionTopic, encodeTransaction(transaction));
};

/** What others said, once more: changed by nothing, or by one bit. */
const repeatsOthers: Attack = (attacker) => {
  if (attacker.heardOf.length === 0) return;
  for (let at = 0; at < 5; at++) {
    const { topic, bytes } = attacker.random.pick(attacker.heardOf);
    const copy = bytes.slice();
    if (copy.length === 0) continue;
    const place = attacker.random.below(copy.length);
    if (attacker.random.chance(0.5)) copy[place] = (copy[place] ?? 0) ^ (1 << attacker.random.below(8));
    attacker.say(topic, copy);
  }
};

/** A block of the past. */
const repeatsOldBlock: Attack = (attacker) => {
  const { chain } = attacker.node;
  const block = chain.blockAt(1 + attacker.random.below(Math.max(1, chain.tip().height)));
  if (block !== null) attacker.announce(block, attacker.random.chance(0.5));
};

/** A sibling of an old block, with work of its own. */
const forksFarBelow: Attack = (attacker) => {
  const { chain } = attacker.node;
  const old = chain.blockAt(1 + attacker.random.below(Math.max(1, chain.tip().height)));
  if (old === null) return;
  const decoded = decodeBlock(encodeBlock(old));
  if (!decoded.ok) return;
  attacker.announce(forged(decoded.value, { header: { time: old.header.time } }, attacker.random), true);
};

const saysGarbage: Attack = (attacker) => {
  const { random } = attacker;
  for (const topic of [attacker.blockTopic, attacker.transactionTopic]) {
    attacker.say(topic, random.bytes(random.pick([0, 1, 176, 300, 2_000, 70_000])));
    const known = attacker.heardOf.find((heard) => heard.topic === topic);
    if (known !== undefined) attacker.say(topic, known.bytes.subarray(0, random.below(known.bytes.length)));
  }
};

/** A true announcement with its last bytes missing, or more behind it. */
const mangles: Attack = (attacker) => {
  const known = attacker.heardOf.find(({ topic }) => topic === attacker.blockTopic);
  const compact = known === undefined ? null : decodeCompactBlock(known.bytes);
  if (known === undefined || compact === null || !compact.ok) return;
  attacker.say(attacker.blockTopic, Buffer.concat([known.bytes, attacker.random.bytes(3)]));
};

export const GOSSIP_ATTACKS: Readonly<Record<string, Attack>> = {
  ...Object.fromEntries(Object.keys(HEADER_FAULTS).map((name) => [name, withHeaderFault(name)])),
  ...Object.fromEntries(Object.keys(BODY_FAULTS).map((name) => [name, withBodyFault(name)])),
  "body withheld": withholdsBody,
  "body mutated": mutatesBody,
  "announced wrongly": announcesWrongly,
  "two blocks": tellsTwoBlocks,
  "two payments": paysTwice,
  "pool flood": floodsPool,
  "replacement churn": replacesAgainAndAgain,
  "gap flood": floodsBehindGaps,
  "signature spoilt alone": spoilsSignatures,
  "other network's transaction": signsForAnotherNetwork,
  repetition: repeatsOthers,
  "old block": repeatsOldBlock,
  "fork far below": forksFarBelow,
  garbage: saysGarbage,
  "mangled announcement": mangles,
};
