import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hostOfHex, parseDefaultRoute4, parseDefaultRoute6, parseSockets } from "./proc-net.ts";

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:128B 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0200A8C0:9976 507100CB:0050 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000
`;
const UDP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  10: 00000000000000000000000000000000:6EFB 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 99 2 0000000000000000 0
  11: 000080FE00000000FF00FC00010000FE:8001 000012FF0000000042574E4100000000:6EFB 01 00000000:00000000 00:00000000 00000000     0        0 98 2 0000000000000000 0
`;

test("only sockets that wait are taken: TCP that listens, UDP that is connected to nobody", () => {
  assert.deepEqual(parseSockets(TCP, "tcp"), [
    { transport: "tcp", host: "127.0.0.1", port: 4747, inode: "4711" },
  ]);
  assert.deepEqual(parseSockets(UDP6, "udp"), [{ transport: "udp", host: "::", port: 28411, inode: "99" }]);
});

test("addresses are turned from words of the kernel", () => {
  assert.equal(hostOfHex("0200A8C0"), "192.168.0.2");
  assert.equal(hostOfHex("00000000000000000000000001000000"), "::1");
  assert.equal(hostOfHex("B80D0120000000000000000001000000"), "2001:db8::1");
  assert.equal(hostOfHex("7F"), null);
});

test("the default route with the smallest metric counts; routes that refuse do not", () => {
  const header = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
  const route = (device: string, gateway: string, flags: string, metric: number) =>
    `${device}\t00000000\t${gateway}\t${flags}\t0\t0\t${metric}\t00000000\t0\t0\t0\n`;
  const lan = "eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
  assert.equal(parseDefaultRoute4(header + lan), null);
  assert.deepEqual(
    parseDefaultRoute4(
      header + route("wlan0", "0100A8C0", "0003", 600) + route("eth0", "FE00A8C0", "0003", 100),
    ),
    { device: "eth0", gateway: "192.168.0.254" },
  );
  assert.equal(parseDefaultRoute4(header + route("eth0", "0100A8C0", "0000", 0)), null);
  const zeros = "0".repeat(32);
  const six = (gateway: string, flags: string, device: string) =>
    `${zeros} 00 ${zeros} 00 ${gateway} 00000400 00000003 00000000 ${flags} ${device}\n`;
  assert.equal(parseDefaultRoute6(six(zeros, "00200200", "lo")), null);
  assert.deepEqual(parseDefaultRoute6(six("fe800000000000000000000000000001", "00000003", "eth0")), {
    device: "eth0",
    gateway: "fe80::1",
  });
});

test("whatever stands there, it is read without a fault", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseSockets(text, "tcp");
      parseDefaultRoute4(text);
      parseDefaultRoute6(text);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[0-9A-Fa-f:]{0,40}$/)), (cells) => {
      parseSockets(cells.join(" "), "udp");
      parseDefaultRoute6(cells.join(" "));
    }),
  );
});
