/**
 * Strangers who speak the protocols of the ledger to a real peer: well enough to be heard, and then badly. Messages are
 * written here from the specification (spec/chain.md, spec/checkpoint.md), not by our own encoders.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { RPC } from "@libp2p/gossipsub/message";
import type { Stream } from "@libp2p/interface";
import { ByteWriter, concat, fromHex, utf8 } from "#base/bytes.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { CLASSROOM, freshFolder, must, peer, type RealPeer } from "#test/kit/process.ts";
import { ALONE, assertLives, framed, noise, type Stranger, stranger, write } from "./stranger.ts";

const SYNC = "/waybill/sync/2";
const BLOCK_PARTS = "/waybill/block-parts/1";
const CHECKPOINT = "/waybill/checkpoint/1";
const GOSSIP = "/meshsub/1.2.0";
const ANSWER_MS = 10_000;
/** One peer with its page takes some 150 MB; what strangers send must not stay in it. */
const GROWTH_BYTES_MAX = 200 * 1024 * 1024;
const STREAMS = 1_000;
const FLOOD_MESSAGES = 200;
/** Sound ones, about what nobody has. */
const QUESTIONS = 600;
/** Stands where a length would: no frame follows (spec/framing.md). */
const END = framed(new Uint8Array(0), 0xffff_ffff);

const chainIdOf = async (of: RealPeer): Promise<Uint8Array> =>
  fromHex((await must(of.client.chain())).chainId) ?? assert.fail("no chain id");

/** Memory of a process in bytes; 0 where the system does not tell. */
function memoryOf({ pid }: RealPeer): number {
  try {
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return 1024 * Number(kilobytes ?? 0);
  } catch {
    return 0;
  }
}

/** A hello that claims a tip of its own, with more work than there ever was. */
function hello(chainId: Uint8Array): Uint8Array {
  const tip = noise("tip", 32);
  return new ByteWriter()
    .u8(1)
    .raw(chainId)
    .u32(1_000_000)
    .raw(tip)
    .u128(2n ** 100n)
    .u32(0)
    .u8(0)
    .done();
}

/** A message of ids: u16 count, which may lie, and the ids. */
const ids = (kind: number, count: number, present = count): Uint8Array =>
  new ByteWriter()
    .u8(kind)
    .u16(count)
    .raw(noise(`ids ${kind}`, 32 * present))
    .done();

/** What nobody honest says after the hello, by what is wrong with it. */
function outOfOrder(chainId: Uint8Array): Readonly<Record<string, readonly Uint8Array[]>> {
  return {
    "a second hello": [hello(chainId)],
    "headers that nobody asked for": [concat(new ByteWriter().u8(3).u16(1).done(), noise("header", 176))],
    "a block that nobody asked for": [new ByteWriter().u8(5).long(noise("block", 5_000)).done()],
    "more headers than there may be": [new ByteWriter().u8(3).u16(0xffff).done()],
    "a locator of 65,535 ids": [ids(2, 0xffff, 100)],
    "more blocks than may be asked for": [ids(4, 0xffff, 16)],
    "a count that is not there": [ids(8, 10, 2)],
    "a chunk cut short": [new ByteWriter().u8(10).raw(noise("chunk", 40)).done()],
    "a byte behind the end": [concat(ids(2, 1), Uint8Array.of(0))],
    "a chunk with a bomb in it": [
      new ByteWriter().u8(11).u8(1).raw(noise("start", 32)).u8(0).u32(0xffff_ffff).done(),
    ],
  };
}

test("whatever is said on the sync protocol after a sound hello is answered or ends the stream, and the process lives", async (t) => {
  const bob = await peer(t, { name: "bob", flags: ALONE });
  const chainId = await chainIdOf(bob);
  const before = memoryOf(bob);
  for (const [name, said] of Object.entries(outOfOrder(chainId))) {
    const who = await stranger(t, bob, `sync ${name}`);
    const stream = await who.open(SYNC);
    const frames = [hello(chainId), ...said].map((frame) => framed(frame));
    assert.equal(await write(stream, frames, ANSWER_MS), "ended", name);
  }
  const who = await stranger(t, bob, "sync, unknown ids");
  const asked = function* (): Generator<Uint8Array> {
    yield framed(hello(chainId));
    for (let at = 0; at < QUESTIONS; at++) {
      yield framed([ids(2, 64), ids(4, 16), ids(8, 1_000)][at % 3] ?? assert.fail());
    }
    yield END;
  };
  assert.equal(await write(await who.open(SYNC), asked(), ANSWER_MS), "ended", "questions without an answer");
  await assertLives(t, bob);
  const grown = memoryOf(bob) - before;
  assert.ok(grown < GROWTH_BYTES_MAX, `grew by ${Math.round(grown / 1024 / 1024)} MB`);
  assert.deepEqual(await bob.interrupt(), { code: 0, signal: null });
});

test("a thousand streams of the sync protocol are bounded, and an honest peer is served", async (t) => {
  const bob = await peer(t, { name: "bob", flags: ALONE });
  const chainId = await chainIdOf(bob);
  const before = memoryOf(bob);
  const who = await stranger(t, bob, "a thousand streams");
  const streams = await Promise.allSettled(Array.from({ length: STREAMS }, () => who.open(SYNC)));
  const open = streams.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  // A hello cut short: whoever is served waits for the rest.
  for (const stream of open) {
    if (stream.writeStatus === "writable") stream.send(framed(hello(chainId).subarray(0, 40), 89));
  }
  await assertLives(t, bob);
  const grown = memoryOf(bob) - before;
  assert.ok(grown < GROWTH_BYTES_MAX, `grew by ${Math.round(grown / 1024 / 1024)} MB`);
});

test("questions for parts of blocks are answered or end the stream, whatever they say", async (t) => {
  const bob = await peer(t, { name: "bob", flags: ALONE });
  const question = (count: number, positions: readonly number[]): Uint8Array => {
    const writer = new ByteWriter().u8(1).raw(noise("block", 32)).u16(count);
    for (const position of positions) writer.u16(position);
    return writer.done();
  };
  const questions: Readonly<Record<string, Uint8Array>> = {
    "of a block that nobody has": question(1, [0]),
    "of no position": question(0, []),
    "of more positions than a block has": question(0xffff, []),
    "of positions out of order": question(2, [3, 2]),
    "of one position twice": question(2, [2, 2]),
    "of the whole of a block that nobody has": concat(Uint8Array.of(2), noise("block", 32)),
    "of an unknown kind": concat(Uint8Array.of(3), noise("block", 32)),
  };
  for (const [name, bytes] of Object.entries(questions)) {
    const who = await stranger(t, bob, `parts ${name}`);
    assert.equal(await write(await who.open(BLOCK_PARTS), [framed(bytes)], ANSWER_MS), "ended", name);
  }
  await assertLives(t, bob);
});

/** Co-signed by one key that nobody holds here. */
function signedNetwork(t: TestContext): string {
  const genesis: unknown = JSON.parse(readFileSync(CLASSROOM, "utf8"));
  assert.ok(typeof genesis === "object" && genesis !== null);
  const { account } = createKeypair(noise("signer", 32));
  const checkpoints = { keys: [account], needed: 1, everyBlocks: 4 };
  const path = join(freshFolder(t), "network.json");
  writeFileSync(path, JSON.stringify({ ...genesis, name: "bad-input", checkpoints }));
  return path;
}

test("whatever is said about checkpoints is answered or ends the stream, and changes nothing", async (t) => {
  const bob = await peer(t, { name: "bob", network: signedNetwork(t), flags: ALONE });
  const chainId = await chainIdOf(bob);
  const note = (text: string): Uint8Array => new ByteWriter().u8(2).u16(1).short(utf8(text)).done();
  const said: Readonly<Record<string, Uint8Array>> = {
    "a question from another network": concat(Uint8Array.of(1), noise("chain", 32)),
    "a sound question": concat(Uint8Array.of(1), chainId),
    "a question cut short": concat(Uint8Array.of(1), chainId.subarray(1)),
    "notes that nobody asked for": note("waybill/x\n1\nAAAA\n\n"),
    "a note that is no text": new ByteWriter().u8(2).u16(1).short(Uint8Array.of(0xff, 0xfe)).done(),
    "65,535 notes": new ByteWriter().u8(2).u16(0xffff).done(),
    "an unknown kind": Uint8Array.of(9),
    noise: noise("notes", 100_000),
  };
  for (const [name, bytes] of Object.entries(said)) {
    const who = await stranger(t, bob, `checkpoint ${name}`);
    assert.equal(await write(await who.open(CHECKPOINT), [framed(bytes)], ANSWER_MS), "ended", name);
  }
  const who = await stranger(t, bob, "checkpoint gossip");
  await assertShutOut(t, bob, who, (at) => publication(chainId, "checkpoint/1", noise(`note ${at}`, 300)));
});

/** Libp2p's own framing: the length as a varint, which may lie. */
function varintFramed(bytes: Uint8Array, announced = bytes.length): Uint8Array {
  const length: number[] = [];
  for (let rest = announced; ; rest = Math.floor(rest / 128)) {
    length.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) return concat(Uint8Array.from(length), bytes);
  }
}

function publication(chainId: Uint8Array, what: string, data: Uint8Array): Uint8Array {
  const topic = `waybill/${Buffer.from(chainId.subarray(0, 8)).toString("hex")}/${what}`;
  return varintFramed(RPC.encode({ subscriptions: [], messages: [{ topic, data }] }));
}

/** Says these until the peer ends it, which it must, and is not spoken to by it again for now. */
async function assertShutOut(
  t: TestContext,
  target: RealPeer,
  who: Stranger,
  message: (at: number) => Uint8Array,
): Promise<void> {
  const stream: Stream = await who.open(GOSSIP);
  const said = function* (): Generator<Uint8Array> {
    for (let at = 0; at < FLOOD_MESSAGES; at++) yield message(at);
  };
  assert.equal(await write(stream, said(), ANSWER_MS), "ended");
  await assert.rejects(who.open(SYNC), "whoever was shut out is not let in again");
  await assertLives(t, target);
}

for (const what of ["tx/1", "block/2"]) {
  test(`garbage on the topic ${what} shuts its sender out, and nobody else`, async (t) => {
    const bob = await peer(t, { name: "bob", flags: ALONE });
    const chainId = await chainIdOf(bob);
    const who = await stranger(t, bob, `gossip ${what}`);
    await assertShutOut(t, bob, who, (at) => publication(chainId, what, noise(`${what} ${at}`, 250)));
    assert.deepEqual((await must(bob.client.chain())).tip.height, 0);
  });
}

test("gossip frames that are none, too long or hold too much end or are dropped, and the process lives", async (t) => {
  const bob = await peer(t, { name: "bob", flags: ALONE });
  const before = memoryOf(bob);
  const subscriptions = Array.from({ length: 20_000 }, (_, at) => ({
    subscribe: true,
    topic: `waybill/made-up/${at}`,
  }));
  const madeUp = Array.from({ length: 20_000 }, (_, at) => noise(`id ${at}`, 20));
  const control = { ihave: [], iwant: [], graft: [], prune: [], idontwant: [] };
  const tooMuch: Readonly<Record<string, Uint8Array>> = {
    "20,000 subscriptions": varintFramed(RPC.encode({ subscriptions, messages: [] })),
    "20,000 wants": varintFramed(
      RPC.encode({
        subscriptions: [],
        messages: [],
        control: { ...control, iwant: [{ messageIDs: madeUp }] },
      }),
    ),
  };
  const frames: Readonly<Record<string, Uint8Array>> = {
    noise: varintFramed(noise("rpc", 5_000)),
    "4 GiB announced": varintFramed(noise("much", 100), 2 ** 32),
    "a length that never ends": new Uint8Array(64).fill(0xff),
  };
  for (const [name, frame] of Object.entries(tooMuch)) {
    const who = await stranger(t, bob, `rpc ${name}`);
    const stream = await who.open(GOSSIP);
    for (let at = 0; at < 20 && stream.writeStatus === "writable"; at++) stream.send(frame);
  }
  for (const [name, frame] of Object.entries(frames)) {
    const who = await stranger(t, bob, `rpc ${name}`);
    const again = Array.from({ length: 20 }, () => frame);
    assert.equal(await write(await who.open(GOSSIP), again, ANSWER_MS), "ended", name);
  }
  await assertLives(t, bob);
  const grown = memoryOf(bob) - before;
  assert.ok(grown < GROWTH_BYTES_MAX, `grew by ${Math.round(grown / 1024 / 1024)} MB`);
  assert.deepEqual(await bob.interrupt(), { code: 0, signal: null });
});
