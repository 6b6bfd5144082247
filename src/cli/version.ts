/** Owns the version of this program, read from the one place that states it. */
import { readFileSync } from "node:fs";

export function programVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const manifest: { readonly version?: unknown } = JSON.parse(text);
  if (typeof manifest.version !== "string") throw new Error("package.json states no version");
  return manifest.version;
}
