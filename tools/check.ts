/** `npm run check`: types, lint and format of everything, nothing run. Exit code 0 when there is nothing to say. */
import { resolve } from "node:path";
import process from "node:process";
import { checkLint, checkTypes } from "./checks.ts";

const root = resolve(import.meta.dirname, "..");
for (const [name, check] of [
  ["types", checkTypes],
  ["lint", checkLint],
] as const) {
  const outcome = await check(root);
  console.log(outcome.ok ? `${name}: ok` : `${name}: FAILED\n${outcome.output}`);
  if (!outcome.ok) process.exitCode = 1;
}
