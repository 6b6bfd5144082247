/**
 * Owns how values are written for a reader: sizes in decimal units, times in the reader's locale, amounts in coins,
 * keys shortened in the middle. Pure; holds no markup.
 */

const SIZE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Three significant digits in decimal units: `67.1 MB`, `812 B`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 would print as 1000: it belongs to the next unit.
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${SIZE_UNITS[unit] ?? ""}`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

export function formatHashRate(hashesPerSecond: number): string {
  return formatBytes(hashesPerSecond).replace("B", "H/s");
}

/** A span of time in its two largest units: `3 s`, `2 min 5 s`, `1 h 12 min`, `4 d`. */
export function formatSpan(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}

/** A wait that chance decides, of so many seconds on average: what is below a second is not given in figures. */
export function formatWait(seconds: number): string {
  return seconds < 1 ? "under 1 s" : formatSpan(seconds * 1000);
}

/** How long ago, in one unit: `just now`, `5 min ago`. A clock that runs ahead counts as now. */
export function formatAge(nowMs: number, thenMs: number): string {
  const seconds = Math.floor((nowMs - thenMs) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** The exact time, for hovering and for the page of a thing. */
export function formatExact(timeMs: number): string {
  return new Date(timeMs).toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
}

/** The day alone, for what is reckoned months ahead. */
export function formatDate(timeMs: number): string {
  return new Date(timeMs).toLocaleDateString(undefined, { dateStyle: "long" });
}

/** The time of day, with the day before it when it was not today. */
export function formatTime(nowMs: number, timeMs: number): string {
  const time = new Date(timeMs);
  const clock = time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  if (new Date(nowMs).toDateString() === time.toDateString()) return clock;
  const sameYear = new Date(nowMs).getFullYear() === time.getFullYear();
  const day = time.toLocaleDateString(undefined, {
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" }),
  });
  return `${day}, ${clock}`;
}

/** The heading over the slips of one day. */
export function formatDay(nowMs: number, timeMs: number): string {
  const day = new Date(timeMs).toDateString();
  if (day === new Date(nowMs).toDateString()) return "Today";
  if (day === new Date(nowMs - 86_400_000).toDateString()) return "Yesterday";
  return new Date(timeMs).toLocaleDateString(undefined, { dateStyle: "full" });
}

/** `12D3KooWAbcd…wxyz` becomes `12D3Ko…wxyz`; short enough texts stay whole. */
export function shortenKey(key: string, head = 6, tail = 6): string {
  return key.length <= head + tail + 1 ? key : `${key.slice(0, head)}…${key.slice(-tail)}`;
}

export interface Coin {
  readonly symbol: string;
  readonly unitsPerCoin: number;
}

function decimals(coin: Coin): number {
  return Math.round(Math.log10(coin.unitsPerCoin));
}

/** An amount of smallest units in coins, exactly, without trailing zeros: `12.5 WAY`. */
export function formatAmount(units: number, coin: Coin): string {
  const whole = Math.floor(units / coin.unitsPerCoin);
  const rest = units - whole * coin.unitsPerCoin;
  const fraction = String(rest).padStart(decimals(coin), "0").replace(/0+$/, "");
  return `${whole.toLocaleString("en-US").replaceAll(",", "\u202f")}${fraction === "" ? "" : `.${fraction}`} ${coin.symbol}`;
}

/** Smallest units of an amount as a person types it, `null` when it is none: `12.5`, `12,5`, `1`. */
export function parseAmount(text: string, coin: Coin): number | null {
  const match = /^(\d{1,12})(?:[.,](\d+))?$/.exec(text.trim());
  if (match === null) return null;
  const fraction = match[2] ?? "";
  if (fraction.length > decimals(coin)) return null;
  const units = Number(match[1]) * coin.unitsPerCoin + Number(fraction.padEnd(decimals(coin), "0") || "0");
  return Number.isSafeInteger(units) && units > 0 ? units : null;
}

/** `1 file`, `201 files`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US").replaceAll(",", "\u202f")} ${count === 1 ? one : many}`;
}
