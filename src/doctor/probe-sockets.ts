/**
 * Owns which sockets of this computer wait for others, and which process holds them. Linux tells both under /proc, the
 * second only of processes that this one may look into; other systems tell neither without an administrator.
 */
import { NAME_CHARACTERS_MAX, OPEN_FILES_MAX, PROCESSES_MAX } from "./limits.ts";
import { parseSockets } from "./proc-net.ts";
import type { System } from "./system.ts";
import type { HolderSeen, SocketSeen, SocketsSeen } from "./types.ts";

const TABLES = [
  ["tcp", "tcp"],
  ["tcp6", "tcp"],
  ["udp", "udp"],
  ["udp6", "udp"],
] as const;

/**
 * Null where the system does not tell.
 * @param ports those of which it matters who else holds them: only then are other processes looked into.
 */
export async function probeSockets(system: System, ports: ReadonlySet<number>): Promise<SocketsSeen | null> {
  if (system.platform !== "linux") return null;
  const tables = await Promise.all(
    TABLES.map(async ([name, transport]) => {
      const text = await system.readText(`/proc/net/${name}`);
      return text === null ? null : parseSockets(text, transport);
    }),
  );
  // A kernel without IPv6 has no table of it; without the first one nothing is known.
  if (tables[0] === null) return null;
  const waiting = tables.flatMap((table) => table ?? []);
  const own = new Set(await inodesOf(system.pid, system));
  const held = waiting.filter(({ port, inode }) => ports.has(port) && !own.has(inode));
  return { waiting, own, holders: await findHolders(held, system) };
}

async function findHolders(
  held: readonly SocketSeen[],
  system: System,
): Promise<ReadonlyMap<string, HolderSeen>> {
  const wanted = new Set(held.map(({ inode }) => inode));
  const holders = new Map<string, HolderSeen>();
  if (wanted.size === 0) return holders;
  const names = (await system.list("/proc")) ?? [];
  const pids = names.filter((name) => /^\d+$/.test(name)).slice(0, PROCESSES_MAX);
  for (const pid of pids.map(Number)) {
    const held = (await inodesOf(pid, system)).filter((inode) => wanted.has(inode));
    if (held.length === 0) continue;
    const name = ((await system.readText(`/proc/${pid}/comm`)) ?? "").trim().slice(0, NAME_CHARACTERS_MAX);
    for (const inode of held) holders.set(inode, { pid, name: name === "" ? "?" : name });
  }
  return holders;
}

async function inodesOf(pid: number, system: System): Promise<readonly string[]> {
  const folder = `/proc/${pid}/fd`;
  const files = ((await system.list(folder)) ?? []).slice(0, OPEN_FILES_MAX);
  const targets = await Promise.all(files.map((file) => system.link(`${folder}/${file}`)));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target ?? "")?.[1] ?? []);
}
