/**
 * Serves the made-up world of `facade.ts` with the real API server, for work on the page and for tests of the CLI:
 * `./node_modules/.bin/node test/kit/serve-facade.ts [--port N] [--data DIR] [--web DIR] [--token T] [--still]`.
 * Prints the URL of the page with its token. Ends on SIGINT, SIGTERM, or when its standard input closes.
 */
import { parseArgs } from "node:util";
import { writeApiFile } from "#api/api-file.ts";
import { openServer } from "#api/server.ts";
import { systemClock, systemRandom } from "#node/system.ts";
import type { Log } from "#ports/log.ts";
import { createKitFacade } from "./facade.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    data: { type: "string" },
    web: { type: "string", default: new URL("../../dist/web", import.meta.url).pathname },
    token: { type: "string", default: "kit-token-".padEnd(43, "k") },
    still: { type: "boolean", default: false },
  },
});

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message, fields) => console.error(message, fields),
  fault: (message, error) => console.error(message, error),
  child: () => log,
};

const kit = createKitFacade({ nowMs: Date.now, epoch: String(Date.now()) });
const opened = await openServer(
  { port: Number(values.port), token: values.token, webRoot: values.web, version: "0.1.0" },
  { facade: kit.facade, log, clock: systemClock(0), random: systemRandom },
);
if (!opened.ok) {
  console.error(opened.fault);
  process.exit(1);
}
const server = opened.value;
if (values.data !== undefined) {
  await writeApiFile(values.data, { origin: server.origin, token: values.token, pid: process.pid });
}
if (!values.still) setInterval(kit.tick, 1_000);
console.log(server.pageUrl);

const stop = () =>
  void server
    .close()
    .then(kit.close)
    .then(() => process.exit(0));
process.once("SIGINT", stop);
process.once("SIGTERM", stop);
if (values.data !== undefined) process.stdin.on("end", stop).resume();
