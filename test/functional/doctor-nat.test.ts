/** The doctor behind real routers: what it says of them, of UDP, of a punched path, and of what listens meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type HomeOptions, NatLab, whyNoNatLab } from "#test/kit/nat-lab.ts";
import { type NatPeer, startTracker } from "#test/kit/nat-programs.ts";
import { onStage } from "#test/nat/stage.ts";

const OPTIONS = { skip: whyNoNatLab(), timeout: 120_000 };
const PATIENCE_MS = 60_000;

/** Runs the body with two peers that use one tracker, each behind its router. */
async function behindRouters(
  homes: readonly [HomeOptions, HomeOptions],
  body: (alice: NatPeer, bob: NatPeer) => Promise<void>,
): Promise<void> {
  await onStage(async (stage) => {
    const lab = await NatLab.open(stage, [4]);
    const server = await lab.host();
    const [here, there] = [await lab.home(homes[0]), await lab.home(homes[1])];
    await startTracker(server.namespace, stage.folder(), []);
    const flags = ["--tracker", server.ipv4 ?? ""];
    const [alice, bob] = await Promise.all([
      stage.peer("alice", here.namespace, flags),
      stage.peer("bob", there.namespace, flags),
    ]);
    await body(alice, bob);
  });
}

async function codesWith(alice: NatPeer, code: string): Promise<readonly string[]> {
  return await alice.until(`the doctor says ${code}`, PATIENCE_MS, async () => {
    const codes = (await alice.call("doctor")).findings.map((each) => each.code);
    return codes.includes(code) ? codes : null;
  });
}

test("usual routers: punched, and what is open for that is in the list", OPTIONS, async () => {
  await behindRouters([{ router: "port-preserving" }, { router: "port-preserving" }], async (alice, bob) => {
    await alice.sees("is punched", bob, PATIENCE_MS, ({ path }) => (path === "punched" ? path : null));
    const codes = await codesWith(alice, "nat-open");
    assert.ok(codes.includes("listening-as-listed"), codes.join(" "));
    assert.ok(codes.includes("relay-ready") && codes.includes("clock-agrees"), codes.join(" "));
    const ofBob = await alice.call("doctorPerson", bob.peerId);
    assert.equal(ofBob.findings[0]?.code, "person-reached");
    assert.match(ofBob.findings[0]?.cause ?? "", /through the routers of both sides/);
  });
});

test("random ports on one side and no UDP on the other: relayed, and told why", OPTIONS, async () => {
  await behindRouters(
    [{ router: "random-ports" }, { router: "port-preserving", outbound: "no-udp" }],
    async (alice, bob) => {
      await alice.sees("is relayed", bob, PATIENCE_MS, ({ path }) => (path === "relayed" ? path : null));
      await codesWith(alice, "nat-strict");
      await codesWith(bob, "udp-blocked");
      const ofBob = await alice.call("doctorPerson", bob.peerId);
      assert.equal(ofBob.findings[0]?.code, "person-relayed", JSON.stringify(ofBob.findings[0]));
      assert.ok(ofBob.findings[0]?.details.some(({ label }) => label === "Over relay"));
    },
  );
});
