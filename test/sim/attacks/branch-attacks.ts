/**
 * Owns what attackers do with blocks of their own work at the right moment: ties turned by smaller hashes, the newest
 * block replaced, false blocks under sound ones, announcements that race the true ones.
 */
import {
  type CompactBlock,
  compactOf,
  decodeCompactBlock,
  encodeCompactBlock,
} from "#chain/relay/compact-block.ts";
import { bytesOfId, sealBlock } from "#ledger/codec.ts";
import { applyBlock, type Block, buildTemplate, LedgerState } from "#ledger/index.ts";
import type { Attack, Attacker } from "./attacker.ts";
import { coinbaseAt, falseBranch, grown, ownBlock, pointAt, pointOf } from "./branches.ts";
import { workedOut } from "./forge.ts";
import { halves } from "./transaction-attacks.ts";

/** Blocks come every ten seconds or so while somebody sends something. */
const PATIENCE_MS = 40_000;
const FALSE_BRANCH_BLOCKS = 5;

/** The next honest block on the tip of the attacker's node, at the moment in which that hears of it and does not have it yet. */
function nextAnnounced(attacker: Attacker): Promise<CompactBlock | null> {
  return attacker.nextHeard(PATIENCE_MS, (topic, bytes) => {
    const compact = topic === attacker.blockTopic ? decodeCompactBlock(bytes) : null;
    if (compact?.ok !== true) return null;
    const { header, prefilled } = compact.value;
    const coinbase = prefilled[0]?.transaction;
    const isTrue = coinbase?.type === "coinbase" && attacker.crew.isHonestAccount(coinbase.miner);
    return isTrue && header.previous === attacker.node.chain.tip().id ? compact.value : null;
  });
}

/** Two siblings of it, as much work in each and a smaller hash, told to one half each. */
const turnsTie: Attack = async (attacker) => {
  const theirs = await nextAnnounced(attacker);
  if (theirs === null) return false;
  const target = bytesOfId(theirs.id);
  const told = halves(attacker.neighbours()).map((half) => {
    const ours = ownBlock(attacker, [], theirs.header.time);
    const header = workedOut(ours.header, attacker.random, target);
    return attacker.announce(sealBlock(header, ours.transactions), true, half);
  });
  return told.every((isTold) => isTold);
};

/** Two sound and empty blocks in the place of it: what it took up has to wait again. */
const rewritesThePast: Attack = async (attacker) => {
  const theirs = await nextAnnounced(attacker);
  if (theirs === null) return false;
  const { node, world, random } = attacker;
  const from = pointAt(node.chain, node.chain.tip().height);
  const state = LedgerState.over(node.content.state);
  const first = ownBlock(attacker, [], theirs.header.time);
  const applied = applyBlock(state, first, world.params);
  if (!applied.ok) throw new Error(`its own block breaks a rule: ${applied.fault.code}`);
  const { history, ...parent } = pointOf(first, from);
  const template = buildTemplate(
    {
      ...{ parent, history, candidates: [], timeSeconds: 0 },
      state: applied.value.state,
      miner: node.account,
      extra: random.bytes(8),
    },
    world.ledger,
  );
  attacker.announce(first, true);
  return attacker.announce(sealBlock(workedOut(template.header, random), template.transactions), true);
};

/** A sound block, a false one on it, and more on that: the branch of most work, told as fast as it can be. */
const buriesFalseBlock: Attack = (attacker) => {
  const { blocks } = falseBranch(attacker, FALSE_BRANCH_BLOCKS);
  const told = blocks.slice(1).map((block) => attacker.announce(block, true));
  // Last: by then others wait for it with all that stands on it.
  const [first] = blocks;
  return first !== undefined && attacker.announce(first, true) && told.includes(true);
};

/** The same in order, so that each is passed on before the false one is found. */
const buildsOnFalseBlock: Attack = (attacker) => {
  const { blocks } = falseBranch(attacker, FALSE_BRANCH_BLOCKS);
  return blocks.map((block) => attacker.announce(block, true)).every((isTold) => isTold);
};

/** As far ahead as others allow, with the least that is wrong with it: nothing. */
const datesAhead: Attack = (attacker) => {
  const ahead = attacker.nowSeconds() + attacker.world.params.maxFutureSeconds - 1;
  return attacker.announce(ownBlock(attacker, [], ahead), true);
};

/** The header of the newest block over short ids of nothing, told to those who wait for the true announcement. */
const racesAnnouncement: Attack = async (attacker) => {
  const theirs = await nextAnnounced(attacker);
  if (theirs === null) return false;
  const { random } = attacker;
  const shortIds = Array.from({ length: Math.max(2, theirs.shortIds.length) }, () => random.below(2 ** 32));
  return attacker.say(attacker.blockTopic, encodeCompactBlock({ ...theirs, shortIds }));
};

/** The header of the newest block over two transactions with one short id. */
const collidesShortIds: Attack = async (attacker) => {
  const theirs = await nextAnnounced(attacker);
  if (theirs === null) return false;
  const shortId = attacker.random.below(2 ** 32);
  return attacker.say(attacker.blockTopic, encodeCompactBlock({ ...theirs, shortIds: [shortId, shortId] }));
};

/** Everything in it keeps the rules but the chain that it is of. */
const bringsBlockOfTwin: Attack = (attacker) => {
  const { world, random } = attacker;
  const genesis = pointAt(attacker.node.chain, 0);
  const twin = { ...genesis, id: attacker.node.chain.tip().id };
  const transactions = [coinbaseAt(1, attacker)];
  const content = { transactions, stateRoot: random.bytes(32), timeSeconds: attacker.nowSeconds() };
  const block: Block = grown(twin, content, world.params, random);
  const nonce = BigInt(random.below(2 ** 32));
  return attacker.say(attacker.blockTopic, encodeCompactBlock(compactOf(block, nonce, () => false)));
};

export const BRANCH_ATTACKS: Readonly<Record<string, Attack>> = {
  "smaller hash at a tie": turnsTie,
  "newest block rewritten": rewritesThePast,
  "false block buried": buriesFalseBlock,
  "blocks on a false block": buildsOnFalseBlock,
  "block dated ahead": datesAhead,
  "announcement raced": racesAnnouncement,
  "short ids that collide": collidesShortIds,
  "block of another history": bringsBlockOfTwin,
};
