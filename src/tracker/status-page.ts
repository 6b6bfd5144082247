/**
 * Owns the page at which people see how a tracker does: one document, without script, light or dark as the reader's
 * system. Shows of peers only what they let strangers be told.
 */
import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import type { SignedPresence } from "#net/index.ts";
import type { RelayStatus, TrackerStatus } from "./status.ts";

const STYLE = `
:root { color-scheme: light dark; --ink: #1d1b16; --paper: #fbfaf6; --faint: #5f5a4e; --line: #d9d4c6; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ece8dc; --paper: #191815; --faint: #a8a292; --line: #3a372f; }
}
body { margin: 0 auto; max-width: 54rem; padding: 2rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0; }
.faint, th { color: var(--faint); }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; font-weight: normal; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
th[scope=row] { width: 30%; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
.last { white-space: nowrap; padding-right: 0; }
.end { margin-top: 2.25rem; }
code { font: .875rem/1.5 ui-monospace, monospace; }
meter { width: 100%; max-width: 18rem; height: .75rem; }
`;

/** The style above is all the page loads. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** @param peersOf listed peers of a network, as many as a page shows. */
export function renderStatusPage(
  status: TrackerStatus,
  peersOf: (chainId: string) => readonly SignedPresence[],
): string {
  const networks = status.networks.toSorted((a, b) => b.peers - a.peers);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Waybill tracker</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
<h1>Waybill tracker</h1>
<p class="faint">Version ${status.version}, up for ${durationText(status.nowMs - status.startedMs)}.
It brings peers together. It holds no message and no key of anybody, and what it carries is encrypted from end to end.</p>
<h2>At a glance</h2>
<table>
${row("Peers registered", String(status.records))}
${row("Peers connected", String(status.connections))}
${row("Peer id", html`<code>${status.peerId}</code>`)}
${row("Addresses", lines(status.addresses.map((address) => address.replace(`/p2p/${status.peerId}`, ""))))}
${row("STUN, over UDP", status.stun.length === 0 ? "off" : lines(status.stun))}
${status.ledger === null ? "" : row("Ledger kept", `${status.ledger.networkName}, height ${status.ledger.height}`)}
${status.trackers.length === 0 ? "" : row("Other trackers", lines(status.trackers))}
</table>
<h2>Relay</h2>
${status.relay === null ? html`<p>Nothing is relayed here.</p>` : relayTable(status.relay)}
<h2>Networks</h2>
${networks.length === 0 ? html`<p>Nobody is registered now.</p>` : ""}
${networks.map((network) => networkSection(network, peersOf(network.chainId), status.nowMs))}
<p class="faint end">As data: <code>/api/v1/status</code>, <code>/api/v1/online?network=…</code>, <code>/metrics</code>.</p>
</main>
</body>
</html>
`.toString();
}

function row(name: string, value: unknown) {
  return html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`;
}

function lines(values: readonly string[]) {
  return html`${values.map((value) => html`<code>${value}</code><br>`)}`;
}

function relayTable(relay: RelayStatus) {
  const { bytesPerPeer, bytesTotal, periodMs } = relay.quota;
  const period = durationText(periodMs);
  const limit = (bytes: number | null) => (bytes === null ? "no limit" : `${bytesText(bytes)} in ${period}`);
  const use =
    bytesTotal === null
      ? bytesText(relay.usedBytes)
      : html`${bytesText(relay.usedBytes)} of ${bytesText(bytesTotal)}<br>
<meter aria-label="Relay use" min="0" max="${bytesTotal}" value="${Math.min(bytesTotal, relay.usedBytes)}"></meter>`;
  return html`<table>
${row("Places taken", `${relay.places} of ${relay.placesMax}`)}
${row("Connections relayed now", String(relay.connections))}
${row("Carried in this period", use)}
${row("Carried since the start", bytesText(relay.carriedBytes))}
${row("Each peer may send", limit(bytesPerPeer))}
</table>`;
}

function networkSection(
  network: TrackerStatus["networks"][number],
  peers: readonly SignedPresence[],
  nowMs: number,
) {
  const unlisted = network.peers - network.listed;
  const notShown = network.listed - peers.length;
  return html`<h3>Network <code>${network.chainId.slice(0, 16)}…</code></h3>
<p class="faint">${network.peers} registered, ${unlisted} of them not shown to strangers.</p>
<table>
<thead><tr><th scope="col">Name they claim</th><th scope="col">Peer id</th><th scope="col" class="last">Seen</th></tr></thead>
<tbody>${peers.map(
    ({ presence }) => html`<tr><td>${presence.name}</td><td><code>${presence.peer}</code></td>
<td class="last">${durationText(nowMs - presence.issuedMs)} ago</td></tr>`,
  )}</tbody>
</table>
${notShown > 0 ? html`<p class="faint">And ${notShown} more.</p>` : ""}`;
}

export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
