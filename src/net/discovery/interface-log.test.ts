import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedClock } from "#test/kit/clock.ts";
import { INTERFACES_REMEMBERED_MAX } from "../limits.ts";
import { InterfaceLog } from "./interface-log.ts";
import type { SystemInterfaces } from "./local-interfaces.ts";

const on = (host: number) =>
  [
    {
      address: `10.0.${host}.2`,
      netmask: "255.255.255.0",
      family: "IPv4",
      internal: false,
      cidr: `10.0.${host}.2/24`,
    },
  ] as const;

test("what was sent and heard is counted where it was, and one that went away is told as that", () => {
  const clock = new SimulatedClock();
  let system: SystemInterfaces = { eth0: on(0), eth1: on(1) };
  const log = new InterfaceLog({ excluded: new Set(), clock, system: () => system });
  log.sent("eth0");
  log.heard("10.0.1.77");
  log.heard("8.8.8.8");
  const [eth0, eth1] = log.list();
  assert.deepEqual([eth0?.announcementsSent, eth0?.announcementsHeard, eth0?.lastHeardMs], [1, 0, null]);
  assert.deepEqual([eth1?.announcementsHeard, eth1?.lastHeardMs], [1, clock.nowMs()]);
  system = { eth1: on(1) };
  log.refresh();
  const gone = log.list().find(({ name }) => name === "eth0");
  assert.equal(gone?.problem?.code, "interface-down");
  assert.equal(gone?.announcementsSent, 1);
});

test("a send that failed is told with its reason until the next one that went out", () => {
  const log = new InterfaceLog({
    excluded: new Set(),
    clock: new SimulatedClock(),
    system: () => ({ eth0: on(0) }),
  });
  const problem = () => log.list()[0]?.problem?.code ?? null;
  log.failed("eth0", Object.assign(new Error("not permitted"), { code: "EPERM" }));
  assert.equal(problem(), "announcement-forbidden");
  log.failed("eth0", Object.assign(new Error("unreachable"), { code: "ENETUNREACH" }));
  assert.equal(problem(), "announcement-not-sent");
  log.sent("eth0");
  assert.equal(problem(), null);
});

test("with anything left out, only what surely came by another interface is heard", () => {
  const system = { eth0: on(0), tun0: on(9) };
  const log = new InterfaceLog({
    excluded: new Set(["tun0"]),
    clock: new SimulatedClock(),
    system: () => system,
  });
  assert.equal(log.isDeaf("10.0.9.4"), true);
  assert.equal(log.isDeaf("8.8.8.8"), true);
  assert.equal(log.isDeaf("fe80::1%tun0"), true);
  assert.equal(log.isDeaf("10.0.0.4"), false);
  assert.deepEqual(log.excludedAddresses(), ["10.0.9.2"]);
});

test("no more interfaces are remembered than there is room for", () => {
  const log = new InterfaceLog({ excluded: new Set(), clock: new SimulatedClock(), system: () => ({}) });
  for (let at = 0; at < INTERFACES_REMEMBERED_MAX * 3; at++) log.sent(`veth${at}`);
  assert.equal(log.list().length, INTERFACES_REMEMBERED_MAX);
});
