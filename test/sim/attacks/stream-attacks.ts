/** Owns what an attacker does on streams: how it answers those who ask it, and what it opens itself. */
import type { TxId } from "#base/brand.ts";
import { SYNC_FRAME_BYTES_MAX, SYNC_HEADERS_MAX } from "#chain/limits.ts";
import { BLOCK_PARTS_PROTOCOL } from "#chain/relay/block-parts-codec.ts";
import {
  decodeSyncMessage,
  encodeSyncMessage,
  type Hello,
  SYNC_PROTOCOL,
  type SyncMessage,
} from "#chain/sync/sync-codec.ts";
import { appendLeaf, EMPTY_PEAKS, rootOfPeaks } from "#crypto/merkle.ts";
import { blockIdOfHeader, bytesOfId, encodeBlock, encodeHeader } from "#ledger/codec.ts";
import type { Header } from "#ledger/index.ts";
import { nextWork, workOfBits } from "#ledger/target.ts";
import type { FrameStream } from "#ports/network.ts";
import type { SimWorld } from "../world.ts";
import type { Attack, Attacker } from "./attacker.ts";
import { workedOut } from "./forge.ts";

const PATIENCE_MS = 30_000;
/** Just below the time that an answer may take. */
const SLOW_MS = 14_000;
/** Of the spacing: slower than the schedule, so that each block of a cheap fork is easier than the one before. */
const FORK_PACE = 1.5;
const STREAMS_AT_ONCE = 8;

type Answer = (question: SyncMessage, attacker: Attacker) => SyncMessage | null;
type Manner = (attacker: Attacker, stream: FrameStream) => Promise<void>;

function truth(attacker: Attacker): Hello {
  const { chain } = attacker.node;
  const { height, id, header } = chain.tip();
  return {
    type: "hello",
    chainId: attacker.world.ledger.chainId,
    height,
    tip: id,
    work: header.chainWork,
    bodiesFrom: 0,
    snapshots: [],
  };
}

/** Claims a chain above everybody's. */
function boast(attacker: Attacker): Hello {
  const tip = attacker.random.bytes(32);
  const hello = truth(attacker);
  return {
    ...hello,
    height: hello.height + 1_000,
    work: hello.work * 1_000n,
    tip: Buffer.from(tip).toString("hex") as Hello["tip"],
  };
}

function trueHeaders({ node }: Attacker): SyncMessage {
  const headers: Uint8Array[] = [];
  for (let height = 1; height <= node.chain.tip().height && headers.length < SYNC_HEADERS_MAX; height++) {
    const header = node.chain.headerAt(height);
    if (header !== null) headers.push(encodeHeader(header));
  }
  return { type: "headers", headers };
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
  const room = Math.floor(world.clock.nowMs() / 1000) - genesis.header.time;
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

/** Answers each question with what `answer` says; ends when that is nothing. */
function answering(hello: (attacker: Attacker) => Hello, answer: Answer): Manner {
  return async (attacker, stream) => {
    for (;;) {
      const frame = await stream.receive({ timeoutMs: PATIENCE_MS });
      if (!frame.ok || frame.value === null) return;
      const question = decodeSyncMessage(frame.value);
      if (!question.ok) return;
      const told = question.value.type === "hello" ? hello(attacker) : answer(question.value, attacker);
      if (told === null) {
        await stream.receive({ timeoutMs: PATIENCE_MS });
        return;
      }
      if (!(await stream.send(encodeSyncMessage(told))).ok) return;
    }
  };
}

const silent: Answer = () => null;

const answersLate: Manner = async (attacker, stream) => {
  for (;;) {
    const frame = await stream.receive({ timeoutMs: PATIENCE_MS });
    if (!frame.ok || frame.value === null) return;
    await new Promise<void>((resolve) => attacker.world.clock.after(SLOW_MS, resolve));
    const question = decodeSyncMessage(frame.value);
    const told = question.ok && question.value.type === "hello" ? boast(attacker) : trueHeaders(attacker);
    if (!(await stream.send(encodeSyncMessage(told))).ok) return;
  }
};

const answersGarbage: Manner = async (attacker, stream) => {
  await stream.receive({ timeoutMs: PATIENCE_MS });
  await stream.send(attacker.random.bytes(1 + attacker.random.below(400)));
};

/** Bodies that are not the ones asked for. */
const givesOtherBodies: Answer = (question, attacker) => {
  if (question.type === "get-headers") return trueHeaders(attacker);
  if (question.type !== "get-blocks") return null;
  const other = attacker.node.chain.blockAt(1);
  return { type: "block", bytes: other === null ? null : encodeBlock(other) };
};

const hasNoBodies: Answer = (question, attacker) => {
  if (question.type === "get-headers") return trueHeaders(attacker);
  return question.type === "get-blocks" ? { type: "block", bytes: null } : null;
};

const offersNothingInThePool: Answer = (question, { random }) => {
  if (question.type === "get-pool") {
    const ids = Array.from({ length: 100 }, () => Buffer.from(random.bytes(32)).toString("hex") as TxId);
    return { type: "pool", ids };
  }
  return question.type === "get-transactions"
    ? { type: "transactions", transactions: [random.bytes(100)] }
    : null;
};

/** How an attacker answers those who compare their chain with its own. */
export const SYNC_MANNERS: Readonly<Record<string, Manner>> = {
  silence: async (_, stream) => {
    await stream.receive({ timeoutMs: PATIENCE_MS });
    await stream.receive({ timeoutMs: PATIENCE_MS });
  },
  "boast and silence": answering(boast, silent),
  "boast without headers": answering(boast, () => ({ type: "headers", headers: [] })),
  "low-work headers": answering(boast, (question, attacker) =>
    question.type === "get-headers" ? { type: "headers", headers: cheapFork(attacker) } : null,
  ),
  "headers without end": answering(boast, (question, attacker) =>
    question.type === "get-headers" ? trueHeaders(attacker) : null,
  ),
  "no bodies": answering(truth, hasNoBodies),
  "bodies withheld": answering(truth, (question, attacker) =>
    question.type === "get-headers" ? trueHeaders(attacker) : null,
  ),
  "other bodies": answering(truth, givesOtherBodies),
  "pool of nothing": answering(truth, offersNothingInThePool),
  "late answers": answersLate,
  garbage: answersGarbage,
};

async function opened(attacker: Attacker, protocol: string, work: (stream: FrameStream) => Promise<void>) {
  const [peer] = attacker.neighbours().length === 0 ? [] : [attacker.random.pick(attacker.neighbours())];
  if (peer === undefined) return;
  const options = { frameBytesMax: SYNC_FRAME_BYTES_MAX, streamsPerPeerMax: STREAMS_AT_ONCE };
  const answer = await attacker.network.open(peer, protocol, { ...options, timeoutMs: PATIENCE_MS });
  if (answer.ok) await work(answer.value);
}

const protocols = [SYNC_PROTOCOL, BLOCK_PARTS_PROTOCOL] as const;

/** Streams on which nothing is ever said. */
const holdsStreams: Attack = async (attacker) => {
  const protocol = attacker.random.pick(protocols);
  const held = Array.from({ length: STREAMS_AT_ONCE }, () =>
    opened(attacker, protocol, async (stream) => {
      await stream.receive({ timeoutMs: PATIENCE_MS });
    }),
  );
  await Promise.all(held);
};

const sendsGarbage: Attack = (attacker) =>
  opened(attacker, attacker.random.pick(protocols), async (stream) => {
    await stream.send(attacker.random.bytes(1 + attacker.random.below(500)));
    await stream.receive({ timeoutMs: PATIENCE_MS });
  });

/** Asks for everything, and reads no answer. */
const asksWithoutReading: Attack = (attacker) =>
  opened(attacker, SYNC_PROTOCOL, async (stream) => {
    await stream.send(encodeSyncMessage(truth(attacker)));
    const genesis = attacker.world.ledger.genesis.id;
    for (let at = 0; at < 20; at++) {
      const sent = await stream.send(encodeSyncMessage({ type: "get-headers", locator: [genesis] }));
      if (!sent.ok) return;
    }
    await new Promise<void>((resolve) => attacker.world.clock.after(PATIENCE_MS, resolve));
    stream.reset("enough");
  });

export const STREAM_ATTACKS: Readonly<Record<string, Attack>> = {
  "held streams": holdsStreams,
  "garbage on a stream": sendsGarbage,
  "questions without reading": asksWithoutReading,
};
