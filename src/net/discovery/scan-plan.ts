/**
 * Owns what a scan covers: which hosts and ports the words of a user mean, and how many there may be. Pure; names are
 * left to be resolved by whoever carries the scan out.
 */
import { isIP, isIPv4, isIPv6 } from "node:net";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { ADDRESS_TEXT_CHARS_MAX, SCAN_PORTS_DEFAULT, SCAN_RANGES_MAX, SCAN_TARGETS_MAX } from "../limits.ts";
import type { ScanRequest } from "../reach.ts";

export type PortRange = ScanRequest["ports"][number];

export interface ScanPlan {
  /** IP addresses, or the one DNS name. */
  readonly hosts: readonly string[];
  readonly isName: boolean;
  /** Ascending, each once. */
  readonly ports: readonly number[];
}

const PORT_MAX = 0xffff;
const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;

/** @param text ports and ranges with commas, as in `28411-28475,4000`; absent: the usual ones. */
export function parsePorts(text: string | undefined): Result<readonly PortRange[], Problem> {
  if (text === undefined) return ok([SCAN_PORTS_DEFAULT]);
  if (text.length > ADDRESS_TEXT_CHARS_MAX) return fail(badPorts(text));
  const ranges: PortRange[] = [];
  for (const part of text.split(",")) {
    const match = /^\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*$/.exec(part);
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match === null || from < 1 || to > PORT_MAX || to < from) return fail(badPorts(text));
    ranges.push({ from, to });
  }
  return ranges.length > SCAN_RANGES_MAX ? fail(badPorts(text)) : ok(ranges);
}

/** Every host and port that a request means; refused when there are too many or the target is none. */
export function planScan(request: ScanRequest): Result<ScanPlan, Problem> {
  const ports = portsOf(request.ports);
  if (ports === null) return fail(badPorts("these ports"));
  const hosts = hostsOf(request.target.trim());
  if (hosts === null) return fail(badTarget(request.target));
  if (hosts.count * ports.length > SCAN_TARGETS_MAX) return fail(tooMany(hosts.count, ports.length));
  return ok({ hosts: hosts.list(), isName: hosts.isName, ports });
}

function portsOf(ranges: readonly PortRange[]): readonly number[] | null {
  if (ranges.length === 0 || ranges.length > SCAN_RANGES_MAX) return null;
  const all = new Set<number>();
  for (const { from, to } of ranges) {
    const isRange =
      Number.isInteger(from) && Number.isInteger(to) && from >= 1 && to <= PORT_MAX && from <= to;
    if (!isRange) return null;
    for (let port = from; port <= to; port++) all.add(port);
  }
  return [...all].sort((a, b) => a - b);
}

interface Hosts {
  readonly count: number;
  readonly isName: boolean;
  readonly list: () => readonly string[];
}

function hostsOf(target: string): Hosts | null {
  if (target.length === 0 || target.length > ADDRESS_TEXT_CHARS_MAX) return null;
  const bare = target.replace(/^\[(.+)\]$/, "$1");
  if (isIP(bare) !== 0) return bare.includes("%") ? null : { count: 1, isName: false, list: () => [bare] };
  const range = /^([0-9a-f:.]+)\/(\d{1,3})$/i.exec(target);
  if (range !== null) return hostsOfRange(range[1] ?? "", Number(range[2]));
  // A name of digits and dots is a mistyped address, which some resolvers would still accept.
  const isName = NAME.test(target) && !/^[\d.]+$/.test(target);
  return isName ? { count: 1, isName: true, list: () => [target.toLowerCase()] } : null;
}

/** RFC 4632: all addresses of the block; of IPv4 blocks of four and more, without the network's and the broadcast one. */
function hostsOfRange(base: string, prefix: number): Hosts | null {
  const bits = isIPv4(base) ? 32 : isIPv6(base) ? 128 : 0;
  if (bits === 0 || prefix > bits) return null;
  const size = 2n ** BigInt(bits - prefix);
  const first = (numberOf(base, bits) / size) * size;
  const [skipFirst, skipLast] = bits === 32 && size >= 4n ? [1n, 1n] : [0n, 0n];
  const count = size - skipFirst - skipLast;
  return {
    count: Number(count),
    isName: false,
    list: () =>
      Array.from({ length: Number(count) }, (_, at) => textOf(first + skipFirst + BigInt(at), bits)),
  };
}

function numberOf(address: string, bits: number): bigint {
  if (bits === 32) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [, head = "", a = "0", b = "0", c = "0", d = "0"] = dotted ?? [];
  const hex = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16);
  const text = dotted === null ? address : `${head}${hex(a, b)}:${hex(c, d)}`;
  const [left = "", right] = text.split("::");
  const groups = (half: string) => (half === "" ? [] : half.split(":"));
  const [before, after] = [groups(left), groups(right ?? "")];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

function textOf(value: bigint, bits: number): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => ((value >> shift) & 255n).toString()).join(".");
  const groups = Array.from({ length: 8 }, (_, at) => (value >> BigInt(16 * (7 - at))) & 0xffffn);
  return groups.map((group) => group.toString(16)).join(":");
}

function shown(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return short.replace(/[\p{Cc}\p{Cf}]/gu, "?");
}

function badPorts(text: string): Problem {
  return problem(
    "scan-ports-malformed",
    `"${shown(text)}" is not a list of ports.`,
    "Give ports from 1 to 65535 and ranges of them, for example 28411-28475 or 28411,4000-4010.",
  );
}

function badTarget(text: string): Problem {
  return problem(
    "scan-target-malformed",
    `"${shown(text)}" is neither a host nor a range of addresses.`,
    "Give a name, an IP address, or a range such as 192.168.1.0/24.",
  );
}

function tooMany(hosts: number, ports: number): Problem {
  return problem(
    "scan-too-large",
    `${hosts} addresses with ${ports} ports each are more than ${SCAN_TARGETS_MAX} places to look at.`,
    "Name a smaller range, or fewer ports.",
  );
}
