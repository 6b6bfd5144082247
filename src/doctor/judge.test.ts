/** What the doctor concludes: from this computer, its open ports, the peer's report, and clocks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Listening, ReachReport, TrackerState } from "#net/reach.ts";
import { bySeriousness, CATALOGUE, finding } from "./catalogue.ts";
import { judgeClock, median } from "./judge-clock.ts";
import { judgeComputer } from "./judge-computer.ts";
import { hasPassing, judgeListening, judgePorts, lasting, PAGE } from "./judge-listening.ts";
import { judgeReach } from "./judge-reach.ts";
import { CLOCK_OFF_MS, DISK_FULL_BYTES, DISK_LOW_BYTES, INODES_LOW } from "./limits.ts";
import type { ComputerSeen, Finding, FirewallSeen, SocketSeen, SocketsSeen } from "./types.ts";

const COMPUTER: ComputerSeen = {
  platform: "linux",
  isInContainer: false,
  interfaces: [
    {
      name: "eth0",
      isUp: true,
      addresses: [{ address: "10.0.0.2", cidr: "10.0.0.2/24", family: 4, kind: "private" }],
    },
  ],
  routes: { four: { device: "eth0", gateway: "10.0.0.1" }, six: null },
  sockets: null,
  firewalls: [],
  mayReadRules: true,
  disk: { freeBytes: 10 * DISK_LOW_BYTES, totalBytes: 20 * DISK_LOW_BYTES, freeFiles: null },
  folder: { path: "/data", state: "usable", isOpenToOthers: false },
};

const codesOf = (findings: readonly Finding[]) => findings.map(({ code }) => code);

function computerCodes(change: Partial<ComputerSeen>, excluded: readonly string[] = []): readonly string[] {
  return codesOf(judgeComputer({ ...COMPUTER, ...change }, { tcpPorts: [28411], excluded }));
}

test("a computer in order, and each thing that may be out of it", () => {
  assert.deepEqual(computerCodes({}), [
    "interfaces-ok",
    "route-default",
    "firewall-not-seen",
    "disk-ok",
    "folder-private",
  ]);
  const has = (code: string, change: Partial<ComputerSeen>, excluded?: readonly string[]) =>
    assert.ok(computerCodes(change, excluded).includes(code), code);
  has("interfaces-none", { interfaces: [] });
  has("interfaces-link-local", {
    interfaces: [
      {
        name: "eth0",
        isUp: true,
        addresses: [{ address: "169.254.1.1", cidr: "169.254.1.1/16", family: 4, kind: "link-local" }],
      },
    ],
  });
  has("interface-down", { interfaces: [...COMPUTER.interfaces, { name: "w0", isUp: false, addresses: [] }] });
  has("interface-excluded", {}, ["eth0"]);
  has("container-network", { isInContainer: true });
  has("route-none", { routes: { four: null, six: null } });
  has("route-unknown", { routes: { four: undefined, six: undefined } });
  has("disk-unknown", { disk: null });
  const disk = (freeBytes: number, freeFiles: number | null = null) => ({
    disk: { freeBytes, totalBytes: DISK_LOW_BYTES * 4, freeFiles },
  });
  has("disk-low", disk(DISK_LOW_BYTES - 1));
  has("disk-full", disk(DISK_FULL_BYTES - 1));
  has("disk-files-low", disk(DISK_LOW_BYTES, INODES_LOW - 1));
  has("folder-missing", { folder: { path: "/x", state: "missing", isOpenToOthers: null } });
  has("folder-not-writable", { folder: { path: "/x", state: "not-writable", isOpenToOthers: false } });
  has("folder-open", { folder: { path: "/x", state: "usable", isOpenToOthers: true } });
});

test("a firewall that drops is told with the port and how to open it", () => {
  const firewall = (change: Partial<FirewallSeen>): readonly FirewallSeen[] => [
    { tool: "ufw", state: "on", dropsInbound: true, letsIn: [], keepsOut: [], ...change },
  ];
  const judged = (change: Partial<FirewallSeen>) =>
    judgeComputer({ ...COMPUTER, firewalls: firewall(change) }, { tcpPorts: [28411], excluded: [] }).find(
      ({ area }) => area === "firewall",
    );
  assert.equal(judged({})?.code, "firewall-blocks");
  assert.match(judged({})?.nextStep ?? "", /sudo ufw allow 28411/);
  assert.match(judged({ tool: "firewalld" })?.nextStep ?? "", /--add-port=28411\/tcp/);
  assert.equal(judged({ letsIn: ["tcp/28411"] })?.code, "firewall-lets-in");
  assert.equal(judged({ letsIn: ["tcp/28400-28500"] })?.code, "firewall-lets-in");
  assert.equal(judged({ letsIn: ["udp/28411"] })?.code, "firewall-blocks");
  const shut = judged({ tool: "nftables", dropsInbound: false, keepsOut: ["tcp/28411"] });
  assert.equal(shut?.code, "firewall-blocks");
  assert.match(shut?.cause ?? "", /A rule of nftables keeps out .* 28411/);
  const unseen = judgeComputer({ ...COMPUTER, mayReadRules: false }, { tcpPorts: [28411], excluded: [] });
  assert.match(unseen.find(({ area }) => area === "firewall")?.cause ?? "", /shown to an administrator only/);
  assert.equal(judged({ state: "unreadable" })?.code, "firewall-unreadable");
  assert.equal(judged({ state: "off" })?.code, "firewall-not-seen");
  assert.equal(judged({ tool: "windows" })?.code, "firewall-by-system");
});

const LISTED: readonly Listening[] = [
  { transport: "tcp", address: "0.0.0.0:28411", what: "other peers" },
  { transport: "tcp", address: "[::]:28411", what: "other peers" },
  { transport: "udp", address: "[::]:40000-41000", what: "punched paths" },
  { transport: "tcp", address: "127.0.0.1:4747", what: PAGE },
];

function sockets(
  own: readonly Omit<SocketSeen, "inode">[],
  others: readonly Omit<SocketSeen, "inode">[] = [],
) {
  const waiting = [...own, ...others].map((socket, at) => ({ ...socket, inode: String(at) }));
  const seen: SocketsSeen = {
    waiting,
    own: new Set(own.map((_, at) => String(at))),
    holders: new Map([[String(own.length), { pid: 9, name: "nginx" }]]),
  };
  return seen;
}

const tcp = (host: string, port: number) => ({ transport: "tcp", host, port }) as const;
const udp = (host: string, port: number) => ({ transport: "udp", host, port }) as const;
const OPEN = [tcp("0.0.0.0", 28411), tcp("::", 28411), tcp("127.0.0.1", 4747)];

test("what waits is compared with the list in both directions", () => {
  const codes = (own: typeof OPEN | readonly Omit<SocketSeen, "inode">[]) =>
    codesOf(judgeListening(sockets(own), { listed: LISTED, mode: "open", usual: [] }));
  assert.deepEqual(codes(OPEN), ["listening-as-listed"]);
  assert.deepEqual(codes([...OPEN, udp("10.0.0.2", 40_123)]), ["listening-as-listed"]);
  assert.deepEqual(codes([...OPEN, tcp("0.0.0.0", 9000)]), ["listening-beyond-list"]);
  assert.deepEqual(codes([...OPEN, udp("0.0.0.0", 28411)]), ["listening-beyond-list"]);
  // The page is listed on loopback alone: the same port open to all is not what was listed.
  assert.deepEqual(codes([...OPEN, tcp("0.0.0.0", 4747)]), ["listening-beyond-list"]);
  assert.deepEqual(codes(OPEN.slice(0, 2)), ["listening-missing"]);
  const bad = judgeListening(sockets([...OPEN, tcp("::", 9000)]), {
    listed: LISTED,
    mode: "open",
    usual: [],
  });
  assert.equal(bad[0]?.level, "bad");
  assert.deepEqual(bad[0]?.details, [{ label: "TCP [::]:9000", value: "open, and not in the list" }]);
});

test("a port that was open at one look only is no port that waits", () => {
  const first = sockets([...OPEN, udp("0.0.0.0", 50_000), udp("0.0.0.0", 50_001)]);
  assert.equal(hasPassing(first, LISTED), true);
  assert.equal(hasPassing(sockets(OPEN), LISTED), false);
  assert.equal(hasPassing(sockets([...OPEN, udp("0.0.0.0", 40_001)]), LISTED), false);
  // The second of the two closed meanwhile, and another one was opened.
  const second = sockets([...OPEN, udp("0.0.0.0", 50_000), udp("0.0.0.0", 50_002)]);
  const renumbered = {
    ...second,
    waiting: second.waiting.map((each) => (each.port === 50_002 ? { ...each, inode: "new" } : each)),
    own: new Set([...second.own, "new"]),
  };
  const own = lasting(first, renumbered)?.waiting.map(({ port }) => port);
  assert.deepEqual(own, [28411, 28411, 4747, 50_000]);
});

test("where the system does not tell, and where nobody is let in", () => {
  const context = { listed: LISTED, mode: "open", usual: [] } as const;
  assert.deepEqual(codesOf(judgeListening(null, context)), ["listening-unchecked"]);
  const page = LISTED.slice(-1);
  assert.deepEqual(codesOf(judgeListening(null, { ...context, listed: page })), [
    "listening-nothing",
    "listening-unchecked",
  ]);
  assert.deepEqual(codesOf(judgeListening(null, { ...context, listed: page, mode: "outbound-only" })), [
    "listening-outbound-only",
    "listening-unchecked",
  ]);
});

test("who holds a usual port is named; one that is shared with others is not held", () => {
  const usual = [{ transport: "udp", port: 28411, what: "announcements" }] as const;
  const other = sockets([], [udp("0.0.0.0", 28411)]);
  const [held] = judgePorts(other, usual);
  assert.equal(held?.code, "port-held");
  assert.match(held?.cause ?? "", /UDP port 28411 by nginx \(process 9\)/);
  const shared = sockets([udp("0.0.0.0", 28411)], [udp("0.0.0.0", 28411)]);
  assert.deepEqual(judgePorts(shared, usual, shared.own), []);
  assert.deepEqual(codesOf(judgePorts(sockets([]), usual)), ["port-free"]);
});

const TRACKER: TrackerState = {
  address: "tracker.example",
  peer: null,
  state: "connected",
  problem: null,
  latencyMs: 12,
  relay: { bytesLeft: null, bytesMax: null, renewsMs: null },
  clockOffsetMs: 5,
  observedAddress: "45.67.89.1:28411",
  peersOnline: 3,
};

const REPORT: ReachReport = {
  listening: [],
  trackers: [TRACKER],
  mappings: [],
  nat: "endpoint-independent",
  interfaces: [
    {
      name: "eth0",
      addresses: ["10.0.0.2"],
      excluded: false,
      announcementsSent: 4,
      announcementsHeard: 2,
      lastHeardMs: 1_000,
      problem: null,
    },
  ],
  mdnsSeen: 1,
  refused: {},
};

function reach(change: Partial<ReachReport>, more: { addresses?: readonly string[]; looks?: boolean } = {}) {
  return judgeReach({
    report: { ...REPORT, ...change },
    nowMs: 61_000,
    computer: COMPUTER,
    looksNearby: more.looks ?? true,
    addressesInUse: more.addresses ?? [],
  });
}

test("people nearby, mDNS, routers and trackers each have their finding", () => {
  assert.deepEqual(codesOf(reach({})), [
    "nearby-heard",
    "mdns-heard",
    "nat-open",
    "ipv6-none",
    "tracker-connected",
    "relay-ready",
  ]);
  const has = (code: string, change: Partial<ReachReport>) =>
    assert.ok(codesOf(reach(change)).includes(code), code);
  has("mdns-off", { mdnsSeen: null });
  has("mdns-silent", { mdnsSeen: 0 });
  has("udp-blocked", { nat: "udp-blocked" });
  has("nat-strict", { nat: "endpoint-dependent" });
  has("trackers-none", { trackers: [] });
  has("tracker-unreachable", { trackers: [{ ...TRACKER, state: "unreachable" }] });
  has("tracker-connecting", { trackers: [{ ...TRACKER, state: "connecting" }] });
  has("relay-none", { trackers: [{ ...TRACKER, relay: null }] });
  has("relay-quota", { trackers: [{ ...TRACKER, relay: { bytesLeft: 0, bytesMax: 9, renewsMs: 121_000 } }] });
  has("nearby-noise", { refused: { "announcement-flood": 900, "announcement-forged": 100 } });
  has("mapping-open", {
    mappings: [{ protocol: "upnp", gateway: "10.0.0.1", externalAddress: "45.67.89.1:28411", problem: null }],
  });
  assert.ok(codesOf(reach({}, { looks: false })).includes("nearby-off"));
  assert.ok(codesOf(reach({}, { addresses: ["/ip6/2a01:4f8::1/tcp/28411"] })).includes("ipv6-works"));
  assert.ok(!codesOf(reach({}, { addresses: ["/ip6/fd77::1/tcp/28411"] })).includes("ipv6-works"));
});

test("one of several relays that still carries is enough, and a quota says when it renews", () => {
  const used = { ...TRACKER, relay: { bytesLeft: 0, bytesMax: 2_000, renewsMs: 121_000 } };
  assert.ok(codesOf(reach({ trackers: [used, TRACKER] })).includes("relay-ready"));
  const quota = reach({ trackers: [used] }).find(({ code }) => code === "relay-quota");
  assert.match(quota?.cause ?? "", /renews in 60 s/);
});

test("an interface on which nothing may be sent says so with its name", () => {
  const problem = { code: "announcement-forbidden", cause: "eth0 forbids.", nextStep: "Let it." };
  const interfaces = REPORT.interfaces.map((each) => ({ ...each, announcementsHeard: 0, problem }));
  const found = reach({ interfaces });
  assert.ok(codesOf(found).includes("nearby-silent"));
  assert.equal(found.find(({ code }) => code === "nearby-not-sent")?.cause, "eth0 forbids.");
});

const CLOCKS = { trackers: [], peers: [], blockFutureMs: 120_000, ledgerProblem: null };

test("the middle of other clocks counts, those of trackers first", () => {
  const code = (trackers: readonly number[], peers: readonly number[] = []) =>
    judgeClock({ ...CLOCKS, trackers, peers }).code;
  assert.equal(code([]), "clock-alone");
  assert.equal(code([40]), "clock-agrees");
  assert.equal(code([0, 5, 9e9]), "clock-agrees");
  assert.equal(code([10], [9e9]), "clock-agrees");
  assert.equal(code([], [CLOCK_OFF_MS + 1]), "clock-off");
  assert.equal(code([-120_001]), "clock-wrong");
  assert.match(judgeClock({ ...CLOCKS, peers: [300_000] }).cause, /5 min behind/);
  assert.match(judgeClock({ ...CLOCKS, peers: [-300_000] }).cause, /5 min ahead/);
  const ledgerProblem = { code: "clock-differs", cause: "A block is ahead.", nextStep: "Look." };
  assert.equal(judgeClock({ ...CLOCKS, ledgerProblem }).code, "clock-off");
});

test("fewer than half who lie never move the middle beyond the honest", () => {
  const honest = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 3, maxLength: 8 });
  fc.assert(
    fc.property(honest, fc.integer(), (values, lie) => {
      const lies = Array.from({ length: Math.floor((values.length - 1) / 2) }, () => lie);
      const middle = median([...values, ...lies]);
      assert.ok(middle !== null && middle >= Math.min(...values) && middle <= Math.max(...values));
    }),
  );
});

test("findings are ordered by seriousness, and each code has words to show", () => {
  const order = bySeriousness([
    finding("disk-ok"),
    finding("clock-wrong"),
    finding("disk-low"),
    finding("nat-unknown"),
  ]);
  assert.deepEqual(
    order.map(({ level }) => level),
    ["bad", "warn", "info", "ok"],
  );
  for (const [code, { level, title, means, advice }] of Object.entries(CATALOGUE)) {
    assert.match(code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assert.ok(title.length >= 10 && !title.endsWith("."), code);
    assert.ok(means.endsWith("."), code);
    if (level === "warn" || level === "bad") assert.ok(advice !== null, `${code} says what to do`);
  }
});
