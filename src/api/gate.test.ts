/** Who is let in by the name that a request gives the server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkHostAndOrigin, hostsOf } from "./gate.ts";

const codeOf = (hosts: ReadonlySet<string>, headers: Record<string, string>) =>
  checkHostAndOrigin(hosts, new Headers(headers))?.problem.code ?? null;

test("a server on loopback answers to this computer's names for itself, and to no other", () => {
  const hosts = hostsOf(4747, "http://127.0.0.1:4747");
  for (const host of ["127.0.0.1:4747", "localhost:4747", "[::1]:4747", "LOCALHOST:4747"]) {
    assert.equal(codeOf(hosts, { Host: host }), null, host);
  }
  for (const host of ["127.0.0.1:4748", "127.0.0.1", "waybill.example:4747", ""]) {
    assert.equal(codeOf(hosts, { Host: host }), "wrong-host", host);
  }
  assert.equal(codeOf(hostsOf(80, "http://127.0.0.1"), { Host: "localhost" }), null);
});

test("a published port is answered to under its own number, by all names where it is on loopback", () => {
  const hosts = hostsOf(4747, "http://127.0.0.1:4751");
  assert.equal(codeOf(hosts, { Host: "localhost:4751", Origin: "http://localhost:4751" }), null);
  assert.equal(codeOf(hosts, { Host: "127.0.0.1:4747" }), null);
  assert.equal(codeOf(hosts, { Host: "127.0.0.1:4752" }), "wrong-host");
  const named = hostsOf(4747, "http://ward3.hospital:8080");
  assert.equal(codeOf(named, { Host: "ward3.hospital:8080" }), null);
  assert.equal(codeOf(named, { Host: "localhost:8080" }), "wrong-host");
  assert.equal(codeOf(named, { Host: "ward3.hospital:8080", Origin: "http://evil.test" }), "wrong-origin");
});
