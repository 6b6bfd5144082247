import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { SlipView } from "#api/views.ts";
import {
  addressOf,
  connect,
  freshFolder,
  must,
  peer,
  peerIdOf,
  type RealPeer,
  restart,
  seesOnline,
} from "#test/kit/process.ts";

const ALONE = ["--no-discovery", "--no-mine"];
const MIB = 1024 * 1024;
/** Large enough that a kill lands in the middle of it, on any disk. */
const FILE_BYTES = 192 * MIB;
const CUT_AFTER_BYTES = 16 * MIB;
const DELIVERED = new Set(["delivered", "receipted", "anchored"]);

/** A file of `FILE_BYTES` that does not compress, and its SHA-256. */
function bigFile(folder: string): { readonly path: string; readonly digest: string } {
  const path = join(folder, "big.bin");
  const file = openSync(path, "w");
  const hash = createHash("sha256");
  for (let at = 0; at < FILE_BYTES; at += MIB) {
    const piece = createHash("shake128", { outputLength: MIB }).update(`piece ${at}`).digest();
    hash.update(piece);
    writeSync(file, piece);
  }
  closeSync(file);
  return { path, digest: hash.digest("hex") };
}

/** A fixed port, so that the other side finds a restarted peer where it was. */
async function fixed(peerOf: RealPeer): Promise<readonly string[]> {
  return [(await addressOf(peerOf)).replace(/\/p2p\/.*$/, "")];
}

async function pair(t: TestContext): Promise<{ readonly alice: RealPeer; readonly bob: RealPeer }> {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const bob = await peer(t, { name: "bob", accept: "all", flags: ALONE });
  await connect(alice, bob);
  return { alice, bob };
}

/** Resolves once the receiver has verified enough to have something to lose, and not all. */
async function untilCut(bob: RealPeer, id: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const judge = (slip: SlipView): void => {
      if (slip.id !== id) return;
      if (DELIVERED.has(slip.state)) reject(new Error("the transfer ended before it could be cut"));
      if ((slip.progress?.bytesDone ?? 0) >= CUT_AFTER_BYTES) resolve();
    };
    bob.subscribe((event) => {
      if (event.type === "slip") judge(event.slip);
    });
    // Asked for as well, without pause: events of progress are spaced for eyes, and this passes quickly.
    const ask = async (): Promise<void> => {
      for (let at = 0; at < 20_000; at++) {
        const slip = await bob.client.slip(id);
        if (slip.ok) judge(slip.value);
      }
      reject(new Error("nothing was received"));
    };
    void ask().catch(reject);
  });
}

async function delivered(at: RealPeer, id: string): Promise<SlipView> {
  return at.until(`has ${id.slice(0, 8)} delivered`, 60_000, async () => {
    const slip = await must(at.client.slip(id));
    assert.ok(!["failed", "cancelled", "declined"].includes(slip.state), JSON.stringify(slip.reason));
    return DELIVERED.has(slip.state) ? slip : null;
  });
}

test("kill -9 of the receiver: what was verified is not sent again, and the file is whole", async (t) => {
  const { alice, bob } = await pair(t);
  const { path, digest } = bigFile(freshFolder(t));
  const listen = await fixed(bob);
  const sent = await must(alice.client.sendPaths(await peerIdOf(bob), [path]));
  await untilCut(bob, sent.id);
  assert.equal((await bob.kill()).signal, "SIGKILL");
  const again = await restart(t, bob, { listen });
  const slip = await delivered(again, sent.id);
  const resumed = slip.progress?.resumedFromBytes ?? 0;
  assert.ok(resumed > 0 && resumed < FILE_BYTES, `resumed from ${resumed}`);
  assert.ok(slip.savedTo !== null);
  assert.equal(
    createHash("sha256")
      .update(readFileSync(savedFile(slip.savedTo)))
      .digest("hex"),
    digest,
  );
  assert.ok(DELIVERED.has((await delivered(alice, sent.id)).state));
});

test("kill -9 of the sender: the transfer goes on when it is back", async (t) => {
  const { alice, bob } = await pair(t);
  const { path, digest } = bigFile(freshFolder(t));
  const sent = await must(alice.client.sendPaths(await peerIdOf(bob), [path]));
  await untilCut(bob, sent.id);
  await alice.kill();
  const again = await restart(t, alice);
  await must(again.client.connect(await addressOf(bob)));
  const slip = await delivered(bob, sent.id);
  assert.ok((slip.progress?.resumedFromBytes ?? 0) > 0);
  assert.equal(
    createHash("sha256")
      .update(readFileSync(savedFile(slip.savedTo ?? "")))
      .digest("hex"),
    digest,
  );
  await delivered(again, sent.id);
});

/** `savedTo` of a single file may name the file, or the folder that holds it. */
function savedFile(savedTo: string): string {
  return savedTo.endsWith("big.bin") ? savedTo : join(savedTo, "big.bin");
}

test("what waits in the outbox survives kill -9 and a restart of both, arrives once and in order", async (t) => {
  const { alice, bob } = await pair(t);
  const bobId = await peerIdOf(bob);
  const listen = await fixed(bob);
  await bob.interrupt();
  const texts = ["one", "two", "three"];
  for (const text of texts) {
    const slip = await must(alice.client.say(bobId, text));
    assert.equal(slip.state, "queued");
    assert.ok(slip.reason === null || slip.reason.nextStep.length > 0);
  }
  await alice.kill();
  const aliceAgain = await restart(t, alice);
  const waiting = await must(aliceAgain.client.slips({ who: bobId }));
  assert.deepEqual(waiting.map((slip) => slip.text).reverse(), texts);
  const bobAgain = await restart(t, bob, { listen });
  await seesOnline(aliceAgain, bobAgain, 30_000);
  const aliceId = await peerIdOf(aliceAgain);
  const arrived = await bobAgain.until("has all three", 30_000, async () => {
    const slips = await must(bobAgain.client.slips({ who: aliceId, direction: "in" }));
    return slips.length >= texts.length ? slips : null;
  });
  assert.deepEqual(arrived.map((slip) => slip.text).reverse(), texts);
  for (const slip of waiting) await delivered(aliceAgain, slip.id);
});

test("a message that was acknowledged is there after kill -9 of both sides at once", async (t) => {
  const { alice, bob } = await pair(t);
  const sent = await must(alice.client.say(await peerIdOf(bob), "keep this"));
  await delivered(alice, sent.id);
  await Promise.all([alice.kill(), bob.kill()]);
  const [aliceAgain, bobAgain] = [await restart(t, alice), await restart(t, bob)];
  assert.equal((await must(aliceAgain.client.slip(sent.id))).text, "keep this");
  assert.equal((await must(bobAgain.client.slip(sent.id))).text, "keep this");
});
