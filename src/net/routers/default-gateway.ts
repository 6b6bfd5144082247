/** Owns which router this computer sends to by default. Linux tells it in a file; elsewhere it is not known here. */
import { readFile } from "node:fs/promises";

const ROUTES_FILE = "/proc/net/route";

/** IPv4 addresses of default routers, best first. Never rejects. */
export async function defaultGateways(): Promise<readonly string[]> {
  try {
    return gatewaysOf(await readFile(ROUTES_FILE, "utf8"));
  } catch {
    return [];
  }
}

/** @param table as Linux writes it: a line of names, then interface, destination, gateway, flags, …, metric, mask. */
export function gatewaysOf(table: string): readonly string[] {
  const rows = table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  const defaults = rows.flatMap(([, destination, gateway, , , , metric, mask]) => {
    const isDefault = destination === "00000000" && mask === "00000000";
    if (!isDefault || gateway === undefined || !/^[0-9A-F]{8}$/i.test(gateway) || gateway === "00000000")
      return [];
    // The kernel prints the bytes as a number of this machine, which is little-endian wherever Node runs on Linux.
    const host = [...Buffer.from(gateway, "hex")].reverse().join(".");
    return [{ host, metric: Number(metric) }];
  });
  return [...new Set(defaults.sort((a, b) => a.metric - b.metric).map(({ host }) => host))];
}
