/** The part of the contract of `ports/network` that is about several paths to one peer. */
import assert from "node:assert/strict";
import type { NetworkEvent } from "#ports/network.ts";
import {
  Arrivals,
  at,
  bytes,
  type Contract,
  echo,
  frame,
  OPTIONS,
  openStream,
  PROTOCOL,
} from "./network-rig.ts";

export function testPaths(contract: Contract): void {
  contract("a better path is taken by new streams, and a lost one is not the end", [[0, 1]], async (rig) => {
    if (rig.reroute === null) return;
    const [a, b] = [at(rig, 0), at(rig, 1)];
    b.handle(PROTOCOL, OPTIONS, echo);
    const events = [a, b].map((network) => {
      const arrivals = new Arrivals<NetworkEvent>();
      network.subscribe((event) => arrivals.push(event));
      return arrivals;
    });
    const before = await openStream(a, b);
    await rig.reroute(0, 1, "better");
    for (const [index, arrivals] of events.entries()) {
      const event = await arrivals.next();
      assert.ok(event.type === "path" && event.isBetter);
      assert.equal(event.connection.peer, at(rig, 1 - index).self);
      assert.notEqual(event.connection.path, "relayed");
      assert.equal(event.connection.via, null);
    }
    // What was open stays where it is.
    await before.send(bytes(1, 1));
    assert.deepEqual(await frame(before), bytes(1, 1));
    const on = await openStream(a, b);
    await on.send(bytes(1, 2));
    assert.deepEqual(await frame(on), bytes(1, 2));
    await rig.reroute(0, 1, "relayed");
    for (const arrivals of events) {
      const event = await arrivals.next();
      assert.ok(event.type === "path" && !event.isBetter);
      assert.equal(event.connection.path, "relayed");
      assert.notEqual(event.connection.via, null);
    }
    assert.equal((await on.receive()).ok, false, "what was on the lost path ended, and not in order");
    const anew = await openStream(a, b);
    await anew.send(bytes(1, 3));
    assert.deepEqual(await frame(anew), bytes(1, 3));
  });
}
