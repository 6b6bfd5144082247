/** Owns how sizes, times, rates and ids are worded in the terminal. Pure. */

const SIZE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Decimal units, three digits: `73.4 MB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5, because that rounds to the next unit's 1.00.
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 ? String(value) : value.toPrecision(3);
  return `${digits} ${SIZE_UNITS[unit] ?? ""}`;
}

/** `9 s`, `3:05`, `2:03:00`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Local time, `2026-11-21 12:04`: the same in every locale, and sortable. */
export function timeText(timeMs: number): string {
  const time = new Date(timeMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** Enough of an id to name it on a command line. */
const SHORT_ID_DIGITS = 10;

export function shortId(id: string): string {
  return id.slice(0, SHORT_ID_DIGITS);
}

/** Long text cut in its middle; both ends of a key are what people compare. */
export function middleCut(text: string, ellipsis: string): string {
  return text.length <= 20 ? text : `${text.slice(0, 9)}${ellipsis}${text.slice(-6)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
