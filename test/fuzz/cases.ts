/** Owns the kept cases: for each target a file of inputs in hex, one a line, that once showed something. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { fromHex, toHex } from "#base/bytes.ts";

const FOLDER = new URL("cases/", import.meta.url);
/** Lines of one file: the tests feed all of them each time. */
const CASES_MAX = 24;
/** Longer ones are seldom worth a line. */
const CASE_BYTES_MAX = 4_096;

function fileOf(name: string): URL {
  return new URL(`${name}.txt`, FOLDER);
}

export function keptCases(name: string): readonly Uint8Array[] {
  if (!existsSync(fileOf(name))) return [];
  const lines = readFileSync(fileOf(name), "utf8").split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const bytes = fromHex(line === "-" ? "" : line);
      if (bytes === null) throw new Error(`not hex in the cases of ${name}: ${line.slice(0, 40)}`);
      return bytes;
    });
}

/** Adds what is not there yet, up to the bounds; `always` for a broken promise, whatever its size. */
export function keepCases(name: string, inputs: readonly Uint8Array[], always = false): number {
  const kept = new Set(keptCases(name).map(toHex));
  let added = 0;
  for (const input of inputs) {
    const hex = toHex(input);
    if (kept.has(hex) || (!always && (kept.size >= CASES_MAX || input.length > CASE_BYTES_MAX))) continue;
    kept.add(hex);
    appendFileSync(fileOf(name), `${hex === "" ? "-" : hex}\n`);
    added += 1;
  }
  return added;
}
