/**
 * Owns one look at this computer, without a running peer: interfaces, routes, sockets, firewalls, disk and data folder.
 * Each part has its own time; one that does not answer leaves the others as they are.
 */
import { dirname, join } from "node:path";
import type { Clock } from "#ports/clock.ts";
import { addressKindOf } from "./address-kind.ts";
import { NAME_CHARACTERS_MAX, PROBE_TIMEOUT_MS } from "./limits.ts";
import { probeFirewalls } from "./probe-firewall.ts";
import { probeSockets } from "./probe-sockets.ts";
import { parseDefaultRoute4, parseDefaultRoute6 } from "./proc-net.ts";
import type { System } from "./system.ts";
import type { ComputerSeen, DiskSeen, FolderSeen, InterfaceSeen, RoutesSeen } from "./types.ts";

export interface ProbeDependencies {
  readonly system: System;
  readonly clock: Pick<Clock, "after">;
}

export interface ProbeOptions {
  readonly dataDir: string;
  /** Ports of which it matters who else holds them. */
  readonly ports: ReadonlySet<number>;
}

export async function probeComputer(
  { dataDir, ports }: ProbeOptions,
  { system, clock }: ProbeDependencies,
): Promise<ComputerSeen> {
  const inTime = <Value>(work: Promise<Value>, otherwise: Value) => within(clock, work, otherwise);
  const [isInContainer, interfaces, routes, sockets, firewalls, disk, folder] = await Promise.all([
    inTime(probeContainer(system), false),
    inTime(probeInterfaces(system), []),
    inTime(probeRoutes(system), { four: undefined, six: undefined }),
    inTime(probeSockets(system, ports), null),
    inTime(probeFirewalls(system), []),
    inTime(probeDisk(dataDir, system), null),
    inTime<FolderSeen>(probeFolder(dataDir, system), {
      path: dataDir,
      state: "not-writable",
      isOpenToOthers: null,
    }),
  ]);
  const { platform } = system;
  const mayReadRules = system.userId === 0;
  return { platform, isInContainer, interfaces, routes, sockets, firewalls, mayReadRules, disk, folder };
}

/** The value, or the other one once its time is over or when it failed. */
async function within<Value>(
  clock: Pick<Clock, "after">,
  work: Promise<Value>,
  otherwise: Value,
): Promise<Value> {
  const { promise, resolve } = Promise.withResolvers<Value>();
  const timer = clock.after(PROBE_TIMEOUT_MS, () => resolve(otherwise));
  work.then(resolve, () => resolve(otherwise));
  return await promise.finally(() => timer.cancel());
}

/** Docker and Podman leave these files in every container. */
async function probeContainer(system: System): Promise<boolean> {
  const marks = await Promise.all([system.readText("/.dockerenv"), system.readText("/run/.containerenv")]);
  return marks.some((mark) => mark !== null);
}

/** Interfaces with their addresses, and those that are down where the system tells of them. */
export async function probeInterfaces(system: System): Promise<readonly InterfaceSeen[]> {
  const known = system.interfaces().map(({ name, addresses }) => ({
    name: name.slice(0, NAME_CHARACTERS_MAX),
    isUp: true,
    addresses: addresses.map(({ address, cidr, family }) => ({
      address,
      cidr,
      family,
      kind: addressKindOf(address),
    })),
  }));
  // Node lists only interfaces with an address; Linux also tells of those that are down.
  const names = (await system.list("/sys/class/net")) ?? [];
  const others = await Promise.all(
    names
      .filter((name) => !known.some((each) => each.name === name))
      .map(async (name): Promise<InterfaceSeen> => {
        const state = (await system.readText(join("/sys/class/net", name, "operstate")))?.trim();
        return {
          name: name.slice(0, NAME_CHARACTERS_MAX),
          isUp: state === undefined || state === "unknown" ? null : state === "up",
          addresses: [],
        };
      }),
  );
  return [...known, ...others];
}

async function probeRoutes(system: System): Promise<RoutesSeen> {
  if (system.platform !== "linux") return { four: undefined, six: undefined };
  const [four, six] = await Promise.all([
    system.readText("/proc/net/route"),
    system.readText("/proc/net/ipv6_route"),
  ]);
  return {
    four: four === null ? undefined : parseDefaultRoute4(four),
    // Without IPv6 in the kernel there is no such file, and no route either.
    six: six === null ? null : parseDefaultRoute6(six),
  };
}

async function probeDisk(dataDir: string, system: System): Promise<DiskSeen | null> {
  for (let path = dataDir; ; path = dirname(path)) {
    const disk = await system.diskOf(path);
    // A folder that is not there yet will be on the disk of the one above it.
    if (disk === null && dirname(path) !== path) continue;
    if (disk === null) return null;
    return {
      freeBytes: disk.freeBlocks * disk.blockBytes,
      totalBytes: disk.blocks * disk.blockBytes,
      // Some file systems (btrfs) make room for files as they go, and count none.
      freeFiles: disk.files === 0 ? null : disk.freeFiles,
    };
  }
}

async function probeFolder(path: string, system: System): Promise<FolderSeen> {
  const rights = await system.rightsOf(path);
  if (rights === null) return { path, state: "missing", isOpenToOthers: null };
  return {
    path,
    state: rights.isWritable ? "usable" : "not-writable",
    isOpenToOthers: system.platform === "win32" ? null : (rights.mode & 0o077) !== 0,
  };
}
