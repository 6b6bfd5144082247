/**
 * Owns the life of a peer's process: start, what it prints, the page, and an end in order. What runs inside is
 * composed in `node/`.
 */
import { fileURLToPath } from "node:url";
import { readApiFile, readApiToken, removeApiFile, writeApiFile } from "#api/api-file.ts";
import { createClient } from "#api/client.ts";
import { DEFAULT_PORT, openServer, type RunningServer } from "#api/server.ts";
import { ok, type Problem, problem } from "#base/result.ts";
import type { RunningNode } from "#node/compose.ts";
import type { NodeConfig } from "#node/config.ts";
import type { Surroundings } from "../data-dir.ts";
import { openPage } from "../open-page.ts";
import { failed, type Outcome } from "../outcome.ts";
import { findPeer } from "../session.ts";
import { type Stop, stopSignal } from "../stop-signal.ts";
import { tableText } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { oneLine } from "../terminal-text.ts";
import { waitFor } from "../wait.ts";

export interface StartContext {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly surroundings: Surroundings;
  /** Whether to show the page in a browser. */
  readonly open: boolean;
}

export const WEB_ROOT = fileURLToPath(new URL("../../../dist/web", import.meta.url));

export async function start(config: NodeConfig, context: StartContext): Promise<Outcome> {
  // Loaded here and not above: no other command needs the network's code, which takes long to load.
  const { startNode } = await import("#node/compose.ts");
  // Before anything is opened: a Ctrl-C during the start ends it in order as well.
  const stop = stopSignal();
  const started = await startNode(config);
  if (!started.ok) {
    return started.fault.code === "data-folder-in-use"
      ? await showRunning(config.dataDir, started.fault, context)
      : failed(started.fault);
  }
  const node = started.value;
  catchFaults(node, stop);
  const server = await serve(node, config);
  if (!server.ok) {
    await node.close();
    return server;
  }
  const { origin, token, running } = server.value;
  printStart(node, running, config, context);
  if (context.open)
    await openPage(createClient({ origin, token }, { fetch, wait: waitFor }), context.surroundings);

  await stop.requested;
  if (!context.json) context.terminal.print("Closing; Ctrl-C again ends at once.");
  await removeApiFile(config.dataDir, process.pid);
  await running.close();
  await node.close();
  return stop.faulted()
    ? failed(problem("internal", "A fault of Waybill itself.", "See waybill.log."))
    : ok();
}

async function serve(
  node: RunningNode,
  config: NodeConfig,
): Promise<Outcome<{ readonly origin: string; readonly token: string; readonly running: RunningServer }>> {
  let running: RunningServer | null = null;
  try {
    const token = await readApiToken(config.dataDir, node.edge.random);
    const opened = await openServer(
      {
        port: config.uiPort ?? DEFAULT_PORT,
        ...(config.uiHost === null ? {} : { host: config.uiHost }),
        ...(config.uiOrigin === null ? {} : { publicOrigin: config.uiOrigin }),
        token,
        webRoot: config.webRoot,
        version: config.version,
      },
      { facade: node.facade, ...node.edge },
    );
    if (!opened.ok) return failed(opened.fault);
    running = opened.value;
    const { origin, port } = running;
    node.pageAt(config.uiHost ?? "127.0.0.1", port);
    await writeApiFile(config.dataDir, { origin, token, pid: process.pid });
    return ok({ origin, token, running });
  } catch (error) {
    // A peer that no command finds would be of no use, and a promise lost here would leave it up without a word.
    await running?.close();
    const cause = error instanceof Error ? error.message : String(error);
    return failed(
      problem(
        "data-folder-not-writable",
        `The way to this peer could not be written down for pages and commands (${cause}).`,
        "Free some space on the disk, or see that the data folder belongs to you.",
      ),
    );
  }
}

function printStart(
  node: RunningNode,
  server: RunningServer,
  config: NodeConfig,
  context: StartContext,
): void {
  const { name, peerId, addresses, warnings } = node.describe();
  const { terminal } = context;
  if (context.json) {
    const { pageUrl: url, steppedOver } = server;
    terminal.printJsonLine({ name, peerId, addresses, url, dataDir: config.dataDir, steppedOver, warnings });
    return;
  }
  const wanted = config.uiPort ?? DEFAULT_PORT;
  const rows = [
    ["Peer id", peerId],
    ...addresses.map((address, at) => [at === 0 ? "Addresses" : "", address]),
    ["Data", config.dataDir],
    ["Page", server.pageUrl],
  ];
  const lines = [
    `${terminal.style(oneLine(name), "strong")} is up.`,
    tableText(rows, Number.POSITIVE_INFINITY, terminal.glyphs.ellipsis),
    ...(server.steppedOver
      ? [
          `Port ${wanted} is ${wanted < 1024 ? "not free, or not allowed to this user" : "taken"}; the page is on ${server.port}.`,
        ]
      : []),
    ...warnings.map((warning) => `${oneLine(warning.cause)} ${oneLine(warning.nextStep)}`),
    "Ctrl-C ends it; nothing is lost.",
  ];
  terminal.print(lines.join("\n"));
}

/** The folder is in use: say by whom, and show its page. That is what the user wanted. */
async function showRunning(dataDir: string, inUse: Problem, context: StartContext): Promise<Outcome> {
  const found = await findPeer(dataDir);
  const file = await readApiFile(dataDir);
  if (!found.ok || !file.ok || file.value === null) return failed(inUse);
  const status = await found.value.status();
  if (!status.ok) return failed(inUse);
  const { origin, token, pid } = file.value;
  const { name, peerId } = status.value;
  const url = `${origin}/#token=${token}`;
  if (context.json) {
    context.terminal.printJsonLine({ alreadyRunning: true, name, peerId, pid, url, dataDir });
    return ok();
  }
  const lines = [
    `${oneLine(name)} is already up, as process ${pid}, and uses ${oneLine(dataDir)}.`,
    `Page  ${url}`,
    "For a second peer, name another folder: waybill start --data DIR",
  ];
  context.terminal.print(lines.join("\n"));
  if (context.open) await openPage(found.value, context.surroundings);
  return ok();
}

/**
 * Faults of ours that nobody caught. A lost promise harms its own work only, and is logged; after an exception out
 * of nowhere the state of the process is not known, so it ends in order: all that was acknowledged is on disk.
 */
function catchFaults(node: RunningNode, stop: Stop): void {
  process.on("unhandledRejection", (reason) =>
    node.edge.log.fault("a promise failed and nobody listened", reason),
  );
  process.on("uncaughtException", (error) => {
    node.edge.log.fault("an exception was caught by nobody", error);
    stop.request(true);
  });
}
