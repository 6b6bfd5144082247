/** The probes on made-up systems: what is there, what is missing, what hangs, what lies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedClock } from "#test/kit/clock.ts";
import { PROBE_TIMEOUT_MS } from "./limits.ts";
import { probeComputer } from "./probe-computer.ts";
import { judgeNftables, portsOfRules, probeFirewalls } from "./probe-firewall.ts";
import { probeSockets } from "./probe-sockets.ts";
import type { ProgramAnswer, System } from "./system.ts";

interface MadeUp {
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly programs?: Readonly<Record<string, ProgramAnswer>>;
  readonly change?: Partial<System>;
}

function system({ files = {}, links = {}, programs = {}, change = {} }: MadeUp): System {
  const paths = [...Object.keys(files), ...Object.keys(links)];
  return {
    platform: "linux",
    pid: 7,
    userId: 0,
    readText: async (path) => files[path] ?? null,
    list: async (path) => {
      const names = paths
        .filter((each) => each.startsWith(`${path}/`))
        .map((each) => each.slice(path.length + 1).split("/")[0] ?? "");
      return names.length === 0 ? null : [...new Set(names)];
    },
    link: async (path) => links[path] ?? null,
    run: async (program) => programs[program] ?? { ran: false },
    interfaces: () => [
      {
        name: "eth0",
        addresses: [{ address: "10.0.0.2", cidr: "10.0.0.2/24", family: 4, internal: false }],
      },
    ],
    diskOf: async (path) =>
      path === "/data" ? null : { blockBytes: 4096, blocks: 1000, freeBlocks: 10, files: 0, freeFiles: 0 },
    rightsOf: async () => ({ mode: 0o755, isWritable: true }),
    ...change,
  };
}

const LISTEN = (port: string, inode: number) =>
  `   0: 00000000:${port} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0\n`;

test("who holds a port is named as far as this process may look", async () => {
  const seen = await probeSockets(
    system({
      files: { "/proc/net/tcp": LISTEN("6EFB", 50) + LISTEN("128B", 51), "/proc/8/comm": "nginx\n" },
      links: { "/proc/7/fd/3": "socket:[51]", "/proc/8/fd/9": "socket:[50]", "/proc/8/fd/1": "/dev/null" },
    }),
    new Set([0x6efb]),
  );
  assert.deepEqual([...(seen?.own ?? [])], ["51"]);
  assert.deepEqual(seen?.holders.get("50"), { pid: 8, name: "nginx" });
  assert.equal(seen?.waiting.length, 2);
  assert.equal(await probeSockets(system({ change: { platform: "darwin" } }), new Set()), null);
});

test("firewalls: missing programs are no firewall, rules that may not be read are said so", async () => {
  assert.deepEqual(await probeFirewalls(system({})), []);
  const [ufw] = await probeFirewalls(
    system({
      files: {
        "/etc/ufw/ufw.conf": "# x\nENABLED=yes\n",
        "/etc/default/ufw": 'DEFAULT_INPUT_POLICY="DROP"\n',
        "/etc/ufw/user.rules": "-A ufw-user-input -p tcp --dport 28411 -j ACCEPT\n",
      },
    }),
  );
  assert.deepEqual(ufw, {
    tool: "ufw",
    state: "on",
    dropsInbound: true,
    letsIn: ["tcp/28411"],
    keepsOut: [],
  });
  const [hidden] = await probeFirewalls(system({ files: { "/etc/ufw/ufw.conf": "ENABLED=yes\n" } }));
  assert.equal(hidden?.state, "unreadable");
  const [off] = await probeFirewalls(
    system({ programs: { "firewall-cmd": { ran: true, exitCode: 252, output: "" } } }),
  );
  assert.deepEqual([off?.tool, off?.state], ["firewalld", "off"]);
  const [windows] = await probeFirewalls(system({ change: { platform: "win32" } }));
  assert.equal(windows?.tool, "windows");
});

test("iptables is asked only where its table is loaded already", async () => {
  const asked: string[] = [];
  const change: Partial<System> = {
    run: async (program) => {
      asked.push(program);
      return {
        ran: true,
        exitCode: 0,
        output: "-P INPUT DROP\n-A INPUT -p udp -m udp --dport 28411 -j ACCEPT\n",
      };
    },
    userId: 1000,
  };
  await probeFirewalls(system({ change }));
  assert.ok(!asked.includes("iptables") && !asked.includes("nft"));
  const seen = await probeFirewalls(system({ change, files: { "/proc/net/ip_tables_names": "filter\n" } }));
  const iptables = seen.find(({ tool }) => tool === "iptables");
  assert.deepEqual(iptables?.dropsInbound, true);
  assert.deepEqual(iptables?.letsIn, ["udp/28411"]);
});

test("rules of nftables: the chain for what comes in, its policy, and its ports", () => {
  const rules = `table inet filter {
\tchain forward { type filter hook forward priority 0; policy drop; }
\tchain input {
\t\ttype filter hook input priority 0; policy drop;
\t\tct state established,related accept
\t\ttcp dport { 22, 28411-28420 } accept
\t}
}`;
  const seen = judgeNftables(rules);
  assert.equal(seen?.dropsInbound, true);
  assert.deepEqual(seen?.letsIn, ["tcp/22", "tcp/28411-28420"]);
  assert.equal(judgeNftables("table ip nat { chain post { type nat hook postrouting priority 0; } }"), null);
  assert.deepEqual(portsOfRules("-A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT").letsIn, [
    "tcp/80",
    "tcp/443",
  ]);
  assert.deepEqual(portsOfRules("-A INPUT -p tcp --dport 25 -j DROP"), { letsIn: [], keepsOut: ["tcp/25"] });
  assert.deepEqual(portsOfRules("-A INPUT -s 9.9.9.9 -p tcp --dport 28411 -j DROP").keepsOut, []);
  assert.deepEqual(portsOfRules("\t\ttcp dport 28411 ct count over 9 drop").keepsOut, []);
});

test("a folder that is not there yet is on the disk of the one above it", async () => {
  const clock = new SimulatedClock();
  const seen = await probeComputer({ dataDir: "/data", ports: new Set() }, { system: system({}), clock });
  assert.equal(seen.disk?.freeBytes, 40_960);
  assert.equal(seen.disk?.freeFiles, null);
  assert.equal(seen.folder.isOpenToOthers, true);
});

test("a disk that hangs costs its own finding and not the examination", async () => {
  const clock = new SimulatedClock();
  const hanging = system({ change: { diskOf: () => Promise.withResolvers<never>().promise } });
  const looking = probeComputer({ dataDir: "/data", ports: new Set() }, { system: hanging, clock });
  const seen = await clock.advanceUntilSettled(looking, PROBE_TIMEOUT_MS, "the examination ends");
  assert.equal(seen.disk, null);
  assert.equal(seen.interfaces[0]?.name, "eth0");
});

test("a probe that throws is a probe that saw nothing", async () => {
  const clock = new SimulatedClock();
  const failing = system({
    change: {
      interfaces: () => {
        throw new Error("no interfaces");
      },
    },
  });
  const seen = await probeComputer({ dataDir: "/data", ports: new Set() }, { system: failing, clock });
  assert.deepEqual(seen.interfaces, []);
});
