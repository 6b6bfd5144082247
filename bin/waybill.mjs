#!/usr/bin/env node
/**
 * Runs Waybill on the Node that came with it as a package. Plain JavaScript for any Node: whatever starts this may be
 * too old for the program itself.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { NODE_FLAGS, nodeEnvironment } from "../tools/setup/node-flags.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, "src", "cli", "main.ts");
const node = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");

if (!existsSync(node)) {
  process.stderr.write("waybill: not set up yet. Run npm run build in Waybill's folder, then try again.\n");
  process.exit(1);
}
const child = spawn(node, [...NODE_FLAGS, main, ...process.argv.slice(2)], {
  stdio: "inherit",
  env: nodeEnvironment(root, process.env),
});
// Ctrl-C reaches the child by itself, from the terminal; this process only has to outlive it.
process.on("SIGINT", () => undefined);
for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"]))
  process.on(signal, () => child.kill(signal));
child.once("error", (error) => {
  process.stderr.write(`waybill: ${error.message}\n`);
  process.exit(1);
});
child.once("close", (code, signal) => {
  process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
});
