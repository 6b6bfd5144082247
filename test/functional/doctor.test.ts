/** The doctor on real peers: what listens, why somebody is not reached, and what a script reads. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import type { DoctorView, FindingView } from "#api/views.ts";
import { nodeSystem, probeSockets } from "#doctor/index.ts";
import {
  connect,
  freshFolder,
  must,
  peer,
  peerIdOf,
  type RealPeer,
  restart,
  seesOnline,
  waybill,
} from "#test/kit/process.ts";
import { openTestTracker } from "#test/kit/tracker.ts";

const OPTIONS = { timeout: 120_000 };
const NO_TABLES = process.platform === "linux" ? false : "only Linux shows open ports to everybody";

function findingOf(view: DoctorView, code: string): FindingView | undefined {
  return view.findings.find((each) => each.code === code);
}

function codesOf(view: DoctorView): readonly string[] {
  return view.findings.map(({ code }) => code);
}

/** Ports on which the system says that this process waits, as the test reads them itself. */
async function openPorts(of: RealPeer): Promise<readonly string[]> {
  const seen = await probeSockets({ ...nodeSystem, pid: of.pid }, new Set());
  assert.ok(seen !== null);
  return seen.waiting
    .filter(({ inode }) => seen.own.has(inode))
    .map(({ transport, host, port }) => `${transport} ${host.includes(":") ? `[${host}]` : host}:${port}`)
    .sort();
}

test("nothing of a peer listens beyond what status lists", { ...OPTIONS, skip: NO_TABLES }, async (t) => {
  const flags = ["--announce-port", String(29_000 + (process.pid % 1_000))];
  // Every interface, as without any flag, on ports that no other test uses.
  const listen = ["/ip4/0.0.0.0/tcp/0", "/ip6/::/tcp/0"];
  const alice = await peer(t, { name: "alice", listen, flags });
  const bob = await peer(t, { name: "bob", listen, flags });
  await connect(alice, bob);
  const view = await must(alice.client.doctor());
  assert.equal(findingOf(view, "listening-beyond-list"), undefined, JSON.stringify(view.findings));
  assert.equal(findingOf(view, "listening-as-listed")?.level, "ok");
  const { listening } = await must(alice.client.status());
  const listed = listening
    .map(({ transport, address }) => `${transport} ${address}`)
    .filter((each) => !/-\d+$/.test(each))
    .sort();
  assert.deepEqual(await openPorts(alice), listed);
  assert.ok(listening.some(({ address }) => address.startsWith("0.0.0.0:")));
  assert.deepEqual(
    listening.filter(({ what }) => what.startsWith("page")).map(({ address }) => address),
    [new URL(alice.origin).host],
  );
});

test("outbound-only opens no port but that of its page", { ...OPTIONS, skip: NO_TABLES }, async (t) => {
  const alice = await peer(t, { name: "alice", flags: ["--outbound-only", "--no-discovery"] });
  assert.deepEqual(await openPorts(alice), [`tcp ${new URL(alice.origin).host}`]);
  const view = await must(alice.client.doctor());
  assert.ok(findingOf(view, "listening-outbound-only"), codesOf(view).join(" "));
  assert.equal(findingOf(view, "listening-beyond-list"), undefined);
});

test("why bob is reached, then not, then blocked", OPTIONS, async (t) => {
  const flags = ["--no-discovery"];
  const alice = await peer(t, { name: "alice", flags });
  const bob = await peer(t, { name: "bob", flags });
  await connect(alice, bob);
  const id = await peerIdOf(bob);
  const reached = await must(alice.client.doctorPerson(id));
  assert.equal(reached.person?.online, true);
  assert.equal(reached.findings[0]?.code, "person-reached");
  await bob.kill();
  const gone = await alice.until("bob was called in vain", 30_000, async () => {
    const view = await must(alice.client.doctorPerson(id));
    return view.findings[0]?.code === "person-not-started" ? view : null;
  });
  const [main] = gone.findings;
  assert.match(main?.cause ?? "", /Nothing listens at/);
  assert.match(main?.nextStep ?? "", /start Waybill/);
  assert.ok(main?.details.some(({ label, value }) => /^127\.0\.0\.1:\d+$/.test(label) && /ago/.test(value)));
  const told = await waybill("doctor", id.slice(0, 16), "--data", alice.options.dataDir);
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stdout, /person-not-started/);
  await must(alice.client.updatePerson(id, { blocked: true }));
  const blocked = await must(alice.client.doctorPerson(id));
  assert.equal(blocked.findings[0]?.code, "person-blocked");
  const nobody = await alice.client.doctorPerson("nobody");
  assert.ok(!nobody.ok && nobody.fault.code === "who-unknown");
});

test(
  "with a tracker: relay, clock and whom it introduced; without it again, that it is gone",
  OPTIONS,
  async (t) => {
    const { tracker, tcp } = await openTestTracker();
    t.after(() => tracker.close());
    const flags = ["--no-discovery", "--tracker", tcp];
    const alice = await peer(t, { name: "alice", flags });
    const bob = await peer(t, { name: "bob", flags });
    await Promise.all([seesOnline(alice, bob), seesOnline(bob, alice)]);
    const view = await alice.until("the relay keeps a place", 30_000, async () => {
      const seen = await must(alice.client.doctor());
      return codesOf(seen).includes("relay-ready") ? seen : null;
    });
    const inOrder = [
      "tracker-connected",
      "clock-agrees",
      ...(NO_TABLES === false ? ["listening-as-listed"] : []),
    ];
    for (const code of inOrder) {
      assert.ok(findingOf(view, code), `${code} is missing: ${codesOf(view).join(" ")}`);
    }
    const ofBob = await must(alice.client.doctorPerson(await peerIdOf(bob)));
    assert.equal(ofBob.findings[0]?.code, "person-reached");
    assert.ok(codesOf(ofBob).includes("person-at-tracker"), codesOf(ofBob).join(" "));
    await tracker.close();
    const gone = await alice.until("the tracker is missed", 30_000, async () => {
      const seen = await must(alice.client.doctor());
      return findingOf(seen, "tracker-unreachable") ?? null;
    });
    assert.ok((gone.nextStep ?? "").length > 0);
    assert.ok(gone.cause.includes(tcp));
  },
);

test("a clock that peers disagree with is bad, and that is the exit code", OPTIONS, async (t) => {
  const alice = await peer(t, { name: "alice", flags: ["--no-discovery"] });
  const bob = await peer(t, { name: "bob", flags: ["--no-discovery", "--clock-offset", "86400000"] });
  await connect(bob, alice);
  await seesOnline(bob, alice);
  const told = await waybill("doctor", "--json", "--data", bob.options.dataDir);
  const view = JSON.parse(told.stdout) as DoctorView;
  assert.equal(findingOf(view, "clock-wrong")?.level, "bad", codesOf(view).join(" "));
  assert.match(findingOf(view, "clock-wrong")?.cause ?? "", /24 h ahead/);
  assert.equal(view.findings[0]?.level, "bad");
  assert.equal(told.code, 1);
  assert.equal(JSON.parse(told.stderr).error.code, "doctor-bad");
});

test("a port of announcements that is held is named, and forgotten once it is free", OPTIONS, async (t) => {
  const holder = createSocket("udp4");
  holder.bind({ port: 0, address: "0.0.0.0", exclusive: true });
  await once(holder, "listening");
  const { port } = holder.address();
  const flags = ["--announce-port", String(port), "--announce-every", "1"];
  const alice = await peer(t, { name: "alice", flags });
  const held = findingOf(await must(alice.client.doctor()), "announcement-port-held");
  assert.match(held?.cause ?? "", new RegExp(`UDP port ${port} cannot be listened on`));
  holder.close();
  await alice.until("the port is heard on", 20_000, async () => {
    const view = await must(alice.client.doctor());
    return findingOf(view, "announcement-port-held") === undefined ? view : null;
  });
});

test("an interface that is left out is shown as that, and nothing leaves by it", OPTIONS, async (t) => {
  const names = Object.keys(networkInterfaces());
  const flags = ["--announce-port", String(29_000 + (process.pid % 1_000)), "--announce-every", "1"];
  const excluded = names.flatMap((name) => ["--exclude-interface", name]);
  const listen = ["/ip4/0.0.0.0/tcp/0"];
  const alice = await peer(t, { name: "alice", listen, flags: [...flags, ...excluded] });
  const view = await must(alice.client.doctor());
  const left = findingOf(view, "interface-excluded");
  assert.ok(
    left !== undefined && names.every((name) => left.cause.includes(name)),
    left?.cause ?? "not told",
  );
  const { details = [] } = findingOf(view, "nearby-silent") ?? {};
  assert.deepEqual(
    details.map(({ value }) => value),
    names.map(() => "excluded"),
  );
  assert.ok(findingOf(view, "mdns-off"));
  const { listening } = await must(alice.client.status());
  assert.ok(!listening.some(({ address }) => address.endsWith(":5353")));
});

test(
  "without a running peer this computer is examined; about a person nobody can say",
  OPTIONS,
  async (t) => {
    const folder = freshFolder(t);
    const dataDir = join(folder, "not-there-yet");
    const told = await waybill("doctor", "--json", "--data", dataDir);
    assert.equal(told.code, 0, told.stderr);
    const view = JSON.parse(told.stdout) as DoctorView;
    assert.ok(findingOf(view, "peer-not-running"));
    assert.ok(findingOf(view, "folder-missing"));
    assert.ok(view.findings.some(({ area }) => area === "disk"));
    assert.equal(view.person, null);
    const text = await waybill("doctor", "--data", dataDir);
    assert.match(text.stdout, /note +No peer is running/);
    const person = await waybill("doctor", "bob", "--data", dataDir);
    assert.equal(person.code, 3);
  },
);

test("a peer that was killed and started again is examined as any other", OPTIONS, async (t) => {
  const first = await peer(t, { name: "alice", flags: ["--no-discovery"] });
  await first.kill();
  const ended = JSON.parse((await waybill("doctor", "--json", "--data", first.options.dataDir)).stdout);
  assert.ok(findingOf(ended, "peer-not-running"));
  const again = await restart(t, first);
  assert.ok(findingOf(await must(again.client.doctor()), "peer-running"));
});
