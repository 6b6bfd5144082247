import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type TestContext, test } from "node:test";
import type { SlipView } from "#api/views.ts";
import {
  addressOf,
  CLASSROOM,
  connect,
  freshFolder,
  must,
  peer,
  peerIdOf,
  type RealPeer,
  startArguments,
  waybill,
} from "#test/kit/process.ts";

const ALONE = ["--no-discovery"];
const MIB = 1024 * 1024;
const DELIVERED = new Set(["delivered", "receipted", "anchored"]);

async function delivered(at: RealPeer, id: string, timeoutMs = 30_000): Promise<SlipView> {
  return at.until(`has ${id.slice(0, 8)} delivered`, timeoutMs, async () => {
    // A receiver may not have heard of it yet.
    const slip = await at.client.slip(id);
    return slip.ok && DELIVERED.has(slip.value.state) ? slip.value : null;
  });
}

test("a genesis that differs is said as another network, not as an attack", async (t) => {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const network = join(freshFolder(t), "other.json");
  writeFileSync(network, readFileSync(CLASSROOM, "utf8").replace("waybill-classroom", "another-classroom"));
  const bob = await peer(t, { name: "bob", network, flags: ALONE });
  await bob.client.connect(await addressOf(alice));
  const bobId = await peerIdOf(bob);
  const said = await alice.until("is told that bob stands on another network", 20_000, async () => {
    const person = (await must(alice.client.people())).find((one) => one.peerId === bobId);
    return person?.problem ?? null;
  });
  assert.equal(said.code, "other-network");
  assert.ok(said.nextStep.length > 0);
});

test("a start that cannot write where its page is ends with the cause", async (t) => {
  const dataDir = freshFolder(t);
  mkdirSync(join(dataDir, "api.json"));
  const ended = await waybill(...startArguments({ name: "alice", dataDir, flags: ALONE }));
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /data-folder-not-writable/);
});

test("names that some system cannot have arrive under safe ones, inside the sender's folder", async (t) => {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const bob = await peer(t, { name: "bob", accept: "all", flags: ALONE });
  await connect(alice, bob);
  const folder = join(freshFolder(t), "odd");
  mkdirSync(folder);
  const names = [
    "CON",
    "aux.txt",
    "trailing.",
    "back\\slash",
    "colon:name",
    "line\nbreak",
    "\u202egpj.exe",
    "x".repeat(200),
  ];
  for (const name of names) writeFileSync(join(folder, name), name);
  const sent = await must(alice.client.sendPaths(await peerIdOf(bob), [folder]));
  const slip = await delivered(bob, sent.id);
  const { receivedDir } = await must(bob.client.status());
  const savedTo = slip.savedTo ?? assert.fail("saved nowhere");
  assert.ok(savedTo.startsWith(receivedDir), savedTo);
  const saved = readdirSync(savedTo, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  assert.equal(saved.length, names.length);
  for (const { name } of saved) {
    assert.doesNotMatch(name, /^(con|aux)(\.|$)|[\\:\p{Cc}\u202e]|[. ]$/iu, JSON.stringify(name));
  }
  const contents = saved.map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")).sort();
  assert.deepEqual(contents, [...names].sort());
});

test("a file that is missing, or vanishes before it was sent, is said", async (t) => {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const bob = await peer(t, { name: "bob", accept: "ask", flags: ALONE });
  await connect(alice, bob);
  const bobId = await peerIdOf(bob);
  const folder = freshFolder(t);
  const missing = await alice.client.sendPaths(bobId, [join(folder, "missing.txt")]);
  assert.ok(!missing.ok && missing.fault.cause.includes("missing.txt"), JSON.stringify(missing));

  const path = join(folder, "fleeting.txt");
  writeFileSync(path, "here for now");
  const sent = await must(alice.client.sendPaths(bobId, [path]));
  await bob.until("is asked", 20_000, async () => {
    const slip = await bob.client.slip(sent.id);
    return slip.ok && slip.value.state === "offered" ? true : null;
  });
  rmSync(path);
  await must(bob.client.accept(sent.id));
  const told = await alice.until("says why nothing is sent", 20_000, async () => {
    const slip = await must(alice.client.slip(sent.id));
    return slip.reason;
  });
  assert.ok(told.code.length > 0 && told.nextStep.length > 0);
  assert.equal((await must(alice.client.status())).name, "alice");
});

for (const offsetMs of [3_600_000, -3_600_000]) {
  test(`a clock that is ${offsetMs > 0 ? "an hour ahead" : "an hour behind"} stops neither side nor delivery`, async (t) => {
    const alice = await peer(t, { name: "alice", flags: ALONE });
    const bob = await peer(t, {
      name: "bob",
      accept: "all",
      flags: [...ALONE, "--no-mine", "--clock-offset", String(offsetMs)],
    });
    await connect(alice, bob);
    const said = await must(alice.client.say(await peerIdOf(bob), "what time is it?"));
    await delivered(alice, said.id);
    const answered = await must(bob.client.say(await peerIdOf(alice), "late, or early"));
    await delivered(bob, answered.id);
    await alice.until("has its receipt anchored", 60_000, async () => {
      const { state } = await must(alice.client.slip(said.id));
      return state === "anchored" ? true : null;
    });
    assert.equal((await alice.interrupt()).code, 0);
    assert.equal((await bob.interrupt()).code, 0);
  });
}

/** A file system of `megabytes`, or the reason why this computer gives none. */
function smallDisk(
  t: TestContext,
  megabytes: number,
): { readonly folder: string } | { readonly reason: string } {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return { reason: "needs root on Linux for a tmpfs" };
  const folder = mkdtempSync(join(tmpdir(), "waybill-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], { stdio: "pipe" });
  } catch (error) {
    rmSync(folder, { recursive: true });
    return { reason: `mount was refused: ${error instanceof Error ? error.message.split("\n")[1] : error}` };
  }
  t.after(() => {
    execFileSync("umount", ["--lazy", folder]);
    rmSync(folder, { recursive: true });
  });
  return { folder };
}

test("a full disk makes a transfer wait with its reason, and it goes on when there is space", async (t) => {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const disk = smallDisk(t, 128);
  if ("reason" in disk) {
    t.skip(disk.reason);
    return;
  }
  const bob = await peer(t, { name: "bob", accept: "all", dataDir: join(disk.folder, "bob"), flags: ALONE });
  await connect(alice, bob);
  const path = join(freshFolder(t), "large.bin");
  writeFileSync(path, Buffer.alloc(100 * MIB, 7));
  const sent = await must(alice.client.sendPaths(await peerIdOf(bob), [path]));
  for (const side of [alice, bob]) {
    await side.until("says that there is no space", 30_000, async () => {
      const slip = await side.client.slip(sent.id);
      return slip.ok && /space/.test(slip.value.reason?.code ?? "") ? true : null;
    });
  }
  await must(bob.client.say(await peerIdOf(alice), "my disk is full, but I am here"));
  execFileSync("mount", ["-o", "remount,size=512m", disk.folder]);
  await delivered(alice, sent.id, 60_000);
});
