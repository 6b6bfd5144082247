/** Owns how amounts, times and addresses are worded in findings. Pure. */

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** Decimal units, three digits. */
export function amountText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5, because that rounds to the next unit's 1.00.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${UNITS[unit] ?? ""}`;
}

/** How long ago or how far apart: `40 ms`, `8 s`, `3 min`, `2 h`, `5 days`. */
export function spanText(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1_000) return `${Math.round(size)} ms`;
  if (size < 120_000) return `${Math.round(size / 1_000)} s`;
  if (size < 7_200_000) return `${Math.round(size / 60_000)} min`;
  if (size < 172_800_000) return `${Math.round(size / 3_600_000)} h`;
  return `${Math.round(size / 86_400_000)} days`;
}

export function agoText(atMs: number, nowMs: number): string {
  return atMs > nowMs ? "just now" : `${spanText(nowMs - atMs)} ago`;
}

/** `10.0.0.2:28411` or `relay at 10.0.0.2:28412` of a multiaddr where that says it all, else the multiaddr. */
export function addressText(multiaddr: string): string {
  const [relay, beyond] = multiaddr.split("/p2p-circuit");
  if (beyond !== undefined) {
    const at = `relay at ${addressText((relay ?? "").replace(/\/(?:ws|wss|tls\/ws)(?=\/p2p\/|$)/, ""))}`;
    return beyond.startsWith("/webrtc") ? `through routers, met at ${at}` : at;
  }
  if (multiaddr.startsWith("/webrtc")) return "through routers";
  const match = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d+)(?:\/p2p\/[^/]+)?$/.exec(multiaddr);
  if (match === null) return multiaddr;
  const [, kind, host = "", port = ""] = match;
  return kind === "ip6" ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The host of a multiaddr; null when it leads over a relay or has none. */
export function hostOf(multiaddr: string): string | null {
  if (multiaddr.includes("/p2p-circuit")) return null;
  return /^\/(?:ip4|ip6|dns|dns4|dns6)\/([^/]+)/.exec(multiaddr)?.[1] ?? null;
}
