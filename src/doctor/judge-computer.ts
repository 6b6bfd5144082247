/** Owns what is concluded from one look at this computer: interfaces, routes, firewalls, disk, folder. Pure. */
import { finding } from "./catalogue.ts";
import { DISK_FULL_BYTES, DISK_LOW_BYTES, INODES_LOW } from "./limits.ts";
import { amountText } from "./text.ts";
import type {
  ComputerSeen,
  DefaultRoute,
  Detail,
  DiskSeen,
  Finding,
  FirewallSeen,
  FirewallTool,
  FolderSeen,
  InterfaceSeen,
  RoutesSeen,
} from "./types.ts";

export interface ComputerContext {
  /** TCP ports on which this peer listens, or would; others come in by them. */
  readonly tcpPorts: readonly number[];
  /** Names of interfaces that the user left out. */
  readonly excluded: readonly string[];
}

export function judgeComputer(seen: ComputerSeen, context: ComputerContext): readonly Finding[] {
  return [
    ...judgeInterfaces(seen, context.excluded),
    ...judgeRoutes(seen.routes),
    ...judgeFirewalls(seen, context.tcpPorts),
    judgeDisk(seen.disk),
    ...judgeFiles(seen.disk),
    judgeFolder(seen.folder),
  ];
}

function judgeInterfaces(seen: ComputerSeen, excluded: readonly string[]): readonly Finding[] {
  const { interfaces } = seen;
  const details = interfaces.map((each): Detail => ({ label: each.name, value: interfaceText(each) }));
  const outward = interfaces.flatMap(({ addresses }) => addresses).filter(({ kind }) => kind !== "loopback");
  const usable = outward.filter(({ kind }) => kind !== "link-local");
  const main =
    usable.length > 0
      ? finding("interfaces-ok", {
          cause: `It has ${usable.map(({ address }) => address).join(", ")}.`,
          details,
        })
      : finding(outward.length > 0 ? "interfaces-link-local" : "interfaces-none", { details });
  const down = interfaces.filter(({ isUp }) => isUp === false);
  const left = excluded.filter((name) => interfaces.some((each) => each.name === name));
  return [
    main,
    ...(down.length === 0 ? [] : [finding("interface-down", { cause: downText(down) })]),
    ...(left.length === 0
      ? []
      : [
          finding("interface-excluded", {
            cause: `Nothing is announced or heard on ${left.join(", ")}, and mDNS is off.`,
          }),
        ]),
    ...(seen.isInContainer ? [finding("container-network")] : []),
  ];
}

function downText(down: readonly InterfaceSeen[]): string {
  const names = down.map(({ name }) => name).join(", ");
  return `No link, or switched off: ${names}.`;
}

function interfaceText({ isUp, addresses }: InterfaceSeen): string {
  if (addresses.length > 0) {
    return addresses.map(({ address, cidr, kind }) => `${cidr ?? address} (${kind})`).join(", ");
  }
  if (isUp === null) return "no address";
  return isUp ? "up, no address" : "down";
}

function judgeRoutes({ four, six }: RoutesSeen): readonly Finding[] {
  if (four === undefined && six === undefined) return [finding("route-unknown")];
  const details = [routeDetail("IPv4", four), routeDetail("IPv6", six)];
  return [finding(four || six ? "route-default" : "route-none", { details })];
}

function routeDetail(label: string, route: DefaultRoute | null | undefined): Detail {
  if (route === undefined) return { label, value: "not known here" };
  if (route === null) return { label, value: "none" };
  const via = route.gateway === null ? "" : `${route.gateway}, `;
  return { label, value: `${via}${route.device}` };
}

const TOOLS: Readonly<Record<FirewallTool, string>> = {
  ufw: "ufw",
  firewalld: "firewalld",
  nftables: "nftables",
  iptables: "iptables",
  windows: "Windows firewall",
  macos: "macOS firewall",
};

function judgeFirewalls(seen: ComputerSeen, tcpPorts: readonly number[]): readonly Finding[] {
  const { firewalls, platform } = seen;
  if (firewalls.some(({ tool }) => tool === "windows" || tool === "macos")) {
    return [finding("firewall-by-system")];
  }
  if (platform !== "linux") return [finding("firewall-unknown")];
  const on = firewalls.filter(({ state, dropsInbound }) => state !== "off" && dropsInbound !== false);
  const details = firewalls.map((each): Detail => ({ label: TOOLS[each.tool], value: firewallText(each) }));
  for (const { tool, keepsOut } of firewalls) {
    const shut = tcpPorts.find((port) => keepsOut.some((rule) => covers(rule, port)));
    if (shut === undefined) continue;
    const cause = `A rule of ${TOOLS[tool]} keeps out what comes to TCP port ${shut}.`;
    const nextStep = "Take that rule away, or start with --listen on another port.";
    return [finding("firewall-blocks", { cause, nextStep, details })];
  }
  if (on.length === 0) {
    if (firewalls.length > 0 || seen.mayReadRules) return [finding("firewall-not-seen", { details })];
    return [finding("firewall-not-seen", { cause: RULES_NOT_SHOWN, details })];
  }
  const closed = on.filter(
    (firewall) =>
      firewall.state === "on" &&
      !tcpPorts.every((port) => firewall.letsIn.some((rule) => covers(rule, port))),
  );
  const [first] = closed;
  const port = tcpPorts[0];
  if (first !== undefined && port !== undefined) {
    const cause = `${TOOLS[first.tool]} drops what comes in, and no rule lets in TCP port ${tcpPorts.join(", ")}.`;
    return [finding("firewall-blocks", { cause, nextStep: howToOpen(first.tool, port), details })];
  }
  const hidden = on.find(({ state }) => state === "unreadable");
  if (hidden === undefined) return [finding("firewall-lets-in", { details })];
  const cause = `${TOOLS[hidden.tool]} is on, and only an administrator may read its rules.`;
  return [finding("firewall-unreadable", { cause, details })];
}

const RULES_NOT_SHOWN =
  "Neither ufw nor firewalld is switched on here. Rules of nftables or iptables alone are shown to an administrator " +
  "only (sudo nft list ruleset), and routers on the way may have a firewall.";

/** @param rule `tcp/28411` or `tcp/28411-28420`. */
function covers(rule: string, port: number): boolean {
  const match = /^tcp\/(\d+)(?:-(\d+))?$/.exec(rule);
  const [from, to] = [Number(match?.[1] ?? Number.NaN), Number(match?.[2] ?? match?.[1] ?? Number.NaN)];
  return port >= from && port <= to;
}

function firewallText({ state, dropsInbound, letsIn, keepsOut }: FirewallSeen): string {
  if (state === "off") return "off";
  if (state === "unreadable") return "on, rules not readable";
  if (keepsOut.length > 0) return `on, keeps out ${keepsOut.slice(0, 16).join(", ")}`;
  if (dropsInbound === false) return "on, lets in what is not forbidden";
  return letsIn.length === 0 ? "on, no ports let in" : `on, lets in ${letsIn.slice(0, 16).join(", ")}`;
}

function howToOpen(tool: FirewallTool, port: number): string {
  if (tool === "ufw") return `Let it in: sudo ufw allow ${port}`;
  if (tool === "firewalld") {
    return `Let it in: sudo firewall-cmd --permanent --add-port=${port}/tcp --add-port=${port}/udp, then --reload`;
  }
  return `Let in TCP and UDP port ${port} in the rules of ${TOOLS[tool]}.`;
}

function judgeDisk(disk: DiskSeen | null): Finding {
  if (disk === null) return finding("disk-unknown");
  const { freeBytes, totalBytes } = disk;
  const cause = `${amountText(freeBytes)} of ${amountText(totalBytes)} are free where the data folder is.`;
  if (freeBytes < DISK_FULL_BYTES) return finding("disk-full", { cause });
  return finding(freeBytes < DISK_LOW_BYTES ? "disk-low" : "disk-ok", { cause });
}

function judgeFiles(disk: DiskSeen | null): readonly Finding[] {
  const files = disk?.freeFiles ?? null;
  if (files === null || files >= INODES_LOW) return [];
  return [finding("disk-files-low", { cause: `The file system can hold ${files} more files.` })];
}

function judgeFolder({ path, state, isOpenToOthers }: FolderSeen): Finding {
  const details = [{ label: "Folder", value: path }];
  if (state === "missing") return finding("folder-missing", { details });
  if (state === "not-writable") return finding("folder-not-writable", { details });
  if (isOpenToOthers !== true) return finding("folder-private", { details });
  return finding("folder-open", { nextStep: `Take the rights of others away: chmod go= ${path}`, details });
}
