/** Owns how an attacker answers those who ask it: what it claims, what it shows of that, and what it never brings. */
import type { BlockId, TxId } from "#base/brand.ts";
import { SYNC_HEADERS_MAX } from "#chain/limits.ts";
import {
  decodeSyncMessage,
  encodeSyncMessage,
  type Hello,
  type SyncMessage,
} from "#chain/sync/sync-codec.ts";
import { answersOf } from "#chain/sync/test-puppet.ts";
import { appendLeaf, EMPTY_PEAKS, rootOfPeaks } from "#crypto/merkle.ts";
import { blockIdOfHeader, bytesOfId, encodeBlock, encodeHeader } from "#ledger/codec.ts";
import type { Header } from "#ledger/index.ts";
import { nextWork, workOfBits } from "#ledger/target.ts";
import type { SimWorld } from "../world.ts";
import type { Attacker, Manner } from "./attacker.ts";
import { falseBranch, type SecretBranch } from "./branches.ts";
import { workedOut } from "./forge.ts";

const PATIENCE_MS = 30_000;
/** Just below the time that an answer may take. */
const SLOW_MS = 14_000;
/** Of the spacing: slower than the schedule, so that each block of a cheap fork is easier than the one before. */
const FORK_PACE = 1.5;
const SECRET_BLOCKS = 4;
/** Rounds of headers, each of which begins again. */
const ROUNDS_MAX = 50;

type Question = Extract<SyncMessage, { type: `get-${string}` }>;
/** What is told in answer, a `block` for each that was asked for; nothing ends it. */
type Answer = (question: Question, attacker: Attacker) => readonly SyncMessage[];

export function truth({ node, world }: Attacker): Hello {
  const { height, id, header } = node.chain.tip();
  return {
    type: "hello",
    chainId: world.ledger.chainId,
    height,
    tip: id,
    work: header.chainWork,
    bodiesFrom: 0,
    snapshots: [],
  };
}

function someId({ random }: Attacker): string {
  return Buffer.from(random.bytes(32)).toString("hex");
}

/** Claims a chain above everybody's. */
function boast(attacker: Attacker): Hello {
  const { height, work, ...rest } = truth(attacker);
  return { ...rest, height: height + 1_000, work: work * 1_000n, tip: someId(attacker) as BlockId };
}

/** Of the attacker's best chain, from behind the first block of the locator that is on it. */
function trueHeaders({ node }: Attacker, locator: readonly BlockId[] = []): readonly Uint8Array[] {
  const { chain } = node;
  const tip = chain.tip().height;
  const shared = locator.find((id) => chain.confirmationsOf(id) > 0);
  const from = shared === undefined ? 1 : tip - chain.confirmationsOf(shared) + 2;
  const headers: Uint8Array[] = [];
  for (let height = from; height <= tip && headers.length < SYNC_HEADERS_MAX; height++) {
    const header = chain.headerAt(height);
    if (header !== null) headers.push(encodeHeader(header));
  }
  return headers;
}

const forks = new WeakMap<SimWorld, readonly Uint8Array[]>();

/** A sound branch from genesis that took hardly any work: its blocks lie so far apart that each is of the easiest. */
function cheapFork(attacker: Attacker): readonly Uint8Array[] {
  const { world, random } = attacker;
  const known = forks.get(world);
  if (known !== undefined) return known;
  const { params, genesis } = world.ledger;
  const headers: Uint8Array[] = [];
  let parent = { id: genesis.id, header: genesis.header };
  let history = EMPTY_PEAKS;
  const apart = Math.ceil(params.targetSpacingSeconds * FORK_PACE);
  const room = attacker.nowSeconds() - genesis.header.time;
  for (let at = 0; at < Math.floor(room / apart); at++) {
    const time = parent.header.time + apart;
    const { bits, lag } = nextWork(parent.header, time, params);
    history = appendLeaf(history, bytesOfId(parent.id));
    const header: Header = workedOut(
      {
        ...parent.header,
        height: parent.header.height + 1,
        previous: parent.id,
        historyRoot: rootOfPeaks(history),
        chainWork: parent.header.chainWork + workOfBits(bits),
        ...{ bits, lag, time },
      },
      random,
    );
    const bytes = encodeHeader(header);
    headers.push(bytes);
    parent = { id: blockIdOfHeader(bytes), header };
  }
  forks.set(world, headers);
  return headers;
}

interface Lie {
  readonly hello: (attacker: Attacker) => Hello;
  readonly answer: Answer;
  /** The lie is told with the answer to this, or with silence in place of it. */
  readonly toldBy: "hello" | Question["type"];
}

/** Answers one question after the other; ends with the first that gets no answer. */
function answering({ hello, answer, toldBy }: Lie): Manner {
  return async (attacker, stream) => {
    let isTold = false;
    for (let asked = 0; asked < ROUNDS_MAX && attacker.node.running; asked++) {
      const frame = await stream.receive({ timeoutMs: PATIENCE_MS });
      const question = frame.ok && frame.value !== null ? decodeSyncMessage(frame.value) : null;
      if (question?.ok !== true || !attacker.node.running) return isTold;
      const told =
        question.value.type === "hello" ? [hello(attacker)] : answer(question.value as Question, attacker);
      isTold ||= question.value.type === toldBy;
      for (const message of told) if (!(await stream.send(encodeSyncMessage(message))).ok) return isTold;
      if (told.length > 0) continue;
      await stream.receive({ timeoutMs: PATIENCE_MS });
      return isTold;
    }
    return isTold;
  };
}

const nothing: Answer = () => [];

function headersOf(headers: readonly Uint8Array[]): readonly SyncMessage[] {
  return [{ type: "headers", headers }];
}

/** As an honest peer answers, but that nothing waits at it. */
const truly: Answer = (question, attacker) =>
  answersOf(question, {
    headersAfter: (locator) => trueHeaders(attacker, locator),
    block: (id) => attacker.node.chain.block(id),
  });

export const answersTruly = answering({ hello: truth, answer: truly, toldBy: "get-headers" });

/**
 * Shows a branch of its own above its node's tip, which has all the work that it claims.
 * @param bodies what is told in place of the bodies of the branch.
 */
function showingBranch(
  bodies: (branch: SecretBranch, ids: readonly BlockId[], attacker: Attacker) => readonly SyncMessage[],
): Manner {
  return async (attacker, stream) => {
    const branch = falseBranch(attacker, SECRET_BLOCKS);
    const last = branch.blocks.at(-1);
    if (last === undefined) return false;
    const { height, chainWork: work } = last.header;
    const isOfBranch = (id: BlockId): boolean => branch.blocks.some((block) => block.id === id);
    const answer: Answer = (question) => {
      if (question.type === "get-headers") {
        const shared = branch.blocks.findIndex(({ id }) => question.locator.includes(id));
        const above = branch.blocks.slice(shared + 1).map(({ header }) => encodeHeader(header));
        // Its node may have moved on: then nothing below is shown, and the branch stands on what is known.
        const isOnTip = attacker.node.chain.tip().id === branch.from.id;
        const below = shared < 0 && isOnTip ? trueHeaders(attacker, question.locator) : [];
        return headersOf([...below, ...above]);
      }
      if (question.type !== "get-blocks" || !question.ids.some(isOfBranch)) return truly(question, attacker);
      return bodies(branch, question.ids, attacker);
    };
    const hello = (): Hello => ({ ...truth(attacker), height, tip: last.id, work });
    return await answering({ hello, answer, toldBy: "get-blocks" })(attacker, stream);
  };
}

const answersLate: Manner = async (attacker, stream) => {
  let isTold = false;
  for (;;) {
    const frame = await stream.receive({ timeoutMs: PATIENCE_MS });
    if (!frame.ok || frame.value === null) return isTold;
    await attacker.passTime(SLOW_MS);
    const question = decodeSyncMessage(frame.value);
    if (!attacker.node.running) return isTold;
    const isHello = question.ok && question.value.type === "hello";
    const told = isHello ? boast(attacker) : ({ type: "headers", headers: trueHeaders(attacker) } as const);
    if (!(await stream.send(encodeSyncMessage(told))).ok) return isTold;
    isTold = true;
  }
};

const answersGarbage: Manner = async (attacker, stream) => {
  const frame = await stream.receive({ timeoutMs: PATIENCE_MS });
  if (!frame.ok || frame.value === null) return false;
  return (await stream.send(attacker.random.bytes(1 + attacker.random.below(400)))).ok;
};

const staysSilent: Manner = async (_, stream) => {
  const frame = await stream.receive({ timeoutMs: PATIENCE_MS });
  if (!frame.ok || frame.value === null) return false;
  await stream.receive({ timeoutMs: PATIENCE_MS });
  return true;
};

/** Ids of nothing, and where they are asked for, garbage. */
const offersNothingInThePool: Answer = (question, attacker) => {
  if (question.type === "get-pool") {
    return [{ type: "pool", ids: Array.from({ length: 100 }, () => someId(attacker) as TxId) }];
  }
  if (question.type !== "get-transactions") return truly(question, attacker);
  return [{ type: "transactions", transactions: [attacker.random.bytes(100)] }];
};

/** A tip of its own with just as much work, and headers that show nothing new. */
function rival(attacker: Attacker): Hello {
  return { ...truth(attacker), tip: someId(attacker) as BlockId };
}

/** How an attacker answers those who compare their chain with its own. */
export const SYNC_MANNERS: Readonly<Record<string, Manner>> = {
  "sync: silence": staysSilent,
  "sync: garbage": answersGarbage,
  "sync: late answers": answersLate,
  "sync: boast and silence": answering({ hello: boast, answer: nothing, toldBy: "get-headers" }),
  "sync: boast without headers": answering({
    hello: boast,
    answer: () => headersOf([]),
    toldBy: "get-headers",
  }),
  "sync: headers of little work": answering({
    hello: boast,
    answer: (question, attacker) => (question.type === "get-headers" ? headersOf(cheapFork(attacker)) : []),
    toldBy: "get-headers",
  }),
  "sync: headers without end": answering({
    hello: boast,
    answer: (question, attacker) => (question.type === "get-headers" ? headersOf(trueHeaders(attacker)) : []),
    toldBy: "get-headers",
  }),
  "sync: equal work claimed": answering({
    hello: rival,
    answer: (question, attacker) =>
      question.type === "get-headers" ? headersOf([]) : truly(question, attacker),
    toldBy: "get-headers",
  }),
  "sync: another network": answering({
    hello: (attacker) => ({ ...truth(attacker), chainId: attacker.random.bytes(32) }),
    answer: nothing,
    toldBy: "hello",
  }),
  "sync: pool of nothing": answering({ hello: truth, answer: offersNothingInThePool, toldBy: "get-pool" }),
  "sync: bodies withheld": showingBranch(() => []),
  "sync: bodies said to be gone": showingBranch((_, ids) => ids.map(() => ({ type: "block", bytes: null }))),
  "sync: other bodies": showingBranch((_, ids, attacker) => {
    const other = attacker.node.chain.blockAt(1);
    return ids.map(() => ({ type: "block", bytes: other === null ? null : encodeBlock(other) }));
  }),
  "sync: false block buried": showingBranch((branch, ids) =>
    ids.map((id) => {
      const block = branch.blocks.find((one) => one.id === id);
      return { type: "block", bytes: block === undefined ? null : encodeBlock(block) };
    }),
  ),
};
