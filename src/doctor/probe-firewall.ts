/**
 * Owns what is seen of firewalls on this computer. Looks, asks the usual programs for their rules where the user may,
 * and changes nothing; a program that is missing is a firewall that is not there.
 */
import type { System } from "./system.ts";
import type { FirewallSeen, FirewallTool } from "./types.ts";

export async function probeFirewalls(system: System): Promise<readonly FirewallSeen[]> {
  if (system.platform === "win32") return [unknownRules("windows")];
  if (system.platform === "darwin") return [unknownRules("macos")];
  if (system.platform !== "linux") return [];
  const seen = await Promise.all([
    probeUfw(system),
    probeFirewalld(system),
    probeNftables(system),
    probeIptables(system),
  ]);
  return seen.filter((each) => each !== null);
}

function unknownRules(tool: FirewallTool): FirewallSeen {
  return { tool, state: "on", dropsInbound: null, letsIn: [], keepsOut: [] };
}

async function probeUfw(system: System): Promise<FirewallSeen | null> {
  const configuration = await system.readText("/etc/ufw/ufw.conf");
  if (configuration === null) return null;
  if (!/^\s*ENABLED\s*=\s*yes\s*$/im.test(configuration)) {
    return { tool: "ufw", state: "off", dropsInbound: false, letsIn: [], keepsOut: [] };
  }
  const defaults = await system.readText("/etc/default/ufw");
  const dropsInbound = defaults === null ? null : !/^\s*DEFAULT_INPUT_POLICY="?ACCEPT/im.test(defaults);
  const rules = await system.readText("/etc/ufw/user.rules");
  if (rules === null) return { tool: "ufw", state: "unreadable", dropsInbound, letsIn: [], keepsOut: [] };
  return { tool: "ufw", state: "on", dropsInbound, ...portsOfRules(rules) };
}

async function probeFirewalld(system: System): Promise<FirewallSeen | null> {
  const state = await system.run("firewall-cmd", ["--state"]);
  if (!state.ran) return null;
  // Exit code 252: it is installed and does not run.
  if (state.exitCode === 252)
    return { tool: "firewalld", state: "off", dropsInbound: false, letsIn: [], keepsOut: [] };
  if (state.exitCode !== 0) {
    return { tool: "firewalld", state: "unreadable", dropsInbound: null, letsIn: [], keepsOut: [] };
  }
  const ports = await system.run("firewall-cmd", ["--list-ports"]);
  if (!ports.ran || ports.exitCode !== 0) {
    return { tool: "firewalld", state: "unreadable", dropsInbound: true, letsIn: [], keepsOut: [] };
  }
  const letsIn = [...ports.output.matchAll(/(\d+)(?:-(\d+))?\/(tcp|udp)/g)].map(
    ([, from = "", to, transport]) => `${transport}/${from}${to === undefined ? "" : `-${to}`}`,
  );
  return { tool: "firewalld", state: "on", dropsInbound: true, letsIn, keepsOut: [] };
}

async function probeNftables(system: System): Promise<FirewallSeen | null> {
  // Others than root are refused by the program, and that says nothing about rules.
  if (system.userId !== 0) return null;
  const rules = await system.run("nft", ["-n", "list", "ruleset"]);
  return rules.ran && rules.exitCode === 0 ? judgeNftables(rules.output) : null;
}

/** The chains at the hook for what comes in, and what their rules let pass. Exported for tests. */
export function judgeNftables(ruleset: string): FirewallSeen | null {
  const chains = ruleset
    .split(/^\s*chain\s/m)
    .slice(1)
    .filter((chain) => /hook\s+input\b/.test(chain));
  if (chains.length === 0) return null;
  const dropsInbound = chains.some(
    (chain) => /policy\s+drop\b/.test(chain) || /^\s*(counter\s.*)?(drop|reject)\b/m.test(chain),
  );
  return { tool: "nftables", state: "on", dropsInbound, ...portsOfRules(chains.join("\n")) };
}

async function probeIptables(system: System): Promise<FirewallSeen | null> {
  // Asking the program would load the table into the kernel; this list says whether it is there already.
  const tables = await system.readText("/proc/net/ip_tables_names");
  if (tables === null || !/^filter$/m.test(tables)) return null;
  const rules = await system.run("iptables", ["-w", "1", "-S", "INPUT"]);
  if (!rules.ran) return null;
  if (rules.exitCode !== 0) {
    return { tool: "iptables", state: "unreadable", dropsInbound: null, letsIn: [], keepsOut: [] };
  }
  const dropsInbound = /^-P INPUT (DROP|REJECT)|^-A INPUT -j (DROP|REJECT)/m.test(rules.output);
  return { tool: "iptables", state: "on", dropsInbound, ...portsOfRules(rules.output) };
}

/** Ports that rules of iptables or nftables accept and drop, `tcp/28411` or `tcp/28411-28420`. */
export function portsOfRules(rules: string): Pick<FirewallSeen, "letsIn" | "keepsOut"> {
  const lines = rules.split("\n");
  return {
    letsIn: lines.filter((line) => /\baccept\b/i.test(line)).flatMap(portsOfRule),
    // One that looks at who calls, or how often, is not meant for everybody.
    keepsOut: lines
      .filter((line) => /\b(drop|reject)\b/i.test(line) && !/saddr|-s\s|limit|meter|\bct\b|-m set/.test(line))
      .flatMap(portsOfRule),
  };
}

function portsOfRule(line: string): readonly string[] {
  const transports = ["tcp", "udp"].filter((transport) => new RegExp(`\\b${transport}\\b`).test(line));
  const ports = /(?:--dports?|dport)\s+\{?\s*([\d:,\s-]+)/.exec(line)?.[1] ?? "";
  const ranges = [...ports.matchAll(/(\d{1,5})(?:[:-](\d{1,5}))?/g)].map(([, from = "", to]) =>
    to === undefined ? from : `${from}-${to}`,
  );
  return transports.flatMap((transport) => ranges.map((range) => `${transport}/${range}`));
}
