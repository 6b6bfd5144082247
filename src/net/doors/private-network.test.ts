/** A private network carries what an open one does, for as long as one likes, whoever comes and goes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { multiaddrConnectionPair } from "@libp2p/utils";
import { firstAddress, QUIET, withPeers } from "#test/kit/peer-network.ts";
import { protectorOf } from "./private-network.ts";

const KEY = new Uint8Array(32).fill(1);
const MIB = 1024 * 1024;
/** Above the 64 MB that the cipher's memory could ever grow to. */
const FRAMES = 72;

/** More than the cipher's memory has room for at a time, both ends being in this process. */
const COMINGS = 2_700;

async function comeAndGo(times: number): Promise<void> {
  const [inbound, outbound] = [protectorOf(KEY, () => undefined)(), protectorOf(KEY, () => undefined)()];
  for (let at = 0; at < times; at++) {
    const [outer, inner] = multiaddrConnectionPair();
    const called = inbound.protect(inner, { signal: AbortSignal.timeout(10_000) });
    const calling = outbound.protect(outer, {
      signal: AbortSignal.timeout(10_000),
    });
    const failed = called.then(
      () => false,
      () => true,
    );
    const wrapped = await calling;
    wrapped.abort(new Error("gone again"));
    outer.abort(new Error("gone again"));
    inner.abort(new Error("gone again"));
    await failed;
  }
}

test("those who come and go leave nothing behind, and much is carried after them", { timeout: 60_000 }, () =>
  withPeers(async (open) => {
    await comeAndGo(COMINGS);
    const a = await open(261, { discovery: QUIET, networkKey: KEY });
    const b = await open(262, { discovery: QUIET, networkKey: KEY });
    const options = { frameBytesMax: 2 * MIB, streamsPerPeerMax: 1 };
    const received = Promise.withResolvers<number>();
    a.net.network.handle("/waybill/test/1", options, async (stream) => {
      let bytes = 0;
      for (
        let frame = await stream.receive();
        frame.ok && frame.value !== null;
        frame = await stream.receive()
      ) {
        assert.deepEqual([frame.value[0], frame.value.at(-1)], [bytes / MIB, bytes / MIB]);
        bytes += frame.value.length;
      }
      received.resolve(bytes);
    });
    assert.ok((await b.net.connect(firstAddress(a.net))).ok);
    const opened = await b.net.network.open(a.peer, "/waybill/test/1", { ...options, timeoutMs: 10_000 });
    assert.ok(opened.ok);
    for (let at = 0; at < FRAMES; at++) {
      assert.ok((await opened.value.send(new Uint8Array(MIB).fill(at))).ok, `frame ${at}`);
    }
    await opened.value.close();
    assert.equal(await received.promise, FRAMES * MIB);
  }),
);
