import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { AccountId, DeliveryId } from "#base/brand.ts";
import { ByteWriter } from "#base/bytes.ts";
import { encodeManifestEntry, manifestDigest, signDispatch } from "#receipts/index.ts";
import { addressOf, must, peer } from "#test/kit/process.ts";
import { decodeFrame, encodeFrame } from "#transfer/codec.ts";
import { ALONE, assertLives, framed, nextFrame, noise, stranger, write } from "./stranger.ts";

const PROTOCOLS = [
  "/waybill/message/1",
  "/waybill/transfer/1",
  "/waybill/sync/2",
  "/waybill/block-parts/1",
  "/waybill/receipt/1",
];
/** A refusal needs no timeout of the peer; this is what two busy cores may take. */
const ANSWER_MS = 10_000;

function* endless(piece: (at: number) => Uint8Array): Generator<Uint8Array> {
  for (let at = 0; ; at++) yield piece(at);
}

const ATTACKS: Readonly<Record<string, () => Iterable<Uint8Array>>> = {
  "an empty frame": () => [framed(new Uint8Array(0))],
  "a frame of noise": () => [framed(noise("frame", 200))],
  "a frame of an unknown version": () => [framed(Uint8Array.of(99, 1, 2, 3))],
  "a frame of an unknown type": () => [framed(Uint8Array.of(1, 250, 0, 0))],
  "a frame that announces nearly 4 GiB": () => [framed(new Uint8Array(16), 0xffff_fff0)],
  "bytes behind the mark of the end": () => [framed(new Uint8Array(16), 0xffff_ffff)],
  "an endless stream of noise": () => endless((at) => noise(`chunk ${at}`, 65_536)),
  "an endless stream of small frames": () => endless((at) => framed(noise(`small ${at}`, 64))),
};

for (const protocol of PROTOCOLS) {
  test(`${protocol} answers or ends every stream of bad input, and the process lives`, async (t) => {
    const bob = await peer(t, { name: "bob", flags: ALONE });
    for (const [name, pieces] of Object.entries(ATTACKS)) {
      // Each by somebody else: a peer may rightly be shut out after its first.
      const who = await stranger(t, bob, `${protocol} ${name}`);
      const stream = await who.open(protocol);
      assert.equal(await write(stream, pieces(), ANSWER_MS), "ended", name);
    }
    await assertLives(t, bob);
    assert.deepEqual(await bob.interrupt(), { code: 0, signal: null });
  });
}

test("an unknown protocol, or version of one, is refused by name", async (t) => {
  const bob = await peer(t, { name: "bob", flags: ALONE });
  const who = await stranger(t, bob, "unknown");
  for (const protocol of ["/waybill/message/99", "/waybill/nothing/1"]) {
    // libp2p resets the stream right after its refusal, which may overtake it.
    await assert.rejects(who.open(protocol), { name: /^(UnsupportedProtocolError|UnexpectedEOFError)$/ });
  }
  await assertLives(t, bob);
});

test("what is no libp2p at all on the port is dropped", async (t) => {
  const bob = await peer(t, { name: "bob", flags: ALONE });
  const port = Number(/\/tcp\/(\d+)/.exec(await addressOf(bob))?.[1]);
  for (const bytes of ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", noise("tcp", 1024 * 1024)]) {
    const socket = connectTcp(port, "127.0.0.1");
    // Being cut off is an answer, too.
    socket.on("error", () => undefined);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.resume().write(bytes);
    await closed;
  }
  const silent = Array.from({ length: 100 }, () => connectTcp(port, "127.0.0.1"));
  t.after(() => {
    for (const socket of silent) socket.destroy();
  });
  for (const socket of silent) socket.on("error", () => undefined);
  await assertLives(t, bob);
});

test("names that lead out of the folder are refused with the offer, and nothing is written outside", async (t) => {
  const bob = await peer(t, { name: "bob", accept: "all", flags: ALONE });
  const bobAccount = (await must(bob.client.status())).account;
  for (const path of ["../../x", "/etc/x", "a/../../x", "a//x", ".", "a\0b"]) {
    const who = await stranger(t, bob, `names ${path}`);
    const manifest = {
      entries: [{ path, bytes: 1, modifiedMs: 0, digest: noise("content", 32) }],
    };
    // Written by hand: our own encoder does not write such a manifest.
    const encoded = new ByteWriter()
      .u8(1)
      .u32(1)
      .raw(encodeManifestEntry(manifest.entries[0] ?? assert.fail()))
      .done();
    const dispatch = signDispatch(
      {
        version: 1,
        kind: "files",
        deliveryId: createHash("sha256").update(path).digest("hex") as DeliveryId,
        sender: who.keypair.account,
        receiver: bobAccount as AccountId,
        contentDigest: manifestDigest(manifest),
        bytes: 1,
        fileCount: 1,
        dispatchedMs: Date.now(),
      },
      who.keypair,
    );
    const stream = await who.open("/waybill/transfer/1");
    const asked = nextFrame(stream);
    stream.send(framed(encodeFrame({ type: "offer", dispatch, manifestBytes: encoded.length })));
    const answer = decodeFrame(await asked);
    assert.ok(
      answer.ok && answer.value.type === "offer-answer" && answer.value.answer.is === "send-manifest",
    );
    const verdict = nextFrame(stream);
    stream.send(framed(encodeFrame({ type: "manifest-part", bytes: encoded })));
    const refused = await verdict.then(decodeFrame, () => null);
    const failed =
      refused === null ||
      (refused.ok && refused.value.type === "offer-answer" && refused.value.answer.is === "failed");
    assert.ok(failed, `${path}: ${JSON.stringify(refused)}`);
    stream.abort(new Error("the test is over"));
  }
  const data = bob.options.dataDir;
  assert.ok(!existsSync(join(data, "x")) && !existsSync(join(data, "..", "x")));
  assert.deepEqual(await must(bob.client.slips({ limit: 10 })), []);
  await assertLives(t, bob);
});
